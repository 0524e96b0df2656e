"""What other tools read a model with: torch.fx, TorchScript and torch.onnx; each gets a layer as an operator of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import Proxy
from torch.nn.utils.rnn import PackedSequence

from gatewise.kernels import onnx_nodes

__all__ = [
    "NotScriptable",
    "call_in_graph",
    "check_traceable",
    "is_proxy",
    "is_traced_by_jit",
    "is_written_as_onnx",
]

# Torch's own function, not one around it: the compiler knows it by name.
is_traced_by_jit: Callable[[], bool] = torch.jit.is_tracing  # type: ignore[attr-defined]


class NotScriptable:
    """A module that torch.jit.script cannot compile, because it calls a kernel, and which says so."""

    def __prepare_scriptable__(self) -> nn.Module:
        """Called by torch.jit.script. Raises NotImplementedError."""
        raise NotImplementedError(
            f"torch.jit.script cannot compile gatewise.nn.{type(self).__name__}; use torch.jit.trace or torch.export, or give an "
            "accelerated model its stock layers back first with gatewise.nn.restore(model)"
        )


def is_proxy(input: object) -> bool:
    """Whether torch.fx is tracing this call."""
    return isinstance(input, Proxy)


def call_in_graph(layer: nn.Module, input: Any, *more: Any) -> Any:
    """The call of a layer as one node of the graph that torch.fx is tracing, as it takes modules of torch.nn itself.

    input: a proxy. more: the other arguments, None where not given.
    """
    while more and more[-1] is None:
        more = more[:-1]
    tracer: Any = input.tracer
    return tracer.create_proxy("call_module", tracer.path_of_module(layer), (input, *more), {})


def is_written_as_onnx(input: Tensor | PackedSequence) -> bool:
    """Whether torch.onnx.export is capturing this call. Raises NotImplementedError for a packed batch."""
    if not onnx_nodes.exporting():
        return False
    if isinstance(input, PackedSequence):
        refuse_packed_in_onnx(input)
    return True


def refuse_packed_in_onnx(input: PackedSequence) -> None:
    """Raise NotImplementedError where torch.onnx.export is capturing this call and cannot write a packed batch.

    The export by tracing can, where the batch was packed inside the model.
    """
    by_tracing = is_traced_by_jit() and torch.onnx.is_in_onnx_export()
    if onnx_nodes.exporting() or (by_tracing and _origin(input.batch_sizes) != "aten::_pack_padded_sequence"):
        raise NotImplementedError(
            "the length of a PackedSequence depends on its values, which ONNX export does not know; pass the padded batch and "
            "its lengths instead: layer(input, hx, lengths)"
        )


def _origin(tensor: Tensor) -> str:
    """The operator that a tensor comes from in the graph that torch.jit is tracing."""
    kind: str = torch._C._get_value_trace(tensor).node().kind()  # type: ignore[attr-defined]
    return kind


def check_traceable(layer: nn.Module, input: Tensor | PackedSequence, has_operator: bool) -> None:
    """Raise NotImplementedError where torch.jit.trace would unroll a layer for the number of steps of its example."""
    if isinstance(input, PackedSequence):
        refuse_packed_in_onnx(input)
    if has_operator:
        return
    if torch.onnx.is_in_onnx_export():
        raise NotImplementedError(
            f"torch.onnx.export(..., dynamo=False) would trace {type(layer).__name__} step by step, and the graph would hold for "
            "one length alone; use dynamo=True"
        )
    raise NotImplementedError(
        f"torch.jit has no operator for {type(layer).__name__}({layer.extra_repr()}), and traced step by step it would hold "
        "for one length alone; use torch.export or torch.compile"
    )
