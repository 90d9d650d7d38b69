"""A store that asks one question of one's own."""

import difflib
from dataclasses import replace
from pathlib import Path

import numpy as np

from avqa_lit.data.annotations import question_text
from avqa_lit.data.question_table import QuestionTable
from avqa_lit.data.store import FeatureStore
from avqa_lit.errors import ConfigError, DataError


def with_own_question(store: FeatureStore, *, video_id: str, question: str, folder: Path) -> FeatureStore:
    """The same videos and vocabularies with a single question, which is the test split.

    Whatever serves the questions of a store serves this one. Where a video is in the store with several
    sounds, it is heard with its own.

    Args:
        store: holds the video.
        video_id: the video to ask about.
        question: in words.
        folder: an empty one, in which encoders may keep what they make of the question.

    Raises:
        ConfigError: a question without words.
        DataError: no such video, with the nearest that there are.
    """
    text = question_text(question)
    if text == "?":
        raise ConfigError(f"question={question!r}: expected a question in words")
    one = np.zeros(1, np.int64)
    table = QuestionTable(
        row=one,
        clip=np.array([_clip(store, video_id)]),
        text=one,
        template=one,
        answer=one,
        category=one.astype(np.int8),
        question_id=(None,),
        video_id=(video_id,),
    )
    return replace(
        store,
        path=folder,
        splits={"test": table},
        dropped={"test": 0},
        texts=(text,),
        templates=(text,),
        prompts=(),
    )


def _clip(store: FeatureStore, video_id: str) -> int:
    seen = [store.ids["visual"][entry] for entry in store.clip_entry["visual"].tolist()]
    clips = [clip for clip, name in enumerate(seen) if name == video_id]
    if not clips:
        names = sorted(set(seen))
        near = difflib.get_close_matches(video_id, names, n=3) or names[:3]
        raise DataError(
            f"video_id={video_id}: none of the {len(names):,} videos of {store.path}; the nearest are "
            f"{', '.join(near)}"
        )
    heard = store.clip_entry["audio"].tolist()
    return next((clip for clip in clips if store.ids["audio"][heard[clip]] == video_id), clips[0])
