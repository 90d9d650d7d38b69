import os
import signal
from types import SimpleNamespace

import pytest

from avqa_lit.training.interruption import Interrupted, Interruption


def trainer(*, first=True):
    """A trainer alone in the world."""
    strategy = SimpleNamespace(reduce_boolean_decision=lambda decision, all: decision)
    return SimpleNamespace(is_global_zero=first, strategy=strategy)


def send(signum):
    os.kill(os.getpid(), signum)


@pytest.mark.parametrize(("signum", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_outside_a_fit_a_signal_ends_the_run_at_once(signum, status):
    with Interruption(), pytest.raises(Interrupted) as raised:
        send(signum)
    assert raised.value.code == status
    assert raised.value.signal == signum


def test_a_fit_ends_where_it_looks_next():
    with Interruption() as interruption:
        interruption.on_train_start(trainer(), None)
        assert not interruption.check(trainer())
        send(signal.SIGTERM)
        assert interruption.check(trainer())
        with pytest.raises(Interrupted, match="143"):
            interruption.end(trainer())


def test_a_second_signal_ends_a_fit_at_once():
    with Interruption() as interruption:
        interruption.on_train_start(trainer(), None)
        send(signal.SIGINT)
        with pytest.raises(Interrupted, match="130"):
            send(signal.SIGINT)


def test_the_first_process_tells_the_status_for_all():
    with Interruption() as interruption, pytest.raises(Interrupted, match=r"^0$"):
        interruption.end(trainer(first=False))


def test_a_signal_in_the_last_steps_is_not_forgotten():
    with Interruption() as interruption:
        interruption.on_train_start(trainer(), None)
        send(signal.SIGTERM)
        with pytest.raises(Interrupted, match="143"):
            interruption.on_train_end(trainer(), None)


def test_after_a_failed_fit_a_signal_ends_the_run_at_once():
    with Interruption() as interruption:
        interruption.on_train_start(trainer(), None)
        interruption.on_exception(trainer(), None, ValueError())
        with pytest.raises(Interrupted, match="143"):
            send(signal.SIGTERM)


def test_lightnings_handler_is_replaced_and_the_callers_put_back():
    before = signal.getsignal(signal.SIGTERM)
    with Interruption() as interruption:
        ours = signal.getsignal(signal.SIGTERM)
        for hook in (interruption.on_train_start, interruption.on_test_start):
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            hook(trainer(), None)
            assert signal.getsignal(signal.SIGTERM) == ours
    assert signal.getsignal(signal.SIGTERM) == before


def test_an_ignored_ctrl_c_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interruption():
            send(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
