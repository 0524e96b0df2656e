"""A pytest plugin: PyTorch's names for its recurrent layers, put in front of gatewise's; and a record of how every test ended.

GATEWISE_SWAP=1 puts them there, before anything that names them is imported; without it the tests meet PyTorch's own.
GATEWISE_OUTCOMES names the file of the record.
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import record
from torch import nn

import gatewise.nn

LAYERS = ("RNN", "GRU", "LSTM")
NAMES = (*LAYERS, "GRUCell", "LSTMCell")
STOCK: dict[str, type[nn.Module]] = {name: getattr(nn, name) for name in NAMES}

RECORD = Path(os.environ["GATEWISE_OUTCOMES"])
MESSAGE = 300
WHOLE = re.compile(r"module_database|test_packed_sequence")
"""Files whose every test is about recurrent layers."""
_OF_A_MODULE = re.compile(r"_nn_(?:[a-z]+_)*[A-Z]")
_IN_A_NAME = re.compile(r"(?<![a-z])(?:rnn|gru|lstm)(?![a-z])", re.IGNORECASE)
_IN_SOURCE = re.compile(r"\b(?:RNN|GRU|LSTM)(?:Cell)?\b")

if os.environ.get("GATEWISE_SWAP") == "1":
    for name in NAMES:
        for namespace in (nn, nn.modules, nn.modules.rnn):
            setattr(namespace, name, getattr(gatewise.nn, name))


def is_about_recurrent_layers(name: str, function: Any) -> bool:
    """Whether a test of PyTorch's is about them: by its name, or where that names no module by what its function says."""
    if _OF_A_MODULE.search(name) or _IN_A_NAME.search(name):
        return _IN_A_NAME.search(name) is not None
    try:
        return _IN_SOURCE.search(inspect.getsource(inspect.unwrap(function))) is not None
    except (OSError, TypeError):  # made by exec, or of C
        return False


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests of something else, and those that have ended in an earlier process."""
    ended = {test for test, outcome, _ in record.read(RECORD) if outcome}
    kept = [
        item
        for item in items
        if item.nodeid not in ended
        and (WHOLE.search(item.nodeid) or is_about_recurrent_layers(item.name, getattr(item, "function", None)))
    ]
    config.hook.pytest_deselected(items=list(set(items) - set(kept)))
    items[:] = kept


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Note that a test begins."""
    record.write(RECORD, item.nodeid)
    return (yield)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note how it ended: passed, failed (in any phase), skipped, or xfailed as it should."""
    if report.when == "call" or report.outcome != "passed":
        expected = hasattr(report, "wasxfail")
        outcome = "xfailed" if expected and report.skipped else report.outcome
        record.write(RECORD, report.nodeid, outcome, _message(report))


def _message(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash is not None else report.longrepr or "")[:MESSAGE]
