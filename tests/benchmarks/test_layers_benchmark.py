"""The benchmark of layers refuses wrong results, and its document, tables and figure say what was measured."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from benchmarks.layers.__main__ import main
from benchmarks.layers.markdown import render_markdown, replace_between_marks
from benchmarks.layers.measure import Rival, race
from benchmarks.layers.plot import draw
from benchmarks.layers.results import Plan, Report, Row, Run, Timing, read, write
from benchmarks.layers.rivals import Prepared, Task, task
from benchmarks.layers.shapes import SHAPES, Shape, operations
from benchmarks.layers.summary import summarise
from benchmarks.layers.tables import tables
from benchmarks.layers.torch_rivals import autocast, gatewise_layer, reference, torch_layer, torch_packed
from benchmarks.layers.verify import BFLOAT16_TOLERANCE, TOLERANCE, error

from gatewise.records import to_json

SMALL = Shape(3, 5, 4, 6)


def one_gate_off(given: Task) -> Prepared:
    """A layer with one bias moved by a thousandth."""
    weights = {name: value.copy() for name, value in given.weights.items()}
    weights["bias_hh_l0"][0] += 1e-3
    return torch_layer(replace(given, weights=weights))


def raises(_: Task) -> Prepared:
    raise RuntimeError("no such operator")


@pytest.mark.parametrize("mode", ["train", "train_input", "inference"])
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_only_right_results_are_timed(cell: str, mode: str) -> None:
    given = task(cell, mode, SMALL)
    builders: dict[str, Any] = {
        "torch": torch_layer,
        "gatewise": gatewise_layer,
        "off": one_gate_off,
        "broken": raises,
        "absent": lambda _: None,
    }
    row = race("train", [Rival(f"{name} {cell}", build, given) for name, build in builders.items()], seconds=0.0)
    assert set(row.timings) == {f"torch {cell}", f"gatewise {cell}"}
    assert row.refused[f"off {cell}"].startswith("wrong: relative error")
    assert row.refused[f"broken {cell}"] == "failed: RuntimeError: no such operator"
    assert f"absent {cell}" not in row.refused
    assert all(timing.error <= TOLERANCE and timing.rounds >= 5 for timing in row.timings.values())


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_ragged_batches_are_right_too(cell: str) -> None:
    given = replace(task(cell, "train_input", SMALL), lengths=np.array([5, 1, 3]))
    expected = reference(given)
    for build in (gatewise_layer, torch_packed):
        difference, _ = error(build(given).answer(), expected)
        assert difference <= TOLERANCE
    assert not expected["input"][1:, 1].any()


def test_an_absent_misshapen_or_unfinished_array_is_an_infinite_error() -> None:
    expected = {"output": np.ones((2, 3))}
    assert error({}, expected) == (np.inf, "output")
    assert error({"output": np.ones((3, 2))}, expected)[0] == np.inf
    assert error({"output": np.full((2, 3), np.nan)}, expected)[0] == np.inf
    assert error({"output": np.ones((2, 3))}, expected)[0] == 0.0


def test_operations_follow_the_equations() -> None:
    positions, gates = 3 * 5, 3 * 6
    forward = 2 * positions * (4 + 6) * gates
    assert operations(SMALL, "gru", "inference") == forward
    assert operations(SMALL, "gru", "train") == 2 * forward + 2 * positions * 6 * gates
    assert operations(SMALL, "gru", "train_input") - operations(SMALL, "gru", "train") == 2 * positions * 4 * gates
    assert operations(SMALL, "lstm", "inference") == forward / 3 * 4


def test_shapes_are_read_back() -> None:
    assert Shape.parse(str(SMALL)) == SMALL
    for text in ("1,2,3", "1,2,3,0", "a,b,c,d"):
        with pytest.raises(ValueError):
            Shape.parse(text)


def timing(milliseconds: float, peak_share: float | None = None) -> Timing:
    return Timing(milliseconds, milliseconds, milliseconds, 5, 1e-7, 0, peak_share)


def report(factor: float = 5.0) -> Report:
    """Our GRU takes 1 ms, torch's `factor` times as long, on all eight shapes."""
    plan = Plan(1, "default", "", ("train",), SHAPES, 1.0, quick=False)
    times = {
        "gatewise gru": timing(1.0, 0.9),
        "torch gru": timing(factor),
        "torch lstm": timing(3.0),
        "gatewise lstm": timing(1.5),
    }
    rows = tuple(Row("train", "train", shape, times, {"onnxruntime gru": "wrong: by far"}) for shape in SHAPES)
    machine = {
        "processor": "a processor",
        "usable_cores": 2,
        "instruction_set": "AVX512",
        "platform": "an <OS>",
        "versions": {"python": "3.11", "torch": "2"},
    }
    libraries = {"gatewise": "0.1", "torch": "2", "flax": "not installed (needs flax, jax)"}
    return Report("2026-01-01T00:00:00+00:00", (Run(plan, machine, libraries, 250.0, rows, complete=True),))


