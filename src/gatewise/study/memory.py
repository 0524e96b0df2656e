"""The memory of training: of the processor in a process of its own, while this one does something that nobody times; of another
device by its own count."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self

import numpy as np
import torch

from gatewise.errors import GatewiseError
from gatewise.records import Hyperparameters, to_json
from gatewise.study.memory_probe import CAN_FORK, added_bytes
from gatewise.study.work import Workload
from gatewise.training.devices import DEVICES

__all__ = ["MemoryMeasurement", "measure_device_memory"]

# It takes seconds, on a machine with room for it.
MOST_SECONDS = 600.0


class MemoryMeasurement:
    """Peak resident memory that training adds, each arm at its largest batch; begins with its context, and ends with it."""

    def __init__(self, workload: Workload, chosen: Mapping[str, Hyperparameters]) -> None:
        self._names = [arm.name for arm in workload.arms if arm.name in chosen]
        self._batch = _largest_batch(workload)
        self._tasks = _tasks(workload, chosen)
        self._processes: list[subprocess.Popen[str]] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        for tasks in [self._tasks] if CAN_FORK else [[task] for task in self._tasks]:
            command = [sys.executable, "-m", "gatewise.study.memory_probe", json.dumps(tasks)]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self._processes.append(self._stack.enter_context(process))
            self._stack.callback(process.kill)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def result(self, seconds: float) -> dict[str, Any] | None:
        """What was measured; None where it takes longer than so many seconds more, or there was not enough memory for it. Raises
        GatewiseError where it failed."""
        until = time.monotonic() + min(seconds, MOST_SECONDS)
        peaks: list[int] = []
        for process in self._processes:
            try:
                written, errors = process.communicate(timeout=max(until - time.monotonic(), 0.0))
            except subprocess.TimeoutExpired:
                return None
            if any(said in errors for said in ("allocate memory", "MemoryError")):
                return None
            if process.returncode:
                raise GatewiseError(f"the measurement of the memory of training failed: {errors.strip()[-500:]}")
            peaks += json.loads(written)["peak_bytes"]
        return {"peak_memory_bytes": dict(zip(self._names, peaks, strict=True)), **self._batch}


def measure_device_memory(workload: Workload, chosen: Mapping[str, Hyperparameters], device: str) -> dict[str, Any]:
    """The same on a device that counts the memory of its tensors, in this process: of those, and of nothing else."""
    place = DEVICES[device]
    peaks = {
        arm.name: added_bytes(task, place, place.reset_peak, place.peak_bytes)
        for arm, task in zip((arm for arm in workload.arms if arm.name in chosen), _tasks(workload, chosen), strict=True)
    }
    return {"peak_memory_bytes": peaks, **_largest_batch(workload)}


def _largest_batch(workload: Workload) -> dict[str, int]:
    """Rows, and steps of the longest."""
    lengths = workload.encode(0).train.lengths
    size = min(workload.schedule.batch_size, len(lengths))
    return {"batch_size": size, "steps": int(np.sort(lengths)[-size:].max())}


def _tasks(workload: Workload, chosen: Mapping[str, Hyperparameters]) -> list[dict[str, Any]]:
    """What `memory_probe` is asked, an arm each."""
    input_size = workload.encode(0).train.input_size
    return [
        {
            **_largest_batch(workload),
            "architecture": asdict(workload.architecture(arm, 0, chosen[arm.name], input_size)),
            "threads": torch.get_num_threads(),
            "task": workload.dataset.task,
            "metric": workload.trainer.metric.name,
            "hyperparameters": to_json(chosen[arm.name]),
        }
        for arm in workload.arms
        if arm.name in chosen
    ]
