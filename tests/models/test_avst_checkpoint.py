import pytest
import torch

from avqa_lit.batch import ModelSpec, TrackSpec
from avqa_lit.errors import ConfigError
from avqa_lit.models.avst import AVST
from avqa_lit.models.avst_checkpoint import NAMES, UNUSED, load_published


def spec_of(channels):
    tracks = {"audio": TrackSpec("audio", (7,)), "visual": TrackSpec("visual", (channels, 2, 3))}
    return ModelSpec(tracks=tracks, texts={}, words=19, answers=13)


SPEC = spec_of(12)


def model_of(seed):
    torch.manual_seed(seed)
    return AVST(SPEC, visual="maps", dim=12, heads=3, frames=5, question_length=6, dropout=0.1)


def published(model, *, prefix="module."):
    """What the published code would have saved of these weights, unused ones included."""
    ours = {name: theirs for theirs, name in NAMES.items()}
    weights = {}
    for name, value in model.state_dict().items():
        module = next(one for one in ours if name.startswith(f"{one}."))
        weights[prefix + ours[module] + name.removeprefix(module)] = value
    return weights | {f"{prefix}{one}.weight": torch.zeros(2) for one in UNUSED}


@pytest.mark.parametrize("prefix", ["module.", ""])
def test_a_published_checkpoint_is_read_with_and_without_its_prefix(prefix):
    source, target = model_of(1), model_of(2)
    load_published(target, published(source, prefix=prefix))
    for name, value in source.state_dict().items():
        assert torch.equal(target.state_dict()[name], value), name


def test_unused_weights_need_not_be_there():
    weights = {name: one for name, one in published(model_of(1)).items() if one.shape != (2,)}
    weights |= {name: one for name, one in published(model_of(1)).items() if name.endswith("fc4.bias")}
    load_published(model_of(2), weights)


def test_a_name_that_is_not_known_is_refused():
    weights = published(model_of(1)) | {
        "module.fc9.weight": torch.zeros(1),
        "module.fc1.scale": torch.zeros(1),
    }
    with pytest.raises(ConfigError, match=r"weights named fc9\.weight, fc1\.scale, which the published AVST"):
        load_published(model_of(2), weights)


def test_a_name_that_is_missing_is_told_as_published():
    weights = published(model_of(1))
    for name in ("module.attn_v.in_proj_bias", "module.question_encoder.lstm.weight_hh_l0"):
        del weights[name]
    message = r"no weights named question_encoder\.lstm\.weight_hh_l0, attn_v\.in_proj_bias, which"
    with pytest.raises(ConfigError, match=message):
        load_published(model_of(2), weights)


def test_many_names_are_counted():
    with pytest.raises(ConfigError, match=r"no weights named .* and \d\d more, which the published AVST has"):
        load_published(model_of(2), {})


def test_other_vocabularies_than_the_published_are_told_by_their_shape():
    weights = published(model_of(1)) | {"module.fc_ans.weight": torch.zeros(42, 12)}
    message = r"fc_ans\.weight has the shape \[42, 12\], expected \[13, 12\] with these data"
    with pytest.raises(ConfigError, match=message):
        load_published(model_of(2), weights)


def test_maps_of_another_width_than_published_are_told_by_their_shape():
    weights = published(model_of(1))
    other = AVST(spec_of(10), visual="maps", dim=12, heads=3, frames=5, question_length=6, dropout=0.1)
    with pytest.raises(ConfigError, match=r"fc_gl\.weight has the shape \[12, 24\], expected \[12, 20\]"):
        load_published(other, weights)
