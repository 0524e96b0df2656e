"""The share of the FMA peak: another checkout's layers are its own, and the table has both."""

from pathlib import Path

import pytest
from benchmarks.layers.peak import measure_peaks
from benchmarks.layers.results import Plan, Report, Row, Run, Timing
from benchmarks.layers.shapes import Shape
from benchmarks.layers.tables import tables

ROOT = Path(__file__).parents[2]


def plan(before: str) -> Plan:
    return Plan(1, "default", "", ("peak",), (), 0.05, quick=True, before=before)


def test_the_layers_of_a_checkout_are_timed_beside_these(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.layers.peak.BATCHES", (3,))
    monkeypatch.setattr("benchmarks.layers.peak.HIDDEN_SIZES", (5,))
    rows = list(measure_peaks(plan(str(ROOT)), 100.0))
    assert [(row.mode, row.shape) for row in rows] == [(mode, Shape(3, 256, 5, 5)) for mode in ("train", "inference")]
    for row in rows:
        assert set(row.timings) == {f"{name} {cell}" for name in ("gatewise", "before") for cell in ("gru", "lstm")}
        assert not row.refused
        assert all(0 < timing.error < 1e-5 for timing in row.timings.values())
        assert all(0 < (timing.peak_share or 0) < 1 for timing in row.timings.values())


def test_a_checkout_without_layers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no checkout of gatewise"):
        list(measure_peaks(plan(str(tmp_path)), 100.0))


def test_nothing_is_measured_where_the_peak_is_not_known() -> None:
    assert list(measure_peaks(plan(""), None)) == []


def test_the_table_has_a_row_a_size_and_both_shares() -> None:
    def row(batch: int, hidden: int, before: float, now: float) -> Row:
        shares = {"before gru": before, "gatewise gru": now}
        timings = {name: Timing(1.0, 1.0, 1.0, 5, 1e-7, 0, share) for name, share in shares.items()}
        return Row("peak", "train", Shape(batch, 16, hidden, hidden), timings)

    run = Run(plan("there"), {}, {}, 250.0, (row(1, 16, 0.04, 0.12), row(8, 16, 0.2, 0.41), row(8, 64, 0.5, 0.9)))
    gru, lstm = tables(Report("", (run,)))
    assert gru.title == "Share of the FMA peak, training, GRU, 1 thread, default setting"
    assert gru.header == ("", "B 1", "B 8")
    assert gru.rows == (("H 16", "4 → 12", "20 → 41"), ("H 64", "- → -", "50 → 90"))
    assert lstm.rows[0] == ("H 16", "- → -", "- → -")
