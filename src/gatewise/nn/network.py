"""The classifier every arm uses: embed -> recurrent -> pool -> head. Arms differ in the recurrent part alone."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from gatewise.nn.gru import GRU
from gatewise.nn.lstm import LSTM
from gatewise.nn.min_gru import MinGRU
from gatewise.nn.min_lstm import MinLSTM
from gatewise.nn.rnn import RNN
from gatewise.nn.stack import Stack

__all__ = ["CELLS", "SequenceClassifier", "build_network"]

CELLS: dict[str, Callable[..., Stack]] = {"gru": GRU, "lstm": LSTM, "rnn": RNN, "min_gru": MinGRU, "min_lstm": MinLSTM}
"""The recurrent layer of every arm, by its cell's name."""

UNKNOWN_TOKEN = 1


class SequenceClassifier(nn.Module):
    """Classify sequences of tokens or of vectors.

    The states are pooled three ways and concatenated: the last real step (what a recurrent cell is asked to remember), the mean
    and the maximum over the real steps (Conneau et al. 2017 found them stronger on sentences). Padding enters none of them.
    input_dropout: probability that a whole step is hidden in training: a token becomes the unknown token (word dropout, Iyyer et
    al. 2015), a vector becomes zero. dropout: on the embedding, between layers and on the pooled states.
    """

    def __init__(
        self, embedding: nn.Embedding | None, recurrent: nn.Module, head: nn.Linear, *, dropout: float, input_dropout: float
    ) -> None:
        super().__init__()
        self.embedding = embedding
        self.recurrent = recurrent
        self.head = head
        self.dropout = nn.Dropout(dropout)
        self.input_dropout = input_dropout

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Class scores before the softmax.

        inputs: int64 [batch, steps] token ids, or float [batch, steps, channels]. lengths: int64 [batch], from 1 to steps.
        Returns [batch, classes].
        """
        if self.training and self.input_dropout:
            hidden = torch.rand(inputs.shape[:2], device=inputs.device) < self.input_dropout
            inputs = (
                inputs.masked_fill(hidden, UNKNOWN_TOKEN)
                if self.embedding is not None
                else inputs.masked_fill(hidden.unsqueeze(2), 0.0)
            )
        vectors = inputs if self.embedding is None else self.dropout(self.embedding(inputs))
        states, _ = self.recurrent(vectors, lengths=lengths)
        pooled = pool(states, lengths)
        scores: Tensor = self.head(self.dropout(pooled))
        return scores


def pool(states: Tensor, lengths: Tensor) -> Tensor:
    """Last, mean and maximum of the real steps: [batch, steps, size], int64 [batch] -> [batch, 3 * size]."""
    mask = (torch.arange(states.shape[1], device=states.device) < lengths[:, None]).unsqueeze(2)
    last = states[torch.arange(states.shape[0], device=states.device), lengths - 1]
    mean = states.masked_fill(~mask, 0.0).sum(1) / lengths.unsqueeze(1)
    maximum = states.masked_fill(~mask, float("-inf")).amax(1)
    return torch.cat([last, mean, maximum], dim=1)


def build_network(
    cell: str,
    *,
    input_size: int,
    tokens: bool,
    classes: int,
    embedding_size: int,
    hidden_size: int,
    layers: int,
    bidirectional: bool,
    dropout: float,
    input_dropout: float,
    seed: int,
    cell_seed: int,
) -> SequenceClassifier:
    """Build and initialise one arm's network.

    Embedding and head are drawn from `seed` alone, so that they are identical in every arm of a pair; the recurrent part from
    `cell_seed`. input_size: the vocabulary's size for tokens, else the number of channels.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        embedding = None
        if tokens:
            embedding = nn.Embedding(input_size, embedding_size, padding_idx=0)
            # torch's default deviation of 1 starts the gates saturated and is far slower to unlearn.
            nn.init.normal_(embedding.weight, std=0.1)
            with torch.no_grad():
                embedding.weight[0].zero_()
        width = 3 * hidden_size * (2 if bidirectional else 1)
        head = nn.Linear(width, classes)
        torch.manual_seed(cell_seed)
        recurrent = CELLS[cell](
            embedding_size if tokens else input_size,
            hidden_size,
            num_layers=layers,
            batch_first=True,
            dropout=dropout if layers > 1 else 0.0,
            bidirectional=bidirectional,
        )
    return SequenceClassifier(embedding, recurrent, head, dropout=dropout, input_dropout=input_dropout)
