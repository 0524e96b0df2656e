"""A comparison's options from a YAML file: each key and value checked, and every complaint with its line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from gatewise.errors import OptionError
from gatewise.options.table import SPELLINGS, Option
from gatewise.options.values import did_you_mean, read_value
from gatewise.study.settings_text import MOST_BYTES, UNREADABLE, compose, construct
from gatewise.wording import first_line, shown

__all__ = ["combined_options", "read_config_file"]

# Sources that are no paths: `<...>` stands in a run's file for data that came from Python.
_NO_PATHS = ("builtin:", "hf:", "<")


def combined_options(path: Path | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Options by name: those of the file, overridden by those given on the command line.

    Raises OptionError where the file cannot be read, or neither names a source that can be opened.
    """
    options = {**(read_config_file(path) if path is not None else {}), **given}
    if "source" not in options:
        where = f"{path} names none; add `source: FILE`, or give it" if path is not None else "give one: reviews.csv, say,"
        raise OptionError(f"there is no SOURCE: {where} on the command line")
    for name in ("source", "test"):
        if str(options.get(name, "")).startswith("<"):
            raise OptionError(f"{path}: {name} {options[name]!r} was data from Python; give a file in its place")
    return options


def read_config_file(path: Path) -> dict[str, Any]:
    """Options by name, as `read_value` returns them. What is null is left out; relative paths are relative to the file.

    Keys may be spelled as on the command line or as in a run's `config.yaml`. Raises OptionError, with the line, where the file
    is no YAML mapping, a key is unknown or comes twice, or a value is not acceptable.
    """
    options: dict[str, Any] = {}
    for key, value, line in _entries(path):
        where = f"{path}, line {line}: "
        option = SPELLINGS.get(key.replace("-", "_")) if isinstance(key, str) else None
        if option is None:
            known = [name for name, one in SPELLINGS.items() if name != one.earlier]
            near = did_you_mean(key.replace("-", "_"), known) if isinstance(key, str) else ""
            todo = near or "; `gatewise init` writes a file with all there are"
            raise OptionError(f"{where}there is no option {shown(key)}{todo}")
        if option.name in options:
            raise OptionError(f"{where}{key} is given a second time; keep one of the two lines")
        options[option.name] = None if value is None else _placed(option, read_value(option, value, f"{where}{key}"), path.parent)
    return {name: value for name, value in options.items() if value is not None}


def _placed(option: Option, value: Any, folder: Path) -> Any:
    if option.kind not in ("source", "path", "store") or value == "-" or value.startswith(_NO_PATHS) or "://" in value:
        return value
    return str(folder / Path(value).expanduser())


def _entries(path: Path) -> list[tuple[Any, Any, int]]:
    """Keys, values and line numbers of the file."""
    text = _text(path)
    try:
        loader, node = compose(text)
        # A file of comments is no node, one of a lone `---` the node of a null.
        if node is None or (isinstance(node, yaml.ScalarNode) and not node.value):
            return []
        if not isinstance(node, yaml.MappingNode):
            raise OptionError(f"{path} is no configuration; expected lines of `option: value`, as `gatewise init` writes them")
        return [
            (
                key.value if isinstance(key, yaml.ScalarNode) else construct(loader, key),
                construct(loader, value),
                key.start_mark.line + 1,
            )
            for key, value in node.value
        ]
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark is not None else ""
        raise OptionError(f"{path}{line}: this is no YAML ({error.problem}); expected lines of `option: value`") from error
    except UNREADABLE as error:
        raise OptionError(f"{path} is no YAML ({first_line(error)}); expected lines of `option: value`") from error


def _text(path: Path) -> str:
    try:
        if path.is_file() and path.stat().st_size > MOST_BYTES:
            raise OptionError(
                f"--config {path} has {path.stat().st_size:,} bytes, too many for a configuration; give data as SOURCE"
            )
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise OptionError(f"--config {path} cannot be read: {error.strerror}; give a file that `gatewise init` writes") from error
    except UnicodeDecodeError as error:
        raise OptionError(f"--config {path} is no text in UTF-8; give a file that `gatewise init` writes") from error
