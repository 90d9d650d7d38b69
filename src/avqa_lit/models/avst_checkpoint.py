"""Weights of the published AVST under our names."""

from collections.abc import Collection, Mapping

from torch import Tensor, nn

from avqa_lit.errors import ConfigError

SHOWN = 5
PREFIX = "module."  # of nn.DataParallel

# Published modules in `net_avst.py`, and ours.
NAMES = {
    "fc_a1": "audio.0",
    "fc_a2": "audio.2",
    "fc_gl": "grounding.project",
    "question_encoder.word2vec": "question.embed",
    "question_encoder.lstm": "question.lstm",
    "question_encoder.fc": "question.project",
    "attn_a": "audio_attention.attention",
    "linear21": "audio_attention.feed_forward.0",
    "linear22": "audio_attention.feed_forward.3",
    "norm2": "audio_attention.norm",
    "attn_v": "visual_attention.attention",
    "linear11": "visual_attention.feed_forward.0",
    "linear12": "visual_attention.feed_forward.3",
    "norm1": "visual_attention.norm",
    "fc_fusion": "fusion",
    "fc_ans": "answer",
    "fc1": "matching.0",
    "fc2": "matching.2",
    "fc3": "matching.4",
    "fc4": "matching.6",
}
# In the checkpoint, and in no forward pass.
UNUSED = ("fc_a1_pure", "fc_a2_pure", "fc_v", "fc_st", "fc", "fc_aq", "fc_vq", "norm3", "visual_net")


def load_published(model: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Give `model` the weights of a published checkpoint, with or without the prefix ``module.``.

    Raises:
        ConfigError: a name that is neither used nor known to be unused, one that is missing, or a tensor
            of another shape.
    """
    expected = model.state_dict()
    ours, published = _renamed(weights, known=expected.keys())
    for name, weight in ours.items():
        found, wanted = list(weight.shape), list(expected[name].shape)
        if found != wanted:
            raise ConfigError(
                f"{published[name]} has the shape {found}, expected {wanted} with these data. Words, answers "
                "and their order are those of the official train file, audio features are VGGish's, and "
                "visual features have 512 channels"
            )
    if missing := sorted(expected.keys() - ours.keys()):
        names = [_published(name) for name in missing]
        raise ConfigError(f"no weights named {_some(names)}, which the published AVST has")
    model.load_state_dict(ours)


def _renamed(
    weights: Mapping[str, Tensor], *, known: Collection[str]
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Used weights by our names, and their published names by ours."""
    ours, published, unknown = {}, {}, []
    for full in weights:
        name = full.removeprefix(PREFIX)
        module = next((one for one in NAMES if name.startswith(f"{one}.")), "")
        new = NAMES.get(module, "") + name.removeprefix(module)
        if new in known:
            ours[new], published[new] = weights[full], name
        elif not name.startswith(tuple(f"{one}." for one in UNUSED)):
            unknown.append(name)
    if unknown:
        raise ConfigError(f"weights named {_some(unknown)}, which the published AVST has not")
    return ours, published


def _published(name: str) -> str:
    """The published name of one of our weights."""
    theirs, ours = next(pair for pair in NAMES.items() if name.startswith(f"{pair[1]}."))
    return theirs + name.removeprefix(ours)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
