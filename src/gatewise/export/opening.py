"""Whatever a person names a model by."""

from __future__ import annotations

from pathlib import Path

from gatewise.export.bundle import load_model
from gatewise.runtime.model import Model

__all__ = ["open_model"]


def open_model(path: Path) -> Model:
    """The model of a run's folder, or whatever `load_model` reads. Raises RunError as that does."""
    inside = path / "model"
    return load_model(inside if inside.is_dir() else path)
