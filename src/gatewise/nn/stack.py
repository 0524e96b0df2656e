"""What all recurrent layers share: a stack of layers over one batch, and the choice of what computes it.

Three things can compute a call. The compiled kernel, wherever `gatewise.kernels.ops.reason` names nothing against it. PyTorch's
own implementation (cuDNN on CUDA), for the layers that PyTorch has and while no option is on that it lacks. Else the reference
equations. Results are the same; `gatewise.nn.backend` says which it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from gatewise.cells import EQUATIONS, CellTraits
from gatewise.kernels import equations, onnx_nodes, ops
from gatewise.kernels.options import Options
from gatewise.nn import per_sample
from gatewise.nn.batch import Batch, read, restore_output, restore_state
from gatewise.nn.noise import between_layers, recurrent_mask, update_share
from gatewise.nn.overriding import in_autocast, overridden
from gatewise.nn.tracing import NotScriptable, check_traceable, is_proxy, is_traced_by_jit, is_written_as_onnx

__all__ = ["Result", "Stack"]

PLAIN = {
    (cell, batch_first, bfloat16): Options(cell, batch_first, bfloat16=bfloat16)
    for cell in EQUATIONS
    for batch_first in (False, True)
    for bfloat16 in (False, True)
}
"""Built once: a small layer's call is over in the time that building its options takes."""


class Result(NamedTuple):
    """A call's results, laid out as torch.nn does; c_n and cells (of the last layer, laid out as output) only for the LSTM."""

    output: Tensor | PackedSequence
    h_n: Tensor
    c_n: Tensor | None
    cells: Tensor | PackedSequence | None


Weights = list[Tensor | None]
Norm = list[tuple[Tensor | None, ...]]


