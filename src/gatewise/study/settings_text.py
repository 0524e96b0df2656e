"""YAML from people, read without trust.

A few lines of aliases of aliases stand for a thousand million items, which the parser shares and whoever looks at them writes
out; and of dates and numbers that are none the parser raises whatever comes to it.
"""

from __future__ import annotations

from typing import Any

import yaml

__all__ = ["MOST_BYTES", "UNREADABLE", "compose", "construct", "load"]

MOST_BYTES = 250_000
"""A configuration is a few kilobytes; what is larger is data given by mistake, and takes the parser long."""

UNREADABLE = (yaml.YAMLError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)
"""What the parser raises for text that is no YAML, and for dates, numbers and the like that are none."""

# Values of a configuration with its aliases written out.
_MOST_VALUES = 10_000


def compose(text: str) -> tuple[yaml.SafeLoader, yaml.Node | None]:
    """The loader of a text and its only document; None for an empty one.

    Raises what `UNREADABLE` names, a ValueError also where aliases make too much of it.
    """
    loader = yaml.SafeLoader(text)
    node = loader.get_single_node()
    if node is not None and _values(node, {}) > _MOST_VALUES:
        raise ValueError(f"with its aliases written out it has more than {_MOST_VALUES:,} values")
    return loader, node


def construct(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    """What a node stands for. Raises what `UNREADABLE` names."""
    return loader.construct_object(node, deep=True)


def load(text: str) -> Any:
    """What a text stands for; None for an empty one. Raises what `UNREADABLE` names."""
    if len(text) > MOST_BYTES:
        raise ValueError(f"it has {len(text):,} characters, too many for a configuration")
    loader, node = compose(text)
    return None if node is None else construct(loader, node)


def _values(node: yaml.Node, known: dict[int, float]) -> float:
    """The values in a node, each as often as it is named; infinitely many in one that holds itself."""
    if id(node) not in known:
        known[id(node)] = float("inf")
        children = node.value if isinstance(node, yaml.CollectionNode) else []
        flat = (one for child in children for one in (child if isinstance(child, tuple) else (child,)))
        known[id(node)] = 1 + sum(_values(one, known) for one in flat)
    return known[id(node)]
