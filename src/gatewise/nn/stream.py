"""A recurrent layer one step at a time, its state carried from call to call, for one stream or many side by side."""

from __future__ import annotations

import copy
import operator
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from gatewise.cells import EQUATIONS
from gatewise.durable import write_file
from gatewise.errors import DataError, OptionError
from gatewise.kernels import REMEDY, missing
from gatewise.kernels.options import Options
from gatewise.kernels.signature import kernel_of
from gatewise.nn.gru import GRU
from gatewise.nn.lstm import LSTM
from gatewise.nn.quantized import QuantizedLayer
from gatewise.nn.rnn import RNN
from gatewise.nn.stack import Stack

if TYPE_CHECKING:
    from gatewise.kernels import _compiled

__all__ = ["Stream", "StreamState"]

REPLACEMENTS: dict[type[nn.Module], type[Stack]] = {nn.GRU: GRU, nn.LSTM: LSTM, nn.RNN: RNN}
FORMAT = "gatewise.stream.1"
_BOTH_WAYS = "Stream was given a bidirectional {}, which needs a sequence's end first; use one direction"


class StreamState(NamedTuple):
    """h, and for the LSTM c (else None): [layers, streams, hidden_size], as torch.nn's layers take and return them."""

    h: NDArray[Any]
    c: NDArray[Any] | None


