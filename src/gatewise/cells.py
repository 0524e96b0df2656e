"""The recurrent cells, with what sets each apart: a row a cell. The kernels say the same of theirs in cpp/cells.h, and a test
holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["CELLS", "EQUATIONS", "CellTraits"]


@dataclass(frozen=True, kw_only=True)
class CellTraits:
    """One cell.

    name: in options and files. title: where a person reads it. layer: its class, as module:name. equations: its names in
    `kernels.equations.STEPS`, more than one where an argument of the layer chooses. gates: blocks of hidden_size rows in its
    weights. recurrent: whether they see the state, so that there are W_hh and b_hh. cell_state: whether there is a c beside h.
    keeps: whether a gate of its keeps the state, which forget_bias and chrono start.
    """

    name: str
    title: str
    layer: str
    equations: tuple[str, ...]
    gates: int
    recurrent: bool = True
    cell_state: bool = False
    keeps: bool = True


ROWS = (
    CellTraits(name="gru", title="GRU", layer="gatewise.nn.gru:GRU", equations=("gru",), gates=3),
    CellTraits(name="lstm", title="LSTM", layer="gatewise.nn.lstm:LSTM", equations=("lstm",), gates=4, cell_state=True),
    CellTraits(name="rnn", title="RNN", layer="gatewise.nn.rnn:RNN", equations=("rnn_tanh", "rnn_relu"), gates=1, keeps=False),
    CellTraits(
        name="min_gru", title="minGRU", layer="gatewise.nn.min_gru:MinGRU", equations=("min_gru",), gates=2, recurrent=False
    ),
    CellTraits(
        name="min_lstm", title="minLSTM", layer="gatewise.nn.min_lstm:MinLSTM", equations=("min_lstm",), gates=3, recurrent=False
    ),
)

CELLS: Mapping[str, CellTraits] = {row.name: row for row in ROWS}
"""Every cell that can be compared, by its name."""

EQUATIONS: Mapping[str, CellTraits] = {equation: row for row in ROWS for equation in row.equations}
"""The same by the names of its equations, which the layers call it by."""
