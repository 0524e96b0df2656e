"""The text format of the UEA and UCR archives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatewise.data.formats.files import FileFormat

if TYPE_CHECKING:
    from gatewise.data.dataset.labelled import Labelled
    from gatewise.records import Kind

__all__ = ["FORMAT"]


def _labelled(path: Path, _: bool, alone: bool) -> Labelled:
    from gatewise.data.formats.ts import ts_labelled

    return ts_labelled(path, alone=alone)


def _sequences(path: Path) -> tuple[Kind, list[Any]]:
    from gatewise.data.formats.ts import ts_inputs

    return "series", list(ts_inputs(path))


FORMAT = FileFormat((".ts",), labelled=_labelled, sequences=_sequences)
