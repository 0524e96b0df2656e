"""A run's models as artefacts, measured where nothing but the artefact is."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import gatewise
from gatewise.cli import app
from gatewise.errors import OptionError, RunError
from gatewise.export import measuring
from gatewise.export.formats import FORMATS
from gatewise.report.live import NullView
from gatewise.study.shipping import ship_run

SMALL: dict[str, Any] = {"replicates": 2, "tune": 0, "hidden_size": 4, "max_epochs": 2, "rivals": "majority", "budget": "10m"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shipping")
    generator = np.random.default_rng(0)
    labels = np.arange(120) % 2
    values = generator.normal(0.8 * labels[:, np.newaxis, np.newaxis], 1.0, (120, 10, 1)).astype(np.float32)
    np.savez(folder / "data.npz", X_train=values[:80], y_train=labels[:80], X_test=values[80:], y_test=labels[80:])
    gatewise.compare(folder / "data.npz", out=folder / "run", **SMALL)
    return folder / "run"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "SECONDS", 0.05)


def test_an_artefact_scores_what_the_model_scores(run: Path) -> None:
    verdict = gatewise.open_run(run).verdict
    (found,) = ship_run(run, [FORMATS["bundle"]], NullView())
    assert verdict.shipped is not None
    assert (found.arm, found.form, found.rows, found.held_out) == (verdict.recommended, "bundle", 40, True)
    assert found.score == pytest.approx(verdict.shipped.test_score)
    assert found.greatest_error < 1e-5 and found.same == 1.0
    assert set(found.latency_ms) == {"batch1", "batch32"} and found.latency_ms["batch1"].p50 > 0
    # Python and NumPy, and no PyTorch, which would take 200 MB more.
    assert 20e6 < found.memory_bytes < 150e6
    assert found.startup_s > 0 and found.bytes == next((run / "shipped").rglob("*.safetensors")).stat().st_size
    (kept,) = gatewise.open_run(run).comparison.artefacts
    assert kept == found


def test_the_other_cell_is_trained_and_stands_beside_it(run: Path) -> None:
    before = (run / "journal.sqlite").read_bytes()
    arguments = ["export", str(run), "--to", "bundle", "--check", "--arm", "gru", "--arm", "lstm", "--quiet"]
    found = CliRunner().invoke(app, arguments)
    assert found.exit_code == 0, found.output
    assert "GRU, accuracy on rows it did not learn from" in found.output and "LSTM, accuracy" in found.output
    assert max(map(len, found.output.splitlines()[:-1])) <= 80
    assert (run / "journal.sqlite").read_bytes() == before
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "Ready to ship" in page and "which no model has seen" in page
    listed = json.loads((run / "shipped" / "shipped.json").read_text(encoding="utf-8"))
    assert {one["arm"] for one in listed} == {"gru", "lstm"}


def test_a_damaged_record_is_no_empty_one(run: Path) -> None:
    ship_run(run, [FORMATS["bundle"]], NullView())
    record = run / "shipped" / "shipped.json"
    whole = record.read_text(encoding="utf-8")
    record.write_text(whole[: len(whole) // 2], encoding="utf-8")
    with pytest.raises(RunError, match=r"shipped\.json is damaged .* remove it, and measure anew"):
        gatewise.open_run(run)
    record.unlink()
    assert gatewise.open_run(run).comparison.artefacts == ()


def test_what_cannot_be_shipped_says_why(run: Path) -> None:
    with pytest.raises(OptionError, match=r"--arm is 'rnn'; the run has gru, lstm, majority"):
        ship_run(run, [FORMATS["bundle"]], NullView(), ["rnn"])
    (refused,) = ship_run(run, [FORMATS["torch"]], NullView(), ["majority"])
    assert "which PyTorch has no layer of" in refused.refused and refused.score is None
    found = CliRunner().invoke(app, ["export", str(run), "--to", "bundle", "--arm", "gru"])
    assert isinstance(found.exception, OptionError) and "--arm goes with --check" in str(found.exception)
    found = CliRunner().invoke(app, ["export", str(run), "--to", "bundle", "--check", "--out", "x.safetensors"])
    assert isinstance(found.exception, OptionError) and "leave out --out" in str(found.exception)
