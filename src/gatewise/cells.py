"""The recurrent cells, with what sets each apart: a row a cell. The kernels say the same of theirs in cpp/cells.h, and a test
holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["CELLS", "EQUATIONS", "Block", "CellTraits", "Role"]


@dataclass(frozen=True, kw_only=True)
class Block:
    """One block of hidden_size rows in a cell's weights: a gate, or the candidate that gates let through.

    symbol: in PyTorch's documentation, or the paper. name: in a sentence. turn: place in the order in which a step is told, from
    1. role: what a gate is for. meaning: what it does, for a person who reads no equations. A candidate has no role: its values
    are no share between 0 and 1.
    """

    symbol: str
    name: str
    turn: int
    meaning: str
    role: Role | None = None


@dataclass(frozen=True, kw_only=True)
class CellTraits:
    """One cell.

    name: in options and files. title: where a person reads it. layer: its class, as module:name. equations: its names in
    `kernels.equations.STEPS`, more than one where an argument of the layer chooses. gates: blocks of hidden_size rows in its
    weights. recurrent: whether they see the state, so that there are W_hh and b_hh. cell_state: whether there is a c beside h.
    keeps: whether a gate of its keeps the state, which forget_bias and chrono start. blocks: of its weights, in their order.
    kept: what of the state stays at a step, in the symbols of the blocks; `kernels.equations.KEPT` computes it. meaning: how it
    goes about its memory, for a person who reads no equations.
    """

    name: str
    title: str
    layer: str
    equations: tuple[str, ...]
    gates: int
    recurrent: bool = True
    cell_state: bool = False
    keeps: bool = True
    blocks: tuple[Block, ...] = ()
    kept: str = ""
    meaning: str = ""


Role = Literal["keep", "write", "look back", "show"]
"""What a gate is for: to keep the memory, to write into it, to look back at it for what is written, or to show it."""

GRU_BLOCKS = (
    Block(
        symbol="r",
        name="reset gate",
        turn=1,
        role="look back",
        meaning="How much of the memory is looked at while new content is formed. Near 1 the step is read in the light of what "
        "came before; near 0 it is read as if nothing had come before.",
    ),
    Block(
        symbol="z",
        name="update gate",
        turn=3,
        role="keep",
        meaning="How much of the memory stays as it is. Near 1 the step passes by and nothing changes; near 0 the memory is "
        "replaced by the new content.",
    ),
    Block(
        symbol="n",
        name="new content",
        turn=2,
        meaning="What may be written, between −1 and 1: made of the step itself and of what the reset gate lets see.",
    ),
)

LSTM_BLOCKS = (
    Block(
        symbol="i",
        name="input gate",
        turn=2,
        role="write",
        meaning="How much of the new content is added to the memory. Near 0 the step leaves no trace.",
    ),
    Block(
        symbol="f",
        name="forget gate",
        turn=1,
        role="keep",
        meaning="How much of the memory stays. Near 1 it is kept, near 0 it is wiped.",
    ),
    Block(
        symbol="g",
        name="new content",
        turn=3,
        meaning="What may be written, between −1 and 1: made of the step itself and of what was shown at the step before.",
    ),
    Block(
        symbol="o",
        name="output gate",
        turn=4,
        role="show",
        meaning="How much of the memory is shown: to the rest of the network, and to the gates of the next step. What is not "
        "shown is still kept.",
    ),
)

ROWS = (
    CellTraits(
        name="gru",
        title="GRU",
        layer="gatewise.nn.gru:GRU",
        equations=("gru",),
        gates=3,
        blocks=GRU_BLOCKS,
        kept="z",
        meaning="It has one memory, which it shows as it is. Two gates decide how much of it is looked at, and how much stays.",
    ),
    CellTraits(
        name="lstm",
        title="LSTM",
        layer="gatewise.nn.lstm:LSTM",
        equations=("lstm",),
        gates=4,
        cell_state=True,
        blocks=LSTM_BLOCKS,
        kept="f",
        meaning="It has a memory of its own, and shows a part of it. Three gates decide how much of it stays, how much is added, "
        "and how much is shown.",
    ),
    CellTraits(
        name="rnn",
        title="RNN",
        layer="gatewise.nn.rnn:RNN",
        equations=("rnn_tanh", "rnn_relu"),
        gates=1,
        keeps=False,
        blocks=(Block(symbol="h", name="new state", turn=1, meaning="Made anew of the step and of the state before."),),
        meaning="It has no gates: at every step its memory is made anew, of the step and of what was there before.",
    ),
    CellTraits(
        name="min_gru",
        title="minGRU",
        layer="gatewise.nn.min_gru:MinGRU",
        equations=("min_gru",),
        gates=2,
        recurrent=False,
        kept="1 − z",
        blocks=(
            Block(
                symbol="z",
                name="update gate",
                turn=1,
                role="write",
                meaning="How much of the memory is replaced by the new content. It sees the step alone, not the memory.",
            ),
            Block(symbol="h", name="new content", turn=2, meaning="What may be written, above 0: made of the step alone."),
        ),
        meaning="It is a GRU cut down: one gate, which sees the step alone, says how much of the memory is replaced.",
    ),
    CellTraits(
        name="min_lstm",
        title="minLSTM",
        layer="gatewise.nn.min_lstm:MinLSTM",
        equations=("min_lstm",),
        gates=3,
        recurrent=False,
        kept="f",
        blocks=(
            Block(
                symbol="f",
                name="forget gate",
                turn=1,
                role="keep",
                meaning="How much of the memory stays. It is scaled so that it and the input gate add up to 1.",
            ),
            Block(
                symbol="i",
                name="input gate",
                turn=2,
                role="write",
                meaning="How much of the new content is added: what the forget gate leaves of 1.",
            ),
            Block(symbol="h", name="new content", turn=3, meaning="What may be written, above 0: made of the step alone."),
        ),
        meaning="It is an LSTM cut down: two gates, which see the step alone and add up to 1, say what stays and what is added.",
    ),
)

CELLS: Mapping[str, CellTraits] = {row.name: row for row in ROWS}
"""Every cell that can be compared, by its name."""

EQUATIONS: Mapping[str, CellTraits] = {equation: row for row in ROWS for equation in row.equations}
"""The same by the names of its equations, which the layers call it by."""
