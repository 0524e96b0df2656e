"""numpy's archives of arrays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatewise.data.formats.files import FileFormat

if TYPE_CHECKING:
    from gatewise.data.dataset.labelled import Labelled
    from gatewise.records import Kind

__all__ = ["FORMAT"]


def _labelled(path: Path, with_labels: bool, _: bool) -> Labelled:
    from gatewise.data.formats.npz import npz_labelled

    return npz_labelled(path, with_labels=with_labels)


def _sequences(path: Path) -> tuple[Kind, list[Any]]:
    from gatewise.data.formats.npz import npz_inputs

    return npz_inputs(path)


FORMAT = FileFormat((".npz",), labelled=_labelled, sequences=_sequences)
