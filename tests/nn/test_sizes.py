"""Counted and matched parameters against networks that are really built."""

from typing import Any

import pytest

from gatewise.errors import OptionError
from gatewise.nn import CELLS, SequenceNetwork, build_network, matched_hidden_sizes, recurrent_parameters
from gatewise.nn.sizes import TOLERANCE, trained_parameters
from gatewise.records import Architecture

ALL = tuple(CELLS)
SHAPES: list[dict[str, Any]] = [
    {"input_size": 64, "layers": 1, "bidirectional": False, "outputs": 2},
    {"input_size": 1, "layers": 1, "bidirectional": False, "outputs": 10},
    {"input_size": 7, "layers": 3, "bidirectional": False, "outputs": 1},
    {"input_size": 300, "layers": 2, "bidirectional": True, "outputs": 5},
    {"input_size": 88, "layers": 1, "bidirectional": False, "outputs": 88, "pooling": "steps"},
]

every_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


def build(cell: str, hidden_size: int, shape: dict[str, Any]) -> SequenceNetwork:
    """Vectors go straight into the cell, so that all parameters are behind the (absent) embedding."""
    rest: dict[str, Any] = {"tokens": False, "embedding_size": 1, "dropout": 0.0, "input_dropout": 0.0, "seed": 0, "cell_seed": 1}
    return build_network(Architecture(cell, **{"hidden_size": hidden_size, "pooling": "summary", **shape, **rest}))


@every_shape
@pytest.mark.parametrize("hidden_size", [1, 2, 13, 64])
@pytest.mark.parametrize("cell", ALL)
def test_counts_are_those_of_the_built_network(cell: str, hidden_size: int, shape: dict[str, Any]) -> None:
    network = build(cell, hidden_size, shape)
    sizes = (shape["input_size"], hidden_size, shape["layers"], shape["bidirectional"])
    assert recurrent_parameters(cell, *sizes) == sum(value.numel() for value in network.recurrent.parameters())
    assert trained_parameters(cell, hidden_size, **shape) == sum(value.numel() for value in network.parameters())


@every_shape
@pytest.mark.parametrize("cells", [("gru", "lstm"), ("lstm", "gru"), ("gru", "rnn"), ("lstm", "min_gru"), ("gru", "lstm", "rnn")])
def test_partners_within_one_percent_at_ordinary_sizes(cells: tuple[str, ...], shape: dict[str, Any]) -> None:
    for hidden_size in (48, 50, 64, 100, 128, 200):
        match = matched_hidden_sizes(cells, hidden_size, **shape)
        assert match.is_matched
        assert abs(match.hidden_sizes[cells[0]] - hidden_size) <= hidden_size // 8
        networks = {cell: build(cell, size, shape) for cell, size in match.hidden_sizes.items()}
        built = {cell: sum(value.numel() for value in network.parameters()) for cell, network in networks.items()}
        assert dict(match.parameters) == built
        assert max(built.values()) <= (1 + TOLERANCE) * min(built.values())
        assert match.spread == pytest.approx(max(built.values()) / min(built.values()) - 1)


@every_shape
def test_the_size_asked_for_stays_wherever_it_has_a_partner(shape: dict[str, Any]) -> None:
    stayed = 0
    for hidden_size in range(1, 130):
        match = matched_hidden_sizes(("gru", "lstm"), hidden_size, **shape)
        wanted = trained_parameters("gru", hidden_size, **shape)
        partners = [trained_parameters("lstm", size, **shape) for size in range(1, hidden_size + 1)]
        has_partner = any(max(wanted, count) <= (1 + TOLERANCE) * min(wanted, count) for count in partners)
        assert (match.hidden_sizes["gru"] == hidden_size) >= has_partner
        stayed += has_partner
    assert 20 < stayed < 129, "both cases were seen"


def test_all_five_cells_at_once() -> None:
    match = matched_hidden_sizes(ALL, 128, **SHAPES[0])
    assert set(match.hidden_sizes) == set(ALL)
    assert match.spread < 0.02
    assert abs(match.hidden_sizes["gru"] - 128) <= 16


def test_tiny_sizes_come_as_near_as_they_can_and_say_how_near() -> None:
    match = matched_hidden_sizes(("gru", "lstm"), 2, **SHAPES[1])
    every = [
        max(counts) / min(counts) - 1
        for reference in range(1, 5)
        for size in range(1, 9)
        if (counts := [trained_parameters("gru", reference, **SHAPES[1]), trained_parameters("lstm", size, **SHAPES[1])])
    ]
    assert not match.is_matched
    assert match.spread == min(every)


def test_a_cell_against_itself_needs_no_change() -> None:
    match = matched_hidden_sizes(("gru", "gru"), 31, **SHAPES[0])
    assert (dict(match.hidden_sizes), match.spread) == ({"gru": 31}, 0.0)


def test_steps_refuse_both_directions() -> None:
    with pytest.raises(OptionError, match="bidirectional"):
        matched_hidden_sizes(("gru", "lstm"), 64, **{**SHAPES[4], "bidirectional": True})
