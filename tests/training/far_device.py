"""A device of Python's own, far from the processor: its tensors do not go together with those that were not sent there.

As a program it trains networks on it and on the processor, and prints by cell and pooling how far the two are apart. What a
process has been told of such a device it never forgets, so that the tests start another one. Where PyTorch knows no devices of
Python's own it prints nothing.
"""

from __future__ import annotations

import copy
import json
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from gatewise.nn import SequenceNetwork, build_network
from gatewise.records import Architecture, Encoded, Hyperparameters
from gatewise.training.devices import DEVICES, Device, Module
from gatewise.training.fit import Fitted, fit
from gatewise.training.objectives import Classes, NextStep, Numbers, Objective
from gatewise.training.schedule import Schedule

FAR = "far"
# Lengths and sizes of batches stay with the processor, and copies go from one device to another.
PACKING = ("aten::_pack_padded_sequence", "aten::_pad_packed_sequence")
BOTH = (*PACKING, "aten::_pack_padded_sequence_backward", "aten::rnn_tanh", "aten::copy_")
# GRU and LSTM are cuDNN's on CUDA, and single operators that only CUDA has on a device that is neither; RNN goes their way.
POOLINGS: dict[str, Objective] = {"summary": Classes(), "attention": Classes(), "mean": Numbers(True), "steps": NextStep()}
CASES = (*(("rnn", pooling) for pooling in POOLINGS), ("min_gru", "summary"), ("min_lstm", "steps"), ("tcn", "attention"))


class FarTensor(Tensor):
    """Holds what it stands for, and says that it is elsewhere."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> FarTensor:
        made: FarTensor = torch.Tensor._make_wrapper_subclass(
            cls, held.size(), strides=held.stride(), dtype=held.dtype, device=torch.device(FAR, 0)
        )
        made.held = held
        return made

    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    @classmethod
    def __torch_dispatch__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # type: ignore[override]
        return dispatched(function, args, kwargs or {})

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if id(self) not in memo:
            memo[id(self)] = nn.Parameter(FarTensor(self.held.clone()))
        return memo[id(self)]  # type: ignore[no-any-return]


def dispatched(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """An operator done by the processor, where all of its tensors are of one device; a number is of every one."""
    name, returns = function._schema.name, function._schema.returns
    tensors = [one for one in tree_leaves((args, kwargs)) if isinstance(one, Tensor)]
    far = [one for one in tensors if isinstance(one, FarTensor)]
    near = [one for one in tensors if not isinstance(one, FarTensor) and one.dim()]
    if far and near and name not in BOTH:
        raise RuntimeError(f"{name} was given tensors of two devices: {[tuple(one.shape) for one in near]} were not sent")
    to = None if kwargs.get("device") is None else torch.device(kwargs["device"]).type
    if to == FAR:
        kwargs = {**kwargs, "device": torch.device("cpu")}
    args, kwargs = tree_map(lambda one: one.held if isinstance(one, FarTensor) else one, (args, kwargs))
    given = far[0] if far else None
    found = function(*args, **kwargs)
    if returns and returns[0].alias_info is not None and returns[0].alias_info.is_write:
        return given if given is not None else found
    if name in PACKING:
        return FarTensor(found[0]), found[1]
    if to == FAR or (far and to is None):
        return tree_map(lambda one: FarTensor(one) if isinstance(one, Tensor) else one, found)
    return found


class Dispatching(TorchDispatchMode):
    """Makes new tensors far, where that is asked."""

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return dispatched(function, args, kwargs or {})


class FarDevice(Device):
    """The device as a training sees it."""

    name: ClassVar[str] = FAR
    compiled: ClassVar[bool] = False
    waits: ClassVar[bool] = False

    def take(self, network: Module) -> Module:
        for module in network.modules():
            for name, parameter in module._parameters.items():
                if parameter is not None:
                    module._parameters[name] = nn.Parameter(FarTensor(parameter.detach().clone()))
            if isinstance(module, nn.RNNBase):
                module._flat_weights = [getattr(module, name) for name in module._flat_weights_names]
        return network

    def send(self, tensor: Tensor) -> Tensor:
        return tensor.to(FAR)

    def fetch(self, tensor: Tensor) -> Tensor:
        assert isinstance(tensor, FarTensor)
        return tensor.held


class PlainProcessor(Device):
    """The processor without the compiled step."""

    compiled: ClassVar[bool] = False


def main() -> None:
    """Train, and print the greatest difference of losses and weights."""
    try:
        from torch.utils.backend_registration import _setup_privateuseone_for_python_backend
    except ImportError:
        return
    _setup_privateuseone_for_python_backend(FAR)
    DEVICES[FAR] = FarDevice()
    # Both take PyTorch's step.
    DEVICES["cpu"] = PlainProcessor()
    found = {f"{cell} {pooling}": _apart(cell, pooling) for cell, pooling in CASES}
    print(json.dumps(found))


def _apart(cell: str, pooling: str) -> float:
    tokens, every = pooling == "attention", pooling == "steps"
    built = Architecture(
        cell,
        input_size=9 if tokens else 2,
        tokens=tokens,
        outputs=2,
        pooling=pooling,
        embedding_size=4,
        hidden_size=6,
        layers=2,
        bidirectional=not every and cell != "tcn",
        # Dropout is drawn in the order in which a tensor lies in memory, which is another one where another kernel made it.
        dropout=0.0,
        input_dropout=0.1,
        seed=0,
        cell_seed=1,
    )
    data = _data(built, pooling)
    here = _trained(build_network(built), data, POOLINGS[pooling])
    with Dispatching():  # type: ignore[no-untyped-call]
        there = _trained(DEVICES[FAR].take(build_network(built)), data, POOLINGS[pooling])
    losses = [abs(one.validation_loss - other.validation_loss) for one, other in zip(here.history, there.history, strict=True)]
    both = zip(here.network.parameters(), there.network.parameters(), strict=True)
    weights = [float((one.detach() - other.held.detach()).abs().max()) for one, other in both if isinstance(other, FarTensor)]
    assert len(weights) == len(list(here.network.parameters()))
    return max(*losses, *weights)


def _data(built: Architecture, pooling: str) -> Encoded:
    generator = np.random.default_rng(0)
    lengths = generator.integers(2, 7, 12)
    steps = int(lengths.sum())
    values: Any = generator.integers(1, 9, steps) if built.tokens else generator.integers(2, size=(steps, 2)).astype(np.float32)
    targets: Any = generator.integers(2, size=12)
    if pooling == "mean":
        targets = generator.normal(size=(12, 2)).astype(np.float32)
    scale: Any = {"base": np.zeros((12, 2), np.float32), "scale": np.ones(2, np.float32)} if pooling == "mean" else {}
    weights = None if pooling == "steps" else np.linspace(0.5, 1.5, 12, dtype=np.float32)
    return Encoded(values, lengths, targets, built.input_size, weights=weights, **scale)


def _trained(network: SequenceNetwork, data: Encoded, objective: Objective) -> Fitted:
    hyperparameters = Hyperparameters(learning_rate=1e-2, dropout=0.0, input_dropout=0.1, weight_decay=0.01)
    return fit(network, data, copy.copy(data), objective, lambda _: 0.0, hyperparameters, Schedule(8, 2, 2), seed=3)


if __name__ == "__main__":
    main()
