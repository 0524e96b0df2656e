"""Runs of every kind and task for the tests of the report."""

from collections.abc import Callable

import pytest

from tests.report.runs import RUNS, Run, make_run


@pytest.fixture(params=sorted(RUNS))
def any_run(request: pytest.FixtureRequest) -> Run:
    """Every kind of run in turn."""
    return RUNS[request.param]()


@pytest.fixture
def run_named() -> Callable[[str], Run]:
    """A function from a kind of run to that run."""
    return lambda name: RUNS[name]()


@pytest.fixture
def run_with() -> Callable[..., Run]:
    """A function that builds a run, of a task where asked for (`task="forecast"`), with some fields replaced."""
    return make_run
