"""Recurrent layers for inference with weights of eight bits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from gatewise.cells import EQUATIONS
from gatewise.errors import OptionError
from gatewise.kernels.int8 import Int8Layer, Int8Weights, quantize_weights
from gatewise.nn.batch import Batch, read, restore_state
from gatewise.nn.torch_layer import TorchLayer
from gatewise.nn.tracing import is_proxy, is_traced_by_jit

__all__ = ["QuantizedGRU", "QuantizedLSTM", "QuantizedLayer", "QuantizedRNN"]

Results = tuple[Tensor | PackedSequence, Tensor, Tensor | None]

FIELDS = ("weight_ih", "scale_ih", "weight_hh", "scale_hh", "bias_ih", "bias_hh")
"""Buffers of a direction, in the order of Int8Weights."""


class QuantizedLayer(nn.Module):
    """A GRU, LSTM or RNN whose weights are eight bits wide, made by `quantize`; for inference on the CPU, without gradients.

    Weights are whole numbers from -127 to 127 times a factor for each row (symmetric, chosen once); inputs and states are rounded
    in the same way at every step, with a factor for each row of the batch. Products are summed exactly in 32 bits; biases, gates
    and states are float32. A row's result depends on nothing else in the batch, and is the same to the last bit for any number of
    threads and on every x86 processor. A row with a value that is not finite is NaN from that step on.

    Buffers of layer k: weight_ih_l[k], weight_hh_l[k] (int8, torch.nn's shapes), scale_ih_l[k], scale_hh_l[k] (float32, one a
    row: weight_ih_l[k] * scale_ih_l[k][:, None] is the matrix), bias_ih_l[k] and bias_hh_l[k] where there are biases; with
    `_reverse` for the other direction. They are the state_dict, which another layer of the same sizes loads. Weights are packed
    at the first call, and again after a change of the buffers (of one made under torch.inference_mode: after its replacement).
    """

    name: ClassVar[str]

    def __init__(self, layer: TorchLayer) -> None:
        super().__init__()
        self.cell = layer.cell
        self.input_size = layer.input_size
        self.hidden_size = layer.hidden_size
        self.num_layers = layer.num_layers
        self.bias = layer.bias
        self.batch_first = layer.batch_first
        self.bidirectional = layer.bidirectional
        zoneout_h, zoneout_c = layer.zoneout if isinstance(layer.zoneout, tuple) else (layer.zoneout, 0.0)
        self.updates = (1 - zoneout_h, 1 - zoneout_c)
        for index in range(layer.num_layers):
            weights = layer.weights(index)
            for number, suffix in enumerate(self._suffixes()):
                w_ih, w_hh, b_ih, b_hh = (_values(tensor) for tensor in weights[4 * number : 4 * number + 4])
                at = f"l{index}{suffix}"
                for side, weight in (("ih", w_ih), ("hh", w_hh)):
                    assert weight is not None
                    rounded, scale = quantize_weights(f"weight_{side}_{at}", weight.numpy())
                    self.register_buffer(f"weight_{side}_{at}", torch.from_numpy(rounded))
                    self.register_buffer(f"scale_{side}_{at}", torch.from_numpy(scale))
                for side, bias in (("ih", b_ih), ("hh", b_hh)):
                    if bias is not None and not bool(torch.isfinite(bias).all()):
                        raise OptionError(f"bias_{side}_{at} holds values that are not finite; expected finite ones")
                    self.register_buffer(f"bias_{side}_{at}", None if bias is None else bias.clone())
        self._packed: tuple[tuple[int, ...], tuple[Int8Layer, ...]] | None = None
        self.eval()

    def layers(self) -> tuple[Int8Layer, ...]:
        """The layers on arrays, their weights packed. Raises RuntimeError for buffers that are no longer on the CPU, in their
        dtypes."""
        names = [
            [f"{field}_l{index}{suffix}" for field in FIELDS] for index in range(self.num_layers) for suffix in self._suffixes()
        ]
        directions = [[self._buffers[name] for name in row] for row in names]
        now = tuple(
            part for row in directions for tensor in row if tensor is not None for part in (tensor.data_ptr(), _version(tensor))
        )
        if self._packed is None or self._packed[0] != now:
            self._packed = now, tuple(self._pack(directions))
        return self._packed[1]

    def _pack(self, directions: list[list[Tensor | None]]) -> Iterator[Int8Layer]:
        count = 2 if self.bidirectional else 1
        for index in range(self.num_layers):
            weights = []
            for row in directions[index * count : (index + 1) * count]:
                for name, tensor in zip(FIELDS, row, strict=True):
                    self._check(f"{name}_l{index}", tensor)
                arrays = (None if tensor is None else tensor.contiguous().numpy() for tensor in row)
                weights.append(Int8Weights(*arrays))  # type: ignore[arg-type]
            yield Int8Layer(self.cell, weights, updates=self.updates)

    def _check(self, name: str, tensor: Tensor | None) -> None:
        if tensor is None:
            return
        expected = torch.int8 if name.startswith("weight") else torch.float32
        if tensor.dtype != expected or tensor.device.type != "cpu":
            raise RuntimeError(
                f"{self.name}: {name} is {tensor.dtype} on {tensor.device}; expected {expected} on the CPU, where it runs"
            )
        if expected == torch.int8 and bool((tensor == -128).any()):
            raise RuntimeError(f"{self.name}: {name} holds -128; expected -127 to 127, as quantize makes them")

    def _suffixes(self) -> tuple[str, ...]:
        return ("", "_reverse") if self.bidirectional else ("",)

    def run(self, input: Tensor | PackedSequence, h_0: Tensor | None, c_0: Tensor | None, lengths: Tensor | None) -> Results:
        """Output, h_n and c_n (None for cells without one), laid out as the float layer has them."""
        if is_traced_by_jit() or is_proxy(input):
            raise OptionError(f"{self.name} cannot be traced: its kernels are no operators; trace or export the float layer")
        if torch.compiler.is_dynamo_compiling():
            from gatewise.nn.outside_graph import run_quantized

            return cast("Results", run_quantized(self, input, h_0, c_0, lengths))
        return self.run_eagerly(input, h_0, c_0, lengths)

    @torch.no_grad()
    def run_eagerly(
        self, input: Tensor | PackedSequence, h_0: Tensor | None, c_0: Tensor | None, lengths: Tensor | None
    ) -> Results:
        """`run`, where nothing captures the call."""
        if isinstance(input, PackedSequence):
            return self._run_packed(input, h_0, c_0, lengths)
        return self._run(input, h_0, c_0, lengths)

    def _run_packed(
        self, input: PackedSequence, h_0: Tensor | None, c_0: Tensor | None, lengths: Tensor | None
    ) -> tuple[PackedSequence, Tensor, Tensor | None]:
        if lengths is not None:
            raise ValueError(f"{self.name}: a PackedSequence already holds its lengths; pass lengths only with a padded batch")
        padded, sizes = pad_packed_sequence(input, self.batch_first)
        rows = 0 if self.batch_first else 1
        output, h_n, c_n = self._run(padded, h_0, c_0, sizes)
        if input.sorted_indices is not None:
            output, sizes = (tensor.index_select(axis, input.sorted_indices) for tensor, axis in ((output, rows), (sizes, 0)))
        data = pack_padded_sequence(output, sizes, self.batch_first).data
        return PackedSequence(data, input.batch_sizes, input.sorted_indices, input.unsorted_indices), h_n, c_n

    def _run(
        self, input: Tensor, h_0: Tensor | None, c_0: Tensor | None, lengths: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        batch = self._read(input, h_0, c_0, lengths)
        sizes = None if batch.lengths is None else batch.lengths.numpy()
        count = 2 if self.bidirectional else 1
        data, final_h, final_c = batch.input.detach(), [], []
        for index, layer in enumerate(self.layers()):
            rows = slice(index * count, (index + 1) * count)
            first = [None if state is None else state[rows].detach().numpy() for state in (batch.h_0, batch.c_0)]
            output = data.new_empty((*data.shape[:2], count * self.hidden_size))
            arrays = (tensor.numpy() if self.batch_first else tensor.numpy().swapaxes(0, 1) for tensor in (data, output))
            values, target = arrays
            _, h, c = layer.run(values, sizes, *first, output=target, threads=torch.get_num_threads())
            data = output
            final_h.append(torch.from_numpy(h))
            if c is not None:
                final_c.append(torch.from_numpy(c))
        c_n = restore_state(torch.cat(final_c), batch) if final_c else None
        h_n = restore_state(torch.cat(final_h), batch)
        return data.squeeze(0 if self.batch_first else 1) if batch.unbatched else data, h_n, c_n

    def _read(self, input: Tensor, h_0: Tensor | None, c_0: Tensor | None, lengths: Tensor | None) -> Batch:
        gates = EQUATIONS[self.cell].gates * self.hidden_size
        return read(
            self.name,
            input,
            h_0,
            c_0,
            lengths,
            weight=_ONE_VALUE.expand(gates, self.input_size),
            batch_first=self.batch_first,
            states=self.num_layers * (2 if self.bidirectional else 1),
            output_size=self.hidden_size,
            hidden_size=self.hidden_size,
        )

    def train(self, mode: bool = True) -> QuantizedLayer:
        """Has no effect on results: these layers are for inference."""
        super().train(mode)
        return self

    def extra_repr(self) -> str:
        """The constructor's arguments that differ from torch.nn's defaults."""
        given = [f"{self.input_size}, {self.hidden_size}"]
        defaults = {"num_layers": 1, "bias": True, "batch_first": False, "bidirectional": False}
        given += [f"{name}={getattr(self, name)}" for name, default in defaults.items() if getattr(self, name) != default]
        return ", ".join(given)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_packed": None}


# Stands for the weights where a call is read: their shape is that of the sizes, their type float32.
_ONE_VALUE = torch.zeros(1, 1)


class QuantizedGRU(QuantizedLayer):
    """A `GRU` with weights of eight bits; see `QuantizedLayer`."""

    name = "QuantizedGRU"

    def forward(
        self, input: Tensor | PackedSequence, hx: Tensor | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor | PackedSequence, Tensor]:
        """Output and h_n; arguments, shapes and errors are as in `gatewise.nn.GRU`, input being float32 on the CPU."""
        output, h_n, _ = self.run(input, hx, None, lengths)
        return output, h_n


class QuantizedRNN(QuantizedLayer):
    """An `RNN` with weights of eight bits; see `QuantizedLayer`."""

    name = "QuantizedRNN"
    forward = QuantizedGRU.forward


class QuantizedLSTM(QuantizedLayer):
    """An `LSTM` with weights of eight bits; see `QuantizedLayer`."""

    name = "QuantizedLSTM"

    def forward(
        self, input: Tensor | PackedSequence, hx: tuple[Tensor, Tensor] | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor | PackedSequence, tuple[Tensor, Tensor]]:
        """Output and (h_n, c_n); arguments, shapes and errors are as in `gatewise.nn.LSTM`, input being float32 on the CPU."""
        h_0, c_0 = (None, None) if hx is None else hx
        output, h_n, c_n = self.run(input, h_0, c_0, lengths)
        assert c_n is not None
        return output, (h_n, c_n)


def _values(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.detach().contiguous()


def _version(tensor: Tensor) -> int:
    return 0 if tensor.is_inference() else tensor._version
