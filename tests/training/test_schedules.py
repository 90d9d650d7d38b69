import io
import math
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from hypothesis import given, settings
from hypothesis import strategies as st

from avqa_lit.errors import ConfigError
from avqa_lit.training.schedules import Constant, Cosine, Plateau, Step, WarmupCosine

CONF = Path(__file__).parents[2] / "conf"
NAMES = ("constant", "cosine", "plateau", "step", "warmup_cosine")
RATE = 0.3
MONITOR = "val/acc/overall"


def adam():
    return torch.optim.Adam([torch.nn.Parameter(torch.zeros(2))], lr=RATE)


def curve(schedule, *, epochs, steps_per_epoch):
    """Learning rate of every optimizer step, with the scheduler stepped where Lightning does."""
    optimizer = adam()
    config = schedule.configure(optimizer, steps=epochs * steps_per_epoch, monitor=MONITOR)
    rates = []
    for _ in range(epochs):
        for _ in range(steps_per_epoch):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if config["interval"] == "step":
                config["scheduler"].step()
        if config["interval"] == "epoch":
            config["scheduler"].step()
    return rates


def test_constant_leaves_the_learning_rate_alone():
    optimizer = adam()
    assert Constant().configure(optimizer, steps=21, monitor=MONITOR) is None
    assert optimizer.param_groups[0]["lr"] == RATE


