"""What no part of gatewise foresaw, as one message: the machine's refusals by name, and faults of gatewise's own."""

from __future__ import annotations

import tempfile
import traceback
from pathlib import Path

__all__ = ["EXIT_FAULT", "is_out_of_memory", "unexpected"]

EXIT_ERROR = 2
EXIT_FAULT = 1

_OF_RUNS = "what a run has finished is kept: go on with `gatewise resume RUN`"
_NO_MEMORY = (
    *("OutOfMemoryError", "can't allocate memory", "out of memory"),
    *("CUDNN_STATUS_ALLOC_FAILED", "CUBLAS_STATUS_ALLOC_FAILED"),
)
_GO_ON = {
    "compare": _OF_RUNS,
    "resume": _OF_RUNS,
    "claims": "what the studies have finished is kept: the same command goes on",
}


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory was refused."""
    # torch has no error of its own for the processor's, and several for what devices say; Ray's has the name of one of these.
    words = f"{type(error).__name__}: {error}"
    return isinstance(error, MemoryError) or any(said in words for said in _NO_MEMORY)


def unexpected(error: Exception, command: str = "compare") -> tuple[str, int]:
    """A message and an exit code: 2 where the machine said no, 1 where gatewise is at fault.

    command: of gatewise, whose work may go on where it stopped.
    """
    resume = _GO_ON.get(command, "run it again")
    if is_out_of_memory(error):
        return (
            f"there is not enough memory. Lower --hidden-size, --batch-size, --max-length or --jobs, or take less data; {resume}",
            EXIT_ERROR,
        )
    if isinstance(error, OSError):
        where = "standard output" if error.filename is None else error.filename
        return f"{where}: {error.strerror or error}; put that right, and {resume}", EXIT_ERROR
    said = f"{type(error).__name__}: {error}".splitlines()[0]
    return (
        f"this is a fault of gatewise, not of yours ({said}). Please report it with {_kept(error)}; {resume}",
        EXIT_FAULT,
    )


def _kept(error: Exception) -> str:
    """Keep the traceback where it can be found, and say where."""
    text = "".join(traceback.format_exception(error))
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="gatewise-fault-", suffix=".txt", delete=False, encoding="utf-8", errors="backslashreplace"
        ) as file:
            file.write(text)
        return f"the file {Path(file.name)}"
    except OSError:
        return "what GATEWISE_TRACEBACK=1 shows when it is run again"
