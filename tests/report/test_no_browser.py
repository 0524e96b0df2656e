"""Where there is no browser, the tests' last words say what was not looked at."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import pytest_terminal_summary
from tests.report import browser


def told(*reasons: str) -> list[str]:
    lines: list[str] = []
    skipped = [SimpleNamespace(longrepr=("test_page.py", 1, f"Skipped: {reason}")) for reason in reasons]
    reporter: Any = SimpleNamespace(stats={"skipped": skipped}, write_line=lambda line, **_: lines.append(line))
    pytest_terminal_summary(reporter)
    return lines


def test_one_line_counts_what_was_skipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(browser, "CHROMIUM", None)
    with pytest.raises(pytest.skip.Exception) as skipped:
        browser.dump(tmp_path)
    reason = str(skipped.value)
    (line,) = told(reason, reason, "needs a CUDA device")
    assert line.startswith("NO BROWSER: 2 tests of how the page is laid out were not run.")


def test_nothing_is_said_where_nothing_was_missed() -> None:
    assert told() == told("needs a CUDA device") == []
