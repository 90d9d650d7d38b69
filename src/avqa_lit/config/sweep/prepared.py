"""The stores that the jobs of a sweep read, built once and before them."""

import json
from typing import Any

from avqa_lit.errors import UserError


class PreparedStores:
    """Builds the store of a job's config where it is not up to date, and remembers its checksum."""

    def __init__(self) -> None:
        self._checksums: dict[str, str | None] = {}

    def checksum(self, config: dict[str, Any]) -> str | None:
        """Checksum of the store as it is now; None where it cannot be built, which the job will explain."""
        # Imported here, since most command lines that know the launcher run no sweep.
        from avqa_lit.config.question import Question
        from avqa_lit.config.requirements import requirements_of
        from avqa_lit.config.run_data import run_data
        from avqa_lit.config.texts import prompt_of

        groups = ("data", "model", "loss", "question", "prompt", "paths")
        identity = json.dumps([config.get(group) for group in groups], sort_keys=True)
        if identity not in self._checksums:
            try:
                data = run_data(
                    config,
                    question=Question(config["question"]),
                    requirements=requirements_of(config),
                    prompt=prompt_of(config),
                    seed=0,
                    trains=True,
                )
                self._checksums[identity] = data.module.store.checksum
            except UserError:
                self._checksums[identity] = None
        return self._checksums[identity]
