"""Constraints are judged on what will be shipped."""

from pathlib import Path
from typing import Any

import pytest

import gatewise
from gatewise.errors import OptionError
from gatewise.export import measuring
from gatewise.export.formats import FORMATS
from gatewise.options.table import OPTION

SMALL: dict[str, Any] = {"replicates": 2, "tune": 0, "hidden_size": 4, "max_epochs": 2, "rivals": "majority", "budget": "10m"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "SECONDS", 0.05)


def test_the_forms_are_those_of_export() -> None:
    assert set(OPTION["ship"].choices) == set(FORMATS)


def test_latency_and_size_are_those_of_the_artefact(tmp_path: Path) -> None:
    result = gatewise.compare("builtin:parity?rows=60&length=10", out=tmp_path / "run", ship="bundle", max_size="3500B", **SMALL)
    verdict = result.verdict
    # The weights of either cell are below a kilobyte; the LSTM's file is larger than the GRU's.
    assert 1000 < verdict.costs["gru"].bytes < verdict.costs["lstm"].bytes
    beyond = {name for name, cost in verdict.costs.items() if cost.bytes > 3500}
    assert {*verdict.excluded} == beyond
    assert set(verdict.costs["gru"].latency_ms) == {"batch1", "batch32"}
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Size, as bundle" in page and "those of the cells as bundle" in page


def test_a_cell_without_the_form_is_out(tmp_path: Path) -> None:
    options = {**SMALL, "cells": ["gru", "min_gru"]}
    verdict = gatewise.compare("builtin:parity?rows=60&length=10", out=tmp_path / "run", ship="torch", **options).verdict
    assert dict(verdict.excluded) == {"min_gru": "model cannot be shipped as torch"}
    assert "whose model cannot be shipped as torch" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


def test_a_form_that_there_is_not_is_refused() -> None:
    with pytest.raises(OptionError, match="ship"):
        gatewise.compare("builtin:parity", ship="coreml")
