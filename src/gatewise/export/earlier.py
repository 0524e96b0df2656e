"""Models that earlier versions wrote, read as today's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["OLDEST", "todays_metadata", "todays_name"]

OLDEST = 3
"""The first format that is still read."""

_SKIP = "highway"
"""What the linear skip of a forecast was called until format 4."""


def todays_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What a model of format 3 would be described by today."""
    architecture = {"skip" if name == _SKIP else name: value for name, value in metadata["architecture"].items()}
    return {**metadata, "architecture": architecture}


def todays_name(weight: str) -> str:
    """What a weight of an earlier format is called today."""
    return weight.replace(f"{_SKIP}.", "skip.", 1) if weight.startswith(f"{_SKIP}.") else weight
