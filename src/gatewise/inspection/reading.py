"""What INPUT is: one text, a file like the one compared, built-in data, or whatever `Model.predict` takes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from gatewise.data.dataset.inputs import Inputs, numbered_inputs
from gatewise.data.dataset.tokens import tokenize
from gatewise.data.encoding.text import UNKNOWN, TextEncoder
from gatewise.data.formats.files import file_formats
from gatewise.data.sources import open_source
from gatewise.errors import DataError, OptionError, RunError
from gatewise.export.bundle import METADATA, load_model
from gatewise.inspection.record import Sequence
from gatewise.records import Config, Encoded
from gatewise.runtime.model import Model
from gatewise.study.api import Result
from gatewise.study.folder import RunFolder
from gatewise.study.predictions import read_inputs

__all__ = ["ONE_TEXT", "called", "given_model", "given_sequences", "is_one_text", "read_sequence"]

ONE_TEXT = "the text given"
"""What an input that is one text is called."""

_BUILTIN = "builtin:"
_ELSEWHERE = ("hf:", "http://", "https://")
_STANDARD_INPUT = "-"


def given_model(run: Any) -> tuple[Model, Config | None, Path | None]:
    """The model of a run, or of a model's folder, with the run's configuration and folder.

    run: a path, a `Result`, a `Model`, or a fitted estimator. Raises RunError where a folder holds neither, OptionError for
    anything else.
    """
    if isinstance(run, Model):
        return run, None, None
    if isinstance(getattr(run, "model_", None), Model):
        return run.model_, None, None
    if isinstance(run, Result):
        run = run.path
    if not isinstance(run, (str, os.PathLike)):
        raise OptionError(f"a {type(run).__name__} is no model. Give the folder of a run or of a model, a Result or a Model.")
    folder = RunFolder(Path(run).expanduser())
    if folder.config.is_file():
        return load_model(folder.model), folder.open(), folder.path
    if (folder.path / METADATA).is_file():
        return load_model(folder.path), None, None
    if folder.model.is_dir():
        return load_model(folder.model), None, folder.path
    raise RunError(
        f"{folder.path} holds neither a run (config.yaml) nor a model ({METADATA}). Give the folder that `gatewise compare` "
        "named, or one that a model was saved to."
    )


def given_sequences(model: Model, source: Any, run: Config | None, **columns: Any) -> Inputs:
    """The sequences of an input, as `Model.predict` takes them. columns: as in `read_inputs`.

    Raises DataError where there are none, or they are not what the model reads.
    """
    if model.kind == "text" and isinstance(source, str) and is_one_text(source):
        return Inputs([source])
    if isinstance(source, str) and source.startswith(_BUILTIN):
        found = _builtin(model, source, run)
    else:
        found = read_inputs(model, source, run, **columns)
    if not len(found.sequences):
        raise DataError(f"{source} holds no sequence. Give an input with at least one row.")
    return found


def is_one_text(source: str) -> bool:
    """Whether an input of a model that reads texts is a text itself: no file or address, and not called like a file."""
    if source == _STANDARD_INPUT or source.startswith((_BUILTIN, *_ELSEWHERE)):
        return False
    try:
        if Path(source).expanduser().is_file():
            return False
    except (OSError, ValueError, RuntimeError):
        # Too long for a path, or with characters that no path has.
        return True
    called = source.lower().removesuffix(".gz").partition("?sheet=")[0]
    return len(source.split()) != 1 or not called.endswith(tuple(file_formats()))


def _builtin(model: Model, source: str, run: Config | None) -> Inputs:
    asked: dict[str, Any] = {"task": model.task}
    if model.forecast is not None:
        asked |= {name: getattr(model.forecast, name) for name in ("window", "horizon")}
    dataset = open_source(source, seed=0 if run is None else run.seed, **asked)
    if dataset.kind != model.kind:
        raise DataError(f"{source} holds {dataset.kind}, and the model reads {model.kind}. Give an input like the one compared.")
    return numbered_inputs(dataset.sequences)


def called(source: Any) -> str:
    """What an input is called in front of people: as it was given, or by its kind."""
    if isinstance(source, str):
        return ONE_TEXT if is_one_text(source) else source
    return str(source) if isinstance(source, os.PathLike) else f"a {type(source).__name__}"


def read_sequence(model: Model, inputs: Inputs, name: str, row: int, encoded: Encoded) -> Sequence:
    """Row `row` of an input, from 1, as the model reads it. encoded: that row alone."""
    names = [f"{column} {cells[row - 1]}" for column, cells in inputs.names.items() if column != "row"]
    values = np.empty((len(encoded.values), 0))
    words: tuple[str, ...] = ()
    if isinstance(model.encoder, TextEncoder):
        words = tuple(tokenize(inputs.sequences[row - 1])[: len(encoded.values)]) or ("(nothing)",)
    else:
        values = encoded.values.astype(np.float64) * np.array(model.encoder.scale) + np.array(model.encoder.mean)
    unknown = tuple(bool(token == UNKNOWN) for token in encoded.values) if words else ()
    foretold = () if model.forecast is None else model.forecast.targets
    return Sequence(name, row, len(inputs.sequences), ", ".join(names), words, unknown, model.channels, foretold, values)
