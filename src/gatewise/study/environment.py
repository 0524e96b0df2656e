"""The machine and the versions a result belongs to."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["describe_environment"]

OPTIONAL = ("pandas",)
PACKAGES = ("gatewise", "torch", "numpy", "scipy", "scikit-learn", "pyarrow")


def describe_environment(devices: Sequence[str] = ("cpu",)) -> dict[str, Any]:
    """Versions, processor, threads, kernels and devices, as plain JSON. devices: where networks run, by name."""
    import torch

    from gatewise import kernels
    from gatewise.nn import CELLS, backend
    from gatewise.training.devices import DEVICES

    missing = kernels.missing()
    return {
        "versions": {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in PACKAGES}},
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "usable_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        # Windows has no sysconf.
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else None,
        "threads": torch.get_num_threads(),
        "instruction_set": torch.backends.cpu.get_cpu_capability(),
        "compiled_kernels": {"missing": missing} if missing else {"instruction_set": kernels.instruction_set()},
        "kernels": {name: str(backend(layer(1, 1), torch.zeros(1, 1, 1))) for name, layer in CELLS.items()},
        "optional": {name: _version_or_none(name) for name in OPTIONAL},
        "accelerator": _accelerator(devices),
        "device": [DEVICES[name].describe() for name in devices],
    }


def _accelerator(devices: Sequence[str]) -> str:
    from gatewise.training.devices import available_devices

    there = [name for name in available_devices() if name != "cpu"]
    return ", ".join(name if name in devices else f"{name}, not used" for name in there) or "none"


def _version_or_none(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    description = Path("/proc/cpuinfo")
    if description.exists():
        for line in description.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
