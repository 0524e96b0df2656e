"""The network on arrays says what the network in torch says, whatever it is built of, by kernels and by equations."""

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from gatewise.nn import CELLS, RIVALS, SequenceNetwork, build_network
from gatewise.nn.pooling import POOLINGS
from gatewise.records import Architecture
from gatewise.runtime import layers
from gatewise.runtime.equations import STEPS, sigmoid
from gatewise.runtime.network import ArrayNetwork
from gatewise.runtime.shapes import weight_shapes
from gatewise.training.networks import array_network

LENGTHS = np.array([7, 1, 4, 9, 9], dtype=np.int64)


def built(cell: str, **changes: Any) -> Architecture:
    shape: dict[str, Any] = {
        "input_size": 3,
        "tokens": False,
        "outputs": 4,
        "pooling": "summary",
        "embedding_size": 5,
        "hidden_size": 7,
        "layers": 1,
        "bidirectional": False,
        "dropout": 0.5,
        "input_dropout": 0.1,
        "seed": 1,
        "cell_seed": 2,
    }
    return Architecture(cell, **shape | changes)


def pair(architecture: Architecture) -> tuple[SequenceNetwork, ArrayNetwork]:
    """A network with weights large enough to saturate some gates, and the same on arrays."""
    network = build_network(architecture).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(3.0).add_(0.05)
    return network, array_network(architecture, network)


def rows_for(architecture: Architecture) -> NDArray[Any]:
    generator = np.random.default_rng(0)
    if architecture.tokens:
        rows = generator.integers(1, architecture.input_size, (len(LENGTHS), 9))
        rows[np.arange(9) >= LENGTHS[:, np.newaxis]] = 0
        return rows
    rows = generator.normal(size=(len(LENGTHS), 9, architecture.input_size)).astype(np.float32)
    rows[np.arange(9) >= LENGTHS[:, np.newaxis]] = 0
    return rows


CASES = [
    *(built(cell, layers=count, bidirectional=both) for cell in CELLS for count in (1, 2, 3) for both in (False, True)),
    *(built("gru", tokens=True, input_size=11, pooling=pooling) for pooling in POOLINGS if pooling != "steps"),
    *(built("lstm", bidirectional=True, pooling=pooling) for pooling in POOLINGS if pooling != "steps"),
    *(built(cell, layers=blocks, hidden_size=size) for cell in RIVALS for blocks in (1, 4) for size in (3, 8)),
    built("gru", pooling="steps", outputs=3),
    built("lstm", outputs=6, pooling="last", skip={"window": 9, "horizon": 3, "channels": [2, 0]}),
]


def named(architecture: Architecture) -> str:
    parts = [architecture.cell, architecture.pooling, str(architecture.layers), str(architecture.hidden_size)]
    return "-".join([*parts, "both" if architecture.bidirectional else "one", "tokens" if architecture.tokens else "numbers"])


@pytest.mark.parametrize("by_kernel", [True, False], ids=["kernel", "equations"])
@pytest.mark.parametrize("architecture", CASES, ids=named)
def test_both_networks_say_the_same(architecture: Architecture, by_kernel: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not by_kernel:
        monkeypatch.setattr(layers, "missing", lambda: "for a test")
    network, arrays = pair(architecture)
    rows = rows_for(architecture)
    # A skip reads whole windows alone.
    lengths = np.full_like(LENGTHS, 9) if architecture.skip else LENGTHS
    with torch.inference_mode():
        expected = network(torch.from_numpy(rows), torch.from_numpy(lengths)).numpy()
    actual = arrays(rows, lengths)
    if architecture.pooling == "steps":
        inside = np.arange(9) < lengths[:, np.newaxis]
        expected, actual = expected[inside], actual[inside]
    assert actual.dtype == np.float32
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize("architecture", CASES, ids=named)
def test_shapes_are_known_without_torch(architecture: Architecture) -> None:
    state = build_network(architecture).state_dict()
    assert weight_shapes(architecture) == {name: tuple(tensor.shape) for name, tensor in state.items()}


@pytest.mark.parametrize("changes", [{"hidden_size": 0}, {"layers": True}, {"outputs": 2.0}])
def test_sizes_that_are_none_have_no_shapes(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected a whole number"):
        weight_shapes(built("gru", **changes))


def test_threads_do_not_change_what_is_said() -> None:
    _, arrays = pair(built("gru", hidden_size=40))
    rows = np.random.default_rng(1).normal(size=(64, 30, 3)).astype(np.float32)
    lengths = np.full(64, 30)
    many = ArrayNetwork(arrays.architecture, arrays.weights, threads=3)
    np.testing.assert_array_equal(arrays(rows, lengths), many(rows, lengths))


def test_every_equation_of_a_comparison_is_there() -> None:
    from gatewise.cells import EQUATIONS

    assert set(STEPS) == set(EQUATIONS)


def test_sigmoid_is_exact_far_from_zero() -> None:
    x = np.array([-200.0, -80.0, -20.0, 0.0, 20.0, 200.0], dtype=np.float32)
    expected = 1 / (1 + np.exp(-x.astype(np.float64)))
    np.testing.assert_allclose(sigmoid(x), expected, rtol=1e-6, atol=1e-45)


BLOCKED = """
import sys
sys.modules["torch"] = None
import numpy as np
import gatewise
from gatewise.runtime.network import ArrayNetwork
from gatewise.runtime.shapes import weight_shapes
from gatewise.records import Architecture
built = Architecture("gru", input_size=2, tokens=False, outputs=2, pooling="mean", embedding_size=1, hidden_size=3, layers=1,
                     bidirectional=True, dropout=0.0, input_dropout=0.0, seed=0, cell_seed=0)
weights = {name: np.ones(shape, np.float32) for name, shape in weight_shapes(built).items()}
print(ArrayNetwork(built, weights)(np.ones((1, 4, 2), np.float32), np.array([4])).shape)
"""


def test_torch_is_not_needed() -> None:
    run = subprocess.run([sys.executable, "-c", BLOCKED], capture_output=True, text=True, env=os.environ, check=False)
    assert (run.returncode, run.stdout) == (0, "(1, 2)\n"), run.stderr
