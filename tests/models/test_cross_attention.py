from dataclasses import replace

import pytest
import torch

from avqa_lit.batch import Track, TrackSpec
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
        "question": CachedQuestion(spec), "tracks": ["audio", "visual"], "norm": "pre", "dim": 12,
        "heads": 3, "blocks": 2, "queries": 2, "hidden": 17, "dropout": 0.0,
    }  # fmt: skip
    return CrossAttention(spec, **(settings | changed)).double()


def with_gradients(batch):
    tracks = {
        name: replace(track, values=track.values.clone().requires_grad_())
        for name, track in batch.tracks.items()
    }
    return replace(batch, tracks=tracks)


def with_tokens(batch, tokens, mask=None):
    """The batch with other token vectors of its questions, and another mask where one is given."""
    question = batch.texts["question"]
    return replace(
        batch,
        texts={
            "question": replace(question, tokens=tokens, mask=question.mask if mask is None else mask),
        },
    )


@pytest.mark.parametrize("tracks", [["audio"], ["visual"], ["audio", "visual"]])
def test_logits_depend_on_the_named_tracks_alone(spec, batch, tracks):
    batch = with_gradients(batch)
    model_of(spec, tracks=tracks)(batch).logits.sum().backward()
    for name, track in batch.tracks.items():
        gradient = track.values.grad
        assert (gradient is not None and gradient.abs().sum() > 0) == (name in tracks)


def test_any_number_of_tracks_is_attended(spec, batch):
    patches = TrackSpec("visual", (2, 3))
    wide = replace(spec, tracks={**spec.tracks, "patches": patches})
    generator = torch.Generator().manual_seed(1)
    values = torch.randn(4, 7, 2, 3, generator=generator, dtype=torch.float64)
    track = Track(values, torch.ones(4, 7, dtype=torch.bool), torch.arange(7.0).double().expand(4, -1))
    batch = with_gradients(replace(batch, tracks={**batch.tracks, "patches": track}))
    output = model_of(wide, tracks=["audio", "visual", "patches"])(batch)
    assert {name: shares.shape[1] for name, shares in output.attention.items()} == {
        "audio": 6, "visual": 5, "patches": 7
    }  # fmt: skip
    total = sum(shares.sum(1) for shares in output.attention.values())
    torch.testing.assert_close(total, torch.ones(9, dtype=torch.float64))
    output.logits.sum().backward()
    assert all(one.values.grad.abs().sum() > 0 for one in batch.tracks.values())


@pytest.mark.parametrize("question", ["cached", "lstm"])
def test_question_only_neither_hears_nor_sees(spec, batch, question):
    batch = with_gradients(batch)
    model = QuestionOnly(spec, question=QUESTIONS[question](spec), hidden=7, dropout=0.0).double()
    model(batch).logits.sum().backward()
    assert [track.values.grad for track in batch.tracks.values()] == [None, None]


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_padding_does_not_change_the_answer(spec, batch, padded_batch, norm):
    model = model_of(spec, norm=norm)
    torch.testing.assert_close(model(batch).logits, model(padded_batch).logits, rtol=0, atol=1e-12)


def test_each_question_reads_its_own_video(spec, batch):
    batch = with_gradients(batch)
    model_of(spec)(batch).logits[3].sum().backward()
    for track in batch.tracks.values():
        touched = track.values.grad.flatten(1).abs().sum(1) > 0
        assert touched.tolist() == [False, False, False, True]


def test_attention_covers_both_tracks_and_sums_to_one(spec, batch):
    output = model_of(spec)(batch)
    assert output.attention["audio"].shape == (9, 6)
    assert output.attention["visual"].shape == (9, 5)
    total = output.attention["audio"].sum(1) + output.attention["visual"].sum(1)
    torch.testing.assert_close(total, torch.ones(9, dtype=torch.float64))


@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize("question", ["cached", "lstm"])
def test_words_that_ask_one_by_one_need_no_padding(spec, batch, norm, question):
    model = model_of(spec, norm=norm, queries="words", question=QUESTIONS[question](spec))
    together = model(batch)
    tokens, mask = batch.texts["question"].tokens, batch.texts["question"].mask
    for row, length in enumerate(mask.sum(dim=1).tolist()):
        if length > 0:
            alone = with_tokens(batch, tokens[:, :length], mask[:, :length])
            alone = model(replace(alone, words=batch.words[:, :length]))
            for mine, other in zip(outputs(together), outputs(alone), strict=True):
                torch.testing.assert_close(mine[row], other[row], rtol=0, atol=1e-12)
    padded = torch.where(mask[..., None], tokens, 1e6)
    torch.testing.assert_close(model(with_tokens(batch, padded)).logits, together.logits)


def outputs(output):
    return output.logits, output.attention["audio"], output.attention["visual"]


def test_answer_and_attention_of_words_are_means_over_the_real_ones(spec, batch):
    """A question of one word is what that word alone asks, so a mean of single words is the slow way."""
    model = model_of(spec, queries="words")
    together = model(batch)
    tokens, masks = batch.texts["question"].tokens, batch.texts["question"].mask
    single = [
        outputs(model(with_tokens(batch, tokens[:, [place]], torch.ones(9, 1, dtype=torch.bool))))
        for place in range(4)
    ]
    for whole, parts in zip(outputs(together), zip(*single, strict=True), strict=True):
        values = torch.stack(parts, dim=1)
        for row, mask in enumerate(masks):
            if mask.any():
                torch.testing.assert_close(whole[row], values[row, mask].mean(dim=0), rtol=0, atol=1e-12)
    empty = ~masks.any(dim=1)
    assert not together.attention["audio"][empty].any()
    assert torch.equal(together.logits[empty][0], model.answer.bias)


@pytest.mark.parametrize("queries", [2, "words"])
@pytest.mark.parametrize("question", ["cached", "lstm"])
def test_no_parameter_is_unused(spec, batch, queries, question):
    model = model_of(spec, queries=queries, question=QUESTIONS[question](spec))
    model(batch).logits.square().sum().backward()
    unused = [name for name, one in model.named_parameters() if one.grad is None or not one.grad.any()]
    assert unused == []


def test_tokens_that_no_loss_reads_are_left_out(spec, batch):
    given = model_of(spec)(batch)
    without = model_of(replace(spec, gives_tokens=False))(batch)
    assert without.tokens == {}
    assert torch.equal(given.logits, without.logits)
    assert given.tokens["audio"].values.shape == (4, 6, 12)
    assert given.tokens["visual"].values.shape == (4, 5, 12)


@pytest.mark.parametrize(("queries", "part"), [(2, "sentence"), ("words", "tokens")])
def test_the_model_declares_what_it_reads(queries, part):
    needs = CrossAttention.needs(tracks=["visual"], queries=queries, dim=12)
    assert needs.tracks == needs.tokens == ("visual",)
    assert needs.question == (part,)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"tracks": []}, r"model.tracks=\[\]"),
        ({"tracks": ["audio", "audio"]}, r"model.tracks=\['audio', 'audio'\]: .* each once"),
        ({"blocks": 0}, "model.blocks=0"),
        ({"queries": 0}, "model.queries=0: expected 1 or more, or words"),
        ({"queries": "letters"}, "model.queries=letters: expected 1 or more, or words"),
    ],
)
def test_impossible_models_are_refused(spec, changed, message):
    with pytest.raises(ConfigError, match=message):
        model_of(spec, **changed)
