"""Smoke runs: those that see a part of their data, to try whether everything works.

Their scores are no results: they are marked, and neither compared nor reported.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from avqa_lit.errors import ConfigError

if TYPE_CHECKING:
    from avqa_lit.data.datamodule import AVQADataModule

# How much of each split a fit and the test afterwards see.
LIMITS = ("limit_train_batches", "limit_val_batches", "limit_test_batches")


def smoke_reasons(trainer: Mapping[str, Any]) -> list[str]:
    """The trainer's keys that make a run a smoke run; empty for a run that is meant.

    Example:
        >>> smoke_reasons({"limit_val_batches": 1, "limit_test_batches": 1.0, "overfit_batches": 0})
        ['trainer.limit_val_batches=1']
    """
    keys = [key for key in LIMITS if not _is_whole(trainer.get(key))]
    keys += [key for key in ("fast_dev_run", "overfit_batches") if trainer.get(key)]
    return [f"trainer.{key}={trainer[key]}" for key in keys]


def smoke_sentence(reasons: Sequence[str], *, trained: Mapping[str, float]) -> str:
    """What a smoke run prints at its end.

    Args:
        reasons: why it is one.
        trained: last means of training by name.

    Example:
        >>> smoke_sentence(["trainer.overfit_batches=1"], trained={"train/loss": 0, "train/acc/overall": 1})
        'smoke run (trainer.overfit_batches=1): no results; training came to loss 0.000, accuracy 100.00'
    """
    loss, accuracy = trained["train/loss"], 100 * trained["train/acc/overall"]
    told = f"training came to loss {loss:.3f}, accuracy {accuracy:.2f}"
    return f"smoke run ({', '.join(reasons)}): no results; {told}"


def check_smoke(trainer: Mapping[str, Any]) -> None:
    """Refuse a run that would leave out a part of its work.

    Raises:
        ConfigError: no batch of a split, or a number of batches that means nothing.
    """
    for key in LIMITS:
        if trainer.get(key) is not None and not _is_amount(trainer[key]):
            raise ConfigError(
                f"trainer.{key}={trainer[key]}: expected a number of batches from 1, or a share above 0 and "
                "up to 1.0; a run learns from train, chooses its epoch on val and is scored on test"
            )
    for key in ("fast_dev_run", "overfit_batches"):
        if trainer.get(key) and trainer[key] is not True and not _is_amount(trainer[key]):
            raise ConfigError(f"trainer.{key}={trainer[key]}: expected a number of batches from 1")


def as_limits(trainer: Mapping[str, Any]) -> dict[str, Any]:
    """The trainer's keys, with limits in the place of the two keys that Lightning honours otherwise.

    Its own `fast_dev_run` takes the loggers away, and its own `overfit_batches` validates on train.

    Example:
        >>> as_limits({"overfit_batches": 2, "max_epochs": 7, "limit_test_batches": 3})
        {'max_epochs': 7, 'limit_test_batches': 3, 'limit_train_batches': 2, 'limit_val_batches': 2}
    """
    kept = {key: value for key, value in trainer.items() if key not in ("fast_dev_run", "overfit_batches")}
    if trainer.get("fast_dev_run"):
        batches = int(trainer["fast_dev_run"])
        every = {"max_epochs": 1, "max_steps": -1, "check_val_every_n_epoch": 1, "val_check_interval": 1.0}
        return kept | every | dict.fromkeys(LIMITS, batches)
    if trainer.get("overfit_batches"):
        return kept | {key: kept.get(key, trainer["overfit_batches"]) for key in LIMITS}
    return kept


def check_shares(trainer: Mapping[str, Any], data: "AVQADataModule") -> None:
    """Refuse a share of a split that is less than one of its batches.

    Args:
        trainer: keys with limits.
        data: holds the splits.

    Raises:
        ConfigError: the share comes to no batch.
    """
    for split, keys in (("train", LIMITS[:1]), ("val", LIMITS[1:]), ("test", LIMITS[2:])):
        loader = data.loader(split, shuffle=split == "train", rank=0, world_size=1)  # type: ignore[arg-type]
        for key in keys:
            share = trainer.get(key)
            if isinstance(share, float) and int(share * len(loader)) == 0:
                raise ConfigError(
                    f"trainer.{key}={share}: of the {len(loader)} batches of {split} this is less than one; "
                    "give a larger share, or a number of batches"
                )


def _is_whole(limit: object) -> bool:
    return limit is None or (isinstance(limit, float) and limit == 1.0)


def _is_amount(value: object) -> bool:
    if isinstance(value, bool):
        return False
    return (isinstance(value, int) and value >= 1) or (isinstance(value, float) and 0 < value <= 1)
