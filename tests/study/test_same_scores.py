"""One data set through every way in: the same replicate has the same scores, to the last bit."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from gatewise.comparison.plan import arms_of
from gatewise.data.sources import open_source
from gatewise.records import Config, Hyperparameters, Training
from gatewise.study.units import Unit
from gatewise.study.work import Workload

Ways = dict[str, tuple[Any, dict[str, Any]]]


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> Ways:
    """60 series of two channels in classes, as source and reading options, by name."""
    folder = tmp_path_factory.mktemp("ways")
    generator = np.random.default_rng(5)
    labels = [("low", "high")[row % 2] for row in range(60)]
    series = [generator.normal(row % 2, 1, (generator.integers(4, 12), 2)).astype(np.float32) for row in range(60)]
    cells = {name: [values[:, number].tolist() for values in series] for number, name in enumerate("uv")}
    table = {**cells, "label": labels}
    steps = [
        (row, step, *map(float, replicate), labels[row])
        for row, values in enumerate(series)
        for step, replicate in enumerate(values)
    ]
    long = pl.DataFrame(steps, schema=["id", "step", "u", "v", "label"], orient="row")
    pl.DataFrame({**{name: list(map(json.dumps, column)) for name, column in cells.items()}, "label": labels}).write_csv(
        folder / "data.csv"
    )
    (folder / "data.jsonl").write_text(
        "".join(json.dumps(dict(zip(table, row, strict=True))) + "\n" for row in zip(*table.values(), strict=True))
    )
    pq.write_table(pa.table(table), folder / "data.parquet")
    long.write_csv(folder / "long.csv")
    lengths = np.array([len(values) for values in series])
    np.savez(folder / "data.npz", values=np.concatenate(series), lengths=lengths, labels=np.array(labels))
    lines = ["@problemName data\n@timeStamps false\n@univariate false\n@dimensions 2\n@classLabel true high low\n@data"]
    lines += [
        ":".join([*(",".join(str(float(value)) for value in channel) for channel in values.T), label])
        for values, label in zip(series, labels, strict=True)
    ]
    (folder / "data.ts").write_text("\n".join(lines))
    columns = {"channels": ("u", "v")}
    return {
        "csv": (folder / "data.csv", columns),
        "jsonl": (folder / "data.jsonl", columns),
        "parquet": (folder / "data.parquet", columns),
        "long csv": (folder / "long.csv", {"id": "id", "time": "step", "target": "label", **columns}),
        "pandas": (pd.DataFrame(table), columns),
        "polars": (pl.DataFrame(table), columns),
        "arrow": (pa.table(table), columns),
        "arrays": ((series, labels), {}),
        "tensors": (([torch.from_numpy(values) for values in series], labels), {}),
        "npz": (folder / "data.npz", {}),
        "ts": (folder / "data.ts", {}),
    }


def scored(source: Any, reading: dict[str, Any], unit: Unit) -> Training:
    dataset = open_source(str(source) if isinstance(source, Path) else source, **reading)
    config = Config("data", hidden_size=8, max_epochs=3, batch_size=8)
    return Workload(config, dataset, arms_of(("gru", "lstm"), 8)).run(unit)


@pytest.mark.parametrize("name", ["gru", "linear_features"])
def test_every_way_in_gives_the_same_scores(ways: Ways, name: str) -> None:
    chosen = Hyperparameters(3e-3, 0.1, 0.1, 0.01)
    unit = Unit("replicate", name, 0, chosen) if name == "gru" else Unit("baseline", name, 0)
    trainings = {way: scored(*source, unit) for way, source in ways.items()}
    found = {
        way: (training.test_score, training.train_score, training.validation_score, training.validation_loss, training.row_scores)
        for way, training in trainings.items()
    }
    assert len(found) == 11
    assert all(values == found["arrays"] for values in found.values()), found
    assert 0.5 < (trainings["npz"].test_score or 0.0) <= 1.0
