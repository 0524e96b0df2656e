"""Trainings that the cap ended: counted by arm, told from those that stopped by themselves, and said once."""

from dataclasses import replace
from typing import Any

import pytest

from gatewise.comparison.unfinished import is_unfinished, unfinished_warning
from gatewise.records import Config, Epoch, Hyperparameters, Training
from gatewise.titles import Titles

CONFIG = Config("data", max_epochs=3)
HISTORY = tuple(Epoch(number, 0.5, 0.5, 0.5, float(number)) for number in (1, 2, 3))


def training(name: str, number: int, ended: Any, epochs: int = 3) -> Training:
    values = Hyperparameters(0.01, 0.1, 0.1, 0.1)
    return Training("replicate", name, number, values, 0.5, 0.5, history=HISTORY[:epochs], best_epoch=epochs, ended=ended)


def trainings(*ended: tuple[str, str]) -> list[Training]:
    return [
        training(name, number, reason)
        for number, replicate in enumerate(ended)
        for name, reason in zip(("gru", "lstm"), replicate, strict=True)
    ]


@pytest.mark.parametrize(
    ("ended", "epochs", "expected"),
    [("epochs", 3, True), ("patience", 3, False), ("diverged", 2, False), (None, 3, True), (None, 2, False)],
)
def test_the_cap_counts_where_it_ended_the_training(ended: Any, epochs: int, expected: bool) -> None:
    assert is_unfinished(training("gru", 0, ended, epochs), 3) is expected


def test_the_warning_says_how_many_of_how_many_of_which_arm_and_what_to_do() -> None:
    found = [
        *unfinished_warning(CONFIG, trainings(("epochs", "epochs"), ("patience", "epochs"), ("patience", "patience")), Titles())
    ]
    assert found == [
        "3 of 6 trainings (GRU 1, LSTM 2) ended at the cap of 3 epochs while the validation loss was still falling: more epochs "
        "might change the answer. Give a new run --max-epochs 12, or without --max-epochs a larger --budget, which leaves room "
        "for more."
    ]
    (unlimited,) = unfinished_warning(replace(CONFIG, budget_s=None, replicates=3), trainings(("epochs", "epochs")), Titles())
    assert unlimited.endswith("Give a new run --max-epochs 12.")


def test_few_are_not_worth_a_warning() -> None:
    stopped = [("patience", "patience")] * 10
    assert [*unfinished_warning(CONFIG, trainings(*stopped, ("epochs", "patience")), Titles())] == []
    assert [*unfinished_warning(CONFIG, trainings(*stopped[:3], ("epochs", "patience")), Titles())] != []
    assert [*unfinished_warning(CONFIG, [], Titles())] == []
