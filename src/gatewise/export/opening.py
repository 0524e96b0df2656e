"""Opens whatever holds a model: a run, a bundle, an artefact."""

from __future__ import annotations

import os
from pathlib import Path

from gatewise.errors import RunError
from gatewise.export import bundle
from gatewise.export.formats import FORMATS
from gatewise.runtime.model import Model

__all__ = ["open_model"]


def open_model(path: str | os.PathLike[str]) -> Model:
    """The model of a run's folder, of a bundle, or of an artefact that `gatewise export` wrote, told apart by what is there.

    It needs no PyTorch. Raises RunError where there is none, or one that is damaged or of a newer format.
    """
    place = Path(path)
    if not place.exists():
        raise RunError(f"there is no {place}; give a run's folder, a model's folder, or a file that `gatewise export` wrote")
    if place.is_file():
        form = next((one for one in FORMATS.values() if one.suffix and place.name.endswith(one.suffix)), None)
        if form is None:
            known = ", ".join(sorted({one.suffix for one in FORMATS.values() if one.suffix}))
            raise RunError(f"{place} is no model: its name ends with none of {known}")
        return form.read(place)
    return bundle.load_model(place if (place / bundle.METADATA).is_file() else place / "model" if _is_run(place) else place)


def _is_run(place: Path) -> bool:
    return (place / "model").is_dir()
