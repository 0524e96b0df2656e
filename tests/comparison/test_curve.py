"""Points of the curve by training data against the formula, and what does not count."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from gatewise.comparison.curve import CurvePoint, Estimate, curve_points
from gatewise.metrics import METRICS
from gatewise.records import Training, from_json, to_json

ARMS = ("gru", "lstm")


def training(name: str, number: int, fraction: float, test: float | None, train: float | None = 0.95) -> Training:
    return Training(
        "replicate" if fraction == 1.0 else "curve",
        name,
        number,
        None,
        0.8,
        0.4,
        train_score=train,
        test_score=test,
        fraction=fraction,
    )


def replicates(fraction: float, first: list[float], second: list[float]) -> list[Training]:
    return [
        made
        for number, (one, other) in enumerate(zip(first, second, strict=True))
        for made in (training("gru", number, fraction, one, one + 0.1), training("lstm", number, fraction, other, other + 0.2))
    ]


def points(trainings: list[Training], metric: str = "accuracy", resolution: float = 1e-6) -> tuple[CurvePoint, ...]:
    return curve_points(trainings, ARMS, METRICS[metric], train_rows=800, test_rows=100, resolution=resolution)


def test_a_point_for_every_fraction_the_smallest_first() -> None:
    found = points(
        [*replicates(1.0, [0.9] * 3, [0.8] * 3), *replicates(0.1, [0.6, 0.7], [0.5, 0.7]), *replicates(0.5, [0.8], [0.7])]
    )
    assert [(point.fraction, point.train_rows, point.replicates) for point in found] == [
        (0.1, 80, 2),
        (0.5, 400, 1),
        (1.0, 800, 3),
    ]
    assert found[0].scores["gru"].mean == pytest.approx(0.65)
    assert found[0].scores["lstm"].mean == pytest.approx(0.6)
    assert found[0].differences["lstm"].mean == pytest.approx(0.05)
    assert list(found[0].differences) == ["lstm"]
    assert found[0].gaps["gru"].mean == pytest.approx(0.1) and found[0].gaps["lstm"].mean == pytest.approx(0.2)


@pytest.mark.parametrize("fraction", [0.1, 0.25, 1.0])
def test_the_interval_is_corrected_for_the_fraction_of_the_training_rows(fraction: float) -> None:
    generator = np.random.default_rng(0)
    first, second = generator.normal(0.8, 0.02, 8), generator.normal(0.77, 0.02, 8)
    (point,) = points(replicates(fraction, list(first), list(second)))
    for estimate, values in (
        (point.scores["gru"], first),
        (point.scores["lstm"], second),
        (point.differences["lstm"], first - second),
    ):
        half = stats.t.ppf(0.975, 7) * values.std(ddof=1) * np.sqrt(1 / 8 + 100 / (fraction * 800))
        assert estimate.ci95 == pytest.approx((values.mean() - half, values.mean() + half))


def test_no_standard_deviation_is_taken_below_the_resolution() -> None:
    (point,) = points(replicates(0.5, [0.8] * 4, [0.8] * 4), resolution=0.01)
    half = stats.t.ppf(0.975, 3) * 0.01 * np.sqrt(1 / 4 + 100 / 400)
    assert point.differences["lstm"].ci95 == pytest.approx((-half, half))


def test_one_replicate_has_no_interval() -> None:
    (point,) = points(replicates(0.5, [0.8], [0.7]))
    assert point.scores["gru"] == Estimate(0.8, None)
    assert point.differences["lstm"].ci95 is None and point.gaps["lstm"].ci95 is None


def test_replicates_that_an_arm_has_not_finished_do_not_count() -> None:
    whole = replicates(0.5, [0.8, 0.9, 0.7], [0.7, 0.8, 0.6])
    assert points(whole[:-1])[0].replicates == 2
    assert points(whole[:1]) == ()
    unscored = [replace(made, train_score=None) if made.number == 1 else made for made in whole]
    assert points(unscored)[0].replicates == 2
    assert points([]) == ()


def test_other_trainings_are_passed_over() -> None:
    whole = replicates(1.0, [0.8, 0.9], [0.7, 0.8])
    baseline = replace(whole[0], kind="baseline", name="majority", test_score=0.1)
    tuning = replace(whole[0], kind="tuning", test_score=0.1)
    other_arm = replace(whole[0], name="rnn", test_score=0.1)
    assert points([*whole, baseline, tuning, other_arm]) == points(whole)


def test_a_gap_is_positive_where_the_training_part_goes_better_whichever_way_the_metric_goes() -> None:
    losses = [training(name, number, 0.5, test=0.9, train=0.5) for name in ARMS for number in range(2)]
    (point,) = points(losses, "log_loss")
    assert point.gaps["gru"].mean == pytest.approx(0.4)
    assert point.scores["gru"].mean == pytest.approx(0.9)


def test_points_survive_json() -> None:
    found = points([*replicates(0.5, [0.8], [0.7]), *replicates(1.0, [0.9, 0.8], [0.7, 0.8])])
    assert tuple(from_json(CurvePoint, to_json(point)) for point in found) == found


def test_a_difference_favours_the_first_where_its_errors_are_lower() -> None:
    (point,) = points(replicates(0.5, [0.4, 0.4], [0.5, 0.5]), "log_loss")
    assert point.differences["lstm"].mean == pytest.approx(0.1)
