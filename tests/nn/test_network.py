"""The network around the cells: pooling, dropout, and what arms of one replicate have in common."""

from typing import Any

import pytest
import torch

from gatewise.errors import OptionError
from gatewise.nn import CELLS, SequenceNetwork, build_network
from gatewise.nn.network import UNKNOWN_TOKEN
from gatewise.nn.pooling import POOLINGS
from gatewise.records import Architecture

LENGTHS = torch.tensor([6, 1, 3])


def network(cell: str = "gru", **changes: Any) -> SequenceNetwork:
    sizes: dict[str, Any] = {"input_size": 11, "tokens": True, "outputs": 4, "embedding_size": 6, "hidden_size": 5}
    rest: dict[str, Any] = {"pooling": "summary", "layers": 1, "bidirectional": False, "dropout": 0.0, "input_dropout": 0.0}
    seeds = {"seed": 1, "cell_seed": 2}
    return build_network(Architecture(cell, **{**sizes, **rest, **seeds, **changes}))


def tokens() -> torch.Tensor:
    ids = torch.randint(2, 11, (3, 6), generator=torch.Generator().manual_seed(0))
    return ids.masked_fill(torch.arange(6) >= LENGTHS[:, None], 0)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_scores_do_not_depend_on_padding(cell: str, bidirectional: bool) -> None:
    model = network(cell, bidirectional=bidirectional, layers=2).eval()
    padded = torch.nn.functional.pad(tokens(), (0, 4), value=7)
    together = model(padded, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        torch.testing.assert_close(model(tokens()[row : row + 1, :length], LENGTHS[row : row + 1])[0], together[row])


def test_arms_of_a_replicate_share_embedding_and_head_but_not_the_cell() -> None:
    arms = [network("gru", cell_seed=10), network("lstm", cell_seed=11), network("gru", cell_seed=12)]
    embedding = arms[0].embedding
    assert embedding is not None
    for arm in arms[1:]:
        assert arm.embedding is not None and torch.equal(arm.embedding.weight, embedding.weight)
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
    assert model.embedding is not None
    weight = model.embedding.weight
    assert not weight[0].any()
    model(tokens(), LENGTHS).sum().backward()
    assert weight.grad is not None and not weight.grad[0].any()


@pytest.mark.parametrize("kind", ["dropout", "input_dropout"])
def test_dropout_acts_in_training_only(kind: str) -> None:
    options: dict[str, Any] = {kind: 0.5}
    model = network(**options)
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


def test_the_network_knows_its_pooling_and_outputs() -> None:
    summary, steps = network(), network(pooling="steps", outputs=7)
    assert (type(summary.pool), summary.outputs, summary.head.in_features) == (POOLINGS["summary"], 4, 15)
    assert (type(steps.pool), steps.outputs, steps.head.in_features) == (POOLINGS["steps"], 7, 5)


@pytest.mark.parametrize("cell", CELLS)
def test_steps_say_something_of_every_state(cell: str) -> None:
    model = network(cell, pooling="steps", layers=2).eval()
    scores = model(tokens(), LENGTHS)
    assert scores.shape == (3, 6, 4)
    assert model.embedding is not None
    states, _ = model.recurrent(model.embedding(tokens()), lengths=LENGTHS)
    torch.testing.assert_close(scores[0, 5], model.head(states[0, 5]))


@pytest.mark.parametrize("cell", CELLS)
def test_steps_never_see_what_comes_later(cell: str) -> None:
    model = network(cell, pooling="steps", layers=2, input_size=2, tokens=False).eval()
    vectors = torch.randn(3, 6, 2, generator=torch.Generator().manual_seed(0))
    changed = vectors.clone()
    changed[:, 4:] = 9.0
    full = torch.full((3,), 6)
    torch.testing.assert_close(model(vectors, full)[:, :4], model(changed, full)[:, :4], rtol=0, atol=0)
    assert not torch.allclose(model(vectors, full)[:, 4], model(changed, full)[:, 4])


def retention(cell: str, options: dict[str, Any]) -> torch.Tensor:
    """Share of the state that each unit keeps at a step where all products are zero, over layers and directions."""
    model = network(cell, layers=2, bidirectional=True, hidden_size=50, **options)
    shares = []
    for layer in range(2):
        for suffix in ("", "_reverse"):
            bias = getattr(model.recurrent, f"bias_ih_l{layer}{suffix}").detach()
            if cell in ("gru", "lstm"):
                bias = bias + getattr(model.recurrent, f"bias_hh_l{layer}{suffix}").detach()
            gates = torch.sigmoid(bias.view(-1, 50))
            kept = {"gru": gates[1], "lstm": gates[1], "min_gru": 1 - gates[0], "min_lstm": gates[0] / (gates[0] + gates[-2])}
            shares.append(kept[cell])
    return torch.cat(shares)


GATED = [cell for cell in CELLS if cell != "rnn"]


@pytest.mark.parametrize("forget_bias", [-1.0, 0.0, 1.0, 3.0])
@pytest.mark.parametrize("cell", GATED)
def test_forget_bias_keeps_the_same_share_in_every_cell(cell: str, forget_bias: float) -> None:
    kept = retention(cell, {"forget_bias": forget_bias})
    torch.testing.assert_close(kept, torch.full_like(kept, torch.sigmoid(torch.tensor(forget_bias)).item()))


@pytest.mark.parametrize("cell", GATED)
def test_chrono_keeps_states_over_one_to_the_longest_memory(cell: str) -> None:
    kept = retention(cell, {"chrono": 100})
    odds = kept / (1 - kept)
    assert odds.min() >= 1 - 1e-4
    assert odds.max() <= 99 + 1e-2
    assert odds.mean().item() == pytest.approx(50, rel=0.2), "uniform from 1 to T - 1"


@pytest.mark.parametrize("options", [{"forget_bias": 1.0}, {"chrono": 100}])
@pytest.mark.parametrize("cell", CELLS)
def test_first_biases_change_the_gates_alone(cell: str, options: dict[str, Any]) -> None:
    plain, changed = network(cell).state_dict(), network(cell, **options).state_dict()
    different = {name for name, value in plain.items() if not torch.equal(value, changed[name])}
    expected = {"rnn": set(), "min_gru": {"recurrent.bias_ih_l0"}, "min_lstm": {"recurrent.bias_ih_l0"}}
    assert different == expected.get(cell, {"recurrent.bias_ih_l0", "recurrent.bias_hh_l0"})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pooling": "first"}, "pooling is 'first'; expected one of last, mean, max, summary, attention, steps"),
        ({"pooling": "steps", "bidirectional": True}, "a bidirectional cell cannot predict the next.*Leave out bidirectional"),
    ],
)
def test_bad_pooling(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        network("rnn", **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"forget_bias": 1.0, "chrono": 9}, "give one of them"),
        ({"forget_bias": float("nan")}, "forget_bias should be a finite number, got nan"),
        ({"chrono": 1}, "chrono should be the longest dependency in steps, at least 2, got 1"),
        ({"chrono": 9.5}, "an integer, got float"),
    ],
)
@pytest.mark.parametrize("cell", CELLS)
def test_bad_first_biases(cell: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        network(cell, **options)