@pytest.mark.parametrize(("factor", "met"), [(5.0, True), (4.0, False)])
def test_goals_are_judged_by_mean_and_minimum(factor: float, met: bool) -> None:
    found = {item.name: item for item in summarise(report(factor).runs[0])}
    assert found["GRU over torch GRU"].mean == pytest.approx(factor)
    assert found["GRU over torch GRU"].met is met
    assert found["GRU over our LSTM"].met is None
    assert found["GRU, share of the FMA peak, H=256"].met is True


def test_goals_are_not_judged_on_a_part_of_the_shapes() -> None:
    run = report().runs[0]
    part = replace(run, plan=replace(run.plan, shapes=SHAPES[:2]), rows=run.rows[:2])
    assert all(item.met is None for item in summarise(part) if "peak" not in item.name)


def test_the_document_is_written_between_its_marks(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text("before\n<!-- layers: begin -->\nold\n<!-- layers: end -->\nafter\n", encoding="utf-8")
    text = render_markdown(json.loads(json.dumps(to_json(report()))))
    replace_between_marks(document, "layers", text)
    replace_between_marks(document, "layers", text)
    written = document.read_text(encoding="utf-8")
    assert written.startswith("before\n<!-- layers: begin -->\n")
    assert written.endswith("<!-- layers: end -->\nafter\n")
    assert "old" not in written
    assert "| 64,100,128,256 | 1 | 1.5 | 5 | 3 | 5.00 | 3.00 | 2.00 | 90% |" in written
    assert "wrong / -" in written
    assert "not installed" in written
    assert written.count("### ") == 3
    with pytest.raises(ValueError, match="lacks the lines"):
        replace_between_marks(document, "other", text)


def test_bfloat16_has_a_tolerance_of_its_own() -> None:
    given = task("gru", "train", SMALL)
    rivals = [Rival("torch gru", torch_layer, given), Rival("torch gru bfloat16", lambda one: autocast(torch_layer(one)), given)]
    refused = race("bfloat16", rivals, seconds=0.0).refused
    assert refused["torch gru bfloat16"].startswith("wrong: relative error")
    loose = [rivals[0], replace(rivals[1], tolerance=BFLOAT16_TOLERANCE)]
    row = race("bfloat16", loose, seconds=0.0)
    assert not row.refused
    assert row.timings["torch gru bfloat16"].error > TOLERANCE


def test_the_table_of_bfloat16_has_its_gain_and_error() -> None:
    times = {
        "gatewise gru": timing(3.0),
        "gatewise gru bfloat16": replace(timing(2.0), error=0.004),
        "torch gru bfloat16": timing(5.0),
    }
    run = replace(report().runs[0], rows=(Row("bfloat16", "train", SMALL, times),))
    (table,) = tables(Report("", (run,)))
    assert table.rows[0] == ("3,5,4,6 GRU", "3", "2", "5", "1.50", "2.50", "4e-03")
    assert table.rows[1] == ("3,5,4,6 LSTM", "-", "-", "-", "-", "-", "-")


def test_an_interrupted_run_says_so() -> None:
    whole = report()
    partial = replace(whole, runs=(replace(whole.runs[0], complete=False),))
    assert "interrupted" in render_markdown(to_json(partial))
    assert "interrupted" not in render_markdown(to_json(whole))


def test_a_report_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "layers.json"
    write(report(), path)
    assert read(Report, path) == report()
    assert [file.name for file in tmp_path.iterdir()] == ["layers.json"]


def test_a_run_is_added_to_those_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = report().runs[0], report(4.0).runs[0]
    write(report(), tmp_path / "layers.json")
    monkeypatch.setattr("benchmarks.layers.__main__._measure", lambda _: (second, 0))
    arguments = ["--threads", "1", "--setting", "default", "--output", str(tmp_path)]
    assert main([*arguments, "--add"]) == 0
    assert read(Report, tmp_path / "layers.json").runs == (first, second)
    assert main(arguments) == 0
    assert read(Report, tmp_path / "layers.json").runs == (second,)


def test_the_figure_has_a_dot_for_every_ratio() -> None:
    root = ElementTree.fromstring(draw(report()))
    dots = [element for element in root.iter() if element.tag.endswith("circle")]
    assert len(dots) == 3 + 3 * len(SHAPES)
    assert all(0 < float(dot.get("cx", "0")) < 760 for dot in dots)
