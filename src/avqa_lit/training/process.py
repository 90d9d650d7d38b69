"""One process of a run: whether it speaks for all, and what it keeps to itself."""

import logging
import warnings

from lightning.pytorch.utilities import rank_zero_only


def is_first_process() -> bool:
    """Whether this process writes files and talks to the user; known before there is a Trainer."""
    return bool(getattr(rank_zero_only, "rank", 0) == 0)


def quiet_lightning() -> None:
    """Keep Lightning's notes on devices and modes off the screen; its warnings stay, but for one.

    Lightning 2.6 asks torch's pytrees a question in a way that torch 2.13 calls deprecated. No user of
    ours can act on that, and it would be printed twice in every run.
    """
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", message=r"`isinstance\(treespec, LeafSpec\)` is deprecated")
