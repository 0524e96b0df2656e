"""Which steps a prediction hangs on: by hiding them, and by gradients that add up."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gatewise.data.encoding.text import UNKNOWN
from gatewise.errors import DataError
from gatewise.inspection import effort, gradients, occlusion
from gatewise.inspection.gradients import TOLERANCE, integrate_gradients
from gatewise.inspection.occlusion import occlude
from gatewise.inspection.targets import Question, question_of
from gatewise.nn import SequenceNetwork
from gatewise.runtime.model import Model
from gatewise.training.networks import torch_network
from tests.inspection.models import CLASSES, FORECAST, NUMBERS, STEPS, TEXTS, dataset_of, make_model

SOURCES = (TEXTS, CLASSES, NUMBERS, FORECAST, STEPS)


def asked(model: Model, source: str, row: int = 0) -> tuple[SequenceNetwork, Question]:
    network = torch_network(model)
    assert network is not None
    question = question_of(model, model.encode([dataset_of(source).sequences[row]]))
    return network.double().requires_grad_(False), question


def numbers_of(network: SequenceNetwork, question: Question, inputs: Tensor) -> float:
    return float(question.number(network(inputs, torch.tensor([inputs.shape[1]]))))


@pytest.mark.parametrize("cell", ["gru", "min_lstm"])
@pytest.mark.parametrize("source", SOURCES)
def test_gradients_add_up_to_the_difference(cell: str, source: str) -> None:
    model = make_model(cell, source)
    network, question = asked(model, source)
    found = integrate_gradients(network, question)
    neutral = torch.full_like(question.inputs, question.neutral)
    here, there = numbers_of(network, question, question.inputs), numbers_of(network, question, neutral)
    assert found.difference == pytest.approx(here - there, abs=1e-12)
    assert found.is_complete
    assert abs(found.per_step.sum() - (here - there)) <= TOLERANCE * np.abs(found.per_step).sum()
    assert found.per_step.shape == (question.inputs.shape[1],) and np.abs(found.per_step).max() > 0


class Sum(nn.Module):
    """In the place of a network: a weighted sum over steps and channels."""

    embedding = None

    def __init__(self, weights: Tensor) -> None:
        super().__init__()
        self.recurrent = nn.Linear(1, 1)
        self.weights = weights

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        return (inputs * self.weights).sum((1, 2)).unsqueeze(1)


def plain_question(inputs: Tensor) -> Question:
    return Question("n", "n", inputs, torch.tensor([inputs.shape[1]]), lambda outputs: outputs[:, 0], str, 0.0, "nothing")


def test_of_a_weighted_sum_both_ways_give_each_step_its_weight() -> None:
    weights, inputs = torch.randn(9, 2, dtype=torch.float64), torch.randn(1, 9, 2, dtype=torch.float64)
    network, question = Sum(weights), plain_question(inputs)
    expected = (weights * inputs[0]).numpy()
    by_gradient = integrate_gradients(network, question)  # type: ignore[arg-type]
    np.testing.assert_allclose(by_gradient.parts, expected, atol=1e-12)
    assert by_gradient.points == gradients.FIRST_POINTS and by_gradient.error == pytest.approx(0, abs=1e-12)
    hidden = occlude(network, question)  # type: ignore[arg-type]
    np.testing.assert_allclose(hidden.effects, expected.sum(1), atol=1e-12)
    assert hidden.value == pytest.approx(expected.sum(), abs=1e-12) and hidden.width == 1


class Jump(Sum):
    """Far too steep for a few points."""

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        return torch.sigmoid(3000 * (super().forward(inputs, lengths) - 0.37))


def test_points_are_added_until_the_parts_add_up_and_what_does_not_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    network, question = Jump(torch.tensor([[1.0]])), plain_question(torch.ones(1, 1, 1, dtype=torch.float64))
    found = integrate_gradients(network, question)  # type: ignore[arg-type]
    assert found.points > gradients.FIRST_POINTS and found.is_complete
    monkeypatch.setattr(gradients, "MOST_POINTS", 64)
    found = integrate_gradients(network, question)  # type: ignore[arg-type]
    assert found.points == 64 and not found.is_complete


@pytest.mark.parametrize("source", SOURCES)
def test_hiding_is_what_a_person_would_do_by_hand(source: str) -> None:
    network, question = asked(make_model("lstm", source), source, 1)
    found = occlude(network, question)
    place = int(np.abs(found.effects).argmax())
    copy = question.inputs.clone()
    copy[0, found.starts[place] : found.stops[place]] = question.neutral
    without = numbers_of(network, question, copy)
    assert found.effects[place] == pytest.approx(numbers_of(network, question, question.inputs) - without, abs=1e-12)
    assert (found.starts[1:] == found.stops[:-1]).all() and found.stops[-1] == question.inputs.shape[1]


def test_a_long_series_is_hidden_by_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(occlusion, "MOST_OF_VALUES", 4)
    inputs = torch.arange(9.0, dtype=torch.float64)[None, :, None]
    found = occlude(Sum(torch.ones(9, 1)), plain_question(inputs))  # type: ignore[arg-type]
    assert found.width == 3
    assert found.effects.tolist() == [0 + 1 + 2, 3 + 4 + 5, 6 + 7 + 8]
    assert found.per_step().tolist() == [3.0] * 3 + [12.0] * 3 + [21.0] * 3


def test_what_is_costly_is_asked_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effort, "MULTIPLICATIONS", 1)
    monkeypatch.setattr(occlusion, "FEWEST", 4)
    network, question = Sum(torch.ones(8, 1)), plain_question(torch.ones(1, 8, 1, dtype=torch.float64))
    assert occlude(network, question).width == 2  # type: ignore[arg-type]
    assert integrate_gradients(network, question).points == gradients.FEWEST_POINTS  # type: ignore[arg-type]


def test_steps_that_a_network_is_worth() -> None:
    network = torch_network(make_model("gru", CLASSES))
    assert network is not None
    weights = 3 * 7 * (3 + 7)
    assert effort.steps_within(network) == 10**10 // weights
    assert effort.steps_within(network, 3) == 10**10 // (3 * weights)


def test_the_number_of_classes_is_their_log_odds() -> None:
    model = make_model("gru", TEXTS)
    text = dataset_of(TEXTS).sequences[0]
    network, question = asked(model, TEXTS)
    with torch.no_grad():
        value = float(question.number(network(question.inputs, question.lengths)))
    # The network is in float64 by now, and reads whole numbers.
    shares = torch.softmax(network(question.inputs, question.lengths)[0], 0)
    assert value == pytest.approx(math.log(shares.max() / (1 - shares.max())), abs=1e-9)
    assert question.write(value) == f"{100 * float(shares.max()):.1f}%"
    certain = [question.write(log_odds) for log_odds in (0.0, 4.0, 6.0, 9.0, 1e4, -6.0, -1e4)]
    assert certain == ["50.0%", "98.2%", "99.75%", "99.988%", "100.000000%", "0.25%", "0.000000%"]
    assert model.class_names[int(shares.argmax())] in question.name
    assert question.neutral == UNKNOWN and isinstance(text, str)


def test_the_number_of_several_classes_is_against_all_others() -> None:
    source = "builtin:digits"
    network, question = asked(make_model("gru", source), source)
    shares = torch.softmax(network(question.inputs, question.lengths)[0], 0)
    expected = math.log(shares.max() / (shares.sum() - shares.max()))
    assert float(question.number(network(question.inputs, question.lengths))) == pytest.approx(expected, abs=1e-9)
    assert "against all other classes together" in question.name


@pytest.mark.parametrize("source", [NUMBERS, FORECAST])
def test_a_number_is_in_the_units_of_the_data(source: str) -> None:
    model = make_model("gru", source)
    sequence = dataset_of(source).sequences[0]
    expected = float(np.mean(model.predict([sequence])[0]))
    network, question = asked(model, source)
    assert numbers_of(network, question, question.inputs) == pytest.approx(expected, rel=1e-4)
    assert ("the next 3 steps" in question.name) == (source == FORECAST)


def test_of_several_channels_the_mean_is_in_units_of_each() -> None:
    model = make_model("gru", FORECAST)
    assert model.forecast is not None
    several = replace(model, forecast=replace(model.forecast, targets=(0, 0)), predictor=make_model("gru", FORECAST).predictor)
    question = question_of(several, several.encode([dataset_of(FORECAST).sequences[0]]))
    assert float(question.number(torch.tensor([[1.0, 2.0, 6.0]]))) == 3.0
    assert "2 channels, each in units of its deviation" in question.name


def test_the_number_of_next_steps_is_how_likely_the_last_one_was() -> None:
    model = make_model("gru", STEPS)
    sequence = np.asarray(dataset_of(STEPS).sequences[0])
    shares = model.predict([sequence[:-1]])[0][-1]
    likelihood = np.where(sequence[-1] > 0, np.log(shares), np.log(1 - shares)).sum()
    network, question = asked(model, STEPS)
    assert question.beside == 1 and question.inputs.shape[1] == len(sequence) - 1
    assert numbers_of(network, question, question.inputs) == pytest.approx(float(likelihood), abs=1e-3)


def test_a_single_step_has_nothing_before_it() -> None:
    model = make_model("gru", STEPS)
    sequence = np.asarray(dataset_of(STEPS).sequences[0])[:1]
    with pytest.raises(DataError, match="1 step, and nothing before it"):
        question_of(model, model.encode([sequence]))
