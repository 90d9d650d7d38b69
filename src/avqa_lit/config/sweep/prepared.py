"""The stores that the jobs of a sweep read, built once and before them."""

import json
from pathlib import Path
from typing import Any

from avqa_lit.errors import UserError


class PreparedStores:
    """Builds the store of a job's config where it is not up to date, and remembers its checksum."""

    def __init__(self) -> None:
        self._checksums: dict[str, str | None] = {}

    def checksum(self, config: dict[str, Any]) -> str | None:
        """Checksum of the store as it is now; None where it cannot be built, which the job will explain."""
        # Imported here, since most command lines that know the launcher run no sweep.
        from avqa_lit.config.build import build
        from avqa_lit.config.question import Question

        identity = json.dumps([config["data"], config["question"], config["paths"]], sort_keys=True)
        if identity not in self._checksums:
            try:
                store = build(config["data"]).prepare(
                    Question(config["question"]).encoder,
                    cache=Path(config["paths"]["cache"]).expanduser(),
                    progress=config["display"],
                )
                self._checksums[identity] = store.checksum
            except UserError:
                self._checksums[identity] = None
        return self._checksums[identity]
