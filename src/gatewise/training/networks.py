"""Between a network that torch trains and the arrays that a model is run from."""

from __future__ import annotations

import numpy as np
import torch

from gatewise.nn import SequenceNetwork, build_network
from gatewise.records import Architecture
from gatewise.runtime.model import Model
from gatewise.runtime.network import ArrayNetwork

__all__ = ["array_network", "torch_network"]


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
