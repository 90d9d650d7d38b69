"""Other programs' answers against each other and against the chosen configuration, pair by pair."""

from avqa_lit.analysis.leaderboard import HOW_TESTED, System, paired_differences
from avqa_lit.report.configurations import Configuration, TestSet, same_questions
from avqa_lit.report.listing import Listing
from avqa_lit.report.origin import GIVEN


def leaderboard(test_set: TestSet) -> Listing | None:
    """Paired differences of all answers that other programs gave; None where there is no pair."""
    rivals = _rivals(test_set)
    if len(rivals) < 2:
        return None
    systems = [System(one.label, one.marks) for one in rivals if one.marks is not None]
    video = next(result.answers.video for result in rivals[0].results if result.answers is not None)
    differences = paired_differences(systems, video)
    return Listing(
        "differences",
        f"Differences in overall accuracy, in points, of every pair. {HOW_TESTED}",
        ("Better", "Than", "Difference", "95% from", "to", "p (Holm)"),
        tuple(
            (
                one.better,
                one.other,
                one.interval.estimate,
                one.interval.low,
                one.interval.high,
                f"{one.p:.4f}",
            )
            for one in differences
        ),
    )


def _rivals(test_set: TestSet) -> list[Configuration]:
    """Given answers and what was chosen, as far as they are about the same questions, one by one."""
    rivals = [one for one in test_set.configurations if one.origin == GIVEN or one is test_set.chosen]
    kept = [one for one in rivals if one.marks is not None]
    is_leaderboard = any(one.origin == GIVEN for one in kept)
    return [one for one in kept if same_questions(one, kept[0])] if is_leaderboard else []
