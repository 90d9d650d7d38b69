from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.special import rel_entr, softmax

from avqa_lit.batch import Track
from avqa_lit.errors import ConfigError
from avqa_lit.losses.kl import KL, divergence, video_divergence

CONF = Path(__file__).parents[2] / "conf"
DIRECTIONS = ("forward", "reverse", "symmetric", "jensen_shannon")
OPTIONS = [
    {"direction": direction, "axis": axis, "level": level}
    for direction, axis, level in product(DIRECTIONS, ("dim", "time"), ("clip", "frame"))
]
WIDTH = 5


def scipy_divergence(p, q, direction):
    forward, reverse = rel_entr(p, q).sum(), rel_entr(q, p).sum()
    if direction == "jensen_shannon":
        return jensenshannon(p, q) ** 2
    return {"forward": forward, "reverse": reverse, "symmetric": (forward + reverse) / 2}[direction]


def scipy_video_divergence(audio, visual, video, *, direction, temperature, axis, level):
    """One video by loops over moments or features."""
    rows = [t.values[video][t.mask[video]].detach().numpy() / temperature for t in (audio, visual)]
    if axis == "dim" and level == "clip":
        return scipy_divergence(*(softmax(r.mean(axis=0)) for r in rows), direction)
    stamps = [t.seconds[video][t.mask[video]].numpy() for t in (audio, visual)]
    spacing = [np.diff(s).mean() if len(s) > 1 else np.inf for s in stamps]
    low, high = max(s[0] for s in stamps), min(s[-1] for s in stamps)
    moments = [t for t in stamps[int(spacing[1] > spacing[0])] if low <= t <= high]
    p, q = (
        np.stack([np.interp(moments, s, r[:, d]) for d in range(WIDTH)], axis=-1)
        for s, r in zip(stamps, rows, strict=True)
    )
    if axis == "dim":
        return np.mean(
            [scipy_divergence(softmax(a), softmax(b), direction) for a, b in zip(p, q, strict=True)]
        )
    if level == "clip":
        return scipy_divergence(softmax(p.mean(axis=1)), softmax(q.mean(axis=1)), direction)
    return np.mean(
        [scipy_divergence(softmax(a), softmax(b), direction) for a, b in zip(p.T, q.T, strict=True)]
    )


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "-".join(o.values()))
@pytest.mark.parametrize("temperature", [1.0, 0.3])
def test_every_option_equals_scipy_on_masked_tracks_of_unequal_length(options, temperature, make_tracks):
    audio, visual = make_tracks(padding=2, rubbish=1e6)
    found = video_divergence(audio, visual, temperature=temperature, **options)
    expected = [
        scipy_video_divergence(audio, visual, video, temperature=temperature, **options) for video in range(3)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "-".join(o.values()))
class TestEveryOption:
    def test_padding_and_what_it_holds_change_nothing(self, options, make_tracks):
        plain = video_divergence(*make_tracks(), temperature=1.0, **options)
        padded = video_divergence(*make_tracks(padding=5, rubbish=-1e6), temperature=1.0, **options)
        torch.testing.assert_close(padded, plain, rtol=1e-12, atol=1e-14)

    def test_equal_views_differ_by_nothing(self, options, make_tracks):
        audio, _ = make_tracks()
        values = video_divergence(audio, audio, temperature=1.0, **options)
        torch.testing.assert_close(values, torch.zeros_like(values), atol=1e-15, rtol=0)

    def test_the_mean_over_questions_is_the_same_however_they_are_split(
        self, options, make_batch, make_tracks, make_output
    ):
        audio, visual = make_tracks()
        loss = KL(temperature=1.0, **options)
        video = [0, 0, 0, 1, 2, 2, 1]
        whole = loss(make_output(audio, visual, 7), make_batch(video, videos=3))
        values = video_divergence(audio, visual, temperature=1.0, **options)
        torch.testing.assert_close(whole, values[video].mean())
        for cut in range(1, 7):
            parts = [
                loss(make_output(audio, visual, len(part)), make_batch(part, videos=3, total=7))
                for part in (video[:cut], video[cut:])
            ]
            torch.testing.assert_close(sum(parts), whole)

    def test_a_process_that_carries_other_videos_gives_the_rest_of_the_sum(
        self, options, make_batch, make_tracks, make_output
    ):
        audio, visual = make_tracks()
        loss = KL(temperature=1.0, **options)
        whole = loss(make_output(audio, visual, 4), make_batch([0, 1, 1, 2], videos=3))
        parts = []
        for rows, video in (([0, 1], [0, 1]), ([1, 2], [0, 1])):
            own = [Track(t.values[rows], t.mask[rows], t.seconds[rows]) for t in (audio, visual)]
            parts.append(loss(make_output(*own, 2), make_batch(video, videos=2, total=4)))
        torch.testing.assert_close(sum(parts), whole)

    def test_a_stand_in_question_adds_nothing(self, options, make_batch, make_tracks, make_output):
        audio, visual = make_tracks()
        loss = KL(temperature=1.0, **options)(
            make_output(audio, visual, 1), make_batch([1], videos=3, weight=[0.0], total=4)
        )
        assert loss.item() == 0

    def test_one_video_of_one_frame_has_a_value(self, options, make_track):
        audio, visual = make_track((1,), rate=1.0, seed=1), make_track((1,), rate=1.0, seed=2)
        value = video_divergence(audio, visual, temperature=1.0, **options)
        if options["axis"] == "time":  # all of the probability lies on the only moment
            assert value.item() == 0
        else:
            expected = scipy_video_divergence(audio, visual, 0, temperature=1.0, **options)
            np.testing.assert_allclose(value.item(), expected, rtol=1e-12)

    def test_a_video_whose_tracks_do_not_meet_in_time_is_compared_by_clip_alone(self, options, make_track):
        audio, visual = (
            make_track((3, 2), rate=1.0, seed=1),
            make_track((3, 2), rate=1.0, seed=2, start=100.0),
        )
        value = video_divergence(audio, visual, temperature=1.0, **options)
        needs_moments = options["axis"] == "time" or options["level"] == "frame"
        assert (value == 0).all() if needs_moments else (value > 0).all()

    def test_a_video_without_rows_in_one_track_is_not_compared(self, options, make_track):
        audio, visual = make_track((3, 2), rate=1.0, seed=1), make_track((0, 2), rate=1.0, seed=2)
        audio.values.requires_grad_()
        visual.values.requires_grad_()
        value = video_divergence(audio, visual, temperature=1.0, **options)
        assert value[0] == 0
        assert value[1] > 0
        value.sum().backward()
        assert audio.values.grad[0].eq(0).all()
        assert visual.values.grad.isfinite().all()

    @pytest.mark.parametrize("far", [1e4, 1e30])
    def test_value_and_gradient_stay_finite_where_probabilities_underflow(self, options, far, make_tracks):
        audio, visual = (
            replace(t, values=t.values.float(), seconds=t.seconds.float()) for t in make_tracks()
        )
        spread = torch.linspace(-far, far, WIDTH)
        shape = (slice(None), slice(None, 2))
        audio.values[shape] = spread
        visual.values[shape] = spread.flip(0)
        audio.values.requires_grad_()
        visual.values.requires_grad_()
        value = video_divergence(audio, visual, temperature=1.0, **options)
        value.sum().backward()
        assert value.isfinite().all()
        assert audio.values.grad.isfinite().all()
        assert visual.values.grad.isfinite().all()

    def test_gradients_are_those_of_finite_differences(self, options, make_tracks):
        audio, visual = make_tracks(padding=1)

        def values(a, v):
            return video_divergence(
                replace(audio, values=a), replace(visual, values=v), temperature=0.7, **options
            )

        inputs = [t.values.clone().requires_grad_() for t in (audio, visual)]
        assert torch.autograd.gradcheck(values, inputs, fast_mode=True)

    def test_half_precision_is_computed_in_single_precision(self, options, make_tracks):
        audio, visual = (replace(t, values=t.values.bfloat16()) for t in make_tracks())
        exact = video_divergence(
            *(replace(t, values=t.values.double()) for t in (audio, visual)), temperature=1.0, **options
        )
        value = video_divergence(audio, visual, temperature=1.0, **options)
        assert value.dtype == torch.float32
        torch.testing.assert_close(value.double(), exact, rtol=1e-4, atol=1e-6)


