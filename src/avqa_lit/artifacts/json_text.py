"""JSON that every reader takes: numbers that are not finite become null."""

import json
import math
from collections.abc import Mapping
from typing import Any


def json_text(value: Any, *, indent: int | None = None) -> str:
    """The value as JSON, in one line unless `indent` is given.

    Example:
        >>> json_text({"loss": float("nan"), "top5": [("cello", float("inf")), ("flute", 0.5)]})
        '{"loss": null, "top5": [["cello", null], ["flute", 0.5]]}'
    """
    try:
        return json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), indent=indent, ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    return [_finite(inner) for inner in value] if isinstance(value, list | tuple) else value
