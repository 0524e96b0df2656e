"""Public forecasting data as tables gatewise reads: a header, and the published parts as a column.

    python benchmarks/forecasting_data.py FOLDER OUT

FOLDER holds ETTh1.csv (github.com/zhouhaoyi/ETDataset; Zhou et al. 2021) and exchange_rate.txt.gz
(github.com/laiguokun/multivariate-time-series-data; Lai et al. 2018), unchanged. OUT gets

- etth1.csv: the columns as they are, and `part`: 8,640 / 2,880 / 2,880 hours of train, validation and test; no later rows.
- exchange_wide.csv: `day` (a number: the source gives no dates), `rate 1` to `rate 8`, and `part`: 60 / 20 / 20% in time order.
- exchange_long.csv: the same rates as the columns `currency`, `day`, `rate`.

Then, for example:

    gatewise compare OUT/etth1.csv --task forecast --time date --split-column part --horizon 24
    gatewise compare OUT/exchange_wide.csv --task forecast --time day --horizon 3
    gatewise compare OUT/exchange_long.csv --task forecast --id currency --time day --horizon 3
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

__all__ = ["write_etth1", "write_exchange"]

ETT_HOURS = {"train": 8640, "validation": 2880, "test": 2880}


def write_etth1(source: Path, out: Path) -> Path:
    """Write etth1.csv from the published file; return its path."""
    table = csv.read_csv(source)
    parts = [part for part, hours in ETT_HOURS.items() for _ in range(hours)]
    path = out / "etth1.csv"
    csv.write_csv(table.slice(0, len(parts)).append_column("part", pa.array(parts)), path)
    return path


def write_exchange(source: Path, out: Path) -> tuple[Path, Path]:
    """Write exchange_wide.csv and exchange_long.csv from the published file; return their paths."""
    rates = np.loadtxt(source, delimiter=",")
    days, currencies = rates.shape
    train, held = int(0.6 * days), int(0.8 * days)
    parts = ["train"] * train + ["validation"] * (held - train) + ["test"] * (days - held)
    names = [f"rate {number}" for number in range(1, currencies + 1)]
    wide, long = out / "exchange_wide.csv", out / "exchange_long.csv"
    csv.write_csv(pa.table({"day": np.arange(days), **dict(zip(names, rates.T, strict=True)), "part": parts}), wide)
    csv.write_csv(
        pa.table(
            {
                "currency": np.repeat(np.arange(1, currencies + 1), days),
                "day": np.tile(np.arange(days), currencies),
                "rate": rates.T.reshape(-1),
            }
        ),
        long,
    )
    return wide, long


def main() -> None:
    folder, out = map(Path, sys.argv[1:3])
    out.mkdir(parents=True, exist_ok=True)
    for path in (write_etth1(folder / "ETTh1.csv", out), *write_exchange(folder / "exchange_rate.txt.gz", out)):
        print(path)


if __name__ == "__main__":
    main()
