"""Signals that ask a command to end, and what may not be torn apart by them."""

import signal
from collections.abc import Iterator

import pytest

from gatewise.interrupts import exit_code, held_back, listen

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def listening() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:  # whoever started the tests may have them ignored, and that would be kept
        signal.signal(number, signal.SIG_DFL)
    listen()
    yield
    listen()  # forget what was received
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_signal_interrupts_where_it_comes() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
        done.append("after")
    assert (done, exit_code()) == ([], 143)


def test_what_is_held_back_is_whole_before_the_interrupt() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt):
        with held_back():
            with held_back():
                signal.raise_signal(signal.SIGHUP)
                done.append("inside")
            done.append("still inside")
        done.append("after")
    assert (done, exit_code()) == (["inside", "still inside"], 129)
    with held_back():
        done.append("nothing came")


def test_a_fault_inside_is_what_is_said() -> None:
    with pytest.raises(ValueError, match="a fault"), held_back():
        signal.raise_signal(signal.SIGINT)
        raise ValueError("a fault")
