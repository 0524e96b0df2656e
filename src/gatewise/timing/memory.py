"""Peak resident memory of this process, as the operating system counts it."""

from __future__ import annotations

import sys
from pathlib import Path

__all__ = ["peak_resident_bytes", "reset_peak"]

STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")


def reset_peak() -> bool:
    """Start counting the peak anew from the present value; False where the system cannot (anything but Linux)."""
    if not CLEAR.exists():
        return False
    CLEAR.write_text("5")
    return True


def peak_resident_bytes() -> int:
    """The highest resident set size since the process began, or since `reset_peak`."""
    if STATUS.exists():
        line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
