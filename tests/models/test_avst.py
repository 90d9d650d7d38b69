import json
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from avqa_lit.batch import Batch, ModelSpec, OtherVideos, Seats, Track, TrackSpec
from avqa_lit.errors import ConfigError, DataError
from avqa_lit.models.avst import AVST
from avqa_lit.models.avst_checkpoint import NAMES

REFERENCE = json.loads((Path(__file__).parent / "avst_reference.json").read_text())


def spec_of(visual, *, audio=(7,), words=19, answers=13):
    tracks = {"audio": TrackSpec("audio", audio), "visual": TrackSpec("visual", visual)}
    return ModelSpec(tracks=tracks, texts={}, words=words, answers=answers, gives_pairs=True)


SPEC, VECTORS = spec_of((12, 2, 3)), spec_of((5,))


def model_of(spec=SPEC, **changed):
    torch.manual_seed(0)
    settings = {
        "visual": "maps", "dim": 12, "heads": 3, "frames": 5, "question_length": 6, "dropout": 0.0,
    }  # fmt: skip
    return AVST(spec, **(settings | changed)).double()


def shaped_like(batch, spec):
    """The batch with visual rows of another shape, and without gradients of earlier tests."""
    generator = torch.Generator().manual_seed(3)
    mask, row = batch.tracks["visual"].mask, spec.tracks["visual"].row_shape
    values = torch.randn((*mask.shape, *row), generator=generator, dtype=torch.float64)
    values *= mask.reshape(*mask.shape, *[1] * len(row))
    return with_track(batch, "visual", values=values)


def with_track(batch, name, **changes):
    return replace(batch, tracks={**batch.tracks, name: replace(batch.tracks[name], **changes)})


def with_others(batch, other):
    """The batch with another video for each."""
    videos = torch.cat([torch.arange(len(other)), torch.tensor(other)])
    return replace(batch, others=OtherVideos(torch.tensor(other), Seats.of(videos, videos=len(other))))


@pytest.fixture
def maps(batch):
    return shaped_like(batch, SPEC)


@pytest.fixture
def paired(maps):
    return with_others(maps, [2, 3, 1, 0])


def formula(name, shape, *, scale):
    place = np.arange(np.prod(shape), dtype=np.float64)
    values = scale * np.sin(0.7310585 * place**1.1 + (zlib.crc32(name.encode()) % 6283) / 1000)
    return torch.from_numpy(values + (name in ("norm1.weight", "norm2.weight"))).reshape(*shape)


def published_weights(model):
    """Weights of the reference for each published name that the forward pass uses."""
    ours = {name: theirs for theirs, name in NAMES.items()}
    weights = {}
    for name, value in model.state_dict().items():
        module = next(one for one in ours if name.startswith(f"{one}."))
        theirs = ours[module] + name.removeprefix(module)
        weights[theirs] = formula(theirs, value.shape, scale=REFERENCE["scale"])
    return weights


def reference_batch():
    """The reference's videos, and behind them others that hold its negative frames."""
    videos, frames, side = (REFERENCE[name] for name in ("videos", "frames", "side"))

    def given(name, *row):
        return formula(REFERENCE["inputs"] + name, (videos, frames, *row), scale=1)

    def track(*parts):
        values = torch.cat(parts)
        mask = torch.ones(values.shape[:2], dtype=torch.bool)
        return Track(values, mask, torch.arange(float(frames)).expand(len(values), -1))

    words = torch.tensor(REFERENCE["question"])
    ints, row = torch.zeros(videos, dtype=torch.int64), (512, side, side)
    batch = Batch(
        tracks={
            "audio": track(given("audio", 128), torch.zeros(videos, frames, 128, dtype=torch.float64)),
            "visual": track(given("visual_posi", *row), given("visual_nega", *row)),
        },
        clip=torch.arange(2 * videos),
        texts={},
        words=torch.where(words > 0, words + 1, 0),
        video=torch.arange(videos),
        seats=Seats.of(torch.arange(videos), videos=2 * videos),
        answer=ints,
        category=ints,
        row=ints,
        weight=torch.ones(videos),
        total=videos,
    )
    return with_others(batch, 2 * list(range(videos, 2 * videos)))


