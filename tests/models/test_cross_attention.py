from dataclasses import replace

import pytest
import torch

from avqa_lit.errors import ConfigError
from avqa_lit.models.cross_attention import CrossAttention
from avqa_lit.models.question import CachedQuestion
from avqa_lit.models.question_only import QuestionOnly
from avqa_lit.models.word_lstm import WordLSTM

QUESTIONS = {
    "cached": CachedQuestion,
    "lstm": lambda spec: WordLSTM(spec, embedding=5, dim=7, word_dropout=0.0),
}


def model_of(spec, **changed):
    torch.manual_seed(0)
    settings = {
        "question": CachedQuestion(spec), "modalities": ["audio", "visual"], "norm": "pre", "dim": 12,
        "heads": 3, "blocks": 2, "queries": 2, "hidden": 17, "dropout": 0.0,
    }  # fmt: skip
    return CrossAttention(spec, **(settings | changed)).double()


def with_gradients(batch):
    tracks = {
        name: replace(track, values=track.values.clone().requires_grad_())
        for name, track in (("audio", batch.audio), ("visual", batch.visual))
    }
    return replace(batch, **tracks)


@pytest.mark.parametrize("modalities", [["audio"], ["visual"], ["audio", "visual"]])
def test_logits_depend_on_the_named_modalities_alone(spec, batch, modalities):
    batch = with_gradients(batch)
    model_of(spec, modalities=modalities)(batch).logits.sum().backward()
    for name in ("audio", "visual"):
        gradient = getattr(batch, name).values.grad
        assert (gradient is not None and gradient.abs().sum() > 0) == (name in modalities)


@pytest.mark.parametrize("question", ["cached", "lstm"])
def test_question_only_neither_hears_nor_sees(spec, batch, question):
    batch = with_gradients(batch)
    model = QuestionOnly(spec, question=QUESTIONS[question](spec), hidden=7, dropout=0.0).double()
    model(batch).logits.sum().backward()
    assert batch.audio.values.grad is None
    assert batch.visual.values.grad is None


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_padding_does_not_change_the_answer(spec, batch, padded_batch, norm):
    model = model_of(spec, norm=norm)
    torch.testing.assert_close(model(batch).logits, model(padded_batch).logits, rtol=0, atol=1e-12)


def test_each_question_reads_its_own_video(spec, batch):
    batch = with_gradients(batch)
    model_of(spec)(batch).logits[3].sum().backward()
    for track in (batch.audio, batch.visual):
        touched = track.values.grad.flatten(1).abs().sum(1) > 0
        assert touched.tolist() == [False, False, False, True]


def test_attention_covers_both_tracks_and_sums_to_one(spec, batch):
    output = model_of(spec)(batch)
    assert output.audio_attention.shape == (9, 6)
    assert output.visual_attention.shape == (9, 5)
    total = output.audio_attention.sum(1) + output.visual_attention.sum(1)
    torch.testing.assert_close(total, torch.ones(9, dtype=torch.float64))


@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize("question", ["cached", "lstm"])
def test_words_that_ask_one_by_one_need_no_padding(spec, batch, norm, question):
    model = model_of(spec, norm=norm, queries="words", question=QUESTIONS[question](spec))
    together = model(batch)
    for row, length in enumerate(batch.question_mask.sum(dim=1).tolist()):
        if length > 0:
            alone = replace(
                batch,
                words=batch.words[:, :length],
                question_tokens=batch.question_tokens[:, :length],
                question_mask=batch.question_mask[:, :length],
            )
            for name in ("logits", "audio_attention", "visual_attention"):
                mine, other = getattr(together, name)[row], getattr(model(alone), name)[row]
                torch.testing.assert_close(mine, other, rtol=0, atol=1e-12)
    padded = torch.where(batch.question_mask[..., None], batch.question_tokens, 1e6)
    torch.testing.assert_close(model(replace(batch, question_tokens=padded)).logits, together.logits)


def test_answer_and_attention_of_words_are_means_over_the_real_ones(spec, batch):
    """A question of one word is what that word alone asks, so a mean of single words is the slow way."""
    model = model_of(spec, queries="words")
    together = model(batch)
    single = [
        model(
            replace(
                batch,
                question_tokens=batch.question_tokens[:, [place]],
                question_mask=torch.ones(9, 1, dtype=torch.bool),
            )
        )
        for place in range(4)
    ]
    for name in ("logits", "audio_attention", "visual_attention"):
        values = torch.stack([getattr(one, name) for one in single], dim=1)
        for row, mask in enumerate(batch.question_mask):
            if mask.any():
                expected = values[row, mask].mean(dim=0)
                torch.testing.assert_close(getattr(together, name)[row], expected, rtol=0, atol=1e-12)
    empty = ~batch.question_mask.any(dim=1)
    assert not together.audio_attention[empty].any()
    assert torch.equal(together.logits[empty][0], model.answer.bias)


@pytest.mark.parametrize("queries", [2, "words"])
@pytest.mark.parametrize("question", ["cached", "lstm"])
def test_no_parameter_is_unused(spec, batch, queries, question):
    model = model_of(spec, queries=queries, question=QUESTIONS[question](spec))
    model(batch).logits.square().sum().backward()
    unused = [name for name, one in model.named_parameters() if one.grad is None or not one.grad.any()]
    assert unused == []


def test_tracks_that_nobody_reads_are_left_out(spec, batch):
    model = model_of(spec)
    with_tracks = model(batch)
    model.gives_tracks = False
    without = model(batch)
    assert (without.audio, without.visual) == (None, None)
    assert torch.equal(with_tracks.logits, without.logits)
    assert with_tracks.audio.values.shape == (4, 6, 12)
    assert with_tracks.visual.values.shape == (4, 5, 12)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"modalities": []}, r"model.modalities=\[\]"),
        ({"modalities": ["smell"]}, r"model.modalities=\['smell'\]"),
        ({"blocks": 0}, "model.blocks=0"),
        ({"queries": 0}, "model.queries=0: expected 1 or more, or words"),
        ({"queries": "letters"}, "model.queries=letters: expected 1 or more, or words"),
    ],
)
def test_impossible_models_are_refused(spec, changed, message):
    with pytest.raises(ConfigError, match=message):
        model_of(spec, **changed)
