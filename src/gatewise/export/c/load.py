"""The C of a model, compiled and run on this machine: for measuring and checking what is shipped."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.errors import DataError, MissingPackageError, RunError
from gatewise.export.c.program import CompiledModel, Content, Description, Program

__all__ = ["FLAGS", "CModel", "CProgram", "compiler", "flash_bytes", "load_c"]

FLAGS = ("-std=c99", "-O2")

# What its header says is asked of the source itself.
_PROBE = """#include "NAME.h"
size_t gatewise_state_bytes(void);
size_t gatewise_said_bytes(void);
size_t gatewise_flash_bytes(void);
size_t gatewise_said_bytes(void) { return UPPER_RAM_BYTES; }
size_t gatewise_state_bytes(void) { return sizeof(NAME_state); }
size_t gatewise_flash_bytes(void) { return UPPER_FLASH_BYTES; }
"""


class CProgram(Program):
    """The functions of a model in C. state_bytes: of its struct. flash_bytes: of its constants."""

    def __init__(self, library: ctypes.CDLL, name: str, outputs: int, *, stepwise: bool) -> None:
        super().__init__(f"C of {name}", outputs, stepwise=stepwise)
        self.library = library
        self._run = library[f"{name}_run"]
        for size in ("state", "flash"):
            library[f"gatewise_{size}_bytes"].restype = ctypes.c_size_t
        self.state_bytes = int(library["gatewise_state_bytes"]())
        self.flash_bytes = int(library["gatewise_flash_bytes"]())

    def read(self, content: Content, said: NDArray[np.float32]) -> int:
        """As `Program.read`, by NAME_run."""
        given = content if isinstance(content, bytes) else _address(content)
        state = np.empty(self.state_bytes // 4, dtype=np.uint32)
        return int(self._run(_address(state), given, ctypes.c_size_t(len(content)), _address(said)))


class CModel(CompiledModel):
    """A model in C."""

    @property
    def program(self) -> CProgram:
        """The functions."""
        assert isinstance(self.predictor, CProgram)
        return self.predictor


def load_c(folder: Path, *, flags: Sequence[str] = FLAGS) -> CModel:
    """Compile what `write_c` wrote into a folder, and return a model that runs it.

    flags: of the compiler, the one in CC or else cc. The folder's code runs in this process: only load what you wrote yourself.
    Raises RunError where the folder holds no such model or its files are not what was written, and MissingPackageError where
    there is no compiler.
    """
    name, described = _described(folder)
    with tempfile.TemporaryDirectory() as place:
        probe, library = Path(place) / "probe.c", Path(place) / f"{name}.so"
        probe.write_text(_PROBE.replace("NAME", name).replace("UPPER", name.upper()), encoding="utf-8")
        command = [
            *compiler(),
            *flags,
            "-fPIC",
            "-shared",
            f"-I{folder}",
            str(folder / f"{name}.c"),
            str(probe),
            "-o",
            str(library),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RunError(f"{folder / f'{name}.c'} does not compile: {' '.join(done.stderr.split())[:300]}")
        loaded = ctypes.CDLL(str(library))
    program = CProgram(loaded, name, described.outputs, stepwise=described.stepwise)
    return described.running(program, CModel)


def flash_bytes(folder: Path) -> int:
    """What the constants of the C in a folder take on a device; code comes on top. Raises as `load_c` does."""
    try:
        return int(_record_of(folder)["c"]["flash_bytes"])
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(folder, error) from error


def compiler() -> list[str]:
    """The C compiler, as the beginning of a command. Raises MissingPackageError where there is none."""
    named = os.environ.get("CC", "").split()
    found = named or next(([name] for name in ("cc", "gcc", "clang") if shutil.which(name)), [])
    if not found or not shutil.which(found[0]):
        what = f"CC names {found[0]}, which is not there" if found else "there is no cc, gcc or clang"
        raise MissingPackageError(
            f"a C compiler is needed and {what}. Install one (on Debian: apt install gcc), or name it in CC."
        )
    return found


def _described(folder: Path) -> tuple[str, Description]:
    """The name, and all but the program, of the model in a folder, whose files are what was written."""
    record = _record_of(folder)
    try:
        for file, digest in record["c"]["sha256"].items():
            if hashlib.sha256((folder / file).read_bytes()).hexdigest() != digest:
                raise RunError(f"{folder / file} is not what was written; export the model anew")
        return record["c"]["name"], Description.of(record["model"], str(folder))
    except (OSError, AttributeError, DataError, KeyError, TypeError, ValueError) as error:
        raise _damaged(folder, error) from error


def _record_of(folder: Path) -> dict[str, Any]:
    """What was written beside the source, for `load_c` alone."""
    try:
        for path in sorted(folder.glob("*.json")):
            content = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(content, dict) and "c" in content:
                return content
    except (OSError, ValueError) as error:
        raise _damaged(folder, error) from error
    raise RunError(f"{folder} holds no model in C; `gatewise export MODEL --to c --out {folder}` writes one")


def _damaged(folder: Path, error: Exception) -> RunError:
    return RunError(f"the model in {folder} is damaged ({str(error) or type(error).__name__}); export it anew")


def _address(array: NDArray[Any]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
