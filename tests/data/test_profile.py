"""The profile counts what is there and warns of what to beware of."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from gatewise.data.prepared import prepare
from gatewise.data.profile import describe, fingerprint
from gatewise.data.sources import open_source
from gatewise.records import Dataset, Profile, from_json, to_json


def profile(texts: list[str], labels: list[str]) -> Profile:
    prepared = prepare(open_source(pa.table({"text": texts, "label": labels})))
    return describe(prepared.dataset, prepared.lengths)


def test_counts_and_lengths() -> None:
    found = profile([f"w{row} " * (1 + row % 4) for row in range(40)], ["a"] * 30 + ["b"] * 10)
    assert (found.rows, dict(found.classes), found.repeated_rows, found.channels) == (40, {"a": 30, "b": 10}, 0, 0)
    assert (found.length_min, found.length_median, found.length_max) == (1, 2.5, 4)
    assert found.length_p95 == 4
    assert found.fixed_test_rows is None
    assert found.warnings == ()
    assert from_json(Profile, to_json(found)) == found


def test_imbalance_is_warned_about_above_80_percent() -> None:
    texts = [f"text {row}" for row in range(50)]
    assert profile(texts, ["a"] * 40 + ["b"] * 10).warnings == ()
    assert "82% of the rows are 'a'" in profile(texts, ["a"] * 41 + ["b"] * 9).warnings[0]


def test_repeats_and_their_conflicts_are_warned_about() -> None:
    texts = ["same", "Same", "same ", "twice", "twice", *(f"text {row}" for row in range(35))]
    found = profile(texts, ["a", "b"] * 20)
    assert found.repeated_rows == 5
    assert found.warnings[0].startswith("3 rows repeat the text of another row")
    assert "one side of every split" in found.warnings[0]
    assert found.warnings[1].startswith("2 repeated text")


def test_the_warnings_of_reading_are_kept() -> None:
    assert "1 texts hold no words" in profile(["", *(f"text {row}" for row in range(39))], ["a", "b"] * 20).warnings[0]


@pytest.fixture
def series() -> Dataset:
    return open_source("builtin:adding?rows=40&length=10")


def test_the_fingerprint_knows_every_part(series: Dataset) -> None:
    first = fingerprint(series)
    assert first == fingerprint(open_source("builtin:adding?rows=40&length=10"))
    changed = series.sequences[0].copy()
    changed[0, 0] += 1
    others = [
        replace(series, sequences=(changed, *series.sequences[1:])),
        replace(series, targets=1 - series.targets),
        replace(series, classes=("x", "y")),
        replace(series, sequences=(series.sequences[0].reshape(-1, 1), *series.sequences[1:])),
    ]
    assert len({first, *map(fingerprint, others)}) == 5
    assert fingerprint(replace(series, name="other", inferred=())) == first


def test_the_fingerprint_keeps_texts_apart() -> None:
    whole = open_source(pa.table({"text": ["ab", "c", *(f"text {row}" for row in range(38))], "label": ["a", "b"] * 20}))
    moved = replace(whole, sequences=("a", "bc", *whole.sequences[2:]))
    assert fingerprint(whole) != fingerprint(moved)


def test_fixed_test_rows_are_counted(series: Dataset) -> None:
    found = describe(replace(series, fixed_test=np.arange(40) < 10), np.full(40, 10))
    assert (found.fixed_test_rows, found.channels) == (10, 2)
