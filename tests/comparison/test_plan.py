"""Arms, durations, and options refused before any work begins."""

from dataclasses import replace
from typing import Any

import pytest

from gatewise.comparison.plan import CELL_NAMES, arms_of, margin_needs_baselines, resolve_margin
from gatewise.comparison.task_checks import check_config, check_task
from gatewise.errors import OptionError
from gatewise.metrics import METRICS
from gatewise.nn import CELLS
from gatewise.records import Arm, Config

CONFIG = Config("reviews.csv")


def test_arms_take_the_names_of_their_cells() -> None:
    assert arms_of(("lstm", "gru")) == (Arm("lstm", "lstm", 0, 64), Arm("gru", "gru", 1, 64))


def test_a_cell_named_again_is_an_arm_of_its_own() -> None:
    assert [arm.name for arm in arms_of(("gru", "gru", "rnn", "gru"))] == ["gru_1", "gru_2", "rnn", "gru_3"]
    assert {arm.cell for arm in arms_of(("gru", "gru"))} == {"gru"}


def test_every_known_cell_can_be_built() -> None:
    assert set(CELL_NAMES) == set(CELLS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cells": ("gru", "lstn")}, r"'lstn'; did you mean lstm\?"),
        ({"cells": ("gru", "transformer")}, r"'transformer'\. Known cells: gru, lstm, rnn"),
        ({"cells": ("gru",)}, "at least two"),
        ({"cells": ()}, "at least two"),
        ({"cost": "money"}, "training, latency, memory, size"),
        ({"budget_s": None}, "--budget 10m or --replicates"),
        ({"seed": -1}, "2147483647"),
        ({"seed": 2**31}, "2147483647"),
        ({"replicates": 1}, "--replicates 1 .* at least 2"),
        ({"tune": -1}, "--tune -1 .* at least 0"),
        ({"jobs": 0}, "--jobs 0 is outside 1 to 1024"),
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
    "changes",
    [{}, {"replicates": 2, "budget_s": None}, {"cells": ("gru", "gru")}, {"seed": 2**31 - 1, "margin": 0.49, "jobs": 4}],
)
def test_what_works_is_accepted(changes: dict[str, Any]) -> None:
    check_config(replace(CONFIG, **changes))


@pytest.mark.parametrize("margin", [0.0, 0.5, float("nan"), -0.1])
def test_margins_of_metrics_in_percent_lie_between_none_and_half(margin: float) -> None:
    with pytest.raises(OptionError, match=r"0\.01"):
        check_config(replace(CONFIG, margin=margin))
        check_task(replace(CONFIG, margin=margin), "classification")


def test_options_that_do_not_fit_the_task_are_refused() -> None:
    with pytest.raises(OptionError, match="--metric auroc does not fit regression; choose one of mae, mse, rmse, r2"):
        check_task(replace(CONFIG, metric="auroc"), "regression")
    with pytest.raises(OptionError, match="--class-weights needs classes"):
        check_task(replace(CONFIG, weigh_classes="balanced"), "forecast")
    with pytest.raises(OptionError, match="counts every step alike"):
        check_task(replace(CONFIG, weights="w"), "next_step")
    with pytest.raises(OptionError, match="--pooling pools the steps of a sequence, and next-step prediction says"):
        check_task(replace(CONFIG, pooling="last"), "next_step")
    for asked in (True, False):
        with pytest.raises(OptionError, match="--skip and --no-skip are about the linear part of a forecast"):
            check_task(replace(CONFIG, skip=asked), "classification")
        check_task(replace(CONFIG, skip=asked, pooling="last"), "forecast")
    check_task(replace(CONFIG, metric="mase", margin=3.0), "forecast")


@pytest.mark.parametrize(
    ("margin", "metric", "expected"),
    [
        (None, "accuracy", 0.01),
        (0.03, "accuracy", 0.03),
        ("2%", "accuracy", 0.02),
        (None, "mae", 0.1),
        ("10%", "mae", 0.5),
        (1.5, "mae", 1.5),
    ],
)
def test_a_margin_is_a_number_relative_to_the_best_baselines_score_or_the_metrics_own(
    margin: float | str | None, metric: str, expected: float
) -> None:
    assert resolve_margin(margin, METRICS[metric], 0.9 if metric == "accuracy" else 5.0) == pytest.approx(expected)


@pytest.mark.parametrize(("best", "expected"), [(0.5, 0.01), (0.96, 0.01), (0.98, 0.005), (0.995, 0.001), (1.0, 0.001)])
def test_points_are_a_part_of_a_small_error(best: float, expected: float) -> None:
    assert resolve_margin(None, METRICS["accuracy"], best) == pytest.approx(expected)
    assert margin_needs_baselines(None, METRICS["balanced_accuracy"])
    assert not margin_needs_baselines(0.01, METRICS["accuracy"]) and not margin_needs_baselines("2%", METRICS["accuracy"])


def test_a_margin_relative_to_nothing_is_refused() -> None:
    with pytest.raises(OptionError, match="give the margin as a number"):
        resolve_margin(None, METRICS["mae"], 0.0)


MATCHED = {"lstm": 64, "gru": 74}


def test_arms_of_equal_parameters() -> None:
    sizes = [(arm.name, arm.hidden_size) for arm in arms_of(("gru", "lstm"), 64, "parameters", MATCHED)]
    assert sizes == [("gru", 74), ("lstm", 64)]
    both = [(arm.name, arm.cell, arm.index, arm.hidden_size) for arm in arms_of(("gru", "lstm"), 64, "both", MATCHED)]
    assert both == [("gru_h64", "gru", 0, 64), ("lstm", "lstm", 1, 64), ("gru_h74", "gru", 2, 74)]
