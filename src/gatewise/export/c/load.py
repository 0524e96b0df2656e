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
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.audio.energies import waveforms
from gatewise.data.encoding.encoders import raw_inputs
from gatewise.errors import DataError, RunError
from gatewise.export.metadata import checked_metadata, model_from
from gatewise.runtime.model import Model
from gatewise.tasks import predicts

__all__ = ["FLAGS", "CModel", "CProgram", "compiler", "load_c"]

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

_ERRORS = {
    1: "too few steps for a prediction",
    -1: "a value that is not finite, or out of range",
    -2: "numbers so far from what the model learned from that its prediction is not finite. Check their units",
    -3: "no steps",
    -4: "a text that is no UTF-8",
}


class CProgram:
    """The functions of a model in C. state_bytes: of its struct. flash_bytes: of its constants."""

    def __init__(self, library: ctypes.CDLL, name: str, outputs: int, *, stepwise: bool) -> None:
        self.library, self.name = library, name
        self._outputs, self._stepwise = outputs, stepwise
        self._run = library[f"{name}_run"]
        for size in ("state", "flash"):
            library[f"gatewise_{size}_bytes"].restype = ctypes.c_size_t
        self.state_bytes = int(library["gatewise_state_bytes"]())
        self.flash_bytes = int(library["gatewise_flash_bytes"]())

    def run(self, value: str | NDArray[np.float32]) -> NDArray[np.float32]:
        """What NAME_run says of one input: a text, steps [steps, channels], or samples. float32 [outputs], or of a model that
        predicts every next step [steps, outputs]. Raises DataError where it returns an error."""
        content: Any
        if isinstance(value, str):
            content = value.encode("utf-8", "surrogatepass")
            count = len(content)
        else:
            array = np.ascontiguousarray(value, dtype=np.float32)
            content, count = array.ctypes.data_as(ctypes.c_void_p), len(array)
        said = np.empty((count if self._stepwise else 1, self._outputs), dtype=np.float32)
        state = np.empty(self.state_bytes // 4, dtype=np.uint32)
        code = self._run(_address(state), content, ctypes.c_size_t(count), _address(said))
        if code:
            raise DataError(f"the C of {self.name} says of an input: {_ERRORS[code]}.")
        return said if self._stepwise else said[0]

    def predict(self, inputs: Sequence[Any]) -> NDArray[np.float32]:
        """What it says of several, float32 [rows, outputs], or [steps, outputs] end to end."""
        found = [self.run(value) for value in inputs]
        return np.concatenate(found) if self._stepwise else np.stack(found)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Raises ValueError: an artefact is no model to be saved."""
        raise ValueError(f"an artefact of {self.name} is no model to be saved")


class CModel(Model):
    """A model that computes in C from the raw inputs on; Python only checks them, and loads and resamples sounds."""

    @property
    def program(self) -> CProgram:
        """The functions."""
        assert isinstance(self.predictor, CProgram)
        return self.predictor

    def _predict(self, sequences: Sequence[Any]) -> NDArray[np.float32]:
        if self.audio is not None:
            return self._checked(self.program.predict(list(waveforms(sequences, self.audio))))
        # What stands in its place is discarded: the check is wanted.
        checked = raw_inputs(self.encoder, sequences)
        return self._checked(self.program.predict(sequences if self.kind == "text" else checked))

    def _next_steps(self, sequences: Sequence[Any]) -> list[NDArray[np.float32]]:
        checked = raw_inputs(self.encoder, sequences)
        return [self._checked(self.program.run(values)) for values in checked]


def load_c(folder: Path, *, flags: Sequence[str] = FLAGS) -> CModel:
    """Compile what `write_c` wrote into a folder, and return a model that runs it.

    flags: of the compiler, the one in CC or else cc. The folder's code runs in this process: only load what you wrote yourself.
    Raises RunError where the folder holds no such model, its files are not what was written, or there is no compiler.
    """
    name, model, outputs = _described(folder)
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
    stepwise = predicts(model.task) == "steps"
    program = CProgram(loaded, name, outputs, stepwise=stepwise)
    return CModel(**{field.name: getattr(model, field.name) for field in fields(model)} | {"predictor": program})


def compiler() -> list[str]:
    """The C compiler, as the beginning of a command. Raises RunError where there is none."""
    named = os.environ.get("CC", "").split()
    found = named or next(([name] for name in ("cc", "gcc", "clang") if shutil.which(name)), [])
    if not found or not shutil.which(found[0]):
        what = f"CC names {found[0]}, which is not there" if found else "there is no cc, gcc or clang"
        raise RunError(f"a C compiler is needed and {what}. Install one (on Debian: apt install gcc), or name it in CC.")
    return found


def _described(folder: Path) -> tuple[str, Model, int]:
    """The name, all but the program, and the outputs of the model in a folder, whose files are what was written."""
    try:
        for path in sorted(folder.glob("*.json")):
            content = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(content, dict) or "c" not in content:
                continue
            name = content["c"]["name"]
            for file, digest in content["c"]["sha256"].items():
                if hashlib.sha256((folder / file).read_bytes()).hexdigest() != digest:
                    raise RunError(f"{folder / file} is not what was written; export the model anew")
            metadata = checked_metadata(content["model"], str(path))
            return name, model_from(metadata, _NOTHING), metadata["architecture"]["outputs"]
    except (OSError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise RunError(f"the model in {folder} is damaged ({str(error) or type(error).__name__}); export it anew") from error
    raise RunError(f"{folder} holds no model in C; `gatewise export MODEL --to c --out {folder}` writes one")


def _address(array: NDArray[Any]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


class _Nothing:
    """Stands where the program will."""

    def predict(self, inputs: Sequence[Any]) -> NDArray[Any]:
        raise NotImplementedError

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        raise NotImplementedError


_NOTHING = _Nothing()
