"""Hints at what a user may have meant."""

import difflib
from collections.abc import Collection

# Keys that had another name, and what they are called now.
RENAMED = {"experiment": "study", "model.modalities": "model.tracks"}


def unknown_key(key: str, known: Collection[str]) -> str:
    """What to say of a key that does not exist.

    Args:
        key: dotted key.
        known: all dotted keys.
    """
    if key in RENAMED:
        return f"{key} is not a config key any more: its name is {RENAMED[key]}"
    return f"{key} is not a config key: {nearest(key, known)}"


def nearest(key: str, known: Collection[str]) -> str:
    """A hint at the known keys that are most like `key`, or a list of those beside it.

    A key of the same group with a like name comes first, then keys of other groups with the same name.

    Args:
        key: dotted key that is not known.
        known: all dotted keys.

    Example:
        >>> nearest("loss.kl.wieght", ["loss.kl.weight", "loss.kl.axis", "optimizer.lr"])
        'did you mean loss.kl.weight?'
        >>> nearest("lr", ["seed", "optimizer.lr"])
        'did you mean optimizer.lr?'
    """
    group, _, name = key.rpartition(".")
    beside = [other for other in known if other.rpartition(".")[0] == group]
    same_name = [other for other in known if other.rpartition(".")[2] == name]
    found = (
        _alike(name, beside, cutoff=0.8)
        or sorted(same_name)
        or _alike(name, beside, cutoff=0.6)
        or difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    )
    if found:
        return f"did you mean {' or '.join(found[:3])}?"
    listed = beside or [other for other in known if "." not in other]
    return "known keys: " + ", ".join(sorted(listed))


def nearest_member(group: str, name: str, members: Collection[str]) -> str:
    """What a group has, and which of it is most like `name`.

    Example:
        >>> nearest_member("schedule", "cosin", ["step", "cosine"])
        'schedule has cosine, step; did you mean cosine?'
    """
    close = difflib.get_close_matches(name, members, n=1, cutoff=0.7)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"{group} has {', '.join(sorted(members)) or 'no members'}{hint}"


def explain_absent_term(name: str) -> str:
    """What to do about a key of a loss term that the run does not have."""
    return (
        f"loss.{name} is not among the loss terms of this run, which the model may choose (model=avst does): "
        f"name those beside the answer loss, as in loss=[{name}], or with model=avst loss=[matching,{name}]"
    )


def _alike(name: str, keys: Collection[str], *, cutoff: float) -> list[str]:
    """The key whose last part is most like `name`, if any is."""
    by_name = {key.rpartition(".")[2]: key for key in keys}
    return [by_name[close] for close in difflib.get_close_matches(name, by_name, n=1, cutoff=cutoff)]
