"""Every baseline on public data: its score, the time of a fit, and its latency. Prints a table and writes docs/rivals.md.

    python -m benchmarks.rivals FOLDER [--only NAME ...] [--out docs/rivals.md]

FOLDER holds the data sets as folders (tsc, sst2, ...), each with the split its source has, else with the first split that a run
would take. Published accuracies stand beside the measured ones where their source is named in `PUBLISHED`.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from benchmarks.forecasting_data import write_exchange

from gatewise.comparison.plan import arms_of
from gatewise.data.dataset.splits import make_split
from gatewise.data.sources import open_source
from gatewise.metrics import value_text
from gatewise.names import plain_title
from gatewise.records import Config
from gatewise.report.numbers import significant
from gatewise.runtime.scoring import score, truth_of
from gatewise.study.work import Workload
from gatewise.training.threads import limited_threads

ROWS = 20
# MiniRocket: means over 30 resamples, results/results_ucr109_mean.csv of github.com/angus924/minirocket. Nearest neighbour by
# time warping: 1 less the errors with a learned band in DataSummary.csv of the UCR archive (Dau et al. 2018). Neither has the
# sets of several channels.
PUBLISHED = {
    ("GunPoint", "nearest_dtw"): 1 - 0.0867,
    ("ItalyPowerDemand", "nearest_dtw"): 1 - 0.0447,
    ("ECG5000", "nearest_dtw"): 1 - 0.0749,
    ("GunPoint", "minirocket"): 0.992444,
    ("ItalyPowerDemand", "minirocket"): 0.959572,
    ("ECG5000", "minirocket"): 0.946133,
}


@dataclass(frozen=True)
class Case:
    """A data set. path: below the folder, or of what is built in. reading: how it is read. metric: None for the task's own."""

    name: str
    path: str
    reading: dict[str, Any] = field(default_factory=dict)
    metric: str | None = None


TEXT = {"text": "text", "target": "label"}
EXCHANGE = "exchange_wide.csv"
CASES = (
    Case("digits", "builtin:digits"),
    *(Case(name, f"tsc/{name}.npz") for name in ("JapaneseVowels", "BasicMotions", "GunPoint", "ItalyPowerDemand", "ECG5000")),
    Case("uci_sentences", "uci_sentences/uci_sentences.parquet", TEXT),
    Case("sst2", "sst2/sst2.parquet", TEXT | {"split": "split"}),
    Case("mr", "mr/mr.parquet", TEXT),
    Case("ETTh1 OT", "forecasting/ETTh1.csv", {"task": "forecast", "time": "date", "target": ["OT"], "horizon": 24}),
    Case("exchange_rate", EXCHANGE, {"task": "forecast", "time": "day", "horizon": 3}),
    Case("fsdd", "fsdd/index.csv", {"audio": "file", "target": "digit", "split": "split"}),
    Case("JSB_Chorales", "polyphonic_music/JSB_Chorales.npz", {"task": "next_step"}),
    Case("Nottingham", "polyphonic_music/Nottingham.npz", {"task": "next_step"}),
    Case("amazon_multidomain", "amazon_multidomain/amazon_multidomain.parquet", TEXT | {"split": "split"}),
    Case("imdb_10k", "imdb_10k/imdb_10k.parquet", TEXT | {"split": "split"}),
)


@dataclass(frozen=True)
class Measured:
    """fit_s: seconds. latency_ms: median of single rows, from words or values to the prediction."""

    case: str
    metric: str
    rows: tuple[int, int, int]
    name: str
    shown: str
    published: float | None
    fit_s: float
    latency_ms: float


def measure(folder: Path, case: Case) -> Iterator[Measured]:
    """The baselines that a run without a budget would have, one after the other on one thread."""
    with TemporaryDirectory() as written:
        source = case.path if case.path.startswith("builtin:") else str(folder / case.path)
        if case.path == EXCHANGE:
            # The source has neither a header nor dates.
            source = str(write_exchange(folder / "forecasting/exchange_rate.txt.gz", Path(written))[0])
        dataset = open_source(source, **case.reading)
    workload = Workload(Config(source, metric=case.metric, budget_s=None), dataset, arms_of(("gru", "lstm")))
    split = make_split(dataset, 0, 0)
    truth, metric = truth_of(dataset, split.test, split.train), workload.trainer.metric
    for name in workload.baselines:
        started = time.perf_counter()
        model = workload.fit_baseline(name, split.train, split.validation)
        fitted = time.perf_counter() - started
        value = score(metric.name, model.predict(workload.prepared.inputs(split.test)), truth)
        single = [workload.prepared.inputs(split.test[[row]]) for row in np.arange(ROWS) % len(split.test)]
        model.predict(single[0])
        times = []
        for one in single:
            began = time.perf_counter()
            model.predict(one)
            times.append(time.perf_counter() - began)
        yield Measured(
            case.name,
            metric.label,
            (len(split.train), len(split.validation), len(split.test)),
            name,
            value_text(metric, value, 0.01),
            PUBLISHED.get((case.name, name)),
            fitted,
            float(np.median(times)) * 1e3,
        )


def page(found: Sequence[Measured]) -> str:
    """The table as Markdown."""
    lines = [
        "# Baselines on public data",
        "",
        "Written by `benchmarks/rivals.py`: every baseline that a run without a budget has, on the split of the data's source,",
        "or on the first split of a run where it has none. A fit includes the choice of the regularisation on the validation",
        "part, which is taken out of the training part and learned from by none of them. Latency is the median of single",
        f"rows, from words or values to the prediction. One thread on a machine of {os.cpu_count()} cores that was busy with",
        "other work: the times are too long, by a factor that varied, and good for orders of magnitude only.",
        "",
        "Published accuracies learn from the whole training part, here it is less its validation part. MiniRocket's are means",
        "over 30 resamples (`results/results_ucr109_mean.csv` of github.com/angus924/minirocket), those of the nearest",
        "neighbour are of the archive's split with a learned band (`DataSummary.csv` of the UCR archive, Dau et al. 2018).",
        "Neither source has the sets of several channels, JapaneseVowels and BasicMotions.",
        "",
        "One rival is a network, and is left out here: `--rivals strong,tcn` adds a temporal convolutional network (Bai,",
        "Kolter & Koltun 2018), dilated causal convolutions of three taps in residual blocks, as many as it takes for the",
        "last step to see the first, eight at most, of the cells' hidden size. Embedding, pooling, head, loop and early",
        "stopping are those of the cells, its hyperparameters the defaults: nothing is tuned for it. It costs what a cell",
        "costs, and is in no group but `all` for that.",
        "",
        "| data | rows: train, validation, test | metric | baseline | test score | published | fit | latency, one row |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in found:
        published = "" if one.published is None else f"{one.published:.1%}"
        rows = ", ".join(f"{count:,}" for count in one.rows)
        times = f"{significant(one.fit_s)} s | {significant(one.latency_ms)} ms"
        lines.append(f"| {one.case} | {rows} | {one.metric} | {plain_title(one.name)} | {one.shown} | {published} | {times} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print and write after every data set, so that an interruption loses one at most."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", choices=[case.name for case in CASES])
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    found: list[Measured] = []
    with limited_threads(1):
        for case in CASES:
            if asked.only and case.name not in asked.only:
                continue
            for one in measure(asked.folder, case):
                found.append(one)
                print(
                    f"{one.case:20} {one.name:24} {one.shown:>8} fit {one.fit_s:7.2f} s, one row {one.latency_ms:7.2f} ms",
                    flush=True,
                )
            if asked.out is not None:
                asked.out.write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main()
