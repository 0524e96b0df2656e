"""What is said of an option, wherever it is met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Kind", "Option", "written"]

Kind = Literal[
    "source",
    "column",
    "columns",
    "format",
    "address",
    "path",
    "store",
    "whole",
    "number",
    "flag",
    "choice",
    "choices",
    "duration",
    "latency",
    "size",
    "margin",
    "fractions",
]


@dataclass(frozen=True)
class Option:
    """One option; the metadata of a field of `Config`, of which name, default and choices are read too (`table`).

    panel: what a person wants to do with it. kind: decides how a value is read (`read_value`). unset: where the default says
    nothing by itself, in words what is done. spellings: other ways of writing a choice. noun: what a choice is called.
    least, most: bounds of a number. excludes: options that it does not go with, each with the rest of a sentence that begins
    with the names of both. other_flag: on the command line, where that differs from the name.

    name: keyword of `gatewise.compare` and key of a configuration file. config_field: what holds it in `Config`; "" for what does
    not decide the results. choices: the only values. default: where the option is not given on the command line or in a file;
    keyword_default: in Python. earlier: its name in files and commands of before, read everywhere and shown nowhere; the field
    has it as metadata, for records of before. All these the table fills in, where they are not those of the field.
    """

    panel: str
    kind: Kind
    help: str
    unset: str = ""
    spellings: Mapping[str, str] = field(default_factory=dict)
    noun: str = "value"
    least: int | None = None
    most: int | None = None
    excludes: Mapping[str, str] = field(default_factory=dict)
    other_flag: str = ""
    name: str = ""
    config_field: str = ""
    choices: tuple[str, ...] = ()
    default: Any = ...
    keyword_default: Any = ...
    earlier: str = ""

    def __str__(self) -> str:
        return self.name

    @property
    def flag(self) -> str:
        """How the command line spells it."""
        return "SOURCE" if self.name == "source" else f"--{(self.other_flag or self.name).replace('_', '-')}"

    @property
    def off_flag(self) -> str:
        """How the command line switches it off, where it can be."""
        return f"--no-{self.flag.removeprefix('--')}"

    @property
    def flags(self) -> tuple[str, ...]:
        """All its spellings on the command line, the one that messages use first."""
        return (self.flag, f"--{self.name.replace('_', '-')}") if self.other_flag else (self.flag,)

    @property
    def in_config(self) -> bool:
        """Whether it decides the results, and `Config` holds it."""
        return bool(self.config_field)

    @property
    def keywords(self) -> tuple[str, ...]:
        """Spellings in Python: the name, and the flag's."""
        return tuple(dict.fromkeys((self.name, self.other_flag or self.name)))

    @property
    def keys(self) -> tuple[str, ...]:
        """Spellings in a configuration file: those of Python, the field's, so that a run's own is one, and the earlier one."""
        return tuple(dict.fromkeys((*self.keywords, self.config_field or self.name, self.earlier or self.name)))

    @property
    def earlier_flag(self) -> str:
        """How the command line spelled it before."""
        return f"--{self.earlier.replace('_', '-')}" if self.earlier else ""

    @property
    def default_text(self) -> str:
        """What is done where the option is not given, in words."""
        return self.unset or written(self.default)

    @property
    def help_text(self) -> str:
        """What the option is, and its choices."""
        # A single choice is named by the help itself.
        which = "Any" if self.kind == "choices" else "One"
        return f"{self.help} {which} of {', '.join(self.choices)}." if len(self.choices) > 1 else self.help


def written(value: Any) -> str:
    """A default as people write it."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
