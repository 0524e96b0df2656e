"""Between a network that torch trains and the arrays that a model is run from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from gatewise.errors import OptionError
from gatewise.names import plain_title
from gatewise.nn import SequenceNetwork, build_network
from gatewise.options.config import DeviceName
from gatewise.records import Architecture, Encoded
from gatewise.runtime.model import Model
from gatewise.runtime.network import ArrayNetwork
from gatewise.training.devices import device_named
from gatewise.training.objectives import outputs_of

__all__ = ["DeviceNetwork", "array_network", "on_device", "torch_network"]


def array_network(architecture: Architecture, network: SequenceNetwork) -> ArrayNetwork:
    """The network as it is now, with copies of its weights."""
    weights = {name: np.array(tensor.detach().cpu().numpy(), order="C") for name, tensor in network.state_dict().items()}
    return ArrayNetwork(architecture, weights)


def torch_network(model: Model) -> SequenceNetwork | None:
    """A model's network in torch, in evaluation mode, with copies of its weights; None of a baseline."""
    if not isinstance(model.predictor, ArrayNetwork):
        return None
    network = build_network(model.predictor.architecture)
    network.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in model.predictor.weights.items()})
    return network.eval()


@dataclass(frozen=True, eq=False)
class DeviceNetwork:
    """A trained network as torch runs it, wherever it is."""

    network: SequenceNetwork

    def run(self, encoded: Encoded) -> NDArray[np.float32]:
        """As `ArrayNetwork.run`."""
        return outputs_of(self.network, encoded)


def on_device(model: Model, name: DeviceName) -> Model:
    """The model with its network on a device, by torch; itself where that is the processor, which needs no torch.

    Raises OptionError where the device is not there, or the model is a baseline or an artefact, which has no such network.
    """
    device = device_named(name)
    if device.name == "cpu":
        return model
    network = torch_network(model)
    if network is None:
        raise OptionError(
            f"the {plain_title(model.name)} runs on the processor alone: it is no network that PyTorch could take to --device "
            f"{name}; leave --device out"
        )
    return replace(model, predictor=DeviceNetwork(device.take(network)))
