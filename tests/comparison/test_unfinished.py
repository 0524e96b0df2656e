"""Trainings that the cap ended: counted by arm, told from those that stopped by themselves, and said once."""

from typing import Any

import pytest

from gatewise.comparison.unfinished import unfinished_warning, used_all_epochs
from gatewise.records import Epoch, Hyperparameters, Training, TriedLength
from gatewise.titles import Titles

HISTORY = tuple(Epoch(number, 0.5, 0.5, 0.5, float(number)) for number in (1, 2, 3))
SOME = (("epochs", "epochs"), ("patience", "epochs"), ("patience", "patience"))


def training(name: str, number: int, ended: Any, epochs: int = 3) -> Training:
    values = Hyperparameters(0.01, 0.1, 0.1, 0.1)
    return Training("replicate", name, number, values, 0.5, 0.5, history=HISTORY[:epochs], best_epoch=epochs, ended=ended)


def trainings(*ended: tuple[str, str]) -> list[Training]:
    return [
        training(name, number, reason)
        for number, replicate in enumerate(ended)
        for name, reason in zip(("gru", "lstm"), replicate, strict=True)
    ]


def warnings(*ended: tuple[str, str], cap: int | None = 3, suits: int = 20, tried: TriedLength | None = None) -> list[str]:
    return [*unfinished_warning(cap, trainings(*ended), suits, tried, Titles())]


@pytest.mark.parametrize(
    ("ended", "epochs", "expected"),
    [("epochs", 3, True), ("patience", 3, False), ("diverged", 2, False), (None, 3, True), (None, 2, False)],
)
def test_the_cap_counts_where_it_ended_the_training(ended: Any, epochs: int, expected: bool) -> None:
    assert used_all_epochs(training("gru", 0, ended, epochs), 3) is expected


def test_fewer_epochs_than_suit_the_data_are_worth_a_warning() -> None:
    assert warnings(*SOME) == [
        "3 of 6 trainings (GRU 1, LSTM 2) ended at the cap of 3 epochs, where 20 suit the data: more might change the answer. "
        "Give a new run --max-epochs 20."
    ]
    assert warnings(*SOME, suits=3) == []
    assert warnings(*SOME, cap=None) == []


def test_where_whole_trainings_were_better_still_longer_ones_may_be() -> None:
    (warning,) = warnings(*SOME, suits=3, tried=TriedLength(short=1, whole=3, gain=0.1, needed=0.02, chosen=3))
    assert warning == (
        "3 of 6 trainings (GRU 1, LSTM 2) ended at the cap of 3 epochs, which was better than 1 in tuning, and more were not "
        "tried: they might change the answer. Give a new run --max-epochs 12."
    )
    assert warnings(*SOME, tried=TriedLength(short=3, whole=9, gain=0.0, needed=0.02, chosen=3)) == []


def test_few_are_not_worth_a_warning() -> None:
    stopped = [("patience", "patience")] * 10
    assert warnings(*stopped, ("epochs", "patience")) == []
    assert warnings(*stopped[:3], ("epochs", "patience")) != []
    assert warnings() == []