class Stream:
    """Steps a recurrent layer through `streams` independent sequences that arrive one step at a time.

    module: a one-directional `gatewise.nn` GRU, LSTM, RNN, MinGRU or MinLSTM, or exactly torch.nn.GRU, LSTM or RNN, with any
    number of layers, in float32 or float64 on the CPU; or what `quantize` made of one. Its weights are read once, here: later
    changes of the module are not seen, and a new Stream takes over by `Stream(module).load_state(*old.state)`. Zoneout keeps
    its expected share, as in evaluation. threads: at most this many for many streams, by default torch.get_num_threads().

    Results are bit-equal to `module(sequence)` on the kernel of the same instruction set; they depend neither on the other
    streams nor on the number of threads. States start at zero. All methods may be called from several threads: one waits for
    the other. The array that `step` returns is one and the same, though, so a Stream has one reader.

        stream = gatewise.nn.Stream(layer)
        for x in arrivals:                   # float32 arrays [input_size]
            h = stream.step(x)               # [hidden_size], overwritten by the next step

    Raises OptionError for a module that no kernel steps, one in training mode with dropout or zoneout at work, and for
    streams or threads below 1.
    """

    __slots__ = {
        "__weakref__": "",
        "_compiled": "",
        "cell": "The cell's name, such as gru.",
        "dtype": "numpy.float32 or numpy.float64: of the input, the output and the states.",
        "hidden_size": "Units of each layer.",
        "input_size": "Features of one stream at one step.",
        "num_layers": "Layers stacked on each other.",
        "step": (
            "step(input) -> array: one step of every stream.\n\n"
            "input: C-contiguous array of `dtype`, [streams, input_size], or [input_size] for one stream. A NumPy array is the\n"
            "fastest; other buffers and CPU tensors are taken too. Returns the last layer's h, [streams,\n"
            "hidden_size], or [hidden_size] for such input: the same array at every step, to be copied if it is to be kept.\n"
            "Raises TypeError for what is no such array, ValueError for another shape; the states are then as before."
        ),
        "streams": "Sequences that are stepped side by side.",
    }

    step: Callable[[Any], NDArray[Any]]
    _compiled: _compiled.Streams32 | _compiled.Streams64 | _compiled.Int8Streams

    def __init__(self, module: nn.Module, streams: int = 1, threads: int | None = None) -> None:
        self.streams = _at_least_one("streams", streams)
        threads = torch.get_num_threads() if threads is None else _at_least_one("threads", threads)
        if isinstance(module, QuantizedLayer):
            self._open_int8(module, threads)
        else:
            self._open(module, threads)
        # Bound here, so that a step is one call into the kernel and not two.
        self.step = self._compiled.step

    def _open(self, module: nn.Module, threads: int) -> None:
        layer = _as_stack(module)
        _check(layer, module)
        weights = [_contiguous(layer, index) for index in range(layer.num_layers)]
        options = layer.options(last=True)
        self.cell = layer.cell
        self.dtype = np.dtype(str(_weight(layer).dtype).removeprefix("torch."))
        self.input_size = layer.input_size
        self.hidden_size = layer.hidden_size
        self.num_layers = layer.num_layers
        from gatewise.kernels import _compiled

        asked = _compiled.fields()["weights"]
        kind = _compiled.Streams64 if self.dtype == np.float64 else _compiled.Streams32
        self._compiled = kind(
            kernel_of(Options(self.cell), normalized=False),
            self.input_size,
            self.hidden_size,
            [[0 if tensor is None else tensor.data_ptr() for tensor in map(tensors.get, asked)] for tensors in weights],
            self.streams,
            threads,
            options.update_h,
            options.update_c,
        )

    def _open_int8(self, layer: QuantizedLayer, threads: int) -> None:
        if layer.bidirectional:
            raise OptionError(_BOTH_WAYS.format(layer.name))
        packed = [each.compiled for each in layer.layers()]
        why = missing()
        if why:
            raise OptionError(f"Stream has no kernel for this {layer.name}: gatewise has no compiled kernels ({why}); {REMEDY}")
        from gatewise.kernels import _compiled

        self.cell = layer.cell
        self.dtype = np.dtype(np.float32)
        self.input_size = layer.input_size
        self.hidden_size = layer.hidden_size
        self.num_layers = layer.num_layers
        self._compiled = _compiled.Int8Streams([each for each in packed if each], self.streams, threads, *layer.updates)

    @property
    def state(self) -> StreamState:
        """Copies of all states."""
        h, c = (np.empty(shape, self.dtype) if shape else None for shape in self._shapes())
        assert h is not None
        self._compiled.read(h, c)
        return StreamState(h, c)

    def load_state(self, h: ArrayLike | Tensor, c: ArrayLike | Tensor | None = None) -> Stream:
        """Go on from h, and for the LSTM c: [layers, streams, hidden_size] of this stream's dtype, such as a layer's h_n and c_n.

        Returns this stream. Raises TypeError for another dtype or a missing or needless c, ValueError for another shape.
        """
        h_shape, c_shape = self._shapes()
        if (c is None) != (c_shape is None):
            came, expected = ("h alone", "h and c") if c is None else ("h and c", "h alone")
            raise TypeError(f"Stream.load_state: got {came}; a stream of {self.cell} expects {expected}")
        h_checked = self._checked("h", h, h_shape)
        self._compiled.write(h_checked, None if c is None or c_shape is None else self._checked("c", c, c_shape))
        return self

    def reset(self, indices: int | Iterable[int] | None = None) -> None:
        """Set the states of all streams, or of these (negative ones count from the end), to zero.

        Raises TypeError or IndexError for what names no stream; no state is then changed.
        """
        if indices is None:
            indices = range(self.streams)
        elif isinstance(indices, int):
            indices = (indices,)
        places = []
        for index in indices:
            place = operator.index(index)
            if not -self.streams <= place < self.streams:
                raise IndexError(f"Stream.reset: there is no stream {place}; expected {-self.streams} to {self.streams - 1}")
            places.append(place % self.streams)
        self._compiled.reset(places)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the states to a safetensors file, whole or not at all.

        Raises DataError where it cannot be written.
        """
        from safetensors.numpy import save

        arrays = {name: value for name, value in self.state._asdict().items() if value is not None}
        content = save(arrays, metadata={"format": FORMAT, "cell": self.cell})
        try:
            write_file(Path(path), content)
        except OSError as error:
            raise DataError(f"the stream's state cannot be written to {path}: {error.strerror or error}") from error

    def restore(self, path: str | os.PathLike[str]) -> Stream:
        """Go on from the states that `save` wrote, for a stream of the same cell, layers, sizes, streams and dtype.

        With the same weights and instruction set the results are bit-equal to those of the stream that was saved. Returns this
        stream. Raises DataError for a file that is missing, damaged, or another's; the states are then as before.
        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="numpy") as file:
                metadata = file.metadata() or {}
                names = file.keys()
                arrays = {name: file.get_tensor(name) for name in names}
        except OSError as error:
            raise DataError(f"no stream's state can be read from {path}: {error.strerror or error}") from error
        except SafetensorError as error:
            raise DataError(f"{path} is no safetensors file ({error}); expected one that Stream.save wrote") from error
        came = _listed(metadata.get("cell"), {name: (array.dtype, array.shape) for name, array in arrays.items()})
        shapes = zip(StreamState._fields, self._shapes(), strict=True)
        expected = _listed(self.cell, {name: (self.dtype, shape) for name, shape in shapes if shape})
        if metadata.get("format") != FORMAT:
            raise DataError(f"{path} holds no stream's state of format {FORMAT}; expected a file that Stream.save wrote")
        if came != expected:
            raise DataError(
                f"{path} holds the state of another stream: {came}; expected {expected} (layers, streams, hidden_size)"
            )
        return self.load_state(arrays["h"], arrays.get("c"))

    def __repr__(self) -> str:
        return (
            f"Stream({self.cell}, input_size={self.input_size}, hidden_size={self.hidden_size}, num_layers={self.num_layers}, "
            f"streams={self.streams}, dtype={self.dtype})"
        )

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(
            "a Stream cannot be pickled or copied; make another of the module and hand over `state`, or save and restore it"
        )

    def _shapes(self) -> tuple[tuple[int, int, int], tuple[int, int, int] | None]:
        shape = (self.num_layers, self.streams, self.hidden_size)
        return shape, shape if EQUATIONS[self.cell].cell_state else None

    def _checked(self, name: str, value: ArrayLike | Tensor, shape: tuple[int, int, int] | None) -> NDArray[Any]:
        array = value.detach().cpu().numpy() if isinstance(value, Tensor) else np.asarray(value)
        if array.dtype != self.dtype:
            raise TypeError(f"Stream.load_state: {name} is of {array.dtype}; expected {self.dtype}")
        if array.shape != shape:
            raise ValueError(
                f"Stream.load_state: {name} has shape {array.shape}; expected {shape}, which is (layers, streams, hidden_size)"
            )
        return np.ascontiguousarray(array)


