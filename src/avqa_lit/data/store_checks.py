"""Whether the files of a store, which anybody may have made, fit each other."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Protocol

import numpy as np
from pydantic import AfterValidator, BaseModel, Field, FiniteFloat, TypeAdapter

from avqa_lit.artifacts.results import Count
from avqa_lit.batch import Modality
from avqa_lit.errors import DataError


def _plain(name: str) -> str:
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise ValueError("expected the name of a file in the folder of the store")
    return name


MOST_ROWS = 2**53
FileName = Annotated[str, AfterValidator(_plain)]


class Written(BaseModel):
    """What a file of the store held when it was written."""

    bytes: Count
    sha256: str


class StoreFacts(BaseModel):
    """Entries of store.json that every store has, whatever its tracks are."""

    checksum: str
    fingerprint: str
    files: Mapping[FileName, Written]
    splits: Mapping[str, Mapping[str, Count]]
    answers: Count
    views: Sequence[str] = ()


class TrackFacts(BaseModel):
    """What store.json says of one track."""

    modality: Modality
    file: FileName
    encoder: str
    seconds_per_row: Annotated[FiniteFloat, Field(gt=0)]
    start_seconds: FiniteFloat


STORE: TypeAdapter[StoreFacts] = TypeAdapter(StoreFacts)


@contextmanager
def unfit_told(path: Path, *, remedy: str) -> Iterator[None]:
    """Tell in one message that a store lacks an entry, or has one of another type.

    Raises:
        DataError: the block ends with an error about such an entry.
    """
    try:
        yield
    except DataError:
        raise
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise DataError(
            f"{path}: its files do not fit each other ({type(error).__name__}: {str(error)[:200]}); {remedy}"
        ) from error


def check_texts(strings: Mapping[str, Sequence[str]], names: Sequence[str]) -> None:
    """Refuse lists of strings.json that hold something else.

    Raises:
        ValueError: the name of such a list.
    """
    for name in names:
        if not isinstance(strings[name], list) or not all(isinstance(text, str) for text in strings[name]):
            raise ValueError(f"{name} of strings.json is no list of texts")


def check_places(name: str, column: np.ndarray, *, of: int) -> None:
    """Refuse a column of the index that points to other places than 0 to `of` - 1.

    Raises:
        ValueError: the name of such a column.
    """
    if column.ndim != 1 or column.dtype.kind != "i":
        raise ValueError(f"{name} of index.npz has shape {column.shape} and type {column.dtype}")
    if len(column) and not 0 <= column.min() <= column.max() < of:
        raise ValueError(f"{name} of index.npz points beyond {of} places")


def check_rows(name: str, first_row: np.ndarray, length: np.ndarray, *, rows: int, ids: int) -> None:
    """Refuse entries beyond the rows of their array, or not as many in each view as there are ids.

    Raises:
        ValueError: the name of the array.
    """
    check_places(f"{name}_first_row", first_row, of=rows + 1)
    check_places(f"{name}_length", length, of=rows + 1)
    if first_row.shape != length.shape or (first_row + length).max(initial=0) > rows:
        raise ValueError(f"entries of {name} lie beyond its {rows} rows")
    if len(first_row) % max(1, ids) or len(first_row) < ids:
        raise ValueError(f"{name} has {len(first_row)} entries for {ids} ids")


def check_array(name: str, array: np.ndarray) -> None:
    """Refuse a packed array that holds no features.

    Raises:
        ValueError: the name of the array.
    """
    if array.ndim < 2 or array.dtype.kind != "f" or 0 in array.shape[1:]:
        raise ValueError(f"the array of {name} has shape {array.shape} and type {array.dtype}")


class Questions(Protocol):
    """Questions of one split, a column for each property."""

    @property
    def question_id(self) -> tuple[str | None, ...]:
        """As published."""

    @property
    def video_id(self) -> tuple[str, ...]:
        """The video that is seen."""


def check_questions(split: str, table: Questions, *, places: Mapping[str, int]) -> None:
    """Refuse columns of questions that differ in length, or point to other places than there are.

    Args:
        split: name of the split.
        table: its questions.
        places: for each column of the index, to how many places it may point.

    Raises:
        ValueError: the name of such a column.
    """
    for name, of in places.items():
        column = getattr(table, name)
        check_places(f"{split}_{name}", column, of=of)
        if len(column) != len(table.video_id):
            raise ValueError(f"{split}_{name} of index.npz has {len(column)} questions")
    ids = table.question_id
    if len(ids) != len(table.video_id) or not all(name is None or isinstance(name, str) for name in ids):
        raise ValueError(f"question_ids of {split} in strings.json are not one text for each question")
