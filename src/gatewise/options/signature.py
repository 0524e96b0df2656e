"""The function `gatewise.compare` as source: its parameters and its docstring, from the table of options.

Editors and type checkers read source and nothing else, so that the function stands in a file of its own. `make signature` writes
it, and a test holds it against this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap

from gatewise.options.config import PANELS
from gatewise.options.option import Option, written
from gatewise.options.table import OPTIONS

__all__ = ["compare_source"]

_WIDTH = 128

# What a value may be in Python, by the kind of option; None is added where it is the default.
_TYPES = {
    "source": "Any",
    "path": "str | os.PathLike[str]",
    "store": "str | os.PathLike[str]",
    "column": "str",
    "columns": "str | Sequence[str]",
    "format": "str",
    "address": "str",
    "whole": "int",
    "number": "float",
    "flag": "bool",
    "choice": "str",
    "choices": "str | Sequence[str]",
    "duration": "str | float",
    "latency": "str | float",
    "size": "str | int",
    "margin": "str | float",
    "fractions": "str | Sequence[float]",
}

_HEAD = '''\
"""The comparison as a function. Written by `make signature` from `options.config`: change it there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from gatewise.options.configuration import by_name
from gatewise.study.api import Result, start
from gatewise.study.view import View

__all__ = ["compare"]


def compare(
    data: Any,
    *,
'''

_BESIDE = """\
    view: View | None = None,
    verbose: bool | None = None,
    started: float | None = None,
    # What options were called before.
{earlier}) -> Result:
"""

_SUMMARY = "Compare recurrent cells on your own sequences, fairly paired, and say which to ship."

_DATA = (
    "a path, `builtin:NAME`, `hf:NAME`, `-` for CSV on standard input, a table (pandas, polars, pyarrow), arrays with targets as "
    "`(X, y)`, or a Dataset."
)

_NOTES = (
    "verbose: show progress on standard error, or in the cell of a notebook; by default in notebooks and at a prompt, and not "
    "in scripts. view: show it to an object of your own instead. started: `time.monotonic()` at which the budget began to run, "
    "for a program whose own start counts; now, where None.",
    'More than one of jobs needs the usual `if __name__ == "__main__":` guard in a script. A fixed test part may be whatever '
    "data may be.",
    "Raises DataError, OptionError or RunError (all GatewiseError), each with one message that says what to do.",
)

_BODY = """\
    return start(data, by_name(locals()), view=view, verbose=verbose, started=started)
"""


def compare_source(options: Iterable[Option] = OPTIONS) -> str:
    """The module that holds `compare`, with a parameter for every spelling of every option."""
    options = [option for option in options if option.name != "source"]
    parameters = "".join(
        f"    {keyword}: {_type(option)} = {_literal(option.keyword_default if keyword == option.name else None)},\n"
        for option in options
        for keyword in option.keywords
    )
    earlier = "".join(f"    {option.earlier}: {_TYPES[option.kind]} | None = None,\n" for option in options if option.earlier)
    return f'{_HEAD}{parameters}{_BESIDE.format(earlier=earlier)}    """{_docstring(options)}    """\n{_BODY}'


def _type(option: Option) -> str:
    known = _TYPES[option.kind]
    return f"{known} | None" if option.keyword_default is None and known != "Any" else known


def _literal(default: object) -> str:
    # Strings between double quotes, as the formatter writes them.
    return repr(default).replace("'", '"')


def _docstring(options: list[Option]) -> str:
    return "\n".join(_lines(options)).replace("\\", "\\\\") + "\n"


def _lines(options: list[Option]) -> Iterator[str]:
    yield _SUMMARY
    yield ""
    yield from _entry("data", _DATA, indent=4)
    for panel in PANELS:
        yield ""
        yield f"    {panel}:"
        for option in options:
            if option.panel == panel:
                yield from _entry(" or ".join(option.keywords), _said(option), indent=8)
    for note in _NOTES:
        yield ""
        yield from wrap(note, _WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 4)


def _entry(name: str, text: str, *, indent: int) -> list[str]:
    first, further = " " * indent, " " * (indent + 4)
    return wrap(f"{name}: {text}", _WIDTH, initial_indent=first, subsequent_indent=further, break_on_hyphens=False)


def _said(option: Option) -> str:
    if option.unset == "none":
        return option.help_text
    default = option.unset if option.keyword_default in (None, ()) else written(option.keyword_default)
    return f"{option.help_text} Default: {default}."
