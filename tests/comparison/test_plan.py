"""Arms, durations, and options refused before any work begins."""

from dataclasses import replace
from typing import Any

import pytest

from gatewise.comparison.plan import CELL_NAMES, arms_of, check_config, parse_duration
from gatewise.errors import OptionError
from gatewise.nn import CELLS
from gatewise.records import Arm, Config

CONFIG = Config("reviews.csv")


def test_arms_take_the_names_of_their_cells() -> None:
    assert arms_of(("lstm", "gru")) == (Arm("lstm", "lstm", 0), Arm("gru", "gru", 1))


def test_a_cell_named_again_is_an_arm_of_its_own() -> None:
    assert [arm.name for arm in arms_of(("gru", "gru", "rnn", "gru"))] == ["gru", "gru_2", "rnn", "gru_3"]
    assert {arm.cell for arm in arms_of(("gru", "gru"))} == {"gru"}


def test_every_known_cell_can_be_built() -> None:
    assert set(CELL_NAMES) == set(CELLS)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("10m", 600), ("1.5h", 5400), ("1h30m", 5400), ("1h 30m 5s", 5405), ("45", 45), (" 2.5 ", 2.5), ("10M", 600)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "10 minutes", "m", "-5m", "10d", "1h30", "5m5", "nan", "inf", "0", "0m", "1e3"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(OptionError, match="10m") as caught:
        parse_duration(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cells": ("gru", "lstn")}, r"'lstn'; did you mean lstm\?"),
        ({"cells": ("gru", "transformer")}, r"'transformer'\. Known cells: gru, lstm, rnn"),
        ({"cells": ("gru",)}, "at least two"),
        ({"cells": ()}, "at least two"),
        ({"cost": "money"}, "training, latency, memory, size"),
        ({"budget_s": None}, "--budget 10m or --pairs"),
        ({"margin": 0.0}, "0.01"),
        ({"margin": 0.5}, "0.01"),
        ({"margin": float("nan")}, "0.01"),
        ({"seed": -1}, "2147483647"),
        ({"seed": 2**31}, "2147483647"),
        ({"pairs": 1}, "--pairs 1 .* at least 2"),
        ({"tune": 0}, "--tune 0 .* at least 1"),
        ({"jobs": 0}, "--jobs 0 .* at least 1"),
        ({"hidden_size": 0}, "--hidden-size"),
        ({"layers": 0}, "--layers"),
        ({"embedding_size": 0}, "--embedding-size"),
        ({"batch_size": 0}, "--batch-size"),
        ({"max_length": 0}, "--max-length"),
        ({"max_vocabulary": 9}, "--max-vocabulary"),
        ({"max_epochs": 0}, "--max-epochs"),
    ],
)
def test_what_cannot_work_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message) as caught:
        check_config(replace(CONFIG, **changes))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "changes", [{}, {"pairs": 2, "budget_s": None}, {"cells": ("gru", "gru")}, {"seed": 2**31 - 1, "margin": 0.49, "jobs": 4}]
)
def test_what_works_is_accepted(changes: dict[str, Any]) -> None:
    check_config(replace(CONFIG, **changes))
