from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gatewise.claims import page, run, studies
from gatewise.claims.bench import Bench
from gatewise.claims.study import Study
from gatewise.report.live import NullView
from gatewise.study.journal import open_journal
from tests.claims import made_up

Install = Callable[..., None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts made-up studies in the place of all."""

    def put(*found: Study) -> None:
        for module in (studies, page, run):
            monkeypatch.setattr(module, "all_studies", lambda: found)

    put(made_up.study())
    return put


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A bench with an empty journal and half a minute."""
    with open_journal(tmp_path / "claims.sqlite") as journal:
        yield Bench("sweetness", True, 30.0, journal, NullView())
