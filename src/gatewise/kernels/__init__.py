"""Recurrent layers on CPU: the equations in plain torch, and the same computed by compiled kernels.

    kernels.instruction_sets()               # ("avx512_bf16", "avx512", "avx2", "baseline") where there are all
    kernels.select_instruction_set("avx2")   # for this process; GATEWISE_INSTRUCTION_SET selects at start

Importing this package is light; torch and the compiled module are loaded by the first call.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from gatewise.errors import OptionError

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["instruction_set", "instruction_sets", "missing", "select_instruction_set"]

REMEDY = "install it from source where GCC or Clang and Python's headers are at hand"


def instruction_sets() -> tuple[str, ...]:
    """Names of the instruction sets that were compiled and that this processor supports, the fastest first.

    Raises `OptionError` where gatewise was installed without compiled kernels.
    """
    return tuple(_load().instruction_sets())


def instruction_set() -> str:
    """Name of the instruction set that the kernels use.

    It is the fastest, or the one that the environment variable GATEWISE_INSTRUCTION_SET named when a kernel was first asked for,
    or the last one selected. Raises `OptionError` where the variable's value is none of `instruction_sets()`.
    """
    compiled = _load()
    try:
        return str(compiled.instruction_set())
    except ValueError as error:
        raise OptionError(str(error)) from error


def select_instruction_set(name: str) -> None:
    """Makes all kernels of this process use the instruction set `name`, one of `instruction_sets()`; else raises `OptionError`.

    Results of different sets differ by rounding.
    """
    compiled = _load()
    try:
        compiled.select(name)
    except ValueError as error:
        raise OptionError(f"instruction set: {error}") from error


def missing() -> str:
    """Why this installation has no compiled kernels, or an empty string where it has them."""
    try:
        importlib.import_module("gatewise.kernels._compiled")
    except ImportError as error:  # not compiled, or compiled for another Python
        try:
            return f"at installation: {importlib.import_module('gatewise.kernels._not_compiled').REASON}"
        except ModuleNotFoundError:
            return str(error)
    return ""


def _load() -> ModuleType:
    why = missing()
    if why:
        raise OptionError(f"gatewise has no compiled kernels ({why}); {REMEDY}")
    return importlib.import_module("gatewise.kernels._compiled")
