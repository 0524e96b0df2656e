"""Verdicts where rows, groups or splits depend on each other."""

from dataclasses import replace

import numpy as np
import pytest

from gatewise.comparison.evidence import Evidence
from gatewise.comparison.verdict import decide
from gatewise.errors import RunError
from gatewise.records import (
    Dependence,
)
from gatewise.runtime.scoring import pack_rows
from gatewise.statistics.decision import Rule
from tests.comparison.by_hand import EQUAL, SPREAD, comparison, text


def test_equal_scores_on_a_tiny_test_part_are_not_certain() -> None:
    assert decide(comparison({"gru": [0.9] * 10, "lstm": [0.9] * 10}, test_rows=10)).decision == "undecided"
    assert decide(comparison({"gru": [0.9] * 10, "lstm": [0.9] * 10}, test_rows=1000)).decision == "equivalent"
    assert decide(comparison({"gru": [0.9] * 9, "lstm": [0.9] * 9}, test_rows=1000)).decision == "undecided", "too few replicates"


def test_a_metric_that_weighs_classes_alike_moves_in_larger_steps() -> None:
    """Where a class has few rows, one of them moves balanced accuracy by far more than by its share of all rows."""
    whole = comparison({"gru": [0.9] * 10, "lstm": [0.9] * 10}, test_rows=200, metric="balanced_accuracy")
    uneven = replace(whole, profile=replace(whole.profile, classes={"no": 1960, "yes": 40}))
    even = replace(whole, profile=replace(whole.profile, classes={"no": 1000, "yes": 1000}))
    assert decide(even).decision == "equivalent"
    assert decide(uneven).decision == "undecided"


def in_time(rows: int) -> Dependence:
    return Dependence(pack_rows(np.arange(float(rows))), in_time=True)


def test_rows_that_follow_each_other_make_a_fixed_test_part_less_sure() -> None:
    """One arm is right on a stretch where the other is wrong: as many rows as chance would give, all in a row."""
    scores = {"gru": [0.86] * 10, "lstm": [0.80] * 10}
    free = comparison(scores, test_rows=500, fixed_test=True)
    assert decide(free).decision == "gru"
    bound = decide(replace(free, dependence=in_time(500)))
    assert bound.decision == "undecided"
    assert bound.difference is not None and bound.difference.ci95[0] < 0 < bound.difference.ci95[1]


def test_groups_make_a_fixed_test_part_less_sure() -> None:
    scores = {"gru": [0.86] * 10, "lstm": [0.80] * 10}
    blocks = pack_rows(np.repeat(np.arange(10.0), 50))
    assert decide(comparison(scores, test_rows=500, fixed_test=True, dependence=Dependence(blocks))).decision == "undecided"


def test_looks_that_share_their_test_rows_are_less_strict_unless_these_follow_each_other() -> None:
    scores = {"gru": (0.86 + SPREAD).tolist(), "lstm": (0.80 - SPREAD).tolist()}
    free = comparison(scores, test_rows=500, fixed_test=True)
    strictest, planned = Rule.sequential(0.0), Rule.planned()
    assert strictest.level < float(Evidence(free).rule("gru", "lstm").level) < planned.level
    bound = replace(free, dependence=in_time(500))
    assert float(Evidence(bound).rule("gru", "lstm").level) == pytest.approx(float(strictest.level))


def test_a_damaged_record_of_groups_is_named() -> None:
    with pytest.raises(RunError, match="how test rows belong together is damaged"):
        decide(comparison(EQUAL, fixed_test=True, dependence=Dependence("f:AAAA")))


def test_splits_that_repeat_decide_nothing_however_often_they_are_run() -> None:
    scores = {"gru": np.tile([0.80, 0.86, 0.83], 10).tolist(), "lstm": [0.79] * 30}
    assert decide(comparison(scores)).decision == "gru"
    assert decide(comparison(scores, dependence=Dependence(splits=3))).decision == "undecided"


def test_a_fixed_test_part_limits_what_replicates_can_show() -> None:
    scores = {"gru": (0.84 + SPREAD).tolist(), "lstm": (0.80 - SPREAD).tolist()}
    assert decide(comparison(scores, test_rows=100)).decision == "gru"
    limited = decide(comparison(scores, test_rows=100, fixed_test=True))
    assert limited.decision == "undecided"
    assert "limited test part" in text(limited)
    assert decide(comparison(scores, test_rows=2000, fixed_test=True)).decision == "gru"


def test_damaged_record_of_correct_rows_is_named() -> None:
    whole = comparison(EQUAL, fixed_test=True)
    damaged = tuple(replace(training, row_scores="b:AAAA") if training.number == 3 else training for training in whole.trainings)
    with pytest.raises(RunError, match=r"replicate 3 of gru should record the scores of 1000 test rows, but .* start it again"):
        decide(replace(whole, trainings=damaged))
