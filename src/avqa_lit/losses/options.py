"""Options of loss terms, checked when a term is made."""

import math
from collections.abc import Sequence

from avqa_lit.errors import ConfigError


def check_choice(key: str, value: object, choices: Sequence[str]) -> None:
    """Refuse a value that is not among the choices.

    Raises:
        ConfigError: names the key, the value and the choices.
    """
    if value not in choices:
        raise ConfigError(f"{key} is {value!r}, expected one of {', '.join(choices)}")


def check_number(key: str, value: object, *, zero: bool = False) -> None:
    """Refuse what is no finite number above 0, or above or at 0 where `zero` may be.

    Raises:
        ConfigError: names the key and the value.
    """
    number = isinstance(value, int | float) and 0 <= value < math.inf
    if not number or (value == 0 and not zero):
        expected = "a finite number, 0 or more" if zero else "a finite number above 0"
        raise ConfigError(f"{key} is {value!r}, expected {expected}")
