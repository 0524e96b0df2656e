"""The classifier around the cells: pooling, dropout, and what arms of one pair have in common."""

from typing import Any

import pytest
import torch

from gatewise.nn import CELLS, SequenceClassifier, build_network
from gatewise.nn.network import UNKNOWN_TOKEN, pool

LENGTHS = torch.tensor([6, 1, 3])


def network(cell: str = "gru", **changes: Any) -> SequenceClassifier:
    sizes: dict[str, Any] = {"input_size": 11, "tokens": True, "classes": 4, "embedding_size": 6, "hidden_size": 5}
    rest: dict[str, Any] = {"layers": 1, "bidirectional": False, "dropout": 0.0, "input_dropout": 0.0, "seed": 1, "cell_seed": 2}
    return build_network(cell, **{**sizes, **rest, **changes})


def tokens() -> torch.Tensor:
    ids = torch.randint(2, 11, (3, 6), generator=torch.Generator().manual_seed(0))
    return ids.masked_fill(torch.arange(6) >= LENGTHS[:, None], 0)


def test_pool_is_last_mean_and_maximum_of_the_real_steps() -> None:
    states = torch.randn(3, 6, 5, generator=torch.Generator().manual_seed(0))
    expected = []
    for row, length in enumerate(LENGTHS.tolist()):
        real = [states[row, step] for step in range(length)]
        expected.append(torch.cat([real[-1], sum(real) / length, torch.stack(real).max(0).values]))
    torch.testing.assert_close(pool(states, LENGTHS), torch.stack(expected))


@pytest.mark.parametrize("padding", [float("nan"), 1e30, float("inf")])
def test_pool_never_sees_padding(padding: float) -> None:
    states = torch.randn(3, 6, 5, generator=torch.Generator().manual_seed(0))
    poisoned = states.masked_fill((torch.arange(6) >= LENGTHS[:, None]).unsqueeze(2), padding)
    assert torch.equal(pool(states, LENGTHS), pool(poisoned, LENGTHS))


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_scores_do_not_depend_on_padding(cell: str, bidirectional: bool) -> None:
    model = network(cell, bidirectional=bidirectional, layers=2).eval()
    padded = torch.nn.functional.pad(tokens(), (0, 4), value=7)
    together = model(padded, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        torch.testing.assert_close(model(tokens()[row : row + 1, :length], LENGTHS[row : row + 1])[0], together[row])


def test_arms_of_a_pair_share_embedding_and_head_but_not_the_cell() -> None:
    arms = [network("gru", cell_seed=10), network("lstm", cell_seed=11), network("gru", cell_seed=12)]
    for arm in arms[1:]:
        assert torch.equal(arm.embedding.weight, arms[0].embedding.weight)
        assert torch.equal(arm.head.weight, arms[0].head.weight)
        assert torch.equal(arm.head.bias, arms[0].head.bias)
    first, second = (next(arms[number].recurrent.parameters()) for number in (0, 2))
    assert not torch.equal(first, second)
    assert not torch.equal(network(seed=5).head.weight, arms[0].head.weight)


def test_same_seeds_build_the_same_network() -> None:
    first, second = network(layers=2, bidirectional=True), network(layers=2, bidirectional=True)
    assert all(torch.equal(one, other) for one, other in zip(first.parameters(), second.parameters(), strict=True))


def test_build_network_leaves_the_callers_random_state_alone() -> None:
    torch.manual_seed(9)
    expected = torch.rand(3)
    torch.manual_seed(9)
    network()
    assert torch.equal(torch.rand(3), expected)


def test_padding_row_of_the_embedding_is_zero_and_stays_so() -> None:
    model = network()
    assert not model.embedding.weight[0].any()
    model(tokens(), LENGTHS).sum().backward()
    assert not model.embedding.weight.grad[0].any()


@pytest.mark.parametrize("kind", ["dropout", "input_dropout"])
def test_dropout_acts_in_training_only(kind: str) -> None:
    model = network(**{kind: 0.5})
    model.train()
    assert not torch.equal(model(tokens(), LENGTHS), model(tokens(), LENGTHS))
    model.eval()
    torch.testing.assert_close(model(tokens(), LENGTHS), network().eval()(tokens(), LENGTHS), rtol=0, atol=0)


def test_hidden_tokens_become_the_unknown_token() -> None:
    model = network(input_dropout=1.0).train()
    unknown = torch.full_like(tokens(), UNKNOWN_TOKEN)
    torch.testing.assert_close(model(tokens(), LENGTHS), model.eval()(unknown, LENGTHS))


def test_hidden_vectors_become_zero() -> None:
    model = network(input_size=2, tokens=False, input_dropout=1.0).train()
    vectors = torch.randn(3, 6, 2, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(model(vectors, LENGTHS), model.eval()(torch.zeros_like(vectors), LENGTHS))
    assert model.embedding is None
