"""What the head reads of the states: recomputed step by step, blind to padding, alike in every arm, exported as it is."""

from typing import Any

import pytest
import torch

from gatewise.nn import CELLS, SequenceNetwork, build_network, matched_hidden_sizes
from gatewise.nn.pooling import POOLINGS, Attention, build_pool, pool_parameters
from gatewise.nn.sizes import trained_parameters
from gatewise.records import Architecture

LENGTHS = torch.tensor([6, 1, 3])
POOLED = [name for name in POOLINGS if name != "steps"]


def states(size: int = 8) -> torch.Tensor:
    return torch.randn(3, 6, size, generator=torch.Generator().manual_seed(0))


def network(cell: str, **changes: Any) -> SequenceNetwork:
    shape: dict[str, Any] = {"input_size": 2, "tokens": False, "outputs": 3, "embedding_size": 1, "hidden_size": 4, "layers": 1}
    rest = {"pooling": "summary", "bidirectional": False, "dropout": 0.0, "input_dropout": 0.0, "seed": 1, "cell_seed": 2}
    return build_network(Architecture(cell, **shape | rest | changes))


def weighted(pool: Attention, real: torch.Tensor) -> torch.Tensor:
    scores = torch.stack([pool.query @ torch.tanh(pool.key.weight @ state + pool.key.bias) for state in real])
    weights = scores.exp() / scores.exp().sum()
    return torch.stack([weight * state for weight, state in zip(weights, real, strict=True)]).sum(0)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("pooling", POOLED)
def test_every_pooling_is_what_it_says(pooling: str, bidirectional: bool) -> None:
    pool = build_pool(pooling, 4 if bidirectional else 8, bidirectional=bidirectional)
    expected = []
    for row, length in enumerate(LENGTHS.tolist()):
        real = states()[row, :length]
        mean, maximum = real.sum(0) / length, real.max(0).values
        if pooling == "last":
            backward = real[0] if bidirectional else real[-1]
            expected.append(torch.cat([real[-1][:4], backward[4:]]))
        elif pooling == "attention":
            assert isinstance(pool, Attention)
            expected.append(weighted(pool, real))
        else:
            expected.append({"mean": mean, "max": maximum, "summary": torch.cat([real[-1], mean, maximum])}[pooling])
    torch.testing.assert_close(pool(states(), LENGTHS), torch.stack(expected))


@pytest.mark.parametrize("padding", [float("nan"), 1e30, float("inf")])
@pytest.mark.parametrize("pooling", POOLED)
def test_padding_enters_neither_the_pooling_nor_its_gradients(pooling: str, padding: float) -> None:
    pool = build_pool(pooling, 4, bidirectional=True)
    clean = states().requires_grad_()
    poisoned = states().masked_fill((torch.arange(6) >= LENGTHS[:, None]).unsqueeze(2), padding).requires_grad_()
    assert torch.equal(pool(clean, LENGTHS), pool(poisoned, LENGTHS))
    pool(poisoned, LENGTHS).sum().backward()
    assert poisoned.grad is not None
    assert poisoned.grad.isfinite().all()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in pool.parameters())


@pytest.mark.parametrize("cell", CELLS)
def test_the_last_state_of_two_directions_has_read_the_whole_sequence_in_each(cell: str) -> None:
    model = network(cell, pooling="last", bidirectional=True).eval()
    inputs = torch.randn(1, 6, 2, generator=torch.Generator().manual_seed(0), requires_grad=True)
    found, _ = model.recurrent(inputs, lengths=torch.tensor([6]))
    for half in model.pool(found, torch.tensor([6]))[0].split(4):
        (gradient,) = torch.autograd.grad(half.sum(), inputs, retain_graph=True)
        assert (gradient[0].abs().sum(1) > 0).all()


def test_arms_of_a_replicate_share_the_learned_query() -> None:
    gru, lstm = network("gru", pooling="attention", cell_seed=3), network("lstm", pooling="attention", cell_seed=4)
    assert isinstance(gru.pool, Attention) and isinstance(lstm.pool, Attention)
    assert torch.equal(gru.pool.query, lstm.pool.query)
    assert torch.equal(gru.pool.key.weight, lstm.pool.key.weight)
    assert not torch.equal(gru.pool.query, network("gru", pooling="attention", seed=9).pool.query)  # type: ignore[arg-type]


def test_head_and_embedding_start_as_they_would_with_another_pooling() -> None:
    plain, attentive = (network("gru", pooling=pooling, tokens=True, input_size=9) for pooling in ("mean", "attention"))
    assert plain.embedding is not None and attentive.embedding is not None
    assert torch.equal(plain.head.weight, attentive.head.weight)
    assert torch.equal(plain.embedding.weight, attentive.embedding.weight)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("pooling", POOLED)
def test_parameters_are_counted(pooling: str, bidirectional: bool) -> None:
    model = network("gru", pooling=pooling, bidirectional=bidirectional)
    shape: dict[str, Any] = {"input_size": 2, "layers": 1, "bidirectional": bidirectional, "outputs": 3, "pooling": pooling}
    assert sum(weight.numel() for weight in model.parameters()) == trained_parameters("gru", 4, **shape)
    assert sum(weight.numel() for weight in model.pool.parameters()) == pool_parameters(pooling, 4, bidirectional=bidirectional)
    assert matched_hidden_sizes(("lstm", "gru"), 64, **shape).is_matched


@pytest.mark.parametrize("cell", ["gru", "min_lstm"])
@pytest.mark.parametrize("pooling", POOLED)
def test_networks_export(pooling: str, cell: str) -> None:
    model = network(cell, pooling=pooling, bidirectional=True).eval()
    inputs, lengths = torch.randn(3, 6, 2, generator=torch.Generator().manual_seed(0)), LENGTHS
    program = torch.export.export(model, (inputs, lengths))
    torch.testing.assert_close(program.module()(inputs, lengths), model(inputs, lengths))


def test_networks_without_the_option_have_the_weights_of_earlier_versions() -> None:
    names = set(network("gru").state_dict())
    assert names == {
        *("head.weight", "head.bias"),
        *(f"recurrent.{name}_l0" for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")),
    }
    assert network("gru").head.weight.shape == (3, 12)
