"""The network every arm uses: embed -> recurrent -> pool -> head. Arms differ in the recurrent part alone."""

from __future__ import annotations

from collections.abc import Callable
from pkgutil import resolve_name
from typing import Any

import torch
from torch import Tensor, nn

from gatewise import cells
from gatewise.nn.chrono import check_first_biases
from gatewise.nn.linear_skip import LinearSkip
from gatewise.nn.pooling import Pool, build_pool, head_width
from gatewise.nn.stack import Stack
from gatewise.nn.tcn import TCN
from gatewise.records import Architecture

__all__ = ["CELLS", "EMBEDDING_DEVIATION", "RIVALS", "SequenceNetwork", "build_network"]

CELLS: dict[str, Callable[..., Stack]] = {name: resolve_name(traits.layer) for name, traits in cells.CELLS.items()}
"""The recurrent layer of every arm, by its cell's name."""

RIVALS = ("tcn",)
"""What may stand in a network in the place of a recurrent layer, to be compared with as a baseline is."""

UNKNOWN_TOKEN = 1
# torch's own deviation of 1 starts the gates saturated and is far slower to unlearn.
EMBEDDING_DEVIATION = 0.1


class SequenceNetwork(nn.Module):
    """Read sequences of tokens or of vectors, and say something of each of them, or of each of their steps.

    pool: how the states become what the head reads. outputs: class scores, or numbers.
    input_dropout: probability that a whole step is hidden in training: a token becomes the unknown token (word dropout, Iyyer et
    al. 2015), a vector becomes zero. dropout: on the embedding, between layers and on what the head reads. skip: a linear
    forecast that is added to what the head says; it reads every step.
    """

    def __init__(
        self,
        embedding: nn.Embedding | None,
        recurrent: nn.Module,
        head: nn.Linear,
        *,
        pool: Pool,
        dropout: float,
        input_dropout: float,
        skip: LinearSkip | None = None,
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.recurrent = recurrent
        self.head = head
        self.pool = pool
        self.outputs = head.out_features
        self.dropout = nn.Dropout(dropout)
        self.input_dropout = input_dropout
        self.skip = skip

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Class scores before the softmax, logits, or numbers: whatever the loss takes them for.

        inputs: int64 [batch, steps] token ids, or float [batch, steps, channels]. lengths: int64 [batch], from 1 to steps, best
        on the CPU whatever the device of the others.
        Returns [batch, outputs], with `pooling.Steps` [batch, steps, outputs]: at a step what follows from the steps up to
        it, and beyond a sequence's length nothing of meaning.
        """
        read = inputs
        if self.training and self.input_dropout:
            hidden = torch.rand(inputs.shape[:2], device=inputs.device) < self.input_dropout
            read = (
                inputs.masked_fill(hidden, UNKNOWN_TOKEN)
                if self.embedding is not None
                else inputs.masked_fill(hidden.unsqueeze(2), 0.0)
            )
        vectors = read if self.embedding is None else self.dropout(self.embedding(read))
        states, _ = self.recurrent(vectors, lengths=lengths)
        return self.answer(inputs, states, lengths)

    def answer(self, inputs: Tensor, states: Tensor, lengths: Tensor) -> Tensor:
        """What the states say of the inputs. states: [batch, steps, size], of the last recurrent layer; else as `forward`."""
        # The recurrent layers read lengths on the processor: where they are there already, nobody waits for the device.
        lengths = lengths.to(states.device)
        scores: Tensor = self.head(self.dropout(self.pool(states, lengths)))
        return scores if self.skip is None else scores + self.skip(inputs)


def build_network(built: Architecture) -> SequenceNetwork:
    """The network as it starts. Raises OptionError for a pooling, ValueError for a forget_bias or chrono that cannot be."""
    # Of cells without gates, too: what is no value for any cell is none for them.
    check_first_biases(built.forget_bias, built.chrono, bias=True)
    width = head_width(built.pooling, built.hidden_size, bidirectional=built.bidirectional)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(built.seed)
        embedding = _embedding(built.input_size, built.embedding_size) if built.tokens else None
        head = nn.Linear(width, built.outputs)
        pool = build_pool(built.pooling, built.hidden_size, bidirectional=built.bidirectional)
        torch.manual_seed(built.cell_seed)
        recurrent = _recurrent(built)
    return SequenceNetwork(
        embedding,
        recurrent,
        head,
        pool=pool,
        dropout=built.dropout,
        input_dropout=built.input_dropout,
        skip=None if built.skip is None else LinearSkip(**built.skip),
    )


def _recurrent(built: Architecture) -> nn.Module:
    width = built.embedding_size if built.tokens else built.input_size
    if built.cell in RIVALS:
        return TCN(width, built.hidden_size, num_layers=built.layers)
    keeps = cells.CELLS[built.cell].keeps
    gates: dict[str, Any] = {"forget_bias": built.forget_bias, "chrono": built.chrono} if keeps else {}
    return CELLS[built.cell](
        width,
        built.hidden_size,
        num_layers=built.layers,
        batch_first=True,
        dropout=built.dropout if built.layers > 1 else 0.0,
        bidirectional=built.bidirectional,
        **gates,
    )


def _embedding(tokens: int, size: int) -> nn.Embedding:
    embedding = nn.Embedding(tokens, size, padding_idx=0)
    nn.init.normal_(embedding.weight, std=EMBEDDING_DEVIATION)
    with torch.no_grad():
        embedding.weight[0].zero_()
    return embedding