@settings(deadline=None)
@given(every=st.integers(1, 13), factor=st.floats(0.01, 0.99), epochs=st.integers(1, 23))
def test_step_cuts_by_its_factor_every_so_many_epochs(every, factor, epochs):
    rates = curve(Step(every=every, factor=factor), epochs=epochs, steps_per_epoch=3)
    assert rates == pytest.approx([RATE * factor ** (step // 3 // every) for step in range(3 * epochs)])


def test_the_posters_schedule_has_four_learning_rates_in_forty_epochs():
    rates = curve(Step(every=10, factor=0.1), epochs=40, steps_per_epoch=1)
    assert rates == pytest.approx([RATE] * 10 + [RATE / 10] * 10 + [RATE / 100] * 10 + [RATE / 1000] * 10)


@settings(deadline=None)
@given(floor=st.floats(0, 1), epochs=st.integers(1, 7), steps=st.integers(1, 11))
def test_cosine_falls_from_the_learning_rate_to_the_floor(floor, epochs, steps):
    total = epochs * steps
    rates = curve(Cosine(floor=floor), epochs=epochs, steps_per_epoch=steps)
    low = RATE * floor
    assert rates == pytest.approx(
        [low + (RATE - low) * math.cos(math.pi * step / total / 2) ** 2 for step in range(total)]
    )


def test_cosine_equals_that_of_torch():
    optimizer = adam()
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=21, eta_min=0.1 * RATE)
    expected = []
    for _ in range(21):
        expected.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    assert curve(Cosine(floor=0.1), epochs=3, steps_per_epoch=7) == pytest.approx(expected)


def test_cosine_stays_at_the_floor_beyond_the_run():
    optimizer = adam()
    config = Cosine(floor=0.25).configure(optimizer, steps=5, monitor=MONITOR)
    for _ in range(8):
        optimizer.step()
        config["scheduler"].step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(RATE / 4)


@settings(deadline=None)
@given(warmup=st.floats(0, 0.95), floor=st.floats(0, 0.5), epochs=st.integers(1, 7), steps=st.integers(1, 11))
def test_warmup_cosine_rises_in_a_line_and_falls_in_a_cosine(warmup, floor, epochs, steps):
    total = epochs * steps
    rates = curve(WarmupCosine(warmup=warmup, floor=floor), epochs=epochs, steps_per_epoch=steps)
    peak = int(warmup * total)
    assert rates[: peak + 1] == pytest.approx([RATE * (step + 1) / (peak + 1) for step in range(peak + 1)])
    fall = curve(Cosine(floor=floor), epochs=1, steps_per_epoch=total - peak)
    assert rates[peak:] == pytest.approx(fall)


@pytest.mark.parametrize(
    ("monitor", "values"),
    [("val/acc/overall", [0.5, 0.6, 0.6, 0.5, 0.4, 0.4]), ("val/loss", [3.0, 2.0, 2.0, 3.0, 2.5, 2.5])],
)
def test_plateau_cuts_after_its_patience_without_improvement(monitor, values):
    optimizer = adam()
    config = Plateau(factor=0.1, patience=2).configure(optimizer, steps=6, monitor=monitor)
    assert (config["monitor"], config["interval"]) == (monitor, "epoch")
    rates = []
    for value in values:
        config["scheduler"].step(value)
        rates.append(optimizer.param_groups[0]["lr"])
    assert rates == pytest.approx([RATE] * 4 + [RATE / 10] * 2)


def test_plateau_takes_the_smallest_rise_for_an_improvement():
    optimizer = adam()
    config = Plateau(factor=0.1, patience=0).configure(optimizer, steps=3, monitor=MONITOR)
    for correct in (5000, 5001, 5002):
        config["scheduler"].step(correct / 100_003)
    assert optimizer.param_groups[0]["lr"] == RATE


@pytest.mark.parametrize("name", NAMES)
def test_every_config_builds_a_schedule_whose_state_loads_without_pickled_code(name):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        schedule = instantiate(compose(overrides=[f"+schedule={name}"]).schedule)
    config = schedule.configure(adam(), steps=15, monitor=MONITOR)
    if config is None:
        assert name == "constant"
        return
    file = io.BytesIO()
    torch.save(config["scheduler"].state_dict(), file)
    file.seek(0)
    config["scheduler"].load_state_dict(torch.load(file, weights_only=True))


def test_a_resumed_schedule_goes_on_where_it_stopped():
    whole = curve(WarmupCosine(warmup=0.3, floor=0.1), epochs=2, steps_per_epoch=7)
    first, second = adam(), adam()
    schedule = WarmupCosine(warmup=0.3, floor=0.1)
    run = {"steps": 14, "monitor": MONITOR}
    before = schedule.configure(first, **run)["scheduler"]
    for _ in range(5):
        first.step()
        before.step()
    after = schedule.configure(second, **run)["scheduler"]
    after.load_state_dict(before.state_dict())
    second.load_state_dict(first.state_dict())
    for rate in whole[5:]:
        assert second.param_groups[0]["lr"] == pytest.approx(rate)
        second.step()
        after.step()


def test_the_optimizer_config_builds_adam():
    with initialize_config_dir(str(CONF), version_base="1.3"):
        node = compose(overrides=["+optimizer=adam"]).optimizer
    optimizer = instantiate(node, params=[torch.nn.Parameter(torch.zeros(2))])
    assert isinstance(optimizer, torch.optim.Adam)
    assert optimizer.defaults["weight_decay"] == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Step(every=0, factor=0.1), "every is 0, expected a whole number of epochs, at least 1"),
        (lambda: Step(every=2.5, factor=0.1), "every is 2.5"),
        (lambda: Step(every=10, factor=1.0), "factor is 1.0, expected a number above 0 and below 1"),
        (lambda: Plateau(factor=0.0, patience=3), "factor is 0.0"),
        (lambda: Plateau(factor=0.1, patience=-1), "patience is -1, expected a whole number of epochs, 0 or"),
        (lambda: Cosine(floor=-0.1), "floor is -0.1, expected a share of optimizer.lr"),
        (lambda: WarmupCosine(warmup=1.0, floor=0.0), "warmup is 1.0, expected a share from 0 to below 1"),
        (lambda: WarmupCosine(warmup=0.1, floor=float("nan")), "floor is nan"),
        (lambda: WarmupCosine(warmup=None, floor=0.0), "warmup is None"),
    ],
)
def test_a_setting_out_of_range_is_refused(make, message):
    with pytest.raises(ConfigError, match=rf"schedule\.{message}"):
        make()
