"""The linear part of a forecast against a loop, and beside a cell."""

from typing import Any

import numpy as np
import torch

from gatewise.nn import build_network
from gatewise.nn.linear_skip import LinearSkip
from gatewise.records import Architecture


def test_every_predicted_channel_has_the_same_linear_map() -> None:
    torch.manual_seed(0)
    skip, inputs = LinearSkip(5, 3, (2, 0)), torch.randn(4, 5, 3)
    torch.nn.init.normal_(skip.linear.weight)
    torch.nn.init.normal_(skip.linear.bias)
    weight, bias = skip.linear.weight.detach().numpy(), skip.linear.bias.detach().numpy()
    expected = [
        [weight[step] @ inputs[row, :, channel].numpy() + bias[step] for step in range(3) for channel in (2, 0)]
        for row in range(4)
    ]
    np.testing.assert_allclose(skip(inputs).detach().numpy(), expected, rtol=1e-5)


def test_a_network_starts_as_if_it_had_none_and_learns_it() -> None:
    sizes: dict[str, Any] = {
        "input_size": 3,
        "tokens": False,
        "outputs": 6,
        "pooling": "summary",
        "embedding_size": 1,
        "hidden_size": 4,
        "layers": 1,
    }
    options = sizes | {"bidirectional": False, "dropout": 0.0, "input_dropout": 0.5, "seed": 1, "cell_seed": 2}
    with_it = build_network(Architecture("gru", skip={"window": 5, "horizon": 3, "channels": [2, 0]}, **options))
    inputs, lengths = torch.randn(4, 5, 3), torch.full((4,), 5)
    assert torch.equal(with_it.eval()(inputs, lengths), build_network(Architecture("gru", **options)).eval()(inputs, lengths))
    with_it.train()(inputs, lengths).sum().backward()
    assert with_it.skip is not None and with_it.skip.linear.weight.grad is not None
    # Steps hidden from the cell are not hidden from the linear part.
    expected = inputs[:, :, [0, 2]].sum((0, 2))
    torch.testing.assert_close(with_it.skip.linear.weight.grad[0], expected)
