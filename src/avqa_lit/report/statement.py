"""One finding in words, with the numbers it rests on."""

from dataclasses import dataclass

from avqa_lit.report.comparison import Comparison
from avqa_lit.report.wording import bounds, count, points


@dataclass(frozen=True)
class Statement:
    """One finding: what it comes to, then the numbers it rests on.

    Attributes:
        comparison: None where nothing is compared.
    """

    lead: str
    text: str
    comparison: Comparison | None = None


def evidence(comparison: Comparison) -> str:
    """The difference with every interval that there is."""
    pairing = (
        "paired over questions" if comparison.paired else "over questions, as if unpaired: wider than need be"
    )
    text = (
        f"a difference of {points(comparison.difference)} points "
        f"(95% interval {bounds(comparison.over_questions, signed=True)}, {pairing}"
    )
    if comparison.over_seeds:
        text += f"; {bounds(comparison.over_seeds, signed=True)} over {count(comparison.seeds, 'seed')}"
    return text + ")"


def outcome(comparison: Comparison, *, above: str, level: str, below: str, hedged: bool = True) -> str:
    """What a comparison comes to, in one sentence.

    Args:
        comparison: decides which of the three is said.
        above: said where the difference is a gain.
        level: named where no difference shows.
        below: said where it is a loss.
        hedged: whether it is added that one seed alone shows the difference, where that is so.
    """
    if comparison.sign == 0:
        return f"{level}: no difference that these runs can show."
    hedge = ", as far as one seed can tell" if hedged and not comparison.over_seeds else ""
    return f"{above if comparison.sign > 0 else below}{hedge}."
