"""What a model keeps between two steps: the members of its struct, and the bytes that they take."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import NamedTuple

from gatewise.cells import CELLS
from gatewise.export.c.design import Design

__all__ = ["Member", "members", "state_bytes"]

_SUMS = {"gru": 4, "lstm": 4, "rnn": 1, "min_gru": 2, "min_lstm": 3}
"""Blocks of the hidden size that a step of a cell adds up; the GRU's new content has its two sides apart."""


class Member(NamedTuple):
    """A member of the struct. note: what it holds."""

    name: str
    shape: tuple[int, ...]
    note: str
    kind: str = "float"

    @property
    def declaration(self) -> str:
        """As it stands in the struct."""
        return f"{self.kind} {self.name}{''.join(f'[{size}]' for size in self.shape)}; /* {self.note} */"


def members(design: Design, sizes: Mapping[str, int]) -> list[Member]:
    """The members in their order. sizes: those that the source has by name."""
    built = design.architecture
    hidden = built.hidden_size
    found = [Member("h", (built.layers, hidden), "the layers' states")]
    if CELLS[built.cell].cell_state:
        found.append(Member("c", (built.layers, hidden), "the layers' memories"))
    sums = _SUMS[built.cell] * hidden
    found.append(Member("sums", (max(sums, hidden),), "of a step"))
    if not (built.tokens and not design.int8):
        found.append(Member("x", (design.inputs,), "what the first layer reads"))
    if built.pooling in ("mean", "summary", "attention"):
        found.append(Member("sum", (hidden,), "of the states so far"))
        found.append(Member("read", (design.read_by_head,), "what the head reads"))
    if built.pooling in ("max", "summary"):
        found.append(Member("most", (hidden,), "of the states so far"))
    if built.pooling == "attention":
        found += [Member("score", (), "the largest so far"), Member("shares", (), "their sum so far")]
    if design.reads == "audio":
        found.append(Member("sound", (sizes["WINDOW"],), "samples of the next step"))
        found.append(Member("spectrum", (sizes["TRANSFORM"],), "of a step"))
        found.append(Member("filled", (), "samples there", "uint32_t"))
        found.append(Member("passed", (), "samples still to be passed over", "uint32_t"))
    if design.reads == "windows":
        found.append(Member("window", (sizes["WINDOW"], built.input_size), "the last steps, in a ring"))
        if built.skip is not None:
            found.append(Member("line", (sizes["WINDOW"],), "a channel's window"))
            found.append(Member("ahead", (sizes["HORIZON"],), "a channel's horizon"))
        found.append(Member("seen", (), "steps in the window", "uint32_t"))
        found.append(Member("next", (), "where the next one goes", "uint32_t"))
    found.append(Member("steps", (), "read since the last reset", "uint32_t"))
    return found


def state_bytes(design: Design, sizes: Mapping[str, int]) -> int:
    """Bytes of the struct: every member is of 32 bits."""
    return sum(4 * prod(member.shape) for member in members(design, sizes))
