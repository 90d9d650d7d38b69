"""What is unusual about the train split behind a table."""

from collections.abc import Mapping

from avqa_lit.report.columns import OVERALL
from avqa_lit.report.configurations import TestSet
from avqa_lit.report.published import OFFICIAL_TRAIN
from avqa_lit.report.result import Result
from avqa_lit.report.wording import count


def train_note(test_set: TestSet, *, official: bool) -> str:
    """Why there is no prior, and beside published rows, any train split that is not theirs.

    Args:
        test_set: the runs.
        official: whether published rows stand beside them.
    """
    notes = []
    if test_set.prior(OVERALL) is None:
        reasons = dict.fromkeys(
            reason for result in test_set.results if (reason := result.run.results.no_prior.get("test"))
        )
        notes.append("There is no question-only prior" + (f": {'; '.join(reasons)}." if reasons else "."))
    foreign = dict.fromkeys(_train(result) for result in test_set.results if _is_foreign(result))
    if official and foreign:
        notes.append(
            f"Rows and prior above rest on another train split than the published rows' of "
            f"{OFFICIAL_TRAIN[0]:,} questions: {' / '.join(foreign)}."
        )
    return " ".join(notes)


def _is_foreign(result: Result) -> bool:
    return result.run.results.data.questions.get("train") not in (None, *OFFICIAL_TRAIN)


def _train(result: Result) -> str:
    node = result.run.config.get("data")
    annotations = node.get("annotations") if isinstance(node, Mapping) else None
    name = annotations.get("train") if isinstance(annotations, Mapping) else None
    told = count(result.run.results.data.questions["train"], "question")
    return f"{told} in {name}" if name else told
