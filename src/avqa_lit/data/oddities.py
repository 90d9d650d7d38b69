"""What is odd about data that are used nevertheless."""

import logging

from avqa_lit.data.annotations import repeated_ids
from avqa_lit.data.answers_known import answers_known
from avqa_lit.data.store import FeatureStore

UNSEEN = "questions have an answer that train never gives; they count as wrong for a model"
_LOGGER = logging.getLogger(__name__)


def warn_of_oddities(store: FeatureStore) -> None:
    """One counted warning for each oddity of the data with which going on is right."""
    for split, table in store.splits.items():
        repeated = len(repeated_ids(table.question_id))
        unseen = answers_known((store.labels[label] for label in table.answer.tolist()), store.answers.tokens)
        for number, what in (
            (repeated, "question_ids stand in more than one row; a question is known by its row"),
            (store.unseen_answers[split], f"{UNSEEN}: {unseen.examples}"),
            (store.dropped[split], "questions were dropped, since they lack features"),
        ):
            if number:
                _LOGGER.warning("%s: %d %s", split, number, what)
    for view, name in enumerate(store.views[1:], start=1):
        for track in store.tracks.values():
            clean = len(track.ids) - track.own_entries(view)
            if 0 < clean < len(track.ids):
                _LOGGER.warning(
                    "view %s: %d of %d videos have no %s features in it; the clean ones stand in",
                    *(name, clean, len(track.ids), track.encoder),
                )
