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
    systems = [System(rival.label, rival.marks) for rival in rivals if rival.marks is not None]
    video = next(result.answers.video for result in rivals[0].results if result.answers is not None)
    differences = paired_differences(systems, video)
    return Listing(
        "differences",
        f"Differences in overall accuracy, in points, of every pair. {HOW_TESTED}",
        ("Better", "Than", "Difference", "95% from", "to", "p (Holm)"),
        tuple(
            (
                difference.better,
                difference.other,
                difference.interval.estimate,
                difference.interval.low,
                difference.interval.high,
                f"{difference.p:.4f}",
            )
            for difference in differences
        ),
    )


def _rivals(test_set: TestSet) -> list[Configuration]:
    """Given answers and what was chosen, as far as they are about the same questions, one by one."""
    rivals = [rival for rival in test_set.configurations if rival.origin == GIVEN or rival is test_set.chosen]
    kept = [rival for rival in rivals if rival.marks is not None]
    is_leaderboard = any(rival.origin == GIVEN for rival in kept)
    return [rival for rival in kept if same_questions(rival, kept[0])] if is_leaderboard else []
