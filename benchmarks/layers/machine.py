"""The machine: what it is, what it can do at most, how busy it is, and how a process is told what to use."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from benchmarks.layers.results import SETTINGS, Plan

__all__ = ["busy", "describe", "environment", "measure_fma_peak"]

# Each library reads its own variable, and only at its start.
INSTRUCTION_SETS = {
    "": {},
    "avx512_bf16": {"GATEWISE_INSTRUCTION_SET": "avx512_bf16", "ATEN_CPU_CAPABILITY": "avx512"},
    "avx512": {"GATEWISE_INSTRUCTION_SET": "avx512", "ATEN_CPU_CAPABILITY": "avx512"},
    "avx2": {
        "GATEWISE_INSTRUCTION_SET": "avx2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    },
    "baseline": {
        "GATEWISE_INSTRUCTION_SET": "baseline",
        "ATEN_CPU_CAPABILITY": "default",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
    },
}
"""Environment that forces an instruction set on gatewise, PyTorch, oneDNN and MKL alike."""

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def environment(plan: Plan) -> dict[str, str]:
    """Return this process's environment, changed to what the plan asks of a child."""
    backend = "jax" if importlib.util.find_spec("jax") else "tensorflow"
    quiet = {"JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "3"}
    chosen = {"KERAS_BACKEND": backend} | quiet | dict(os.environ)
    chosen |= dict.fromkeys(THREADS, str(plan.threads))
    return chosen | INSTRUCTION_SETS[plan.instruction_set] | SETTINGS[plan.setting]


def busy() -> str:
    """Say that other work will distort the times; "" where the machine is idle enough or does not tell."""
    if not hasattr(os, "getloadavg"):
        return ""
    load = os.getloadavg()[0]
    return f"the load average is {load:.1f}: other work on this machine distorts the times" if load > 0.3 else ""


def describe() -> Mapping[str, Any]:
    """Processor, versions, libraries' settings and load, as plain JSON."""
    from gatewise.study.environment import describe_environment

    names = (*THREADS, *SETTINGS["raised"], *INSTRUCTION_SETS["avx2"], "KERAS_BACKEND")
    return {
        **describe_environment(),
        "variables": {name: os.environ[name] for name in names if name in os.environ},
        "load_average": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
    }


def measure_fma_peak(seconds: float) -> float | None:
    """Measure the GFLOP/s that one thread reaches with independent fused multiply-adds; None without the compiled kernels."""
    try:
        compiled: ModuleType = importlib.import_module("gatewise.kernels._compiled")
    except ModuleNotFoundError:
        return None
    measure = getattr(compiled, "peak", None)
    return None if measure is None else float(measure(seconds)) / 1e9
