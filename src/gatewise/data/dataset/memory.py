"""How much memory there is, so that what cannot fit is refused before it is read or made."""

from __future__ import annotations

import os
from pathlib import Path

from gatewise.errors import DataError

__all__ = ["available_bytes", "require_memory", "size_text", "total_bytes"]

_MEMORY = Path("/proc/meminfo")
# What a container may use, and uses: control groups of the second and the first version.
_LIMITS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"), Path("/sys/fs/cgroup/memory/memory.usage_in_bytes")),
)


def total_bytes() -> int:
    """Memory of this machine, or of the container if that is less."""
    own = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([own, *(limit for limit, _ in _containers())])


def available_bytes() -> int:
    """Memory that can be had now without swapping."""
    own = total_bytes()
    if _MEMORY.exists():
        line = next((line for line in _MEMORY.read_text().splitlines() if line.startswith("MemAvailable:")), None)
        own = own if line is None else int(line.split()[1]) * 1024
    return max(0, min([own, *(limit - used for limit, used in _containers())]))


def require_memory(needed: int, what: str, todo: str) -> None:
    """Raise DataError where more memory is needed than there is. what: names what needs it. todo: what to do then."""
    available = available_bytes()
    if needed > available:
        raise DataError(f"{what} needs about {size_text(needed)} of memory, and {size_text(available)} are available. {todo}")


def size_text(size: int) -> str:
    """Bytes as people read them, in units of 1000."""
    for unit, step in (("GB", 10**9), ("MB", 10**6)):
        if size >= step:
            return f"{size // step:,} {unit}" if size >= 10 * step else f"{size / step:.1f} {unit}"
    return f"{size:,} bytes"


def _containers() -> list[tuple[int, int]]:
    found = []
    for limit, used in _LIMITS:
        try:
            found.append((int(limit.read_text()), int(used.read_text())))
        except (OSError, ValueError):
            # There is none, or it says `max`.
            continue
    return found
