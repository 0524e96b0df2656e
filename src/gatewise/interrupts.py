"""Ctrl-C and the other signals that ask a command to end: the first ends it in good order, the second at once.

Where a command has nothing under way, before its work and after it, the first ends it at once, too: no exception then meets the
start or the end of the interpreter, which would print or lose it. Until `listen` is called, some hundredths of a second after the
process began, a signal does what it does to any Python program.

In a program that uses gatewise as a library nothing is changed: Ctrl-C is the KeyboardInterrupt that it always is.
"""

from __future__ import annotations

import _thread
import atexit
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

__all__ = ["RunInterrupted", "SignalReceived", "exit_code", "held_back", "interruptible", "listen", "resumable"]

# The last is what a closed terminal sends. Windows has no such signal.
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_SHOW_CURSOR = "\x1b[?25h"
# Time enough for a finalizer that swallowed an interrupt to return; if not, it comes again.
_AGAIN_SECONDS = 0.001


class _Stage(Enum):
    STARTING = "starting"
    WORKING = "working"
    ENDING = "ending"


class _State:
    """received: the signals that came. blocks: of every `held_back` that is open, whether one came meanwhile."""

    def __init__(self) -> None:
        self.stage = _Stage.STARTING
        self.received: list[int] = []
        self.blocks: list[bool] = []


_state = _State()


class SignalReceived(KeyboardInterrupt):
    """What a signal raises.

    A class of its own: Python notes that a KeyboardInterrupt left a text given to `exec` (every dataclass and named tuple that an
    import defines is one), and at the end of `python -m` kills itself with SIGINT, though the exception was caught long before
    (`run_eval_code_obj` and `Py_RunMain` of CPython). It takes note of that very class alone.
    """


class RunInterrupted(KeyboardInterrupt):
    """A run was interrupted where it could not say anything yet. path: its folder, which can be resumed. again: how it goes on,
    "" for the command that resumes a run."""

    def __init__(self, path: Path, again: str = "") -> None:
        super().__init__(f"interrupted; continue with {again or f'`gatewise resume {path}`'}")
        self.path = path


def listen() -> None:
    """From now on such a signal ends the process at once, but raises SignalReceived in the main thread within `interruptible`.

    What the process was started to ignore (`nohup`, a shell's background job) stays ignored.
    """
    _state.stage = _Stage.STARTING
    _state.received.clear()
    _state.blocks.clear()
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _handle)
    sys.unraisablehook = _swallowed
    # Of such functions the first to be registered is the last to be called.
    atexit.unregister(_stop_listening)
    atexit.register(_stop_listening)


@contextmanager
def interruptible() -> Iterator[None]:
    """The work of a command: a first signal raises SignalReceived within the block, so that the work ends in good order."""
    _state.stage = _Stage.WORKING
    try:
        yield
    finally:
        _state.stage = _Stage.ENDING


def exit_code() -> int:
    """What a command that was interrupted leaves with: 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP."""
    return 128 + (_state.received[0] if _state.received else signal.SIGINT)


@contextmanager
def held_back() -> Iterator[None]:
    """A first signal of those that `listen` meets ends what is in the block only after it; a second one does at once."""
    _state.blocks.append(False)
    try:
        yield
    finally:
        came = _state.blocks.pop()
    if came:
        raise SignalReceived


@contextmanager
def resumable(folder: Path, config: Path | None = None) -> Iterator[None]:
    """An interrupt that leaves the block says that the run can be resumed. config: of a new run, the file that makes it one."""
    before = config is not None and config.exists()
    try:
        yield
    except RunInterrupted:
        raise
    except KeyboardInterrupt as error:
        if config is None or (config.exists() and not before):
            raise RunInterrupted(folder) from error
        raise


def _handle(number: int, _frame: FrameType | None) -> None:
    _state.received.append(number)
    if len(_state.received) == 1 and _state.stage is _Stage.WORKING:
        if not _state.blocks:
            raise SignalReceived
        _state.blocks[0] = True
        return
    # A second wish is not to be kept waiting, whatever is being written: the journal is whole at any moment.
    if sys.stderr is not None:
        with suppress(OSError):
            if len(_state.received) == 1 and _state.stage is _Stage.STARTING:
                os.write(2, b"gatewise: interrupted before anything was started\n")
            if sys.stderr.isatty():
                os.write(2, _SHOW_CURSOR.encode())
    os._exit(128 + number)


def _swallowed(error: sys.UnraisableHookArgs) -> None:
    """Python prints an exception that leaves a finalizer or a callback of a weak reference, as imports have, and goes on.

    A signal that came just then is sent once more.
    """
    if isinstance(error.exc_value, SignalReceived):
        _thread.start_new_thread(_send_again, (_state.received[0], _thread.get_ident()))
    else:
        sys.__unraisablehook__(error)


def _send_again(number: int, thread: int) -> None:
    time.sleep(_AGAIN_SECONDS)
    _state.received.clear()
    if hasattr(signal, "pthread_kill"):
        # A real one, which also ends a call of the system that waits.
        signal.pthread_kill(thread, number)
    else:
        _thread.interrupt_main(signal.Signals(number))


def _stop_listening() -> None:
    """The command has ended, and its exit code stands: what the interpreter still does takes no signal."""
    for number in _SIGNALS:
        if signal.getsignal(number) is _handle:
            signal.signal(number, signal.SIG_IGN)
