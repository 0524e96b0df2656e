"""Signals that ask a command to end, and what may not be torn apart by them."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from gatewise.interrupts import SignalReceived, exit_code, held_back, interruptible, listen

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def listening() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:  # whoever started the tests may have them ignored, and that would be kept
        signal.signal(number, signal.SIG_DFL)
    hook = sys.unraisablehook
    listen()
    with interruptible():
        yield
    listen()  # forget what was received
    sys.unraisablehook = hook
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


def test_what_a_finalizer_swallows_comes_again(capfd: pytest.CaptureFixture[str]) -> None:
    class Finalized:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGTERM)

    finalized = [Finalized()]
    with pytest.raises(SignalReceived):
        finalized.clear()
        time.sleep(60.0)
    assert exit_code() == 143
    assert capfd.readouterr().err == ""


def run(program: str) -> subprocess.CompletedProcess[str]:
    started = "import atexit, os, signal, sys\nfrom gatewise.interrupts import exit_code, interruptible, listen\nlisten()\n"
    return subprocess.run([sys.executable, "-c", started + program], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("program", "code", "said"),
    [
        ("os.kill(os.getpid(), signal.SIGTERM)", 143, "gatewise: interrupted before anything was started\n"),
        ("with interruptible(): pass\nos.kill(os.getpid(), signal.SIGTERM)", 143, ""),
        ("with interruptible(): pass\natexit.register(os.kill, os.getpid(), signal.SIGTERM)", 143, ""),
        # Modules are taken apart after everything that was to be done at the end.
        (
            "class Last:\n"
            "    def __del__(self, kill=os.kill, process=os.getpid(), number=signal.SIGTERM): kill(process, number)\n"
            "sys.last = Last()\n"
            "sys.exit(3)\n",
            3,
            "",
        ),
    ],
)
def test_with_nothing_under_way_it_ends_at_once(program: str, code: int, said: str) -> None:
    done = run(program)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", said)
