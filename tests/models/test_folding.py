"""The folded form of attention against the textbook form, in float64."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from avqa_lit.batch import Batch, ModelSpec, Seats, Text, TextSpec, Track, TrackSpec
from avqa_lit.models.cross_attention import CrossAttention
from avqa_lit.models.question import CachedQuestion

ROWS = [(7,), (3, 5), (5, 2, 3)]


@st.composite
def cases(draw):
    """A model in both forms, and a batch of its shapes."""
    spec = ModelSpec(
        tracks={name: TrackSpec(name, draw(st.sampled_from(ROWS))) for name in ("audio", "visual")},
        texts={"question": TextSpec(11, 11)},
        words=19,
        answers=13,
    )
    heads = draw(st.sampled_from([1, 3]))
    options = {
        "tracks": draw(st.sampled_from([["audio"], ["visual"], ["audio", "visual"]])),
        "norm": draw(st.sampled_from(["pre", "post"])), "dim": heads * draw(st.sampled_from([3, 5])),
        "heads": heads, "blocks": draw(st.integers(1, 2)),
        "queries": draw(st.sampled_from([1, 2, 5, "words"])),
        "hidden": 17, "dropout": 0.0,
    }  # fmt: skip
    videos, generator = draw(st.integers(1, 4)), torch.Generator().manual_seed(draw(st.integers(0, 99)))
    video = torch.tensor(draw(st.lists(st.integers(0, videos - 1), min_size=1, max_size=7)))
    batch = Batch(
        tracks={
            name: _track(draw, generator, videos, track.row_shape) for name, track in spec.tracks.items()
        },
        clip=torch.arange(videos),
        texts={
            "question": Text(
                torch.randn(len(video), 11, generator=generator, dtype=torch.float64),
                torch.randn(len(video), 3, 11, generator=generator, dtype=torch.float64),
                torch.rand(len(video), 3, generator=generator) < 0.7,
            )
        },
        words=torch.ones(len(video), 1, dtype=torch.int64),
        video=video,
        seats=Seats.of(video, videos=videos),
        answer=torch.randint(0, 13, (len(video),), generator=generator),
        category=torch.zeros_like(video),
        row=torch.arange(len(video)),
        weight=torch.ones(len(video), dtype=torch.float64),
        total=len(video),
    )
    return spec, options, batch


def _track(draw, generator, videos, row):
    time = draw(st.integers(1, 6))
    lengths = torch.randint(1, time + 1, (videos, 1), generator=generator)
    stamps = torch.rand(1 if draw(st.booleans()) else videos, time, generator=generator, dtype=torch.float64)
    values = torch.randn(videos, time, *row, generator=generator, dtype=torch.float64)
    return Track(values, torch.arange(time) < lengths, (9 * stamps).expand(videos, time))


def model_of(spec, options, *, form):
    return CrossAttention(spec, question=CachedQuestion(spec), **options, attention=form).double()


def both_forms(spec, options):
    torch.manual_seed(0)
    models = [model_of(spec, options, form=form) for form in ("folded", "reference")]
    for parameter in models[0].parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    models[1].load_state_dict(models[0].state_dict())
    return models


def outcome(model, batch):
    """Everything that a model gives, and every gradient, those of the features among them."""
    tracks = {
        name: replace(track, values=track.values.clone().requires_grad_())
        for name, track in batch.tracks.items()
    }
    output = model(replace(batch, tracks=tracks))
    given = {
        "logits": output.logits,
        **{f"attention on {name}": shares for name, shares in output.attention.items()},
        **{f"tokens of {name}": track.values for name, track in output.tokens.items()},
    }
    sum((value * value.detach().cos()).sum() for value in given.values()).backward()
    gradients = {name: one.grad for name, one in model.named_parameters()}
    gradients |= {name: track.values.grad for name, track in tracks.items() if track.values.grad is not None}
    return {name: value.detach() for name, value in given.items()}, gradients


@given(cases())
@settings(deadline=None, max_examples=60)
def test_outputs_and_gradients_of_both_forms_are_equal(case):
    spec, options, batch = case
    (ours, our_gradients), (theirs, their_gradients) = (
        outcome(model, batch) for model in both_forms(spec, options)
    )
    assert ours.keys() == theirs.keys()
    assert our_gradients.keys() == their_gradients.keys()
    for name in ours:
        torch.testing.assert_close(ours[name], theirs[name], rtol=1e-12, atol=1e-12, msg=name)
    for name, gradient in our_gradients.items():
        torch.testing.assert_close(gradient, their_gradients[name], rtol=1e-12, atol=1e-12, msg=name)


SPEC = ModelSpec(
    tracks={"audio": TrackSpec("audio", (7,)), "visual": TrackSpec("visual", (3, 5))},
    texts={"question": TextSpec(11, 11)},
    words=19,
    answers=13,
)
OPTIONS = {
    "tracks": ["audio", "visual"], "norm": "pre", "dim": 12, "heads": 3, "blocks": 2, "queries": 2,
    "hidden": 17, "dropout": 0.0,
}  # fmt: skip


@pytest.mark.parametrize("form", ["folded", "reference"])
@pytest.mark.parametrize("gives_tokens", [True, False])
def test_no_parameter_is_without_a_gradient(batch, form, gives_tokens):
    model = model_of(replace(SPEC, gives_tokens=gives_tokens), OPTIONS, form=form)
    model(batch).logits.square().sum().backward()
    assert [name for name, one in model.named_parameters() if one.grad is None or not one.grad.any()] == []


def single(batch):
    def cast(value):
        return value.float() if isinstance(value, torch.Tensor) and value.dtype == torch.float64 else value

    tracks = {
        name: Track(*(cast(part) for part in (one.values, one.mask, one.seconds)))
        for name, one in batch.tracks.items()
    }
    question = batch.texts["question"]
    texts = {"question": Text(cast(question.sentence), cast(question.tokens), question.mask)}
    return replace(batch, texts=texts, weight=cast(batch.weight), tracks=tracks)


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_under_autocast_both_forms_are_near_to_full_precision(batch, norm):
    batch = single(batch)
    models = [one.float() for one in both_forms(SPEC, OPTIONS | {"norm": norm})]
    exact = models[0](batch).logits
    for model in models:
        with torch.autocast("cpu", torch.bfloat16):
            rounded = model(batch).logits
        rounded.float().square().sum().backward()
        assert rounded.dtype == torch.bfloat16
        error = (rounded.float() - exact).norm() / exact.norm()
        assert 0 < error < 0.05


def test_dropout_of_attention_weights_acts_in_training_alone(batch):
    for model in both_forms(SPEC, OPTIONS):
        for block in model.blocks:
            block.attention.dropout.p = 0.5
        assert torch.equal(model.eval()(batch).logits, model(batch).logits)
        assert not torch.equal(model.train()(batch).logits, model(batch).logits)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of torch's compiler about torch itself
def test_the_compiled_model_gives_the_same(batch):
    model, reference = both_forms(SPEC, OPTIONS)
    (ours, our_gradients), (theirs, their_gradients) = (
        outcome(torch.compile(model, backend="aot_eager"), batch), outcome(reference, batch),
    )  # fmt: skip
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)
    gradients = {name.removeprefix("_orig_mod."): one for name, one in our_gradients.items()}
    torch.testing.assert_close(gradients, their_gradients, rtol=1e-10, atol=1e-10)
