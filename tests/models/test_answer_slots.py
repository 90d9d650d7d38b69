from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from avqa_lit.batch import ModelSpec, TrackSpec
from avqa_lit.errors import ConfigError
from avqa_lit.models.answer_slots import AnswerSlots

SPEC = ModelSpec(
    tracks={"audio": TrackSpec("audio", (7,)), "visual": TrackSpec("visual", (3, 5))},
    texts={},
    words=19,
    answers=13,
    answer_words=((4,), (1,), (5, 6), *((1,) for _ in range(10))),
)


def model_of(spec=SPEC, **changed):
    torch.manual_seed(0)
    settings = {
        "tracks": ["audio", "visual"], "dim": 12, "heads": 3, "hidden": 17, "channels": 2,
        "audio_bins": 3, "visual_bins": 2, "evidence_noise": 0.0, "dropout": 0.0,
    }  # fmt: skip
    return AnswerSlots(spec, **(settings | changed)).double()


def test_every_parameter_gets_a_gradient(batch):
    """Of those that nothing moves, DDP would wait for ever."""
    model = model_of()
    F.cross_entropy(model(batch).logits, batch.answer).backward()
    without = [name for name, one in model.named_parameters() if one.grad is None or not one.grad.any()]
    assert without == []


@pytest.mark.parametrize("row_shape", [(5,), (3, 5), (5, 2, 3)])
def test_it_takes_vectors_patches_and_maps(batch, row_shape):
    track = batch.tracks["visual"]
    values = torch.randn(*track.mask.shape, *row_shape, dtype=torch.float64)
    spec = replace(SPEC, tracks={**SPEC.tracks, "visual": TrackSpec("visual", row_shape)})
    output = model_of(spec)(replace(batch, tracks={**batch.tracks, "visual": replace(track, values=values)}))
    assert output.logits.shape == (9, 13)
    assert output.tokens["visual"].values.shape == (4, 5, 12)


def test_each_question_reads_its_own_video(batch):
    track = batch.tracks["audio"]
    values = track.values.clone().requires_grad_()
    tracks = {**batch.tracks, "audio": replace(track, values=values)}
    model_of()(replace(batch, tracks=tracks)).logits[3].sum().backward()
    assert (values.grad.flatten(1).abs().sum(1) > 0).tolist() == [False, False, False, True]


def test_padding_of_tracks_and_questions_changes_nothing(batch, padded_batch):
    model = model_of().eval()
    padded = replace(padded_batch, words=F.pad(batch.words, (0, 3)))
    one, other = model(batch), model(padded)
    torch.testing.assert_close(one.logits, other.logits)
    torch.testing.assert_close(one.attention["audio"], other.attention["audio"][:, :6])
    assert not other.attention["audio"][:, 6:].any()


@pytest.mark.parametrize("kept", ["audio", "visual"])
def test_a_track_that_is_not_named_is_neither_read_nor_given(batch, kept):
    model = model_of(tracks=[kept]).eval()
    output = model(replace(batch, tracks={kept: batch.tracks[kept]}))
    assert torch.equal(model(batch).logits, output.logits)
    assert set(output.tokens) == set(output.attention) == {kept}
    total = output.attention[kept].sum(1)
    torch.testing.assert_close(total, torch.ones(9, dtype=torch.float64))


def test_noise_is_on_the_evidence_in_training_alone(batch):
    noisy, plain = model_of(evidence_noise=0.5), model_of()
    assert not torch.allclose(noisy(batch).logits, plain(batch).logits)
    torch.testing.assert_close(noisy.eval()(batch).logits, plain.eval()(batch).logits)


def test_attention_covers_both_tracks_and_sums_to_one(batch):
    output = model_of().eval()(batch)
    total = output.attention["audio"].sum(1) + output.attention["visual"].sum(1)
    torch.testing.assert_close(total, torch.ones(9, dtype=torch.float64))


def test_attention_is_left_out_in_training_and_tokens_where_no_loss_reads_them(batch):
    output = model_of(replace(SPEC, gives_tokens=False))(batch)
    assert output.attention == {}
    assert output.tokens == {}


def test_several_tracks_of_a_modality_are_pooled(batch):
    spec = replace(SPEC, tracks={**SPEC.tracks, "patches": TrackSpec("visual", (3, 5))})
    tracks = {**batch.tracks, "patches": batch.tracks["visual"]}
    model = model_of(spec, tracks=["audio", "visual", "patches"]).eval()
    output = model(replace(batch, tracks=tracks))
    assert set(output.attention) == set(output.tokens) == {"audio", "visual", "patches"}
    assert model.pools["patches"].bins == 2


def test_a_word_and_the_answer_of_its_name_share_an_embedding(batch):
    """Training the answer "cello" moves the word "cello"; a word that no answer has stays."""
    model = model_of()
    batch = replace(batch, words=torch.full_like(batch.words, 9))
    model(batch).logits[:, 0].sum().backward()
    moved = model.words.weight.grad.abs().sum(dim=1) > 0
    assert moved[[4, 5, 6, 9]].all()
    assert not moved[[0, 1, 7, 8]].any()


def test_answers_trade_places_with_their_slots(batch):
    """Nothing but its own parameters tells one answer from another."""
    order = torch.randperm(13, generator=torch.Generator().manual_seed(3))
    model = model_of()
    logits = model(batch).logits
    with torch.no_grad():
        model.name.copy_(model.name[order])
        model.answer_words.copy_(model.answer_words[order])
        model.answer.weight.copy_(model.answer.weight[order])
        model.answer.bias.copy_(model.answer.bias[order])
        for pooling in model.pools.values():
            for linear in (pooling.gate, pooling.read):
                weight = linear.weight.unflatten(0, (13, -1))[order].flatten(0, 1)
                linear.weight.copy_(weight)
                linear.bias.copy_(linear.bias.unflatten(0, (13, -1))[order].flatten(0, 1))
    torch.testing.assert_close(model(batch).logits, logits[:, order])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"tracks": []}, r"model\.tracks=\[\]: expected names of tracks"),
        ({"evidence_noise": -0.1}, r"model\.evidence_noise=-0\.1: expected a finite number, 0 or more"),
        ({"evidence_noise": float("nan")}, r"model\.evidence_noise=nan"),
        ({"channels": 0}, r"model\.channels=0: expected 1"),
        ({"audio_bins": 0}, r"model\.audio_bins=0"),
        ({"visual_bins": -1}, r"model\.visual_bins=-1"),
        ({"dim": 9}, r"model\.dim=9: expected an even number"),
        ({"heads": 5}, r"dim=12.*heads=5"),
    ],
)
def test_senseless_settings_are_refused(changed, message):
    with pytest.raises(ConfigError, match=message):
        model_of(**changed)