class Stack(NotScriptable, per_sample.NotHooked, nn.Module):
    """Runs the layers. Options are class attributes until set, so a torch.nn layer's state is a complete state of its drop-in."""

    input_size: int
    hidden_size: int
    num_layers: int
    bias: bool
    batch_first: bool
    dropout: float
    bidirectional: bool
    proj_size: int = 0
    recurrent_dropout: float = 0.0
    zoneout: float | tuple[float, float] = 0.0
    layer_norm: bool = False
    reset_after: bool = True
    return_cell_states: bool = False
    _all_weights: list[list[str]]

    in_torch: ClassVar[bool] = True
    """Whether PyTorch has this cell."""

    @property
    def cell(self) -> str:
        """The name of the cell's equations."""
        raise NotImplementedError

    @property
    def traits(self) -> CellTraits:
        """What sets the cell apart."""
        return EQUATIONS[self.cell]

    def needs_own_equations(self) -> bool:
        """Whether an option is at work, or the cell is one, that PyTorch's implementation lacks."""
        return not self.in_torch or bool(
            self.layer_norm
            or (self.recurrent_dropout and self.training)
            or self.zoneout
            or not self.reset_after
            or self.return_cell_states
        )

    def reason(self, data: Tensor) -> str:
        """Why no compiled kernel runs on input (or a PackedSequence's data) like this, or nothing."""
        if self.proj_size:
            return "proj_size is set"
        if autocast(data):
            data = data.to(self.parameter(self._all_weights[0][0]).dtype)
        return ops.reason(self.options(last=True), data, self.norm(0))

    def run(
        self, input: Tensor | PackedSequence, h_0: Tensor | None, c_0: Tensor | None, lengths: Tensor | None
    ) -> Result | None:
        """Run the layers; None if PyTorch's own implementation is to do it, or if torch.fx takes the layer as a node.

        Under autocast the state keeps the dtype of the weights, and so does the output: rounding would add up over the steps.
        Under that to bfloat16 the matrix products of float32 layers are of bfloat16, summed in float32, where a kernel of this
        processor has them.
        """
        data = input.data if isinstance(input, PackedSequence) else input
        if is_traced_by_jit():
            check_traceable(self, input, not self.needs_own_equations())
            return None
        if type(data) is not Tensor or torch.compiler.is_exporting():
            if is_proxy(data):
                return None
            if is_written_as_onnx(input) and not self.proj_size:
                return self._run(onnx_nodes.recurrent, input, h_0, c_0, lengths)
        foreign = overridden(data, h_0, c_0, *self._parameters.values())
        if foreign and self._has_samples(input):
            recurrent, foreign = per_sample.recurrent, False
        else:
            reason = "input or a weight overrides __torch_function__" if foreign else self.reason(data)
            if reason and not self.needs_own_equations():
                return None
            recurrent = equations.recurrent if reason else ops.recurrent
        if foreign or not autocast(data):
            return self._run(recurrent, input, h_0, c_0, lengths)
        dtype = self.parameter(self._all_weights[0][0]).dtype
        bfloat16 = dtype == torch.float32 and torch.get_autocast_dtype(data.device.type) == torch.bfloat16
        with torch.autocast(data.device.type, enabled=False):
            h_0, c_0 = (None if state is None else state.to(dtype) for state in (h_0, c_0))
            return self._run(recurrent, input.to(dtype), h_0, c_0, lengths, bfloat16=bfloat16)

    def _has_samples(self, input: Tensor | PackedSequence) -> bool:
        """Whether each row is to have gradients of its own, and PyTorch does not see to it: it knows packed batches and projected
        states, if no options."""
        if not per_sample.is_expanded(self._parameters.values()):
            return False
        return self.needs_own_equations() or not (self.proj_size or isinstance(input, PackedSequence))

    def _run(
        self,
        recurrent: Callable[..., tuple[Tensor, Tensor, Tensor | None, Tensor | None]],
        input: Tensor | PackedSequence,
        h_0: Tensor | None,
        c_0: Tensor | None,
        lengths: Tensor | None,
        *,
        bfloat16: bool = False,
    ) -> Result:
        weights = self.weights(0)
        batch = self.read(input, h_0, c_0, lengths, weights[0])
        directions = 2 if self.bidirectional else 1
        batch_sizes = None if batch.packed is None else batch.packed.batch_sizes
        data, h_0, c_0 = batch.input, batch.h_0, batch.c_0
        if batch_sizes is not None and h_0 is None and torch.compiler.is_compiling():
            # A capture has to know the states' shape, and cannot read it off the batch sizes.
            h_0 = data.new_zeros(self.num_layers * directions, batch.size, self.hidden_size)
        h_n, c_n = [], []
        for layer in range(self.num_layers):
            last = layer == self.num_layers - 1
            if layer:
                weights = self.weights(layer)
                if self.dropout and self.training:
                    data = between_layers(data, self.dropout, batch_first=self.batch_first)
            rows = slice(layer * directions, (layer + 1) * directions)
            data, h, c, cells = recurrent(
                self.options(last=last, bfloat16=bfloat16),
                data,
                weights,
                h_0 if h_0 is None or self.num_layers == 1 else h_0[rows],
                c_0 if c_0 is None or self.num_layers == 1 else c_0[rows],
                batch.lengths,
                batch_sizes,
                *self.noise(data, (directions, batch.size, self.hidden_size)),
                self.norm(layer),
            )
            h_n.append(h)
            c_n.append(c)
        return Result(
            restore_output(data, batch, self.batch_first),
            self._final(h_n, batch),
            None if c_n[0] is None else self._final(c_n, batch),
            None if cells is None else restore_output(cells, batch, self.batch_first),
        )

    @staticmethod
    def _final(states: list[Any], batch: Batch) -> Tensor:
        return restore_state(states[0] if len(states) == 1 else torch.cat(states), batch)

    def read(
        self,
        input: Tensor | PackedSequence,
        h_0: Tensor | None,
        c_0: Tensor | None,
        lengths: Tensor | None,
        weight: Tensor | None = None,
    ) -> Batch:
        """The call's arguments, checked."""
        return read(
            type(self).__name__,
            input,
            h_0,
            c_0,
            lengths,
            weight=self.parameter(self._all_weights[0][0]) if weight is None else weight,
            batch_first=self.batch_first,
            states=self.num_layers * (2 if self.bidirectional else 1),
            output_size=self.proj_size or self.hidden_size,
            hidden_size=self.hidden_size,
        )

    def options(self, *, last: bool, bfloat16: bool = False) -> Options:
        """The equations of a layer, the last one or another, in the present mode; bfloat16: with products of it."""
        if not (self.zoneout or self.return_cell_states) and self.reset_after:
            return PLAIN[self.cell, self.batch_first, bfloat16]
        update_h, update_c = 1.0, 1.0
        if self.zoneout and not self.training:
            zoneout_h, zoneout_c = self.zoneout if isinstance(self.zoneout, tuple) else (self.zoneout, 0.0)
            update_h, update_c = 1 - zoneout_h, 1 - zoneout_c
        cells = last and self.return_cell_states
        return Options(self.cell, self.batch_first, self.reset_after, update_h, update_c, cells, bfloat16)

    def noise(self, data: Tensor, shape: tuple[int, int, int]) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        """Training's recurrent mask and zoneout shares for one layer, None where off. shape: directions, batch, H."""
        if not self.training or not (self.recurrent_dropout or self.zoneout):
            return None, None, None
        size = shape[0] * shape[2]
        zoneout_h, zoneout_c = self.zoneout if isinstance(self.zoneout, tuple) else (self.zoneout, 0.0)
        return (
            recurrent_mask(data, self.recurrent_dropout, shape) if self.recurrent_dropout else None,
            update_share(data, zoneout_h, size) if zoneout_h else None,
            update_share(data, zoneout_c, size) if zoneout_c else None,
        )

    def parameter(self, name: str) -> Tensor:
        """A parameter as it is now: registered, swapped in by functional_call, or computed by a parametrization."""
        # Module.__getattr__ costs ten times as much as the dictionary it looks into.
        parameters = self._parameters
        value: Tensor = parameters[name] if name in parameters else getattr(self, name)  # type: ignore[assignment]
        return value

    def weights(self, layer: int) -> Weights:
        """Per direction w_ih, w_hh, b_ih, b_hh, as `gatewise.kernels` takes them."""
        directions = 2 if self.bidirectional else 1
        weights: Weights = []
        for names in self._all_weights[layer * directions : (layer + 1) * directions]:
            values: Weights = [self.parameter(name) for name in names]
            weights += values if len(values) == 4 else [*values, None, None]
        return weights

    def norm(self, layer: int) -> Norm | None:
        """Gains and shifts of layer normalisation, per direction, or None."""
        if not self.layer_norm:
            return None
        cell = self.traits.cell_state
        return [
            (
                self.parameter(f"weight_ln_ih_l{layer}{suffix}"),
                self.parameter(f"weight_ln_hh_l{layer}{suffix}"),
                self.parameter(f"weight_ln_c_l{layer}{suffix}") if cell else None,
                self.parameter(f"bias_ln_c_l{layer}{suffix}") if cell else None,
            )
            for suffix in self.suffixes()
        ]

    def suffixes(self) -> tuple[str, ...]:
        """Ends of the parameters' names, per direction."""
        return ("", "_reverse") if self.bidirectional else ("",)


def autocast(data: Tensor) -> bool:
    return in_autocast(data.device.type) and data.is_floating_point()
