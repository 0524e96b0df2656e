"""The models of finished runs as ONNX files, float and in 8 bits: what they say, how large they are and how long a call takes.

    python -m benchmarks.onnx_files RUN... [--json FILE]

Each run is measured in a process that can import neither torch nor onnx. It reads the run's data, takes the rows that the model
has not learned from, and sets beside each other the model on gatewise's kernels and each of its files in ONNX Runtime, called in
turn on one thread. Of a forecast these are the last block of time, which only stopped the training; any other run whose source
has no test part of its own is refused.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.records import Dataset
from gatewise.runtime.batches import Batch, pad

FORMS: Mapping[str, Mapping[str, bool]] = {"float": {}, "int8": {"int8": True}, "steps": {"streaming": True}}
BATCHES = (1, 32)


def measure(run: Path, files: Path) -> dict[str, Any]:
    """Figures of one run, in a process without torch and onnx; nothing is timed that says something else."""
    import yaml

    from gatewise.data.encoding.encoders import encode_raw
    from gatewise.data.sources import open_source
    from gatewise.export.bundle import load_model
    from gatewise.export.onnx import load_onnx
    from gatewise.records import Reading
    from gatewise.runtime.scoring import score, truth_of
    from gatewise.timing.interleaved import interleave

    config = yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8"))
    asked = {name: config[name] for name in Reading.__dataclass_fields__ if config.get(name)}
    dataset = open_source(config["source"], seed=config["seed"], **asked)
    rows, rest = _parts(dataset, config["seed"], run)
    model = load_model(run / "model")
    sequences: list[Any] = [dataset.sequences[row] for row in rows.tolist()]
    encoded = encode_raw(model.encoder, sequences)
    truth = truth_of(dataset, rows, rest)
    networks: dict[str, Any] = {"model": model.predictor}
    expected = networks["model"].run(encoded)
    built = model.architecture
    assert built is not None
    found: dict[str, Any] = {
        "run": run.name,
        "cell": built.cell,
        "hidden": built.hidden_size,
        "rows": len(rows),
        "median_length": float(np.median(encoded.lengths)),
        "metric": model.metric,
        "model": {
            "score": score(model.metric, model.predict_encoded(encoded), truth),
            "bytes": (run / "model" / "model.safetensors").stat().st_size,
        },
    }
    for form in FORMS:
        path = files / f"{form}.onnx"
        if not path.exists():
            continue
        began = time.perf_counter()
        artefact = load_onnx(path)
        took = 1e3 * (time.perf_counter() - began)
        networks[form] = artefact.predictor
        found[form] = {
            "score": score(model.metric, artefact.predict_encoded(encoded), truth),
            "farthest": float(np.abs(networks[form].run(encoded) - expected).max()),
            "bytes": path.stat().st_size,
            "load_ms": took,
        }
    for size in BATCHES:
        batches = [pad(encoded, np.arange(start, start + size)) for start in range(0, len(rows) - size + 1, size)]
        actions = {name: _calls(network, batches) for name, network in networks.items() if name != "steps"}
        for name, times in interleave(actions, rounds=2000, warm_up=20, seconds=4.0).items():
            found[name][f"batch{size}_ms"] = _percentiles(times)
    if "steps" in networks:
        found["steps"]["step_ms"] = _step_times(networks["steps"], pad(encoded, np.arange(1)).inputs)
    return found


def _parts(dataset: Dataset, seed: int, run: Path) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows that the model did not learn from, and the others."""
    from gatewise.data.dataset.splits import folds_of, make_split
    from gatewise.tasks import traits_of

    if dataset.fixed_test is not None:
        return np.flatnonzero(dataset.fixed_test), np.flatnonzero(~dataset.fixed_test)
    if not traits_of(dataset.task).in_time:
        raise SystemExit(f"{run} has no rows that its model did not learn from; name a test part with --test or --split-column")
    last = make_split(dataset, folds_of(dataset) - 1, seed)
    return last.test, np.sort(np.concatenate([last.train, last.validation]))


def _calls(network: Any, batches: Sequence[Batch]) -> Callable[[int], object]:
    def call(number: int) -> object:
        batch = batches[number % len(batches)]
        return network(batch.inputs, batch.lengths)

    return call


def _step_times(network: Any, inputs: Any) -> list[float]:
    """Of one step of one stream."""
    from gatewise.timing.interleaved import interleave

    carried = network.zeros(1)

    def step(number: int) -> None:
        nonlocal carried
        _, carried = network.step(inputs[:, number % inputs.shape[1]], carried)

    return _percentiles(interleave({"step": step}, rounds=5000, warm_up=50, seconds=3.0)["step"])


def _percentiles(milliseconds: NDArray[np.float64]) -> list[float]:
    """The 10th, 50th, 90th and 99th: on a machine that does other work, the first of them is what the call itself takes."""
    return [float(one) for one in np.percentile(milliseconds, [10, 50, 90, 99])]


def write_files(run: Path, folder: Path) -> None:
    """Every form that the run's model has."""
    from gatewise.errors import OptionError
    from gatewise.export.bundle import load_model
    from gatewise.export.onnx import write_onnx

    model = load_model(run / "model")
    for form, how in FORMS.items():
        try:
            write_onnx(model, folder / f"{form}.onnx", **how)
        except OptionError as error:
            if form != "steps":
                raise
            print(f"{run.name}: {error}", file=sys.stderr)


def measured(run: Path) -> dict[str, Any]:
    """Write the files here, and measure them in a process of their own."""
    with tempfile.TemporaryDirectory() as folder:
        write_files(run, Path(folder))
        code = "import sys; sys.modules['torch'] = sys.modules['onnx'] = None; from benchmarks.onnx_files import child; child()"
        done = subprocess.run(
            [sys.executable, "-c", code, str(run), folder], stdout=subprocess.PIPE, text=True, check=True, env=os.environ
        )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def child() -> None:
    """The process that measures."""
    print(json.dumps(measure(Path(sys.argv[1]), Path(sys.argv[2]))))


def _shown(milliseconds: list[float] | None) -> str:
    return "" if milliseconds is None else ", ".join(f"{one:.3g}" for one in milliseconds[:2])


def table(found: list[dict[str, Any]]) -> str:
    """The figures as Markdown."""
    lines = [
        "| run | cell | form | score | max abs difference | kB | loads in ms | batch 1 p10, p50 ms | batch 32 p10, p50 ms |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in found:
        for form in ("model", *FORMS):
            if form not in one:
                continue
            row = one[form]
            times = [_shown(row.get(f"batch{size}_ms")) for size in BATCHES]
            if "step_ms" in row:
                times[0] = f"{_shown(row['step_ms'])} a step"
            far = f"{row['farthest']:.1e}" if "farthest" in row else ""
            load = f"{row['load_ms']:.0f}" if "load_ms" in row else ""
            cells = (one["run"], one["cell"], form, f"{row['score']:.4f}", far, f"{row['bytes'] / 1e3:.0f}", load, *times)
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="ONNX files of the models of finished runs.")
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures here, too")
    options = parser.parse_args()
    found = [measured(run) for run in options.runs]
    print(table(found))
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
