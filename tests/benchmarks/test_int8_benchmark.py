"""The benchmark of layers of eight bits checks answers before it times, and names who is off."""

import pytest
import torch

from gatewise.kernels import missing

if missing():
    pytest.skip("the kernels were not compiled", allow_module_level=True)

from benchmarks import int8


@torch.inference_mode()
def test_a_row_for_steps_and_one_for_whole_sequences() -> None:
    rows = int8.measure(int8.Case("gru", 8, 3), 0.05)
    assert [row["mode"] for row in rows] == ["step", "whole"]
    for row in rows:
        assert not row["refused"]
        assert {*row["microseconds"]} == {*row["errors"]} == {"float", "int8", "torch int8"}
        assert row["ratios"]["int8"] == 1
        assert all(value > 0 for value in row["microseconds"].values())
        assert row["errors"]["float"] < 1e-5 < row["errors"]["int8"]
    tables = list(int8.speed_tables(rows))
    assert [len(table.rows) for table in tables] == [1, 1]
    assert {len(table.header) for table in tables} == {len(table.rows[0]) for table in tables}


@torch.inference_mode()
def test_a_wrong_answer_is_refused_and_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(int8.TOLERANCE, "torch int8", 1e-9)
    for row in int8.measure(int8.Case("gru", 8, 3), 0.05):
        assert "torch int8" not in row["microseconds"]
        assert row["refused"]["torch int8"].startswith("off by ")
