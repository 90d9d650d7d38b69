"""The files of configs: their folders, their groups and the members of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path


def config_folder() -> Path:
    """Folder of the configs: inside the package in a wheel, beside `src` in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "conf"
    return inside if inside.is_dir() else package.parents[1] / "conf"


@dataclass(frozen=True)
class Configs:
    """Folders in which a command finds its configs.

    Attributes:
        folders: ours, and that of a user.
    """

    folders: tuple[Path, ...]

    @classmethod
    def of(cls, arguments: Sequence[str]) -> "Configs":
        """The folders of a command line, which names its own with `--config-dir`."""
        own = [value for option, value in pairwise(arguments) if option in ("--config-dir", "-cd")]
        own += [argument.partition("=")[2] for argument in arguments if argument.startswith("--config-dir=")]
        return cls((config_folder(), *map(Path, own)))

    @property
    def groups(self) -> set[str]:
        """Names of all groups, as `experiment` and `experiment/alignments`."""
        return {
            str(found.relative_to(folder).as_posix())
            for folder in self.folders
            for found in folder.rglob("*")
            if found.is_dir()
        }

    def members(self, group: str) -> list[str]:
        """Names of the configs in a group."""
        return sorted({file.stem for folder in self.folders for file in (folder / group).glob("*.yaml")})

    def chosen(self, arguments: Sequence[str]) -> list[str]:
        """Arguments that choose a member of a group of ours."""
        return list(self._chosen(arguments))

    def _chosen(self, arguments: Sequence[str]) -> Iterator[str]:
        for argument in arguments:
            group, equals, name = argument.partition("=")
            if equals and (self.folders[0] / group / f"{name}.yaml").is_file():
                yield argument