def _as_stack(module: nn.Module) -> Stack:
    if isinstance(module, Stack):
        return module
    replacement = REPLACEMENTS.get(type(module))
    if replacement is None:
        raise OptionError(
            f"Stream was given a {type(module).__module__}.{type(module).__qualname__}; expected a GRU, LSTM, RNN, MinGRU or "
            "MinLSTM of gatewise.nn, one that quantize made, or a GRU, LSTM or RNN of torch.nn itself"
        )
    # A drop-in differs from torch.nn's layer in its class alone.
    layer = copy.copy(module)
    layer.__class__ = replacement
    assert isinstance(layer, Stack)
    return layer


def _check(layer: Stack, module: nn.Module) -> None:
    """Raise OptionError for a layer that cannot be stepped."""
    name = type(module).__name__
    if layer.bidirectional:
        raise OptionError(_BOTH_WAYS.format(name))
    if layer.training and (layer.recurrent_dropout or layer.zoneout or (layer.dropout and layer.num_layers > 1)):
        raise OptionError(f"Stream was given a {name} in training mode with dropout or zoneout; call its eval() first")
    if layer.layer_norm or not layer.reset_after:
        option = "layer normalisation" if layer.layer_norm else "reset_after=False"
        raise OptionError(f"Stream was given a {name} with {option}, which it cannot step; expected one without")
    weight = _weight(layer)
    reason = layer.reason(weight) if weight.device.type == "cpu" else f"input is on {weight.device.type}"
    if reason:
        reason = reason.replace("input is", "its weights are")
        raise OptionError(
            f"Stream has no kernel for this {name}: {reason}; expected a layer that gatewise.nn.backend names gatewise for"
        )


def _contiguous(layer: Stack, index: int) -> dict[str, Tensor | None]:
    """A layer's weights by name, as the kernel reads them: by address, so their shapes must be what they should be."""
    rows = layer.traits.gates * layer.hidden_size
    columns = layer.hidden_size if index else layer.input_size
    shapes = {"w_ih": (rows, columns), "w_hh": (rows, layer.hidden_size), "b_ih": (rows,), "b_hh": (rows,)}
    tensors: dict[str, Tensor | None] = {}
    for (name, shape), tensor in zip(shapes.items(), layer.weights(index), strict=True):
        if tensor is not None and (
            tuple(tensor.shape) != shape or tensor.dtype != _weight(layer).dtype or tensor.device.type != "cpu"
        ):
            raise OptionError(
                f"Stream: a weight of layer {index} is {tensor.dtype} {tuple(tensor.shape)} on {tensor.device}; "
                f"expected {_weight(layer).dtype} {shape} on the CPU, as the module's sizes and its first weight have it"
            )
        tensors[name] = None if tensor is None else tensor.detach().contiguous()
    return tensors


def _weight(layer: Stack) -> Tensor:
    weight = layer.weights(0)[0]
    assert weight is not None
    return weight.detach()


def _at_least_one(name: str, value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise OptionError(f"Stream: {name} is {value!r}; expected a whole number from 1 on")
    return value


def _listed(cell: str | None, shapes: dict[str, tuple[Any, tuple[int, ...]]]) -> str:
    return f"{cell}, " + ", ".join(f"{name} {dtype} {shape}" for name, (dtype, shape) in sorted(shapes.items(), reverse=True))
