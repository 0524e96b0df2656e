"""Ctrl-C and the other signals that ask a command to end: the first ends it in good order, the second at once.

In a program that uses gatewise as a library nothing is changed: Ctrl-C is the KeyboardInterrupt that it always is.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

__all__ = ["RunInterrupted", "exit_code", "held_back", "listen", "resumable"]

# The last is what a closed terminal sends. Windows has no such signal.
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_SHOW_CURSOR = "\x1b[?25h"

_received: list[int] = []
_blocks: list[bool] = []
"""Of every `held_back` that is open, whether a signal came meanwhile."""


class RunInterrupted(KeyboardInterrupt):
    """A run was interrupted where it could not say anything yet. path: its folder, which can be resumed. again: how it goes on,
    "" for the command that resumes a run."""

    def __init__(self, path: Path, again: str = "") -> None:
        super().__init__(f"interrupted; continue with {again or f'`gatewise resume {path}`'}")
        self.path = path


def listen() -> None:
    """From now on every such signal raises KeyboardInterrupt in the main thread, and a second one ends the process at once.

    What the process was started to ignore (`nohup`, a shell's background job) stays ignored.
    """
    _received.clear()
    _blocks.clear()
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _handle)


def exit_code() -> int:
    """What a command that was interrupted leaves with: 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP."""
    return 128 + (_received[0] if _received else signal.SIGINT)


@contextmanager
def held_back() -> Iterator[None]:
    """A first signal of those that `listen` meets ends what is in the block only after it; a second one does at once."""
    _blocks.append(False)
    try:
        yield
    finally:
        came = _blocks.pop()
    if came:
        raise KeyboardInterrupt


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
    _received.append(number)
    if len(_received) == 1:
        if not _blocks:
            raise KeyboardInterrupt
        _blocks[0] = True
        return
    # A second wish is not to be kept waiting, whatever is being written: the journal is whole at any moment.
    if sys.stderr is not None and sys.stderr.isatty():
        os.write(2, _SHOW_CURSOR.encode())
    os._exit(128 + number)
