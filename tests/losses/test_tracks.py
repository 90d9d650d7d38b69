import copy
from dataclasses import replace

import pytest
import torch

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
    output = make_output(*make_tracks(), 2)
    output = replace(output, tokens={track: one for track, one in output.tokens.items() if track != missing})
    with pytest.raises(ConfigError, match=rf"gives none of {missing}: set loss\.{name}\.weight=0"):
        TERMS[name](output, make_batch([0, 1], videos=3))


@pytest.mark.parametrize("name", TERMS)
def test_a_term_declares_the_tracks_that_it_compares_and_reads_no_others(
    name, make_tracks, make_output, make_batch
):
    term = TERMS[name]
    assert type(term).needs().tokens == ("audio", "visual")
    assert type(term).needs(between=["audio", "patches"]).tokens == ("audio", "patches")
    output, batch = make_output(*make_tracks(), 2), make_batch([0, 1], videos=3)
    expected = term(output, batch)
    renamed = {"sounds": output.tokens["audio"], "patches": output.tokens["visual"]}
    again = copy.deepcopy(term)
    again.between = ("sounds", "patches")
    assert torch.equal(again(replace(output, tokens=renamed), batch), expected)


@pytest.mark.parametrize("between", ["audio", ["audio"], ["audio", "audio"], ["a", "b", "c"]])
def test_a_term_compares_two_tracks(between):
    with pytest.raises(ConfigError, match=r"loss\.cosine\.between=.*: expected two tracks"):
        Cosine(level="clip", between=between)
