"""The gatewise command with units that fail for good, for `benchmarks/faults.py`: this one's training processes are like it.

    FAULTS='{"fail": {"replicate:gru:3": "memory"}, "patience": [4, 5, 10]}' python -m benchmarks.faulty compare ...

fail: how each of some units fails, by its key: `memory` asks for more than there is, `dies` kills its process, `nan` turns the
weights into NaN after some steps. patience: as in `gatewise.study.signs.Patience`.
"""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import numpy as np
import torch

from gatewise.study import signs
from gatewise.study.units import Unit
from gatewise.study.work import Workload
from gatewise.training import fit as training
from gatewise.training import step

# What no machine has, in bytes.
TOO_MUCH = 1 << 52

_asked: dict[str, Any] = json.loads(os.environ.get("FAULTS", "{}"))
_run, _training_step = Workload.run, step.training_step
_steps_left: list[int] = []


class _Breaking:
    """A training step that turns the weights into NaN once so many have been done."""

    def __init__(self, step: Any, network: torch.nn.Module) -> None:
        self.step, self.network = step, network

    def __getattr__(self, name: str) -> Any:
        return getattr(self.step, name)

    def __call__(self, *given: Any) -> Any:
        _steps_left[0] -= 1
        if _steps_left[0] == 0:
            with torch.no_grad():
                for weight in self.network.parameters():
                    weight.fill_(float("nan"))
        return self.step(*given)


def _step(network: Any, *given: Any, **options: Any) -> Any:
    made = _training_step(network, *given, **options)
    return _Breaking(made, network) if _steps_left else made


def _failing(self: Workload, unit: Unit, *more: Any) -> Any:
    how = _asked.get("fail", {}).get(unit.key, "")
    if how == "memory":
        return torch.empty(TOO_MUCH) if unit.number % 2 else np.ones(TOO_MUCH)
    if how == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    _steps_left[:] = [1 + sum(unit.key.encode()) % 40] if how == "nan" else []
    return _run(self, unit, *more)


setattr(Workload, "run", _failing)  # noqa: B010  (what mypy would not let pass)
setattr(training, "training_step", _step)  # noqa: B010
if "patience" in _asked:
    signs.PATIENCE = signs.Patience(*_asked["patience"])


if __name__ == "__main__":
    from gatewise.__main__ import main

    main()
