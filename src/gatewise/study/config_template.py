"""A configuration file to start from: every option with its default and a comment, and a JSON schema for editors."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from gatewise.errors import DataError, OptionError
from gatewise.options.config import PANELS
from gatewise.options.schema import json_schema
from gatewise.options.table import OPTIONS, Option
from gatewise.study.folder import write_atomic

__all__ = ["config_template", "write_template"]

_HEADER = """\
# A comparison of recurrent cells. Run it with: gatewise compare --config {name}
# null leaves an option to gatewise. Options on the command line override this file; relative paths start from its folder.
"""
# Files up to this size are read in a moment, so that what gatewise makes of them can be said.
_MOST_BYTES_READ = 20_000_000


def write_template(path: Path, *, source: str | None = None, schema: Path | None = None, force: bool = False) -> None:
    """Write the configuration file and, where `schema` is given, the JSON schema that its first line points editors to.

    source: what the file names; of a file that is small enough, what gatewise infers about it stands in comments. Raises
    OptionError where a file is there already and `force` is not set, DataError where there is no such source, RunError where a
    file cannot be written.
    """
    if schema is not None and schema.resolve() == path.resolve():
        raise OptionError(f"--schema {schema} is the configuration file itself; choose another name")
    for file in (path, *([schema] if schema is not None else [])):
        if file.exists() and not force:
            raise OptionError(f"{file} exists; choose another name, or pass --force to replace it")
    notes = _inferred(source) if source is not None else ()
    if schema is not None:
        write_atomic(schema, json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
    pointer = Path(os.path.relpath(schema, path.parent)).as_posix() if schema is not None else None
    named = os.path.relpath(source, path.parent) if source is not None and _is_relative_path(source) else source
    write_atomic(path, config_template(named, name=path.name, schema=pointer, notes=notes))


def config_template(
    source: str | None = None, *, name: str = "gatewise.yaml", schema: str | None = None, notes: Sequence[str] = ()
) -> str:
    """The text of a configuration file. schema: where editors find the JSON schema. notes: sentences about the data."""
    parts = [f"# yaml-language-server: $schema={schema}\n"] if schema is not None else []
    parts.append(_HEADER.format(name=name))
    if notes:
        parts += ["#\n# What gatewise makes of the data:\n", *(f"# - {' '.join(note.split())}\n" for note in notes)]
    for panel in PANELS:
        parts.append(f"\n# ---- {panel} ----\n\n")
        for option in OPTIONS:
            if option.panel == panel:
                value = source if option.name == "source" else option.default
                parts.append(f"# {_comment(option)}\n{_line(option.name, value)}")
    return "".join(parts)


def _comment(option: Option) -> str:
    least = f" At least {option.least}." if option.least is not None else ""
    empty = {None: "null", (): "[]"}.get(option.default)
    unset = f" {empty}: {option.unset}." if empty is not None and option.name != "source" else ""
    return f"{option.help_text}{least}{unset}"


def _line(name: str, value: Any) -> str:
    many = isinstance(value, tuple)
    # Lists between brackets, and a width that no line reaches, keep every option on one line.
    style = None if many else False
    return yaml.safe_dump({name: list(value) if many else value}, default_flow_style=style, allow_unicode=True, width=10**6)


def _is_relative_path(source: str) -> bool:
    named = source == "-" or source.startswith(("builtin:", "hf:", "~")) or "://" in source
    return not named and not Path(source).is_absolute()


def _inferred(source: str) -> tuple[str, ...]:
    """What can be said about the data with no more than a moment's reading."""
    from gatewise.data.sources import open_source

    path = Path(source).expanduser()
    there = path.is_file()
    if source == "-" or source.startswith("hf:") or path.is_dir() or (there and path.stat().st_size > _MOST_BYTES_READ):
        return ()
    try:
        dataset = open_source(source)
    except DataError as error:
        if there:
            return (f"It cannot be read without further options: {error}",)
        raise
    return (*dataset.inferred, *dataset.warnings)
