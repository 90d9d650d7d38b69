"""The key that names a configuration: equal keys, equal results."""

import hashlib
import json
from typing import Any

# None of these changes a weight or a count.
WITHOUT_EFFECT = ("hydra", "logger", "paths", "display", "trust", "resume", "attention")


def config_key(config: dict[str, Any]) -> str:
    """First 12 hexadecimal digits of the SHA-256 of the canonical resolved config.

    Example:
        >>> config_key({"seed": 1, "paths": {"runs": "a"}}) == config_key({"paths": {"runs": "b"}, "seed": 1})
        True
    """
    kept = {name: value for name, value in config.items() if name not in WITHOUT_EFFECT}
    canonical = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]
