"""Packages that only ONNX needs."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from gatewise.extras import explain

__all__ = ["require_package"]


def require_package(name: str) -> ModuleType:
    """The module onnx or onnxruntime. Raises MissingPackageError where it is not installed."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        missing = explain(error)
        if missing is None:
            raise
        raise missing from error
