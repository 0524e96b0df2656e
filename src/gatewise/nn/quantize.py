"""A model's recurrent layers with weights of eight bits, as torch.ao.quantization.quantize_dynamic makes them of torch.nn's."""

from __future__ import annotations

import copy
from typing import Any, TypeVar, overload

import torch
from torch import nn

from gatewise.errors import OptionError
from gatewise.nn.gru import GRU
from gatewise.nn.lstm import LSTM
from gatewise.nn.min_layer import MinLayer
from gatewise.nn.quantized import QuantizedGRU, QuantizedLayer, QuantizedLSTM, QuantizedRNN
from gatewise.nn.rnn import RNN
from gatewise.nn.torch_layer import TorchLayer

__all__ = ["quantize"]

M = TypeVar("M", bound=nn.Module)

DROP_INS: dict[type[nn.Module], type[TorchLayer]] = {nn.GRU: GRU, nn.LSTM: LSTM, nn.RNN: RNN}
QUANTIZED: dict[type[nn.Module], type[QuantizedLayer]] = {GRU: QuantizedGRU, LSTM: QuantizedLSTM, RNN: QuantizedRNN}


@overload
def quantize(module: GRU | nn.GRU) -> QuantizedGRU: ...
@overload
def quantize(module: LSTM | nn.LSTM) -> QuantizedLSTM: ...
@overload
def quantize(module: RNN | nn.RNN) -> QuantizedRNN: ...
@overload
def quantize(module: M) -> M: ...
def quantize(module: nn.Module) -> nn.Module:
    """The same recurrent layer with weights of eight bits; of any other model a copy whose recurrent layers are such.

    module: a `gatewise.nn` or torch.nn GRU, LSTM or RNN, or a model that holds some, in float32 on the CPU. It stays as it is.
    The result computes as in evaluation: dropout is off, zoneout keeps its expected share.

    Raises OptionError for a model without such a layer, and for a recurrent layer with which it cannot be done, naming it and
    why: another dtype or device, projected states, layer normalisation, reset_after=False, returned cell states, MinGRU and
    MinLSTM (whose gates do not see the state, so that float is fast), subclasses, weights that are not finite.
    """
    if not isinstance(module, nn.Module):
        raise OptionError(f"quantize was given a {type(module).__name__}; expected a torch.nn.Module")
    if _is_recurrent(module):
        return _quantized(module, "")
    layers = {name: layer for name, layer in module.named_modules() if _is_recurrent(layer)}
    if not layers:
        raise OptionError(
            f"quantize found no recurrent layer in a {type(module).__name__}; expected a GRU, LSTM or RNN of gatewise.nn or "
            "torch.nn, or a model that holds one"
        )
    # What the copy would copy is not copied but replaced, also where a layer is held in several places.
    replaced: dict[int, Any] = {id(layer): _quantized(layer, name) for name, layer in layers.items()}
    return copy.deepcopy(module, replaced)


def _is_recurrent(module: nn.Module) -> bool:
    return isinstance(module, TorchLayer | nn.RNNBase | MinLayer)


def _quantized(module: nn.Module, name: str) -> QuantizedLayer:
    layer, kind = module, type(module)
    if kind in DROP_INS:
        # A drop-in differs from torch.nn's layer in its class alone.
        layer = copy.copy(module)
        layer.__class__ = DROP_INS[kind]
    reason = _reason(layer)
    if reason:
        which = f"{name}, a {kind.__name__}," if name else f"a {kind.__name__}"
        raise OptionError(f"quantize cannot round {which} to eight bits: {reason}")
    assert isinstance(layer, TorchLayer)
    return QUANTIZED[type(layer)](layer)


def _reason(layer: nn.Module) -> str:
    """Why a recurrent layer has no form of eight bits, or nothing."""
    if type(layer) not in QUANTIZED:
        return "expected a GRU, LSTM or RNN of gatewise.nn or torch.nn itself, not another cell nor a subclass"
    assert isinstance(layer, TorchLayer)
    for name, value in layer.named_parameters():
        if value.dtype != torch.float32 or value.device.type != "cpu":
            return f"its {name} is {str(value.dtype).removeprefix('torch.')} on {value.device}; expected float32 on the CPU"
    options = {
        "proj_size": layer.proj_size,
        "layer_norm": layer.layer_norm,
        "reset_after=False": not layer.reset_after,
        "return_cell_states": layer.return_cell_states,
    }
    for option, given in options.items():
        if given:
            return f"there is no kernel for {option}; expected a layer without it"
    return ""
