"""Packages that only parts of gatewise need, and the line that installs each."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from gatewise.errors import MissingPackageError

__all__ = ["EXTRA_OF", "explain", "missing_packages", "require", "require_package"]

EXTRA_OF: Mapping[str, str] = {
    "torch": "train",
    "scipy": "train",
    "sklearn": "train",
    "pyarrow": "train",
    "threadpoolctl": "train",
    "jinja2": "train",
    "soundfile": "audio",
    "datasets": "hub",
    "openpyxl": "excel",
    "onnx": "onnx",
    "onnxruntime": "onnx",
    "wasmtime": "wasm",
    "fastapi": "serve",
    "uvicorn": "serve",
    "websockets": "serve",
    "ray": "ray",
    "tensorboard": "track",
    "mlflow": "track",
}
"""The extra that has a package, by the name it is imported by."""


def explain(error: ModuleNotFoundError) -> MissingPackageError | None:
    """What to tell a person of a package that is not installed; None for one that no extra has."""
    package = (error.name or "").partition(".")[0]
    return _missing(package) if package in EXTRA_OF else None


def require(extra: str) -> None:
    """Raise MissingPackageError where a package of an extra is not installed."""
    for package, of in EXTRA_OF.items():
        if of == extra and not _is_installed(package):
            raise _missing(package)


def require_package(name: str) -> ModuleType:
    """The module of a package of an extra. Raises MissingPackageError where it is not installed."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        missing = explain(error)
        if missing is None:
            raise
        raise missing from error


def missing_packages() -> dict[str, list[str]]:
    """Of every extra the packages that are not installed."""
    extras: dict[str, list[str]] = {}
    for package, extra in EXTRA_OF.items():
        extras.setdefault(extra, []).extend([] if _is_installed(package) else [package])
    return extras


def _missing(package: str) -> MissingPackageError:
    install = f"pip install 'gatewise[{EXTRA_OF[package]}]'"
    return MissingPackageError(f"this needs the package {package}, which is not installed. Install it: {install}")


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ValueError:
        # What stands in sys.modules without a specification.
        return False
