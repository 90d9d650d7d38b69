"""How numbers read in a sentence and in a table."""

from pathlib import Path

from avqa_lit.analysis.intervals import Interval

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
UP, DOWN = "\N{UPWARDS ARROW}", "\N{DOWNWARDS ARROW}"  # significantly above or below a reference
STAR = "*"  # significantly not zero
SMALL_NUMBERS = (
    *(
        "no",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
    ),
)


def percent(fraction: float | None) -> str:
    """Percent with one decimal; a dash where there is no number.

    Example:
        >>> percent(0.57667)
        '57.7'
    """
    return DASH if fraction is None else f"{100 * fraction:.1f}".replace("-", MINUS)


def points(difference: float) -> str:
    """Signed difference in percentage points; what rounds to zero has no sign.

    Example:
        >>> points(0.0214), points(-0.0001)
        ('+2.1', '0.0')
    """
    text = f"{100 * difference:+.1f}".replace("-", MINUS)
    return "0.0" if text[1:] == "0.0" else text


def bounds(interval: Interval, *, signed: bool) -> str:
    """Bounds of a 95% interval in percent, or in signed points."""
    form = points if signed else percent
    return f"{form(interval.low)} to {form(interval.high)}"


def place(path: Path) -> str:
    """A path as a reader would type it: relative to where the command stands, if it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def spelled(number: int) -> str:
    """A small whole number in letters, any other in digits.

    Example:
        >>> spelled(2), spelled(45)
        ('two', '45')
    """
    return SMALL_NUMBERS[number] if 0 <= number < len(SMALL_NUMBERS) else f"{number:,}"


def count(number: int, noun: str) -> str:
    """A number with its noun.

    Example:
        >>> count(1, "run"), count(9129, "question")
        ('1 run', '9,129 questions')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
