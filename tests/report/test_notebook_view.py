"""Progress in a notebook is one output that is written over; who is shown progress unasked."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from gatewise.records import Progress
from gatewise.report.live import NullView
from gatewise.report.notebook_view import NotebookView, in_notebook, is_interactive
from gatewise.study.api import watched


class Output:
    """What a cell shows."""

    def __init__(self) -> None:
        self.shown: list[dict[str, str]] = []
        self.displays = 0

    def display(self, content: dict[str, str], **_: Any) -> "Output":
        self.displays += 1
        self.shown.append(content)
        return self

    def update(self, content: dict[str, str], **_: Any) -> None:
        self.shown.append(content)


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Output:
    output = Output()
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=output.display))
    return output


def test_one_output_is_written_over(notebook: Output) -> None:
    with NotebookView() as view:
        for number in range(40):
            view.log(f"replicate {number} <of many>")
        for _ in range(1000):
            view.update(Progress("tuning", 0, None, 1.0, 60.0))
    assert notebook.displays == 1
    assert len(notebook.shown) < 60
    last = notebook.shown[-1]
    assert last["text/plain"].splitlines()[-1] == "replicate 39 <of many>"
    assert len(last["text/plain"].splitlines()) == 12
    assert "replicate 39 &lt;of many&gt;" in last["text/html"]


def test_notebooks_and_prompts_are_shown_progress_and_scripts_are_not(notebook: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    assert in_notebook()
    with watched(None, None) as view:
        assert isinstance(view, NotebookView)
    with watched(None, False) as view:
        assert not isinstance(view, NotebookView)
    monkeypatch.delitem(sys.modules, "IPython")
    assert not is_interactive()
    with watched(None, None) as view:
        assert type(view) is NullView
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    assert is_interactive()
    assert not in_notebook()
