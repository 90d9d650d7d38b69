"""What a store was made from, as one hash: options, annotations and feature files."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from avqa_lit.data.feature_folder import FeatureFolder


def fingerprint_of(
    options: Mapping[str, Any],
    *,
    annotations: Mapping[str, Path],
    folders: Iterable[Mapping[str, FeatureFolder]],
) -> str:
    """Hash of the options, the content of the annotations, and the name, size and time of every feature file.

    Args:
        options: plain values that the store depends on.
        annotations: file of each split.
        folders: feature folder of each track, of the clean view and of every other one.
    """
    digest = hashlib.sha256(json.dumps(options, sort_keys=True).encode())
    for split, file in annotations.items():
        digest.update(split.encode() + hashlib.sha256(file.read_bytes()).digest())
    for folder in (folder for view in folders for folder in view.values()):
        digest.update(digest_lines(folder.entries()))
    return digest.hexdigest()


def digest_lines(entries: Iterable[os.DirEntry[str]]) -> bytes:
    """Name, size and time of every file, a line each, by which a change of the files is noticed."""
    lines = []
    for entry in sorted(entries, key=lambda entry: entry.name):
        status = entry.stat()
        lines.append(f"{entry.name}\0{status.st_size}\0{status.st_mtime_ns}\n")
    return "".join(lines).encode()
