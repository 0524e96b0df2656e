"""The layers in the forms of input that they take, as models whose arguments and results are tensors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

import gatewise.nn
from gatewise.kernels import equations, ops

__all__ = ["FORMS", "LAYERS", "Case", "Model", "by_equations", "cases", "flat"]

LAYERS = ("GRU", "LSTM", "RNN", "MinGRU", "MinLSTM", "GRUCell", "LSTMCell")
FORMS = ("plain", "packed", "lengths")
IN_TORCH = ("GRU", "LSTM", "RNN", "GRUCell", "LSTMCell")
INPUT, HIDDEN = 3, 2

LENGTHS = ((2, 4, 3), (2, 6, 3, 5, 1))
"""Of the rows of two batches that differ in rows and steps."""


def flat(result: Any) -> tuple[Tensor, ...]:
    """The tensors of a layer's result, of a packed output its data."""
    if isinstance(result, PackedSequence):
        return (result.data,)
    return (result,) if isinstance(result, Tensor) else tuple(tensor for one in result for tensor in flat(one))


class Model(nn.Module):
    """A layer, and its results flat. Beside the data, arguments are what goes with the form of input."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer


class Plain(Model):
    def forward(self, data: Tensor) -> tuple[Tensor, ...]:
        return flat(self.layer(data))


class Packed(Model):
    def forward(self, data: Tensor, batch_sizes: Tensor, sorted_indices: Tensor, unsorted_indices: Tensor) -> tuple[Tensor, ...]:
        return flat(self.layer(PackedSequence(data, batch_sizes, sorted_indices, unsorted_indices)))


class Lengths(Model):
    def forward(self, data: Tensor, lengths: Tensor) -> tuple[Tensor, ...]:
        return flat(self.layer(data, None, lengths))


class StockLengths(Model):
    """PyTorch's layer, which knows lengths by packing alone."""

    def forward(self, data: Tensor, lengths: Tensor) -> tuple[Tensor, ...]:
        output, states = self.layer(pack_padded_sequence(data, lengths, enforce_sorted=False))
        return *flat(pad_packed_sequence(output, total_length=data.shape[0])[0]), *flat(states)


MODELS: dict[str, type[Model]] = {"plain": Plain, "packed": Packed, "lengths": Lengths}


@dataclass(frozen=True)
class Case:
    """A layer of `gatewise.nn` and a form of input."""

    layer: str
    form: str

    @property
    def is_cell(self) -> bool:
        """Whether it takes one step alone."""
        return self.layer.endswith("Cell")

    def model(self, dtype: torch.dtype = torch.float64) -> Model:
        """The layer in evaluation mode; the same weights at every call."""
        torch.manual_seed(1)
        return MODELS[self.form](getattr(gatewise.nn, self.layer)(INPUT, HIDDEN, dtype=dtype)).eval()

    def stock(self, model: Model) -> Model | None:
        """PyTorch's layer with the same weights, where it has this one."""
        if self.layer not in IN_TORCH:
            return None
        layer = getattr(nn, self.layer)(INPUT, HIDDEN, dtype=torch.float64)
        layer.load_state_dict(model.layer.state_dict())
        return (StockLengths if self.form == "lengths" else MODELS[self.form])(layer)

    def example(self, number: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, ...]:
        """The first or second batch: other sizes, other values."""
        torch.manual_seed(2 + number)
        lengths = torch.tensor(LENGTHS[number])
        rows, steps = len(lengths), int(lengths.max())
        if self.is_cell and self.form == "plain":
            return (torch.randn(rows, INPUT, dtype=dtype),)
        data = torch.randn(steps, rows, INPUT, dtype=dtype)
        if self.form == "packed":
            return tuple(pack_padded_sequence(data, lengths, enforce_sorted=False))  # type: ignore[arg-type]
        return (data, lengths) if self.form == "lengths" else (data,)

    def samples(self, count: int) -> tuple[Tensor, Sequence[Tensor]]:
        """`count` times the data of the first batch, mapped over at 0, and what goes with it."""
        data, *more = self.example(0)
        return torch.randn(count, *data.shape, dtype=data.dtype), more


def cases() -> Iterator[Case]:
    """All; a cell has no argument for lengths."""
    for form in FORMS:
        for layer in LAYERS:
            case = Case(layer, form)
            if not (case.is_cell and form == "lengths"):
                yield case


@contextmanager
def by_equations() -> Iterator[None]:
    """The reference equations in the kernels' place: plain operators of PyTorch, which it can transform in every way."""
    with patch.object(ops, "recurrent", equations.recurrent):
        yield
