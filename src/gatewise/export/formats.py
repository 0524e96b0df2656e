"""The forms in which a model can be shipped: a row a form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from gatewise.errors import OptionError
from gatewise.runtime.model import Model

__all__ = ["FORMATS", "Format", "bytes_of", "format_named", "identifier"]


@dataclass(frozen=True, kw_only=True)
class Format:
    """One form.

    name: in `--to`. suffix: of its file, empty where it is a folder. says: what it is, for people. writer, reader: functions, as
    module:name, because a form is only loaded where it is asked for. options: keywords of the writer. sign: of a folder, a
    pattern of a file that only such an artefact holds. named: whether the writer wants a name for what it declares. exact:
    whether it computes what the model computes, to rounding. size: a function that says how many bytes of it count.
    """

    name: str
    suffix: str
    says: str
    writer: str
    reader: str
    options: Mapping[str, Any] = field(default_factory=dict)
    sign: str = ""
    named: bool = False
    exact: bool = True
    size: str = "gatewise.export.formats:bytes_of"

    def write(self, model: Model, path: Path) -> None:
        """Write a model to `path`, a file or a folder. Raises GatewiseError for a model that has no such form."""
        name = {"name": identifier(model.name)} if self.named else {}
        resolve_name(self.writer)(model, path, **name, **self.options)

    def read(self, path: Path) -> Model:
        """The model that computes with what stands in `path`. Raises RunError for what is no such artefact."""
        model: Model = resolve_name(self.reader)(path)
        return model

    def bytes(self, path: Path) -> int:
        """What it takes where it is used: the file, or of C the constants in a device's flash. Raises RunError as `read` does."""
        return int(resolve_name(self.size)(path))


FORMATS: Mapping[str, Format] = {
    row.name: row
    for row in (
        Format(
            name="bundle",
            suffix=".safetensors",
            says="one file for gatewise itself, which needs no PyTorch to run it",
            writer="gatewise.export.bundle:save_model",
            reader="gatewise.export.bundle:load_model",
        ),
        Format(
            name="onnx",
            suffix=".onnx",
            says="one file of standard operators, for ONNX Runtime and its like",
            writer="gatewise.export.onnx:write_onnx",
            reader="gatewise.export.onnx:load_onnx",
        ),
        Format(
            name="onnx-stream",
            suffix=".onnx",
            says="one file of standard operators that reads one step a call, and carries states",
            writer="gatewise.export.onnx:write_onnx",
            reader="gatewise.export.onnx:load_onnx",
            options={"streaming": True},
        ),
        Format(
            name="onnx-int8",
            suffix=".onnx",
            says="one file of standard operators, its weights in 8 bits",
            writer="gatewise.export.onnx:write_onnx",
            reader="gatewise.export.onnx:load_onnx",
            options={"int8": True},
            exact=False,
        ),
        Format(
            name="c",
            suffix="",
            says="a folder with C99 for small devices",
            writer="gatewise.export.c.write:write_c",
            reader="gatewise.export.c.load:load_c",
            sign="*.h",
            named=True,
            size="gatewise.export.c.load:flash_bytes",
        ),
        Format(
            name="c-int8",
            suffix="",
            says="a folder with C99 for small devices, its weights in 8 bits",
            writer="gatewise.export.c.write:write_c",
            reader="gatewise.export.c.load:load_c",
            options={"int8": True},
            sign="*.h",
            named=True,
            size="gatewise.export.c.load:flash_bytes",
            exact=False,
        ),
        Format(
            name="wasm",
            suffix=".html",
            says="one page that runs the model in any browser",
            writer="gatewise.export.c.wasm:write_wasm",
            reader="gatewise.export.c.wasm_load:load_wasm",
        ),
        Format(
            name="torch",
            suffix="",
            says="a folder with the network as a plain PyTorch module",
            writer="gatewise.export.plain_torch:write_torch",
            reader="gatewise.export.plain_torch:load_torch",
            sign="network.py",
        ),
    )
}


def format_named(name: str) -> Format:
    """Raises OptionError for a name that no form has."""
    if name not in FORMATS:
        raise OptionError(f"--to is {name!r}; expected one of {', '.join(FORMATS)}")
    return FORMATS[name]


def bytes_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    return path.stat().st_size if path.is_file() else sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def identifier(name: str) -> str:
    """A name as programming languages take one: letters, digits and underscores, no digit first."""
    plain = re.sub(r"\W", "_", name, flags=re.ASCII)
    return f"_{plain}" if plain[:1].isdigit() else plain or "model"