@settings(deadline=None)
@given(
    logits=st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=1, max_size=7),
    direction=st.sampled_from(DIRECTIONS),
)
def test_a_divergence_is_never_negative_and_zero_between_equals(logits, direction):
    log_p, log_q = torch.tensor(logits, dtype=torch.float64).T.log_softmax(dim=-1)
    assert divergence(log_p, log_q, direction=direction) >= -1e-12
    assert divergence(log_p, log_p, direction=direction).abs() <= 1e-12


@pytest.mark.parametrize("direction", ["symmetric", "jensen_shannon"])
@pytest.mark.parametrize(("axis", "level"), list(product(("dim", "time"), ("clip", "frame"))))
def test_symmetric_options_do_not_tell_audio_from_visual(direction, axis, level, make_tracks):
    audio, visual = make_tracks()
    options = {"direction": direction, "axis": axis, "level": level, "temperature": 1.0}
    torch.testing.assert_close(
        video_divergence(audio, visual, **options), video_divergence(visual, audio, **options)
    )


def test_forward_takes_audio_as_p_and_reverse_visual(make_tracks):
    audio, visual = make_tracks()
    options = {"axis": "dim", "level": "clip", "temperature": 1.0}
    forward = video_divergence(audio, visual, direction="forward", **options)
    reverse = video_divergence(audio, visual, direction="reverse", **options)
    torch.testing.assert_close(reverse, video_divergence(visual, audio, direction="forward", **options))
    assert not torch.allclose(forward, reverse)


def test_jensen_shannon_of_disjoint_distributions_is_log_two():
    log_p = torch.tensor([0.0, -1e5], dtype=torch.float64).log_softmax(dim=-1)
    value = divergence(log_p, log_p.flip(0), direction="jensen_shannon")
    np.testing.assert_allclose(value, np.log(2), rtol=1e-15)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"direction": "forwards"}, r"direction is 'forwards', expected one of forward, reverse"),
        ({"axis": "row"}, r"axis is 'row', expected one of dim, time"),
        ({"level": "video"}, r"level is 'video', expected one of clip, frame"),
        ({"temperature": 0.0}, r"temperature is 0\.0, expected a finite number above 0"),
        ({"temperature": None}, r"temperature is None"),
        ({"temperature": float("nan")}, r"temperature is nan"),
        ({"temperature": float("inf")}, r"temperature is inf"),
    ],
)
def test_an_option_that_does_not_exist_is_refused(change, message):
    options = {"direction": "forward", "temperature": 1.0, "axis": "dim", "level": "clip"}
    with pytest.raises(ConfigError, match=message):
        KL(**{**options, **change})


def test_the_config_builds_the_loss():
    with initialize_config_dir(str(CONF), version_base="1.3"):
        node = dict(compose(overrides=["+loss=kl"]).loss.kl)
    assert node.pop("weight") == 0.01
    assert node.pop("start_epoch") == 0
    loss = instantiate(node)
    assert (loss.direction, loss.temperature, loss.axis, loss.level) == ("forward", 1.0, "dim", "clip")
