"""The folder of the studies: the journal that they share, the results, the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from gatewise.claims.bench import AGAIN
from gatewise.errors import OptionError
from gatewise.study.folder import RunFolder, unwritable
from gatewise.study.journal import Journal, open_journal
from gatewise.study.mending import mend_journal
from gatewise.study.view import View

__all__ = ["ClaimsFolder"]

_OPTIONS = "options"


@dataclass(frozen=True)
class ClaimsFolder:
    """Paths of one folder of studies."""

    path: Path

    @property
    def journal(self) -> Path:
        return self.path / "claims.sqlite"

    @property
    def results(self) -> Path:
        return self.path / "claims.json"

    @property
    def page(self) -> Path:
        return self.path / "claims.html"

    @contextmanager
    def opened(self, view: View, *, quick: bool, data: str, device: str = "cpu") -> Iterator[Journal]:
        """The journal, to begin with or to go on with, while no other process works in the folder.

        quick, data, device: what decides the results; the studies of one folder share them. Raises OptionError where the folder
        holds something else, or studies with other options; RunError where it cannot be written or is in use.
        """
        if self.path.exists() and not self.journal.exists() and (not self.path.is_dir() or any(self._content())):
            raise OptionError(f"--out {self.path} exists and holds no studies; choose a folder that does not exist or is empty")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(self.path, error) from error
        with RunFolder(self.path).locked():
            if said := mend_journal(self.journal):
                view.log(said)
            with open_journal(self.journal, AGAIN) as journal:
                elsewhere = {} if device == "cpu" else {"device": device}
                self._check(journal, {"quick": quick, "data": data, "version": version("gatewise"), **elsewhere})
                yield journal

    def _content(self) -> Iterator[Path]:
        """What lies in the folder, but for the lock of a process that was killed before it began."""
        return (item for item in self.path.iterdir() if item.name != ".lock")

    def _check(self, journal: Journal, options: dict[str, Any]) -> None:
        known = journal.get(_OPTIONS)
        if known is None:
            journal.add(_OPTIONS, _OPTIONS, options, 0.0)
        elif known != options:
            raise OptionError(
                f"--out {self.path} holds studies {_written(known)}, and these would be {_written(options)}; "
                "give the same options, or another --out"
            )


def _written(options: dict[str, Any]) -> str:
    data = f"with --data {options['data']}" if options["data"] else "without --data"
    where = f", on {options['device']}" if "device" in options else ""
    return f"{'with' if options['quick'] else 'without'} --quick and {data}{where}, by gatewise {options['version']}"
