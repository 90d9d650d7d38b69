"""How questions are served, wherever their data come from."""

from collections.abc import Sequence
from dataclasses import dataclass

from avqa_lit.data.views import ALL, CLEAN
from avqa_lit.errors import ConfigError
from avqa_lit.ranges import Count, Share


@dataclass(frozen=True, kw_only=True)
class Serving:
    """The keys of `data` that any source of data leaves to the loader.

    Attributes:
        batch_size: questions a step over all processes.
        group_by_video: so many questions about a video follow each other in training; 1 leaves them apart.
        train_share: share of the training videos that are trained on, in (0, 1]; other splits stay whole.
        device: where the packed features are kept, such as cuda for a store that fits there; None leaves
            them in their files.
        view: view of the videos that is evaluated.
        train_views: views that training draws from beside the clean one: "all", or names.
    """

    batch_size: Count
    group_by_video: Count = 1
    train_share: Share = 1.0
    device: str | None = None
    view: str = CLEAN
    train_views: str | Sequence[str] = ALL

    def __post_init__(self) -> None:
        for name in ("batch_size", "group_by_video"):
            if getattr(self, name) < 1:
                raise ConfigError(f"data.{name}={getattr(self, name)}: expected 1 or more questions")
        if not 0 < self.train_share <= 1:
            raise ConfigError(f"data.train_share={self.train_share}: expected a share in (0, 1]")
