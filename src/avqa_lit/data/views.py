"""Views of a video: its features as they are, and as perturbed raw media leave them."""

import re
from collections.abc import Iterable, Sequence

from avqa_lit.errors import ConfigError

CLEAN = "clean"  # the view that nothing was done to
ALL = "all"


def check_names(names: Iterable[str]) -> None:
    """Refuse names of views that cannot name a folder, or that are taken.

    Raises:
        ConfigError: the name, and what was expected.
    """
    for name in names:
        if name in (CLEAN, ALL) or not re.fullmatch(r"[\w-]+", name):
            raise ConfigError(
                f"data.views names {name!r}, expected a name of letters, digits, _ and - other than "
                f"{CLEAN}, which every store has, and {ALL}"
            )


def view_number(known: Sequence[str], name: str, *, key: str = "data.view") -> int:
    """Place of a view among those of a store.

    Raises:
        ConfigError: the store has no such view.
    """
    if name not in known:
        raise ConfigError(
            f"{key}={name}: no such view, the store has {', '.join(known)}; others are packed by data.views"
        )
    return known.index(name)


def drawn_views(known: Sequence[str], names: str | Sequence[str]) -> list[int]:
    """Places of the views that training draws from: the clean one and, once each, the named ones.

    Raises:
        ConfigError: something else than "all" and a list of views that the store has.

    Example:
        >>> drawn_views(("clean", "dark", "noisy"), ["noisy"]), drawn_views(("clean", "dark"), "all")
        ([0, 2], [0, 1])
    """
    if names == ALL:
        return list(range(len(known)))
    if isinstance(names, str):
        raise ConfigError(
            f"data.train_views={names}: expected {ALL}, or a list of names such as [] or [dark]"
        )
    return sorted({0, *(view_number(known, name, key="data.train_views") for name in names)})
