"""What is said follows from the numbers: opposite numbers, opposite sentences."""

from dataclasses import replace
from typing import Any

import pytest

from gatewise.advice.facts import ContextLoss, CurvePoint, Measured
from gatewise.advice.questions import Question, answered
from tests.advice.made_up import DATA, SPEED, facts, likely

RESOURCES, REAL_TIME, LENGTH, ROWS, ITERATE, CELL, WORTH, ENOUGH = range(8)


def asked(number: int, **changes: Any) -> str:
    return " ".join(answered(facts(**changes))[number].answer)


def test_every_question_is_asked_and_every_quantity_has_words() -> None:
    found = answered(facts())
    assert [question.heading for question in found] == [
        "Are your computing resources limited?",
        "Is it real time?",
        "How long are the sequences, and the dependencies in them?",
        "How much data is there?",
        "How fast must you iterate?",
        "Does the cell matter here?",
        "Is a recurrent net worth it?",
        "Is the evidence enough?",
    ]
    for question in found:
        assert isinstance(question, Question)
        assert question.answer
        assert question.quantities
        assert all(label and text for label, text in question.quantities)


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [
        (Measured(0.75, 0.74, 0.76), "The GRU takes 25% less time than the LSTM"),
        (Measured(1.33, 1.3, 1.35), "The LSTM takes 25% less time than the GRU"),
        (Measured(1.0, 0.97, 1.03), "GRU and LSTM take about the same time"),
        (Measured(0.9, 0.7, 1.1), "GRU and LSTM take about the same time"),
    ],
)
def test_who_trains_faster(ratio: Measured, expected: str) -> None:
    assert asked(RESOURCES, speed=replace(SPEED, step_ratio=ratio)).startswith(expected)
    assert asked(REAL_TIME, speed=replace(SPEED, latency_ratio=ratio)).startswith(expected)


def test_the_kernel_and_the_share_of_the_recurrent_layer_are_named() -> None:
    assert "on gatewise avx2" in asked(RESOURCES)
    assert "is 80% of a step" in asked(RESOURCES)
    assert "is 8% of a step" in asked(RESOURCES, speed=replace(SPEED, recurrent_share=Measured(0.08, 0.07, 0.09)))


def test_time_to_the_same_score_is_that_of_a_step_and_of_the_epochs() -> None:
    assert "To the same validation score of 88.0% the GRU takes 0.80 times the epochs of the LSTM, 0.60 times its time." in asked(
        RESOURCES
    )
    assert "1.50 times the epochs of the LSTM, 1.12 times its time" in asked(RESOURCES, epochs_ratio=Measured(1.5))
    assert "validation score" not in asked(RESOURCES, epochs_ratio=None)


def test_how_long_memory_must_be() -> None:
    assert "lies further back" in asked(LENGTH)
    short = (ContextLoss(5, Measured(0.005)), ContextLoss(20, Measured(0.0)))
    assert "The last 5 steps do as well as all: little memory is needed." in asked(LENGTH, contexts=short)
    nothing = {"gru": 0.5, "lstm": 0.5, "majority": 0.5, "minirocket": 0.8}
    assert "learned too little" in asked(LENGTH, contexts=short, scores=nothing)
    assert "memory" not in asked(LENGTH, contexts=())


@pytest.mark.parametrize(
    ("shuffled", "expected"),
    [
        (Measured(0.3, 0.2, 0.4), "order matters: shuffled, the GRU loses 30.0 points."),
        (Measured(0.03, -0.02, 0.08), "loses 3.0 points, which may be chance."),
        (Measured(-0.002, -0.05, 0.05), "order hardly matters"),
    ],
)
def test_whether_order_matters(shuffled: Measured, expected: str) -> None:
    assert expected in asked(LENGTH, shuffled=shuffled)


def test_longer_rows_than_those_learned_from() -> None:
    assert "the GRU is better there" in asked(LENGTH, longer=Measured(0.1, 0.05, 0.15))
    assert "the LSTM is better there" in asked(LENGTH, longer=Measured(-0.1, -0.15, -0.05))
    assert "neither cell is clearly better" in asked(LENGTH, longer=Measured(0.02, -0.05, 0.09))


def test_whether_more_rows_would_help() -> None:
    flat = (CurvePoint(400, {"gru": 0.899, "lstm": 0.88}), CurvePoint(800, {"gru": 0.9, "lstm": 0.89}))
    assert "more rows would help" in asked(ROWS)
    assert "more rows would hardly help" in asked(ROWS, curve=flat)


def test_errors_that_should_be_low_rise_when_they_fall() -> None:
    errors = {
        "metric": "mase",
        "margin": 0.02,
        "scores": {"gru": 0.8, "lstm": 0.9, "last_value": 1.0},
        "simplest": "last_value",
        "best_baseline": "last_value",
        "curve": (CurvePoint(400, {"gru": 0.9, "lstm": 0.95}), CurvePoint(800, {"gru": 0.8, "lstm": 0.9})),
    }
    assert "gains +0.100: more rows would help" in asked(ROWS, **errors)


def test_imbalance_is_said_where_it_is() -> None:
    assert "imbalanced" not in asked(ROWS)
    assert "one has 90% of the rows" in asked(ROWS, data=replace(DATA, largest_class=0.9))


def test_tuning_beside_the_cell() -> None:
    assert "tuning matters more than the cell" in asked(ITERATE, tuning=0.05)
    assert "tuning matters no more than the cell" in asked(ITERATE, tuning=0.004)
    assert "tuning matters no more than the cell" in asked(ITERATE, difference=Measured(0.2, 0.1, 0.3))


def test_the_cell() -> None:
    assert "leads the LSTM by 1.0 points" in asked(CELL)
    assert "probability of 80%" in asked(CELL)
    assert "probability of 10%" in asked(CELL, quick=likely(first=0.9, equivalent=0.1))
    assert "too few to tell" in asked(CELL, difference=Measured(0.01))


def test_baselines() -> None:
    assert "ahead of the MiniRocket by 10.0 points" in asked(WORTH)
    assert "behind the MiniRocket by 10.0 points" in asked(WORTH, lead=Measured(-0.1, -0.15, -0.05))


def test_what_nothing_solves() -> None:
    poor = {"gru": 0.35, "lstm": 0.37, "majority": 0.1, "minirocket": 0.34}
    assert "Nothing here solves the task: the LSTM, the best, is 30% of the way from the majority class" in asked(
        WORTH, scores=poor
    )
    assert "solves" not in asked(WORTH)


def test_evidence() -> None:
    assert "About 10 more replicates" in asked(ENOUGH)
    assert "No number of replicates" in asked(ENOUGH, further=None, budget_s=None)
    assert "settle it already" in asked(ENOUGH, further=None)
    assert "50% of the epochs" in asked(ENOUGH, epochs=20)
