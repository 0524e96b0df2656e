"""A page that `write_wasm` wrote, as a model: its program run by Wasmtime, which gives it nothing but its own memory."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.errors import DataError, RunError
from gatewise.export.c.program import CompiledModel, Content, Description, Program
from gatewise.export.c.wasm import VERSION
from gatewise.extras import require_package
from gatewise.wording import first_line

__all__ = ["WasmProgram", "load_wasm"]

_ABOUT = re.compile(r'<script type="application/json" id="gatewise">(.*?)</script>', re.DOTALL)
_PROGRAM = re.compile(r'^const program = "([A-Za-z0-9+/=]*)";$', re.MULTILINE)
_PAGE_BYTES = 65536
_ALIGNMENT = 16


class WasmProgram(Program):
    """The functions of a model as WebAssembly. Raises wasmtime.WasmtimeError for what is no program, KeyError for one that lacks
    a function."""

    def __init__(self, content: bytes, name: str, outputs: int, *, stepwise: bool) -> None:
        super().__init__(f"page of the {name}", outputs, stepwise=stepwise)
        wasmtime = require_package("wasmtime")
        # A trap is no WasmtimeError.
        self._errors = (wasmtime.Trap, wasmtime.WasmtimeError)
        self._store = wasmtime.Store()
        exports = wasmtime.Instance(self._store, wasmtime.Module(self._store.engine, content), []).exports(self._store)
        self._memory: Any = exports["memory"]
        base: Any = exports["__heap_base"]
        self._start = -(-int(base.value(self._store)) // _ALIGNMENT) * _ALIGNMENT
        names = ("begin", "next", "answer") if stepwise else ("run", "answer")
        self._functions: dict[str, Any] = {function: exports[function] for function in names}

    def read(self, content: Content, said: NDArray[np.float32]) -> int:
        """As `Program.read`. Raises RunError where the program fails."""
        given = content if isinstance(content, bytes) else content.tobytes()
        lacking = self._start + len(given) - self._memory.data_len(self._store)
        try:
            if lacking > 0:
                self._memory.grow(self._store, -(-lacking // _PAGE_BYTES))
            self._memory.write(self._store, given, self._start)
            if not self.stepwise:
                return self._call("run", self._start, len(content)) or self._answer(said[0])
            self._call("begin")
            width = len(given) // max(len(content), 1)
            for step in range(len(content)):
                if code := self._call("next", self._start + step * width) or self._answer(said[step]):
                    return code
        except self._errors as error:
            raise RunError(f"the {self.name} failed ({first_line(error)}); export it anew") from error
        return 0

    def _call(self, name: str, *values: int) -> int:
        return int(self._functions[name](self._store, *values) or 0)

    def _answer(self, said: NDArray[np.float32]) -> int:
        start = self._call("answer")
        said[:] = np.frombuffer(self._memory.read(self._store, start, start + said.nbytes), dtype=np.float32)
        return 0


def load_wasm(path: Path) -> CompiledModel:
    """Read a page that `write_wasm` wrote. Its program can reach nothing beyond its own memory; its scripts are not run.

    Raises RunError for a page that is missing, damaged or of a newer version, and MissingPackageError where wasmtime is not
    installed.
    """
    wasmtime = require_package("wasmtime")
    try:
        page = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{path} cannot be read: {error}; give a page that gatewise wrote") from error
    found, program = _ABOUT.search(page), _PROGRAM.search(page)
    if found is None or program is None:
        raise RunError(f"{path} is no page of a model; `gatewise export MODEL --to wasm` writes one")
    try:
        about, content = json.loads(found[1]), base64.b64decode(program[1], validate=True)
        if about["version"] != VERSION:
            raise RunError(f"{path} is a page of version {about['version']!r}, this gatewise reads {VERSION}; export it anew")
        if hashlib.sha256(content).hexdigest() != about["sha256"]:
            raise ValueError("its program is not what was written")
        described = Description.of(about["model"], str(path))
        made = WasmProgram(content, described.model.name, described.outputs, stepwise=described.stepwise)
    except (AttributeError, DataError, KeyError, RecursionError, TypeError, ValueError, wasmtime.WasmtimeError) as error:
        reason = first_line(error)[:300]
        raise RunError(f"{path} is damaged ({reason}); export the model anew") from error
    return described.running(made, CompiledModel)
