"""A fitted estimator as a folder: a model's files, and `estimator.json` with parameters and fitted attributes. Never pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gatewise.durable import new_folder, write_synced
from gatewise.errors import RunError
from gatewise.estimators.errors import ParameterError
from gatewise.export.bundle import load_model, write_model

__all__ = ["load_estimator", "save_estimator"]

FORMAT = 1
ESTIMATOR = "estimator.json"


def save_estimator(estimator: Any, attributes: Sequence[str], path: Path) -> None:
    """Write a fitted estimator to folder `path`, replacing one that is there only once everything is on disk.

    attributes: names of the fitted attributes, beside the model, that are kept where the estimator has them. The folder is also
    one that `gatewise.load_model` reads. Raises RunError where `path` holds something else or cannot be written, ParameterError
    for a parameter that JSON cannot hold.
    """
    if path.exists() and not (path / ESTIMATOR).is_file():
        raise RunError(f"{path} exists and holds no saved estimator; choose another path")
    content = {
        "format": FORMAT,
        "estimator": type(estimator).__name__,
        "parameters": {name: _plain(name, value) for name, value in estimator.get_params(deep=False).items()},
        "attributes": {name: _plain(name, getattr(estimator, name)) for name in attributes if hasattr(estimator, name)},
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new_folder(path) as folder:
            write_model(estimator.model_, folder)
            write_synced(folder / ESTIMATOR, json.dumps(content, ensure_ascii=False, indent=1).encode())
    except OSError as error:
        raise RunError(f"{path} cannot be written ({error.strerror or error}); choose another path") from error


def load_estimator(kind: type[Any], path: Path) -> Any:
    """Read what `save_estimator` wrote. Raises RunError where there is no estimator, a damaged one, or one of another class."""
    if not (path / ESTIMATOR).is_file():
        raise RunError(f"{path} holds no saved estimator (no {ESTIMATOR} in it); give the folder that save() wrote")
    try:
        content = json.loads((path / ESTIMATOR).read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            age = "a newer" if content["format"] > FORMAT else "an older"
            raise RunError(
                f"{path} has estimator format {content['format']}, this version reads {FORMAT}; install {age} gatewise"
            )
        if content["estimator"] != kind.__name__:
            raise RunError(f"{path} holds a {content['estimator']}; load it with {content['estimator']}.load")
        estimator = kind(**{name: _restored(value) for name, value in content["parameters"].items()})
        for name, value in content["attributes"].items():
            setattr(estimator, name, _restored(value))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"the estimator in {path} is damaged ({error}); fit and save it again") from error
    estimator.model_ = load_model(path)
    return estimator


def _plain(name: str, value: Any) -> Any:
    """A value as JSON types. Arrays and mappings become objects that say what they were."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufUO":
        return {"array": _plain(name, value.tolist()), "dtype": value.dtype.str}
    if isinstance(value, Mapping):
        return {"pairs": [[_plain(name, key), _plain(name, item)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return [_plain(name, item) for item in value]
    raise ParameterError(
        f"{name} holds a {type(value).__name__}, which cannot be saved as JSON. Use numbers, texts and lists of them, "
        "or pickle the estimator."
    )


def _restored(value: Any) -> Any:
    if isinstance(value, list):
        return [_restored(item) for item in value]
    if isinstance(value, dict):
        if "pairs" in value:
            return {key: _restored(item) for key, item in value["pairs"]}
        return np.array(value["array"], dtype=np.dtype(value["dtype"]))
    return value