def test_outputs_are_those_of_the_published_network():
    spec = spec_of((512, 14, 14), audio=(128,), words=92, answers=42)
    model = model_of(spec, dim=512, heads=4, frames=10, question_length=14, dropout=0.1).eval()
    model.load_published(published_weights(model))
    with torch.no_grad():
        output = model(reference_batch())
    for name, found in (
        ("logits", output.logits),
        ("true", output.pairs.true[: REFERENCE["videos"]].flatten(0, 1)),
        ("false", output.pairs.false[: REFERENCE["videos"]].flatten(0, 1)),
    ):
        np.testing.assert_allclose(found, REFERENCE[name], rtol=0, atol=1e-10, err_msg=name)


@pytest.mark.parametrize(("spec", "visual"), [(SPEC, "maps"), (VECTORS, "vectors")])
def test_the_width_may_differ_from_that_of_the_visual_features(spec, visual, batch):
    model = model_of(spec, visual=visual, dim=8, heads=2)
    output = model(shaped_like(batch, spec))
    assert output.tokens["visual"].values.shape[-1] == 8
    output.logits.sum().backward()
    compare = model.grounding.compare
    assert sum(one.grad.abs().sum() > 0 for one in compare.parameters()) == (1 if visual == "maps" else 0)


def test_padding_does_not_change_the_answer(maps):
    model = model_of()

    def longer(track):
        rubbish = torch.full((4, 3, *track.values.shape[2:]), 9.0, dtype=torch.float64)
        blank = torch.zeros(4, 3)
        return Track(
            torch.cat([track.values, rubbish], 1),
            torch.cat([track.mask, blank.bool()], 1),
            torch.cat([track.seconds, blank], 1),
        )

    padded = replace(maps, tracks={name: longer(track) for name, track in maps.tracks.items()})
    torch.testing.assert_close(model(maps).logits, model(padded).logits, rtol=0, atol=1e-12)
    words = torch.nn.functional.pad(maps.words, (0, 2))
    torch.testing.assert_close(model(maps).logits, model(replace(maps, words=words)).logits)


@pytest.mark.parametrize("name", ["audio", "visual"])
@pytest.mark.parametrize("video", range(4))
def test_each_question_reads_its_own_video(maps, name, video):
    model, track = model_of(), maps.tracks[name]
    values = track.values.clone()
    values[video] += torch.randn(values.shape[1:], generator=torch.Generator().manual_seed(1))
    other = model(with_track(maps, name, values=values)).logits
    asks = maps.video == video
    before = model(maps).logits
    torch.testing.assert_close(other[~asks], before[~asks], rtol=0, atol=1e-12)
    assert (other[asks] - before[asks]).abs().amin(dim=1).gt(1e-9).all()


@pytest.mark.parametrize("other", [[2, 3, 1, 0], [1, 1, 1, 3]], ids=["each once", "one thrice"])
def test_false_pairs_are_the_sounds_with_the_frames_of_the_others(paired, other):
    paired = with_others(paired, other)
    # Of equal lengths and time stamps, the same sounds are heard beside any video's frames.
    level = {"mask": torch.ones(4, 5, dtype=torch.bool), "seconds": torch.arange(5.0).expand(4, -1)}
    own = with_track(paired, "visual", **level)
    swapped = with_track(own, "visual", values=own.tracks["visual"].values[paired.others.video])
    model = model_of()
    torch.testing.assert_close(model(own).pairs.false, model(swapped).pairs.true)


def test_pairs_are_made_only_of_batches_that_carry_others(maps, paired):
    model = model_of()
    assert model(maps).pairs is None
    torch.testing.assert_close(model(maps).logits, model(paired).logits)


