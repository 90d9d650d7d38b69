from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from torch import Tensor, nn

from avqa_lit.config.values import annotations_of, check_value
from avqa_lit.errors import ConfigError
from avqa_lit.ranges import BelowOne, Chance, Count, Factor, Index, NonNegative, Positive, Seed, Share


@dataclass
class Named:
    name: str


@pytest.mark.parametrize(
    ("annotation", "value", "message"),
    [
        (Count, 0, "a.b=0: expected a number of 1 or more"),
        (Count, 1000.0, "a.b=1000.0: expected a whole number"),
        (Count, None, "a.b=null: expected a whole number"),
        (Count, True, "a.b=true: expected a whole number"),
        (Count, "3", "a.b=3: expected a whole number"),
        (Index, -1, "a.b=-1: expected a number of 0 or more"),
        (Seed, 2**32, "a.b=4294967296: expected a number below"),
        (Positive, 0, "a.b=0: expected a number above 0"),
        (Positive, float("inf"), "a.b=Infinity: expected a finite number"),
        (NonNegative, float("nan"), "a.b=NaN: expected a finite number"),
        (BelowOne, 1.5, "a.b=1.5: expected a number below 1"),
        (Chance, 1.1, "a.b=1.1: expected a number of 1 or less"),
        (Share, 0, "a.b=0: expected a number above 0"),
        (Factor, 1, "a.b=1: expected a number below 1"),
        (Count | Literal["auto"], "x", "a.b=x: expected a whole number or auto"),
        (Literal["pre", "post"], "mid", "a.b=mid: expected pre or post"),
        (bool, 1, "a.b=1: expected true or false"),
        (str, 3, "a.b=3: expected a text"),
        (list[str], "x", "a.b=x: expected a list"),
        (Sequence[Literal["a", "b"]], ["a", "c"], "a.b.1=c: expected a or b"),
        (Mapping[str, str], {"val": None}, "a.b.val=null: expected a text"),
        (Named, 3, "a.b=3: expected keys with values"),
        (float | Tensor, "x", "a.b=x: expected a number"),
        (tuple[float, float], [0.9], "a.b.*expected a value"),
    ],
)
def test_a_value_that_an_annotation_does_not_allow_is_refused(annotation, value, message):
    with pytest.raises(ConfigError, match=f"^{message}"):
        check_value("a.b", value, annotation)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Count, 1),
        (float, 1),
        (float, float("inf")),
        (BelowOne, 0),
        (Chance, 1),
        (Count | Literal["auto"], "auto"),
        (tuple[float, float], [0.9, 0.98]),
        (float | Tensor, 0.1),
        (Path, "a/b"),
        (str | Sequence[str], ["a"]),
        (int | None, None),
        (Any, object),
        # What cannot be told from a plain value is left to the class.
        (nn.Module, "anything"),
        (Tensor, [1.0]),
        (Callable[[int], int], "a.b"),
        (Count, {"_target_": "makes.a.Number"}),
        (list[nn.Module], [{"_target_": "makes.a.Module"}]),
        (Annotated[int, {"cannot": "be hashed"}], "x"),
    ],
)
def test_any_other_value_passes(annotation, value):
    check_value("a.b", value, annotation)


def test_annotations_that_cannot_be_evaluated_check_nothing():
    def function(dim: "NoSuchName", heads: Count): ...

    assert annotations_of(function) == {}
