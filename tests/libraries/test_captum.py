"""captum: attributions of a trained model, by gradients and by occlusion."""

from typing import Any

import pytest
import torch
from captum.attr import DeepLift, IntegratedGradients, LayerConductance, NeuronGradient, Occlusion, Saliency
from torch import nn

WAYS = {
    "integrated gradients": lambda model, x: IntegratedGradients(model).attribute(x, target=1, n_steps=16),
    "saliency": lambda model, x: Saliency(model).attribute(x, target=1),
    "occlusion": lambda model, x: Occlusion(model).attribute(x, sliding_window_shapes=(1, 3), target=1),
    "deep lift": lambda model, x: DeepLift(model).attribute(x, target=1),
    "conductance": lambda model, x: LayerConductance(model, model.head).attribute(x, target=1, n_steps=16),
    "neuron": lambda model, x: NeuronGradient(model, model.head).attribute(x, neuron_selector=0),
}


@pytest.mark.filterwarnings("ignore:.*hooks.*:UserWarning")  # captum's word about what it puts on modules
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("cell", ["GRU", "LSTM"])
def test_attributions_of_a_trained_model(beside_stock: Any, classifier: Any, rows: Any, cell: str, way: str) -> None:
    input, target = rows

    def train(change: Any) -> Any:
        model = change(classifier(cell))
        optimizer = torch.optim.Adam(model.parameters(), 0.02)
        losses = []
        for _ in range(10):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(input), target)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return model, [*losses, *WAYS[way](model, input[:8].clone().requires_grad_()).detach().flatten().tolist()]

    beside_stock(train, rtol=1e-3, atol=1e-4)
