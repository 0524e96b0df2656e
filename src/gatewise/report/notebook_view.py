"""Progress in a notebook: one output of the cell that is written over, and no line more."""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from gatewise.records import Progress
from gatewise.report.live import NullView, status_line

__all__ = ["NotebookView", "in_notebook", "is_interactive"]

# What the run says of the data and of its replicates, above the state; older lines go.
_LINES = 12
_REFRESH_S = 0.25


def in_notebook() -> bool:
    """Whether the code runs in a kernel that shows rich output, such as Jupyter's."""
    shell = _shell()
    return shell is not None and hasattr(shell, "kernel")


def is_interactive() -> bool:
    """Whether somebody sits before it: a notebook, IPython, or Python's prompt."""
    return _shell() is not None or hasattr(sys, "ps1")


def _shell() -> Any:
    # Whoever runs in IPython has loaded it.
    found = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)
    return found()


class NotebookView(NullView):
    """The last lines and the state of the run, as text that a notebook shows in place."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lines: list[str] = []
        self._state = "starting"
        self._shown_at = -_REFRESH_S
        self._handle: Any = None

    def __enter__(self) -> Self:
        from IPython.display import display

        self._handle = display(self._content(), display_id=True, raw=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._state = "" if kind is None else "stopped"
        self._show()

    def update(self, progress: Progress) -> None:
        """Show the new state, a few times a second at most."""
        self._state = f"{progress.phase} · {status_line(progress)}"
        if self._clock() - self._shown_at >= _REFRESH_S:
            self._show()

    def log(self, message: str) -> None:
        """Add a line above the state."""
        self._lines = [*self._lines, message][-_LINES:]
        self._show()

    def _show(self) -> None:
        self._shown_at = self._clock()
        if self._handle is not None:
            self._handle.update(self._content(), raw=True)

    def _content(self) -> dict[str, str]:
        text = "\n".join([*self._lines, *([self._state] if self._state else [])])
        return {"text/plain": text, "text/html": f"<pre>{html.escape(text)}</pre>"}
