"""Records as plain JSON types, and back."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar, cast

import numpy as np

__all__ = ["from_json", "to_json"]

Record = TypeVar("Record")


def to_json(record: Any) -> Any:
    """Turn a record, or any nesting of records, mappings and sequences, into plain JSON types."""
    if dataclasses.is_dataclass(record) and not isinstance(record, type):
        return {item.name: to_json(getattr(record, item.name)) for item in dataclasses.fields(record)}
    if isinstance(record, Mapping):
        return {str(key): to_json(value) for key, value in record.items()}
    if isinstance(record, (list, tuple)):
        return [to_json(value) for value in record]
    if isinstance(record, np.generic):
        return record.item()
    return record


def from_json(kind: type[Record], value: Any) -> Record:
    """Rebuild a record of type `kind` from what `to_json` made of it, in this version or an earlier one.

    A field's metadata names the key that it had before (`earlier`). Unknown keys are ignored, so that newer files stay readable.
    """
    return cast(Record, _rebuild(kind, value))


@lru_cache
def _field_types(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _rebuild(kind: Any, value: Any) -> Any:
    origin = typing.get_origin(kind)
    arguments = typing.get_args(kind)
    if value is None:
        return None
    if origin in (typing.Union, types.UnionType):
        return _rebuild(next(item for item in arguments if item is not type(None)), value)
    if dataclasses.is_dataclass(kind):
        hints = _field_types(cast(type, kind))
        found, given = {}, value.keys()
        for item in dataclasses.fields(kind):
            key = item.name if item.name in given else item.metadata.get("earlier")
            if key in given:
                found[item.name] = _rebuild(hints[item.name], value[key])
        return cast(Any, kind)(**found)
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_rebuild(arguments[0], item) for item in value)
        return tuple(_rebuild(item_kind, item) for item_kind, item in zip(arguments, value, strict=True))
    if origin is not None and isinstance(value, Mapping):
        return {key: _rebuild(arguments[1], item) for key, item in value.items()}
    return value
