"""Give a model that is already built the kernels of this package, in place, and take them back.

A stock layer and its replacement hold the same parameters under the same names and differ in `forward` alone, so the layer object
stays and its class changes, as `torch.nn.utils.parametrize` does it. Whatever holds the layer (its parent, a list, an optimiser,
a hook's handle, a compiled wrapper) goes on holding it, and a layer that is used twice remains one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from gatewise.errors import OptionError
from gatewise.nn.cells import GRUCell, LSTMCell
from gatewise.nn.gru import GRU
from gatewise.nn.lstm import LSTM
from gatewise.nn.rnn import RNN

__all__ = ["Accelerated", "accelerate", "restore"]

_REPLACEMENTS: dict[type[nn.Module], type[nn.RNNBase]] = {nn.GRU: GRU, nn.LSTM: LSTM, nn.RNN: RNN}
_STOCK: dict[type[nn.Module], type[nn.Module]] = {replacement: stock for stock, replacement in _REPLACEMENTS.items()}
_RECURRENT_NAMES = ("GRU", "LSTM", "RNN")
# Names of the attributes a swap added, kept in the layer so that a copied or unpickled model can be restored too.
_ADDED = "_added_by_accelerate"


@dataclass(frozen=True, eq=False)
class Accelerated:
    """What `accelerate` did to a model.

    model: the model itself, changed in place. replaced: (name in the model, what stands there now). left: (name, why). A
    layer that is registered under several names is listed under the first. The name of the model itself is "".
    """

    model: nn.Module = field(repr=False)
    replaced: tuple[tuple[str, str], ...]
    left: tuple[tuple[str, str], ...]

    def restore(self) -> nn.Module:
        """Undo the swap, as `restore(self.model)`."""
        return restore(self.model)

    def __str__(self) -> str:
        if not self.replaced and not self.left:
            return "no recurrent layer found"
        lines = [f"{len(self.replaced)} replaced, {len(self.left)} left as they are"]
        lines += [f"  {name or '(the model)'}: {what}" for name, what in self.replaced]
        lines += [f"  {name or '(the model)'}: left, {why}" for name, why in self.left]
        return "\n".join(lines)


def accelerate(model: nn.Module) -> Accelerated:
    """Swap every `torch.nn.GRU`, `LSTM` and `RNN` in a model, or the model itself, for the layer of `gatewise.nn`, in place.

    Results, parameters (the very same objects), state_dict, training mode, hooks and requires_grad stay as they are; a layer
    shared with another model is one object and changes there too. A model wrapped by `torch.compile` is compiled anew at its next
    call. Layers that no kernel covers are left, and the report says why. A second call finds nothing more to do.
    Raises OptionError where `model` is not a module.
    """
    _check(model, "accelerate")
    replaced: list[tuple[str, str]] = []
    left: list[tuple[str, str]] = []
    for name, layer in _recurrent_layers(model):
        reason = _reason_to_leave(layer)
        if reason:
            left.append((name, reason))
        else:
            before = f"torch.nn.{type(layer).__name__}"
            _swap(layer)
            replaced.append((name, f"{before} -> gatewise.nn.{layer}"))
    return Accelerated(model, tuple(replaced), tuple(left))


def restore(model: nn.Module) -> nn.Module:
    """Give every layer that `accelerate` changed its class of `torch.nn` back, and return the same model.

    Layers that were built as `gatewise.nn` ones stay. Raises OptionError where `model` is not a module.
    """
    _check(model, "restore")
    for layer in model.modules():
        if _ADDED in layer.__dict__:
            for attribute in layer.__dict__.pop(_ADDED):
                del layer.__dict__[attribute]
            layer.__class__ = _stock_class(type(layer))
    return model


def _stock_class(kind: type) -> type:
    """The class of `torch.nn` that one of ours stands for; of a parametrized layer, whose class was made for it alone, the same
    made anew on that of `torch.nn`."""
    if kind in _STOCK:
        return _STOCK[kind]
    content = {name: value for name, value in vars(kind).items() if name not in ("__dict__", "__weakref__")}
    return type(kind.__name__, (_stock_class(kind.__bases__[0]),), content)


def _check(model: object, function: str) -> None:
    if not isinstance(model, nn.Module):
        hint = "Accelerate the model first and export it then." if isinstance(model, torch.export.ExportedProgram) else ""
        raise OptionError(f"{function}() was given a {type(model).__name__}; expected a torch.nn.Module. {hint}".rstrip())


def _recurrent_layers(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Layers that a reader may expect to be swapped, with their names; ours are not among them."""
    for name, layer in model.named_modules():
        if isinstance(layer, (*_STOCK, GRUCell, LSTMCell)):
            continue
        if isinstance(layer, (nn.RNNBase, nn.RNNCellBase)) or _is_torchs_by_name(layer):
            yield name, layer


def _is_torchs_by_name(layer: nn.Module) -> bool:
    """Whether it is PyTorch's own under another class: quantised, or compiled by TorchScript."""
    if isinstance(layer, torch.jit.ScriptModule):
        return layer.original_name in _RECURRENT_NAMES and layer._c._type().qualified_name().startswith("__torch__.torch.")
    return type(layer).__name__ in _RECURRENT_NAMES and type(layer).__module__.startswith("torch.")


def _reason_to_leave(layer: nn.Module) -> str:
    """Why a recurrent layer cannot be swapped; "" where it can."""
    kind = type(layer)
    if isinstance(layer, torch.jit.ScriptModule):
        return "it is compiled by TorchScript; accelerate the model before scripting it"
    if isinstance(layer, nn.RNNCellBase):
        return "it is a cell that its caller steps through; gatewise.nn.GRUCell and LSTMCell take its place by hand"
    if nn.utils.parametrize.is_parametrized(layer):
        return "it is parametrized, which made it a class of its own; accelerate the model before parametrizing it"
    if kind not in _REPLACEMENTS:
        quantised = "quantized" in kind.__module__ or "quantizable" in kind.__module__
        return f"it is {kind.__module__}.{kind.__qualname__}, " + (
            "a quantised layer" if quantised else "whose forward may differ from torch.nn's"
        )
    if "forward" in layer.__dict__:
        return "its forward method was replaced on this object"
    if getattr(layer, "proj_size", 0):
        return f"proj_size is {layer.proj_size}; there is no kernel for projected states"
    for name, parameter in layer.named_parameters():
        if parameter.device.type not in ("cpu", "meta"):
            return f"{name} is on {parameter.device}, where PyTorch's own kernels run"
        if parameter.dtype not in (torch.float32, torch.float64):
            return f"{name} is {parameter.dtype}; kernels are for float32 and float64"
    return ""


def _swap(layer: nn.Module) -> None:
    """Change the layer's class, and add what the new class keeps beside the stock one's attributes."""
    replacement = _REPLACEMENTS[type(layer)]
    template = _template(replacement, layer)
    added = {name: value for name, value in template.__dict__.items() if name not in layer.__dict__}
    layer.__dict__.update(added)
    layer.__dict__[_ADDED] = tuple(added)
    layer.__class__ = replacement


def _template(replacement: type[nn.RNNBase], layer: Any) -> nn.RNNBase:
    """Build a layer without memory that has every attribute of the new class at its default."""
    extra = {"nonlinearity": layer.nonlinearity} if replacement is RNN else {}
    return replacement(
        layer.input_size,
        layer.hidden_size,
        num_layers=layer.num_layers,
        bias=layer.bias,
        batch_first=layer.batch_first,
        bidirectional=layer.bidirectional,
        device="meta",
        **extra,
    )
