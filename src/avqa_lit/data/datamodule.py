"""Batches gathered whole from a packed store."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, pairwise
from typing import Any, Literal

import lightning as L
import numpy as np
import torch
from jaxtyping import Float32, Int64
from numpy import ndarray

from avqa_lit.batch import PADDING_WORD, Batch, DataSpec, Track
from avqa_lit.data.other_videos import other_clips
from avqa_lit.data.perturbation import Perturbation
from avqa_lit.data.sampler import StepSampler
from avqa_lit.data.store import FeatureStore
from avqa_lit.data.token_features import TokenFeatures
from avqa_lit.data.views import CLEAN, drawn_views, view_number
from avqa_lit.data.vocabulary import Vocabulary, word_ids
from avqa_lit.errors import ConfigError, DataError

Split = Literal["train", "val", "test"]

_NOTHING = np.zeros(0, np.int64), np.zeros(0, np.int64)


class AVQADataModule(L.LightningDataModule):
    """Serves the splits of a store to Lightning.

    Batches are gathered in the main process: a copy from a memory map is faster than handing tensors over
    from worker processes. Features stay as they are stored until `AVQAModule` has them on its device, since
    in float16 there is half as much to copy.

    Args:
        store: packed features and questions.
        text_features: cached question features, one row for each text of the store.
        batch_size: questions a step over all processes.
        seed: drives the order of the train split.
        answers: the model's answers in order; None takes the store's own. An answer of the store that is
            not among them counts as wrong.
        words: the model's words in order; None takes the store's own.
        drop: modality whose features are blanked, for robustness tests.
        view: view of the videos that is evaluated.
        train_views: views that training draws from beside the clean one: "all", or names.
        perturbation: what training batches suffer; None or off leaves them as they are.
        group_by_video: so many questions about a video follow each other in training; 1 leaves them apart.
        device: where the packed features are kept, such as "cuda"; None leaves them in their files.

    Training draws one view and one perturbation a video and epoch, from the seed, the epoch and the video
    alone: they are the same on any number of processes, and in a run that goes on after a kill.

    Attributes:
        with_other_videos: whether batches carry another video for each, for a model that makes false pairs.
        token_features: cached features of the words of each text, for a model that reads them; None leaves
            them out of every batch.
    """

    def __init__(
        self,
        store: FeatureStore,
        *,
        text_features: Float32[ndarray, "text question_dim"],
        batch_size: int,
        seed: int,
        answers: tuple[str, ...] | None = None,
        words: tuple[str, ...] | None = None,
        drop: Literal["audio", "visual"] | None = None,
        view: str = CLEAN,
        train_views: str | Sequence[str] = (),
        perturbation: Perturbation | None = None,
        group_by_video: int = 1,
        device: str | None = None,
    ) -> None:
        super().__init__()
        if drop not in (None, "audio", "visual"):
            raise ConfigError(f"drop={drop}: expected audio or visual")
        self.store = store.on(device)
        self.group_by_video = group_by_video
        self.text_features = text_features
        self.token_features: TokenFeatures | None = None
        self.batch_size = batch_size
        self.seed = seed
        self.drop = drop
        self.view = view_number(store.views, view)
        self.train_views = drawn_views(store.views, train_views)
        if device is not None and perturbation is not None and not perturbation.is_off:
            raise ConfigError(
                f"data.device={device}: perturbations are computed where files are read; leave "
                "data.device=null, or train without perturbation"
            )
        self.perturbation = None if perturbation is None or perturbation.is_off else perturbation
        self.with_other_videos = False
        self.answers = store.answers.tokens if answers is None else answers
        self.labels = self.answers + tuple(one for one in store.labels if one not in set(self.answers))
        self.words = store.words.tokens if words is None else words
        self.word_ids = word_ids(store.texts, Vocabulary(self.words))
        self.label_of = _positions(store.labels, self.labels)

    @property
    def spec(self) -> DataSpec:
        """What a model has to know to size itself."""
        store = self.store.spec(self.text_features.shape[1])
        answer_words = word_ids(self.answers, Vocabulary(self.words))
        return replace(
            store,
            words=len(self.words),
            answers=len(self.answers),
            answer_words=tuple(tuple(ids[ids != PADDING_WORD].tolist()) for ids in answer_words),
        )

    def facts(self, question_encoder: str) -> dict[str, Any]:
        """Where the data come from, for results.json."""
        return {
            "store": str(self.store.path),
            "checksum": self.store.checksum,
            "encoders": {**self.store.encoders, "question": question_encoder},
            "questions": {split: len(table) for split, table in self.store.splits.items()},
        }

    def train_dataloader(self) -> "BatchLoader":
        return self._loader("train", shuffle=True)

    def val_dataloader(self) -> "BatchLoader":
        return self._loader("val", shuffle=False)

    def test_dataloader(self) -> "BatchLoader":
        return self._loader("test", shuffle=False)

    def _loader(self, split: Split, *, shuffle: bool) -> "BatchLoader":
        assert self.trainer is not None
        return self.loader(
            split, shuffle=shuffle, rank=self.trainer.global_rank, world_size=self.trainer.world_size
        )

    def loader(self, split: Split, *, shuffle: bool, rank: int, world_size: int) -> "BatchLoader":
        """Batches of one process of `world_size`; the shuffled ones are those of training.

        Raises:
            DataError: the store has no such split.
        """
        if split not in self.store.splits:
            raise DataError(f"{self.store.path}: no {split} split; it has {', '.join(self.store.splits)}")
        sampler = StepSampler(
            self.store.splits[split].clip,
            batch_size=self.batch_size,
            shuffle=shuffle,
            seed=self.seed,
            rank=rank,
            world_size=world_size,
            together=self.group_by_video,
        )
        return BatchLoader(self, split, sampler)

    def other_clips(
        self, split: Split, rows: Int64[ndarray, " step"], *, place: tuple[int, ...]
    ) -> dict[int, int] | None:
        """Another clip for each of the step that asks the questions at `rows`, if batches carry them."""
        if not self.with_other_videos:
            return None
        clips = self.store.splits[split].clip[rows]
        return other_clips(clips, self.store.clip_visual[clips], place=(self.seed, *place))

    def gather(
        self,
        split: Split,
        rows: Int64[ndarray, " batch"],
        *,
        total: int,
        others: Mapping[int, int] | None = None,
        epoch: int | None = None,
    ) -> Batch:
        """The questions at `rows` of a split; of no rows, a stand-in of weight 0.

        Args:
            split: train, val or test.
            rows: places in the split.
            total: number of questions in this step over all processes.
            others: another clip for clips of the step, carried as well; None carries none.
            epoch: epoch of training, for which views and perturbations are drawn; None in evaluation.
        """
        weight = torch.ones(max(1, len(rows)))
        if len(rows) == 0:
            rows, weight = np.zeros(1, dtype=np.int64), torch.zeros(1)
        table = self.store.splits[split]
        asked, questions = np.unique(table.clip[rows], return_counts=True)
        clips, other = asked, None
        if others is not None:
            partners = np.array([others.get(one, one) for one in asked.tolist()])
            clips = np.union1d(asked, partners)
            other = np.arange(len(clips))
            other[np.searchsorted(clips, asked)] = np.searchsorted(clips, partners)
        texts = table.text[rows]
        words = self.word_ids[texts]
        tokens, mask = (None, None) if self.token_features is None else self.token_features.gather(texts)
        audio, visual = self._evaluated(clips) if epoch is None else self._trained(clips, epoch)
        return Batch(
            audio=audio,
            visual=visual,
            clip=torch.from_numpy(clips),
            question=torch.from_numpy(self.text_features[texts]),
            words=torch.from_numpy(words[:, : max(1, int((words > 0).sum(axis=1).max()))]),
            video=torch.from_numpy(np.searchsorted(clips, table.clip[rows])),
            answer=torch.from_numpy(self.label_of[table.answer[rows]]),
            category=torch.from_numpy(table.category[rows].astype(np.int64)),
            row=torch.from_numpy(table.row[rows]),
            weight=weight,
            total=total,
            other=None if other is None else torch.from_numpy(other),
            question_tokens=None if tokens is None else torch.from_numpy(tokens),
            question_mask=None if mask is None else torch.from_numpy(mask),
            most_asked=int(questions.max()),
            most_paired=None if other is None else int(np.bincount(other).max()),
        )

    def read_ahead(self, split: Split, rows: Int64[ndarray, " batch"], *, epoch: int | None) -> None:
        """Let the system fetch the features of these questions from disk, to be gathered soon."""
        if epoch is not None and len(self.train_views) > 1:
            return  # which view comes next is not drawn yet
        clips = np.unique(self.store.splits[split].clip[rows])
        view = self.view if epoch is None else 0
        for modality, entries in (
            (self.store.audio, self.store.clip_audio),
            (self.store.visual, self.store.clip_visual),
        ):
            modality.read_ahead(entries[clips] + view * len(modality.ids))

    def _evaluated(self, clips: Int64[ndarray, " video"]) -> tuple[Track, Track]:
        audio, visual = self._tracks(clips, np.full(len(clips), self.view))
        if self.drop == "audio":
            audio = replace(audio, values=torch.zeros_like(audio.values))
        elif self.drop == "visual":
            visual = replace(visual, values=torch.zeros_like(visual.values))
        return audio, visual

    def _trained(self, clips: Int64[ndarray, " video"], epoch: int) -> tuple[Track, Track]:
        if self.perturbation is None and len(self.train_views) == 1:
            return self._tracks(clips, np.zeros(len(clips), np.int64))
        # numpy fills short seeds up with zeros: but for the 1, video 0 would draw as the sampler does.
        generators = [np.random.default_rng((self.seed, epoch, clip, 1)) for clip in clips.tolist()]
        chance = np.array([one.random() for one in generators])
        views = np.array(self.train_views)[(chance * len(self.train_views)).astype(np.int64)]
        audio, visual = self._tracks(clips, views)
        if self.perturbation is None:
            return audio, visual
        return self.perturbation(audio.in_full_precision(), visual.in_full_precision(), generators)

    def _tracks(
        self, clips: Int64[ndarray, " video"], views: Int64[ndarray, " video"]
    ) -> tuple[Track, Track]:
        """Both tracks of each clip, in its view."""
        store = self.store
        return (
            Track(*store.audio.gather(store.clip_audio[clips] + views * len(store.audio.ids))),
            Track(*store.visual.gather(store.clip_visual[clips] + views * len(store.visual.ids))),
        )


class BatchLoader:
    """Iterates over the batches of one process; `sampler` is where Lightning sets the epoch."""

    batch_sampler = None  # Lightning asks every loader that has a sampler for this as well

    def __init__(self, data: AVQADataModule, split: Split, sampler: StepSampler) -> None:
        self.data = data
        self.split: Split = split
        self.sampler = sampler
        self.steps = 0

    def __len__(self) -> int:
        return len(self.sampler)

    def __iter__(self) -> Iterator[Batch]:
        self.steps = self.sampler.skip
        # Evaluation is the same in every epoch.
        epoch = self.sampler.epoch if self.sampler.shuffle else None
        for (rows, step), (following, _) in pairwise(chain(self.sampler, [_NOTHING])):
            self.data.read_ahead(self.split, following, epoch=epoch)
            others = self.data.other_clips(self.split, step, place=(epoch or 0, self.steps))
            self.steps += 1
            yield self.data.gather(self.split, rows, total=len(step), others=others, epoch=epoch)

    def state_dict(self) -> dict[str, int]:
        """How many steps of the present pass are handed out."""
        return {"steps": self.steps}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Let the next pass go on where another left off."""
        self.sampler.start_at(state["steps"])


def _positions(tokens: tuple[str, ...], order: tuple[str, ...]) -> Int64[ndarray, " token"]:
    place = {token: index for index, token in enumerate(order)}
    return np.array([place[token] for token in tokens], dtype=np.int64)
