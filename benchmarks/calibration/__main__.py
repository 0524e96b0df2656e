"""How often gatewise's verdict is wrong, and how often it is reached, over thousands of simulated studies.

    python -m benchmarks.calibration [--quick] [--json PATH] [--markdown PATH]

Every study is looked at after each replicate from the fifth on and stops at the first decision, as a run without `--replicates`
does, by the package's own posterior and rule. Wrong statements are counted at true differences of 0, 1, 1.25, 1.5 and 2 margins:
`win|0` and `win|1m` are winners that do not lead by more than the margin, `eq|...` is 'equivalent' (or the wrong winner) of a
difference that is not inside the band. Each may happen in 5% of studies at most, in 6% where assumptions are broken on purpose
('stress'), or the exit code is 1. What no rule of this kind can hold is shown beside it, without a bound.

Studies come from score differences drawn from the model in which the corrected t-test is exact, and from others (heavy tails,
skewness, ties, dependence, collapsing trainings); from correctness of single test rows under changing seeds; from test rows that
depend on each other; and from two real classifiers cross-validated on finite samples.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

from benchmarks.calibration import fixed_test, learners, resampled, row_parts
from benchmarks.calibration.studies import Row, table

from gatewise.statistics.decision import ERROR

SECTIONS: dict[str, Callable[[int], Iterable[Row]]] = {
    "Wrong statements, resampled splits (m: margin, s: sd of the differences)": lambda less: resampled.errors(4000 // less),
    "Wrong statements, one fixed test part, up to 30 replicates (rows, margin)": lambda less: fixed_test.errors(1000 // less),
    "Wrong statements, one fixed test part, by the share of its rows, up to 100": lambda less: fixed_test.shared_parts(
        2000 // less
    ),
    "Stress: replicates that do not scatter as assumed, up to 60": lambda less: resampled.stress(2000 // less),
    "Stress: the same on one fixed test part, up to 100": lambda less: fixed_test.stress(1000 // less),
    "Stress: a winner between equals, test rows that depend on each other": lambda less: fixed_test.dependent_rows(2000 // less),
    "Stress: a winner between equals, rolling origins, up to 60 replicates": lambda less: resampled.repeated_splits(4000 // less),
    "Equivalent, where one arm sometimes collapses": lambda less: resampled.collapses(2000 // less),
    "A winner between two equally good classifiers, margin 0.001": lambda less: learners.equal_learners(2000 // less),
    "Right decisions within n replicates, ten-fold splits": lambda less: resampled.power(2000 // less),
    "Right decisions within n replicates, fixed test part of 1000 rows, m 0.02": lambda less: fixed_test.power(500 // less),
    "Resampled splits, were the part of the test rows used (s 1m, ten-fold)": lambda less: row_parts.known_rows(2000 // less),
    "What the replicates of one data set have in common": lambda less: row_parts.in_common(2000 // less),
}


def main(arguments: list[str] | None = None) -> int:
    """Run every simulation, print the tables, and return 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description="Calibration and power of gatewise's verdict, simulated.")
    parser.add_argument("--quick", action="store_true", help="fewer studies: seconds instead of minutes")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--markdown", type=Path, help="also write the tables into this document, between its marks")
    options = parser.parse_args(arguments)
    began = time.perf_counter()
    results: dict[str, list[Row]] = {}
    for title, simulate in SECTIONS.items():
        results[title] = list(simulate(10 if options.quick else 1))
        print(table(title, results[title]), end="\n\n", flush=True)
    broken = [(title, row.setting, name) for title, rows in results.items() for row in rows for name in row.broken()]
    for title, setting, name in broken:
        print(f"broken: {title}: {setting}: {name}", file=sys.stderr)
    print(f"{'bounds broken' if broken else 'all bounds hold'}, {time.perf_counter() - began:.0f} s")
    if options.json:
        figures = {title: [asdict(row) for row in rows] for title, rows in results.items()}
        options.json.write_text(json.dumps({"bound": ERROR, "broken": broken, "tables": figures}, indent=1) + "\n")
    if options.markdown:
        write_tables(options.markdown, results)
    return 1 if broken else 0


MARKS = ("<!-- figures: begin -->", "<!-- figures: end -->")


def write_tables(path: Path, results: dict[str, list[Row]]) -> None:
    """Put the tables between the marks of a document."""
    before, begin, rest = path.read_text(encoding="utf-8").partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    if not begin or not end:
        raise SystemExit(f"{path} lacks the marks {MARKS[0]} and {MARKS[1]}")
    blocks = "\n\n".join(f"```text\n{table(title, rows)}\n```" for title, rows in results.items())
    path.write_text(f"{before}{begin}\n\n{blocks}\n\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