def test_tokens_are_tracks_at_the_chosen_frames(maps):
    output = model_of()(maps)
    for track in output.tokens.values():
        assert track.values.shape == (4, 5, 12)
        assert track.mask.all()
    for video in range(4):
        length = int(maps.tracks["visual"].mask[video].sum())
        rows = [i * length // 5 for i in range(5)]
        assert torch.equal(output.tokens["visual"].seconds[video], maps.tracks["visual"].seconds[video, rows])


def test_attention_lies_on_the_rows_that_were_chosen_and_sums_to_one(maps):
    output = model_of(frames=3)(maps)
    assert output.attention["audio"].shape == (9, 6)
    assert output.attention["visual"].shape == (9, 5)
    for name, attention in output.attention.items():
        track = maps.tracks[name]
        torch.testing.assert_close(attention.sum(1), torch.ones(9, dtype=torch.float64))
        assert not attention[~track.mask[maps.video]].any()
    lengths = maps.tracks["visual"].mask.sum(1)[maps.video]
    for question, length in enumerate(lengths.tolist()):
        chosen = {i * length // 3 for i in range(3)}
        assert set(output.attention["visual"][question].nonzero().flatten().tolist()) == chosen


@pytest.mark.parametrize(("spec", "visual"), [(SPEC, "maps"), (VECTORS, "vectors")])
def test_every_parameter_learns_but_a_matching_head_that_no_loss_reads(batch, spec, visual):
    batch = with_others(shaped_like(batch, spec), [1, 2, 3, 0])
    model = model_of(spec, visual=visual)
    output = model(batch)
    (output.logits.square().sum() + output.pairs.true.sum() + output.pairs.false.square().sum()).backward()
    assert [name for name, one in model.named_parameters() if one.grad is None] == []

    model = model_of(replace(spec, gives_pairs=False), visual=visual)
    model(replace(batch, others=None)).logits.square().sum().backward()
    without = {name.split(".")[0] for name, one in model.named_parameters() if one.grad is None}
    assert without == {"matching"}
    assert not any(one.requires_grad for one in model.matching.parameters())


def test_a_vector_is_a_map_of_one_place(batch):
    one_place = spec_of((12, 1, 1))
    model = model_of(one_place)
    pooled = model_of(spec_of((12,)), visual="vectors")
    pooled.load_state_dict(model.state_dict())
    batch = shaped_like(batch, one_place)
    vectors = with_track(batch, "visual", values=batch.tracks["visual"].values.flatten(2))
    torch.testing.assert_close(model(batch).logits, pooled(vectors).logits)


def test_patches_are_the_places_of_a_map(maps):
    model, patches = model_of(), model_of(spec_of((6, 12)))
    values = maps.tracks["visual"].values.flatten(3).transpose(2, 3)
    rows = with_track(maps, "visual", values=values)
    torch.testing.assert_close(model(maps).logits, patches(rows).logits)


def test_a_word_that_train_has_not_reads_as_padding(maps):
    model = model_of()
    unknown = torch.where(maps.words == 0, 1, maps.words)
    torch.testing.assert_close(model(maps).logits, model(replace(maps, words=unknown)).logits)
    other = replace(maps, words=maps.words.clamp(max=3))
    assert not torch.allclose(model(maps).logits, model(other).logits)


def test_a_question_longer_than_the_encoder_reads_is_refused(maps):
    with pytest.raises(ConfigError, match=r"model\.question_length=3: a question has 4 words"):
        model_of(question_length=3)(maps)


@pytest.mark.parametrize(
    ("spec", "changed", "error", "message"),
    [
        (
            VECTORS,
            {},
            DataError,
            r"visual row of shape \[5\].*res18_14x14; model=avst_pooled expects vectors",
        ),
        (
            SPEC,
            {"visual": "vectors"},
            DataError,
            r"visual row of shape \[12, 2, 3\]: model=avst expects maps",
        ),
        (SPEC, {"visual": "films"}, ConfigError, "model.visual=films: expected maps or vectors"),
        (SPEC, {"heads": 5}, ConfigError, "model.dim=12 cannot be split over model.heads=5"),
        (SPEC, {"frames": 0}, ConfigError, "model.frames=0: expected 1 or more"),
        (
            spec_of((12, 2, 3), audio=(3, 7)),
            {},
            DataError,
            r"an audio row of shape \[3, 7\]: AVST expects a vector",
        ),
    ],
)
def test_what_the_model_cannot_read_is_refused(spec, changed, error, message):
    with pytest.raises(error, match=message):
        model_of(spec, **changed)
