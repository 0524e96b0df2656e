"""One thread for every library of every test process.

Tests run side by side, and threads that wait for each other on a busy machine starve all of them.
"""

import os
from collections.abc import Callable, Iterator

import pytest

from gatewise.study import forecast, phases
from gatewise.study.session import Session
from tests.report.browser import NO_BROWSER

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

# Features of the tests' sounds belong in nobody's cache; the tests of the cache switch it on for themselves.
os.environ.setdefault("GATEWISE_AUDIO_CACHE", "off")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly that nobody looked at the page: a skipped test is a letter among thousands."""
    missed = [report for report in terminalreporter.stats.get("skipped", []) if NO_BROWSER in str(report.longrepr)]
    if missed:
        told = f"NO BROWSER: {len(missed)} tests of how the page is laid out were not run."
        terminalreporter.write_line(f"{told} Put Chromium on the PATH (apt install chromium).", red=True, bold=True)


MemorySeconds = Callable[[Session], float]


@pytest.fixture(scope="session", autouse=True)
def memory_seconds() -> Iterator[MemorySeconds]:
    """The measurement of memory, left out of every run that sets no limit on it: it starts a process, and takes
    seconds each time. Who wants it puts it back."""
    own = forecast.memory_seconds

    def where_it_decides(session: Session) -> float:
        return 0.0 if session.config.max_memory_bytes is None else own(session)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phases, "memory_seconds", where_it_decides)
        yield own
