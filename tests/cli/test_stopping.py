"""A stop signal at any moment, also while the very code is under way that looks for it."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from app.cli.stopping import STOP_SIGNALS, StopRequest


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    before = [(stop, signal.getsignal(stop)) for stop in STOP_SIGNALS]
    yield
    for stop, handler in before:
        signal.signal(stop, handler)


@pytest.mark.parametrize("how", STOP_SIGNALS)
def test_a_signal_is_remembered_and_told(how: signal.Signals) -> None:
    told: list[bool] = []
    stop = StopRequest(lambda: told.append(True))
    stop.listen()
    assert not stop.pause(0)

    os.kill(os.getpid(), how)

    assert stop.pause(0.01)
    assert told == [True]


def test_signals_that_fall_into_a_wait_never_hold_it_up() -> None:
    stop = StopRequest()
    stop.listen()
    done = threading.Event()

    def storm() -> None:
        while not done.wait(0.0005):
            os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=storm)
    thread.start()
    for _ in range(200):
        stop.pause(0.001)
    done.set()
    thread.join(5)

    assert not thread.is_alive()
    assert stop.asked
