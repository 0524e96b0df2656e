"""Ships a model in a form: written beside its place, held against the model, and put there only if it is the model."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from os import getpid
from pathlib import Path
from typing import Any

from gatewise.errors import OptionError, RunError
from gatewise.export.formats import Format
from gatewise.export.parity import Parity, checked_parity
from gatewise.export.samples import sample_inputs
from gatewise.runtime.model import Model

__all__ = ["Artefact", "ship"]

SAMPLES = 32


@dataclass(frozen=True)
class Artefact:
    """What was handed over. size: bytes, as `Format.bytes`. parity: of made-up inputs, or of those that were given."""

    form: str
    path: Path
    size: int
    parity: Parity


def ship(model: Model, form: Format, path: Path, inputs: Sequence[Any] | None = None) -> Artefact:
    """Write a model in a form to `path`, a folder or a file that is not there yet or is replaced.

    inputs: what it is held against the model on, as they come to `predict`; 32 made-up ones where None. Raises RunError where the
    artefact is not the model or cannot be written, OptionError for a model that has no such form, or a place that holds something
    else; nothing is then left half-written.
    """
    _check_place(form, path)
    # Its own folder, because a form may name its files after itself.
    beside = path.with_name(f".{path.name}.{getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        written = beside / path.name
        form.write(model, written)
        parity = checked_parity(model, form.read(written), inputs or sample_inputs(model, SAMPLES), form)
        _put(written, path)
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror or error}; choose a place you may write to") from error
    finally:
        with suppress(OSError):
            shutil.rmtree(beside)
    return Artefact(form.name, path, form.bytes(path), parity)


def _check_place(form: Format, path: Path) -> None:
    if form.suffix and not path.name.endswith(form.suffix):
        raise OptionError(f"--out is {path}; a model as {form.name} is a file whose name ends with {form.suffix}")
    if path.is_dir() and form.suffix:
        raise OptionError(f"--out is {path}, which is a folder; a model as {form.name} is a file")
    if path.exists() and not form.suffix and not (path.is_dir() and any(path.glob(form.sign))):
        raise OptionError(f"--out is {path}, which holds something else; choose a place where nothing is")


def _put(written: Path, path: Path) -> None:
    """Give an artefact its place. Files are written to disk already; a folder's old content steps aside first."""
    if path.is_dir():
        shutil.rmtree(path)
    written.replace(path)
