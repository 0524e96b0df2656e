"""What an arm's network is built of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Architecture"]


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """All that one arm's network is built of, in types that JSON has.

    cell: a name of `nn.network.CELLS` or `RIVALS`. input_size: the vocabulary's size for tokens, else the number of channels.
    pooling: a name of `nn.pooling.POOLINGS`. layers: of a tcn, its blocks. skip: arguments of `LinearSkip`, None for none.
    forget_bias: first bias of the gate that keeps the state, so that at first about sigmoid(forget_bias) of it is kept at a step:
    the LSTM's forget gate, the GRU's update gate, and in minGRU and minLSTM whatever has that effect. chrono: longest memory in
    steps that these gates are initialised for (Tallec & Ollivier 2018). An rnn and a tcn have no gate and ignore both, so that
    they can be compared with cells that have.
    seed: of embedding, head and pooling alone, so that they are identical in every arm of a replicate of one hidden size;
    cell_seed: of the recurrent part.
    """

    cell: str = field(kw_only=False)
    input_size: int
    tokens: bool
    outputs: int
    pooling: str
    embedding_size: int
    hidden_size: int
    layers: int
    bidirectional: bool
    dropout: float
    input_dropout: float
    forget_bias: float | None = None
    chrono: int | None = None
    skip: Mapping[str, Any] | None = None
    seed: int
    cell_seed: int
