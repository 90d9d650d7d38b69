"""Builds a store once, whole or not at all, however many processes ask for it."""

import glob
import logging
import os
import shutil
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

from avqa_lit.artifacts.atomic import writing
from avqa_lit.artifacts.locks import locked
from avqa_lit.data.digests import DamagedError
from avqa_lit.data.store import FeatureStore, read_meta
from avqa_lit.errors import DataError

_LOGGER = logging.getLogger(__name__)


def build_store(
    path: Path,
    *,
    fingerprint: str,
    write: Callable[[Path], None],
    remedy: str = "name another folder with data.store=DIR or paths.cache=DIR",
    tracks: Collection[str] | None = None,
    cache: Path | None = None,
) -> FeatureStore:
    """The store in `path`, made by `write` unless it is there, has this fingerprint and is not damaged.

    It is written to a folder beside `path` and renamed into place: a killed build leaves the old store, or
    none. Other processes that ask for the same store wait for it.

    Args:
        path: folder of the store.
        fingerprint: what the store is made from.
        write: fills the empty folder that it is given, with `avqa_lit.data.pack.write_store`.
        remedy: what to do where `path` cannot be written.
        tracks: as of `FeatureStore.open`.
        cache: likewise.

    Raises:
        DataError: `path` holds something else than a store.
        WriteError: `path` cannot be written.
    """
    with writing(path, remedy=remedy):
        kept = _kept(path, fingerprint, tracks, cache)
        if kept is not None:
            return kept
        if (
            path.exists()
            and not (path / "store.json").is_file()
            and not (path.is_dir() and not any(path.iterdir()))
        ):
            raise DataError(
                f"{path}: holds something else than a store, and is left alone; name a new folder"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        wait = partial(_LOGGER.warning, "waiting for another process that builds %s", path)
        with locked(path.parent / f".{path.name}.lock", wait=wait):
            kept = _kept(path, fingerprint, tracks, cache)
            if kept is not None:  # another process was faster
                return kept
            _replace(path, write)
        return FeatureStore.open(path, tracks=tracks, cache=cache)


def _kept(
    path: Path, fingerprint: str, tracks: Collection[str] | None, cache: Path | None
) -> FeatureStore | None:
    """The store in `path` if it is current; None where there is none, or a damaged one, which is told."""
    if not is_current(path, fingerprint):
        return None
    try:
        return FeatureStore.open(path, tracks=tracks, cache=cache)
    except DamagedError as error:
        _LOGGER.warning("%s; the store is built again", error.problem)
        return None


def is_current(path: Path, fingerprint: str) -> bool:
    """Whether `path` holds a store made from just this."""
    try:
        return bool(read_meta(path).get("fingerprint") == fingerprint)
    except DataError:
        return False


def _replace(path: Path, write: Callable[[Path], None]) -> None:
    for left_over in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        shutil.rmtree(left_over)  # of a killed build: we hold the lock, so no other is at work
    new = path.parent / f".{path.name}.{os.getpid()}.new.tmp"
    old = path.parent / f".{path.name}.{os.getpid()}.old.tmp"
    new.mkdir()
    try:
        write(new)
        if path.exists():
            path.rename(old)
        new.rename(path)
    finally:
        for folder in (new, old):
            shutil.rmtree(folder, ignore_errors=True)
