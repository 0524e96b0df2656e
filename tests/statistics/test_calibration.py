"""A small version of benchmarks/calibration: the promises about error and power, by the same code."""

import json
from pathlib import Path

import numpy as np
import pytest
from benchmarks.calibration import __main__ as command
from benchmarks.calibration import fixed_test, learners, resampled
from benchmarks.calibration.studies import Row, resampled_look, statements, stop_when_decided

from gatewise.statistics.correlated import Resampled
from gatewise.statistics.decision import Rule


def broken(rows: list[Row]) -> list[tuple[str, str]]:
    return [(row.setting, name) for row in rows for name in row.broken()]


def test_wrong_statements_stay_within_five_percent_on_resampled_splits() -> None:
    rows = list(resampled.errors(1000, sds=(0.7, 1.5, 20.0), ratios=(0.0, 1 / 9), most_replicates=30))
    assert len(rows) == 6
    assert not broken(rows)
    # The rule is not merely silent.
    assert max(row.rates["win|1m"] for row in rows) > 0.02 and max(row.rates["eq|1m"] for row in rows) > 0.02


def test_wrong_statements_stay_within_five_percent_on_a_fixed_test_part() -> None:
    rows = list(fixed_test.errors(100, sizes=(200,), margins=(0.001, 0.05)))
    assert not broken(rows)
    assert max(row.rates["win|1m"] for row in rows) > 0.02, "the rule is not merely silent"
    assert not broken(list(fixed_test.shared_parts(200)))


def test_heavy_tails_ties_and_skewness_do_not_break_the_promise() -> None:
    assert not broken(list(resampled.stress(500, sds=(1.0,), ratios=(0.0,), most_replicates=40)))


def test_rows_that_depend_on_each_other_name_no_winner() -> None:
    rows = list(fixed_test.dependent_rows(150, replicates=15))
    assert not broken(rows)
    by_name = {row.setting: row.rates["independent"] for row in rows}
    assert by_name["300 windows, AR(1) 0.95"] > 0.3 and by_name["6 groups, equal"] > 0.2, "taken as independent they would"


def test_splits_that_repeat_name_no_winner() -> None:
    rows = list(resampled.repeated_splits(400, most_replicates=40))
    assert not broken(rows)
    assert max(row.rates["uncapped"] for row in rows) > 0.1


def test_a_collapse_that_was_seen_is_not_called_equivalent() -> None:
    assert not broken(list(resampled.collapses(300, most_replicates=30)))


def test_equally_good_classifiers_get_no_winner() -> None:
    rows = list(learners.equal_learners(300, sizes=(100,), shapes=((5, 0.3),)))
    assert not broken(rows)
    assert all(row.rates["stop 30"] > 0 for row in rows), "the differences vary enough to be taken for a winner now and then"


def test_decisions_are_reached_where_they_should_be() -> None:
    power = {row.setting: row.rates for row in resampled.power(500, sds=(0.5, 1.0), differences=(0.0, 3.0))}
    assert power["s 0.5m, equivalent | 0m, stop"]["15"] > 0.9
    assert power["s 1m, first | 3m, stop"]["15"] > 0.9
    assert power["s 1m, equivalent | 0m, stop"]["30"] > power["s 1m, equivalent | 0m, stop"]["10"]


def test_known_test_rows_decide_with_fewer_replicates() -> None:
    power = {row.setting: row.rates for row in fixed_test.power(100, rows=300)}
    for setting in ("rows differ, 3m", "both differ, 3m", "nearly alike, 2m"):
        assert power[setting]["10"] > power[f"{setting}, before"]["10"] + 0.05
        assert power[setting]["fewer"] > 0.05


def test_a_rule_without_regard_to_looks_breaks_the_bound() -> None:
    generator = np.random.default_rng(0)
    outcomes = {}
    for truth in (0.0, 1.0):
        drawn = resampled.normal_differences(generator, 1000, 30, difference=truth, sd=1.0, ratio=0.0)
        outcomes[truth] = stop_when_decided(resampled_look(drawn, Resampled(0.0, 0.0)), 1000, 1.0, Rule.planned(), 30)
    assert statements("unadjusted", outcomes).broken() == ("win|1m", "eq|1m")


def test_output_fits_eighty_columns_and_says_when_a_bound_is_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    good = Row("good", 1000, {"win|0": 0.04}, bounded=("win|0",))
    bad = Row("bad", 1000, {"win|0": 0.20}, bounded=("win|0",))
    document = tmp_path / "calibration.md"
    document.write_text(f"Before.\n{command.MARKS[0]}\nold\n{command.MARKS[1]}\nAfter.\n")
    monkeypatch.setattr(command, "SECTIONS", {"One": lambda less: [good]})
    assert command.main(["--quick", "--markdown", str(document)]) == 0
    assert "good" in document.read_text() and "old" not in document.read_text() and document.read_text().endswith("After.\n")
    monkeypatch.setattr(command, "SECTIONS", {"One": lambda less: [good], "Two": lambda less: [bad]})
    assert command.main(["--json", str(tmp_path / "calibration.json")]) == 1
    output = capsys.readouterr()
    assert "20.0%!" in output.out and "bad: win|0" in output.err
    assert max(map(len, output.out.splitlines())) <= 80
    assert len(json.loads((tmp_path / "calibration.json").read_text())["broken"]) == 1
