"""A small version of benchmarks/calibration.py: the promises about error and power, by the same code."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

PATH = Path(__file__).resolve().parents[2] / "benchmarks" / "calibration.py"


@pytest.fixture(scope="module")
def calibration() -> ModuleType:
    specification = importlib.util.spec_from_file_location("calibration", PATH)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["calibration"] = module  # dataclasses look their module up by name
    specification.loader.exec_module(module)
    return module


def test_errors_stay_within_five_percent_on_resampled_splits(calibration: ModuleType) -> None:
    rows = list(calibration.resampled_errors(2000, sds=(0.7, 1.5, 20.0), ratios=(1 / 9, 1 / 4), horizons=(30,)))
    assert len(rows) == 6
    assert not [(row.setting, name) for row in rows for name in row.broken()]
    # Three standard errors below what a test at the edge of its bound would give: the rule is not merely silent.
    assert min(row.rates["winner | 0"] for row in rows if "s 20m" in row.setting) > 0.03


def test_errors_stay_within_five_percent_on_a_fixed_test_part(calibration: ModuleType) -> None:
    rows = list(calibration.fixed_test_errors(250, sizes=(200,), margins=(0.001, 0.05)))
    assert not [(row.setting, name) for row in rows for name in row.broken()]


def test_equally_good_classifiers_get_no_winner(calibration: ModuleType) -> None:
    rows = list(calibration.equal_learners(300, sizes=(100,), shapes=((5, 0.3),)))
    assert not [(row.setting, name) for row in rows for name in row.broken()]
    assert all(row.rates["stop 30"] > 0 for row in rows), "the differences vary enough to be taken for a winner now and then"


def test_decisions_are_reached_where_they_should_be(calibration: ModuleType) -> None:
    power = {row.setting: row.rates for row in calibration.resampled_power(500, sds=(0.5, 1.0), differences=(0.0, 3.0))}
    assert power["s 0.5m, equivalent | 0m, stop"]["10"] > 0.95
    assert power["s 1m, first | 3m, stop"]["15"] > 0.95
    assert power["s 1m, equivalent | 0m, stop"]["30"] > power["s 1m, equivalent | 0m, stop"]["5"]


def test_a_lax_level_breaks_the_bound(calibration: ModuleType) -> None:
    drawn = calibration.normal_differences(calibration.np.random.default_rng(0), 1000, 30, difference=0.0, sd=20.0, ratio=1 / 9)
    outcome = calibration.stop_when_decided(calibration.resampled_look(drawn, 1 / 9), 1000, 1.0, 0.05, 30)
    assert calibration.error_row("unadjusted", outcome, outcome).broken() == ("winner | 0",)


def test_output_fits_eighty_columns_and_says_when_a_bound_is_broken(
    calibration: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    good = calibration.Row("good", 1000, {"winner | 0": 0.04}, bounded=("winner | 0",))
    bad = calibration.Row("bad", 1000, {"winner | 0": 0.20}, bounded=("winner | 0",))
    for name in ("resampled_errors", "resampled_power", "fixed_test_errors", "fixed_test_power", "equal_learners"):
        monkeypatch.setattr(calibration, name, lambda studies: [good])
    assert calibration.main(["--quick"]) == 0
    monkeypatch.setattr(calibration, "equal_learners", lambda studies: [bad])
    assert calibration.main(["--json", str(tmp_path / "calibration.json")]) == 1
    output = capsys.readouterr()
    assert "20.0%!" in output.out and "bad: winner | 0 is above 5%" in output.err
    assert max(map(len, output.out.splitlines())) <= 80
    assert len(json.loads((tmp_path / "calibration.json").read_text())["broken"]) == 1
