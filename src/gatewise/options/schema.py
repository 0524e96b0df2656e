"""A JSON schema of the configuration file, for editors (JSON Schema draft 2020-12)."""

from __future__ import annotations

from typing import Any

from gatewise.options.table import SPELLINGS, Option

__all__ = ["json_schema"]

_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_ABOVE_ZERO: dict[str, Any] = {"type": "number", "exclusiveMinimum": 0}


def json_schema() -> dict[str, Any]:
    """The schema of a configuration file: every option under its names, null allowed everywhere, and nothing else."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "gatewise comparison",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _property(option, name) for name, option in SPELLINGS.items()},
    }


def _property(option: Option, name: str) -> dict[str, Any]:
    default = list(option.default) if isinstance(option.default, tuple) else option.default
    unset = f" Default: {option.default_text}." if option.default_text != "required" else ""
    forms = [*_forms(option), {"type": "null"}]
    described = {"description": f"{option.help_text}{unset}", "default": default, "anyOf": forms}
    return described | {"deprecated": True} if name == option.earlier else described


def _forms(option: Option) -> list[dict[str, Any]]:
    """What a value may look like. Quantities are checked further when the file is read."""
    if option.kind == "whole":
        bounds = {"minimum": option.least, "maximum": option.most}
        return [{"type": "integer", **{name: bound for name, bound in bounds.items() if bound is not None}}]
    if option.kind == "choice":
        return [{"enum": _spellings(option)}]
    if option.kind == "choices":
        return [{"type": "array", "items": {"enum": _spellings(option)}}, _TEXT]
    if option.kind == "columns":
        return [{"type": "array", "items": _TEXT, "uniqueItems": True}, _TEXT]
    if option.kind == "fractions":
        return [{"type": "array", "items": _ABOVE_ZERO | {"maximum": 1}}, _TEXT]
    if option.kind in ("duration", "latency", "size", "margin"):
        return [_ABOVE_ZERO, _TEXT]
    return [{"number": {"type": "number"}, "flag": {"type": "boolean"}}.get(option.kind, _TEXT)]


def _spellings(option: Option) -> list[str]:
    known = (*option.choices, *option.spellings)
    return list(dict.fromkeys((*known, *(name.replace("_", "-") for name in known))))
