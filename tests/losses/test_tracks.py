from dataclasses import replace

import pytest

from avqa_lit.errors import ConfigError
from avqa_lit.losses.cca import CCA
from avqa_lit.losses.cosine import Cosine
from avqa_lit.losses.info_nce import InfoNCE
from avqa_lit.losses.kl import KL
from avqa_lit.losses.soft_dtw import SoftDTW

TERMS = {
    "kl": KL(direction="forward", temperature=1.0, axis="dim", level="clip"),
    "info_nce": InfoNCE(temperature=1.0, level="clip"),
    "cca": CCA(ridge=0.1, level="frame"),
    "soft_dtw": SoftDTW(gamma=1.0, cost="cosine", seconds_weight=0),
    "cosine": Cosine(level="frame"),
}


@pytest.mark.parametrize("missing", ["audio", "visual"])
@pytest.mark.parametrize("name", TERMS)
def test_a_model_without_a_track_is_told_to_set_the_weight_to_zero(
    name, missing, make_tracks, make_output, make_batch
):
    assert TERMS[name].reads_tracks
    output = replace(make_output(*make_tracks(), 2), **{missing: None})
    with pytest.raises(ConfigError, match=rf"gives no {missing} tokens: set loss\.{name}\.weight=0"):
        TERMS[name](output, make_batch([0, 1], videos=3))
