"""What a run's model and losses declare, asked of their classes before anything is built."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hydra.utils import get_object

from avqa_lit.batch import ModelSpec
from avqa_lit.data.feature_files import track_key
from avqa_lit.data.source import DataSource
from avqa_lit.errors import ConfigError
from avqa_lit.needs import LossNeeds, ModelNeeds, Needs, needs_of


@dataclass(frozen=True)
class Requirements:
    """What a run requires.

    Attributes:
        model: what its model declares.
        losses: what each loss term of positive weight declares, by its name.
        needs: what its batches carry.
    """

    model: ModelNeeds
    losses: Mapping[str, LossNeeds]
    needs: Needs

    def check_source(self, source: DataSource) -> None:
        """Refuse data that do not offer the tracks, before any data are read.

        Raises:
            ConfigError: the name of the track, and what to do.
        """
        offered = source.track_modalities
        for name in self.needs.tracks:
            if name not in offered:
                raise ConfigError(
                    f"the model reads the track {name}, which these data do not have; they have "
                    f"{', '.join(offered)}: describe it with '{track_key(name)}={{encoder: NAME, ...}}' "
                    "where the data allow it, or name the tracks that the model shall read with "
                    "model.tracks=[...]"
                )

    def asked_of_model(self, spec: ModelSpec) -> ModelSpec:
        """The spec with what losses read of the model's outputs."""
        losses = self.losses.values()
        return replace(
            spec,
            gives_tokens=any(needs.tokens for needs in losses),
            gives_pairs=any(needs.pairs for needs in losses),
        )


def requirements_of(config: Mapping[str, Any]) -> Requirements:
    """What the `model` and `loss` of a run's config require.

    Raises:
        ConfigError: a class that declares nothing, or a loss that reads what the model does not give.
    """
    model = _declared(config["model"], "model", ModelNeeds)
    losses = {
        name: _declared(node, f"loss.{name}", LossNeeds)
        for name, node in config["loss"].items()
        if node.get("weight", 1.0) > 0
    }
    return Requirements(model, losses, needs_of(model, losses))


def _declared(node: Mapping[str, Any], key: str, kind: type[Any]) -> Any:
    """What the class that a node names declares for its options."""
    target = get_object(node["_target_"])
    ours = ("weight", "start_epoch") if kind is LossNeeds else ()
    options = {name: value for name, value in node.items() if name not in ours and not name.startswith("_")}
    declare = getattr(target, "needs", None)
    declared = declare(**options) if callable(declare) else None
    if not isinstance(declared, kind):
        raise ConfigError(
            f"{key}._target_={node['_target_']}: expected a class method needs(**options) that gives an "
            f"avqa_lit.needs.{kind.__name__}, which says what the class reads of a batch"
        )
    return declared
