"""Measures an artefact in a process of its own, which has nothing but the artefact: what it costs where it is used.

python -m gatewise.export.measuring REQUEST    a folder with request.json and inputs; result.json and predictions.npy go there
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.errors import RunError
from gatewise.export.formats import FORMATS, Format
from gatewise.runtime.model import Model
from gatewise.tasks import traits_of
from gatewise.timing.memory import peak_resident_bytes

__all__ = ["Measured", "measure_artefact", "predictions_for"]

SIZES = {"batch1": 1, "batch32": 32}
SECONDS = 1.5
"""For each batch size."""
MOST_CALLS, LEAST_CALLS, WARM_UP = 1000, 20, 3
TIMEOUT_S = 600


@dataclass(frozen=True, eq=False)
class Measured:
    """What the process found. milliseconds: of the calls of each batch size. predictions: of all inputs, as `predictions_for`."""

    startup_s: float
    milliseconds: dict[str, NDArray[np.float64]]
    memory_bytes: int
    predictions: NDArray[np.float32]


def measure_artefact(form: Format, path: Path, inputs: Sequence[Any], folder: Path, *, sound: bool = True) -> Measured:
    """Load an artefact in a new process, and time its calls for raw inputs.

    inputs: as they come to `predict`. folder: an empty one, for what passes between the processes. sound: whether the inputs of a
    model of sound are waveforms; else they are energies. Raises RunError where the process fails, with what it said.
    """
    _write_inputs(folder, inputs)
    request = {"form": form.name, "path": str(path.absolute()), "sound": sound, "seconds": SECONDS, "started": time.time()}
    (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
    command = [sys.executable, "-m", "gatewise.export.measuring", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise RunError(f"the {form.name} artefact was not measured: it took over {TIMEOUT_S} s") from error
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["nothing"]
        raise RunError(f"the {form.name} artefact was not measured: its process left with {done.returncode} and said {said[-1]}")
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    times = {name: np.array(values) for name, values in result["milliseconds"].items()}
    return Measured(result["startup_s"], times, result["memory_bytes"], np.load(folder / "predictions.npy", allow_pickle=False))


def predictions_for(model: Model, inputs: Sequence[Any]) -> NDArray[np.float32]:
    """Predictions as scores read them: class probabilities [rows, classes], numbers [rows, outputs], or of next steps those of
    every step but the first, end to end [steps, keys]."""
    match traits_of(model.task).predicts:
        case "classes":
            return model.predict_proba(inputs)
        case "numbers":
            return np.asarray(model.predict(inputs), dtype=np.float32).reshape(len(inputs), -1)
        case "steps":
            return np.concatenate([found[:-1] for found in model.predict(inputs)])


def _serve(folder: Path) -> None:
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    form = FORMATS[request["form"]]
    model = form.read(Path(request["path"]))
    if not request["sound"]:
        model = replace(model, audio=None)
    inputs = _read_inputs(folder)
    predictions_for(model, inputs[:1])
    startup_s = time.time() - request["started"]
    seconds = request["seconds"]
    times = {name: _timed(lambda rows: predictions_for(model, rows), inputs, size, seconds) for name, size in SIZES.items()}
    predictions = predictions_for(model, inputs)
    np.save(folder / "predictions.npy", predictions, allow_pickle=False)
    result = {"startup_s": startup_s, "milliseconds": times, "memory_bytes": peak_resident_bytes()}
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")


def _timed(call: Callable[[Sequence[Any]], object], inputs: Sequence[Any], size: int, seconds: float) -> list[float]:
    """Milliseconds of calls of so many inputs, which follow one another round and round."""
    rows = [[inputs[(start + place) % len(inputs)] for place in range(size)] for start in range(0, max(len(inputs), 1), size)]
    for number in range(WARM_UP):
        call(rows[number % len(rows)])
    times: list[float] = []
    ends = time.perf_counter() + seconds
    while len(times) < MOST_CALLS and (len(times) < LEAST_CALLS or time.perf_counter() < ends):
        begun = time.perf_counter()
        call(rows[len(times) % len(rows)])
        times.append(1000 * (time.perf_counter() - begun))
    return times


def _write_inputs(folder: Path, inputs: Sequence[Any]) -> None:
    if isinstance(inputs[0], str):
        (folder / "texts.json").write_text(json.dumps(list(inputs)), encoding="utf-8")
        return
    arrays = {}
    for number, one in enumerate(inputs):
        values, rate = one if isinstance(one, tuple) else (one, 0)
        arrays[f"{number}_{rate}"] = np.asarray(values)
    np.savez(folder / "arrays.npz", **arrays)  # type: ignore[arg-type]


def _read_inputs(folder: Path) -> list[Any]:
    if (folder / "texts.json").exists():
        texts: list[str] = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
        return texts
    found = []
    with np.load(folder / "arrays.npz", allow_pickle=False) as arrays:
        for name in arrays.files:
            rate = int(name.partition("_")[2])
            found.append((arrays[name], rate) if rate else arrays[name])
    return found


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
