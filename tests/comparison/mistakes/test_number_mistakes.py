"""Mistakes in numbers, forecasts and next steps, by hand."""

import numpy as np
import pytest

from gatewise.comparison.mistakes.forecasts import forecast_mistakes
from gatewise.comparison.mistakes.numbers import number_mistakes
from gatewise.comparison.mistakes.pooling import pool
from gatewise.comparison.mistakes.steps import step_mistakes
from gatewise.mistakes import Agreement, ForecastPredictions, NumberPredictions, StepPredictions

ARMS = ("gru", "lstm")


def numbers(rows: list[int], truth: list[float], said: list[float]) -> NumberPredictions:
    return NumberPredictions(np.array(rows, dtype=np.int32), *(np.array(v, dtype=np.float32) for v in (truth, said)))


def test_numbers_by_fifths_and_by_who_is_nearer() -> None:
    truth = [float(value) for value in range(10)]
    gru, lstm = [value + 1 for value in truth], [value - 0.5 for value in truth]
    lstm[9] = 0.0
    kept = {"gru": {0: numbers(list(range(10)), truth, gru)}, "lstm": {0: numbers(list(range(10)), truth, lstm)}}
    found = number_mistakes(pool(kept, 1), ARMS)
    assert found.agreements == (Agreement("gru", "lstm", 0, 1, 9),)
    everything, *fifths = found.scores
    assert (everything.mae["gru"], everything.bias["lstm"]) == pytest.approx((1.0, (-0.5 * 9 - 9) / 10))
    assert [(score.low, score.high, score.rows) for score in fifths] == [(0, 1, 2), (2, 3, 2), (4, 5, 2), (6, 7, 2), (8, 9, 2)]
    assert fifths[-1].mae["lstm"] == pytest.approx((0.5 + 9) / 2)
    assert found.worst[0].row == 9
    assert [point.truth for point in found.points] == truth


def test_points_of_a_figure_are_spread_over_the_truth() -> None:
    generator = np.random.default_rng(0)
    truth = generator.normal(size=5000)
    one = numbers(list(range(5000)), truth.tolist(), truth.tolist())
    found = number_mistakes(pool({name: {0: one} for name in ARMS}, 1), ARMS)
    shown = [point.truth for point in found.points]
    assert len(shown) == 250
    assert shown == sorted(shown)
    assert (shown[0], shown[-1]) == pytest.approx((truth.min(), truth.max()))


def forecast(rows: int, error: float, channel_mase: tuple[float, float]) -> ForecastPredictions:
    """Windows whose error rises with their place, of two steps and two channels."""
    truth = np.arange(rows * 4, dtype=np.float32).reshape(rows, 2, 2)
    errors = error * np.arange(1, rows + 1, dtype=np.float32)
    return ForecastPredictions(
        np.arange(rows, dtype=np.int32) + 100,
        errors,
        np.arange(rows, dtype=np.int32),
        np.arange(2, dtype=np.int32),
        truth,
        truth + errors[:, np.newaxis, np.newaxis],
        np.array([error, 2 * error]),
        np.array([10 * error, error]),
        np.array(channel_mase),
    )


def test_forecasts_weigh_replicates_by_their_windows_and_name_the_hardest_channel() -> None:
    kept = {
        "gru": {0: forecast(5, 1.0, (1.0, 3.0)), 1: forecast(10, 4.0, (1.0, 3.0))},
        "lstm": {0: forecast(5, 2.0, (2.0, 2.5)), 1: forecast(10, 4.0, (2.0, 2.5))},
    }
    found = forecast_mistakes(pool(kept, 2), ["load", "price"], ARMS)
    assert found.step_errors["gru"] == pytest.approx((3.0, 6.0))  # (5 x 1 + 10 x 4) / 15, and twice that
    assert found.channels == ("price", "load")
    assert found.channel_mase["gru"] == (3.0, 1.0)
    assert found.agreements == (Agreement("gru", "lstm", both=10, only_first=5, only_second=0),)
    assert found.kept == 15
    best, median, worst = found.windows
    assert [(one.rank, one.replicate, one.row) for one in (best, worst)] == [("best", 0, 100), ("worst", 1, 109)]
    assert best.errors["gru"] <= median.errors["gru"] <= worst.errors["gru"]
    assert worst.channel == "price"
    assert worst.truth == (37.0, 39.0)
    assert worst.predictions["gru"] == (77.0, 79.0)


def steps(losses: list[float], lengths: list[int], positions: list[float], keys: list[float]) -> StepPredictions:
    held = [sum(length > place for length in lengths) for place in range(len(positions))]
    rows = np.arange(len(losses), dtype=np.int32)
    return StepPredictions(
        rows,
        np.array(losses, dtype=np.float32),
        np.array(lengths, dtype=np.int32),
        np.array(positions),
        np.array(held, dtype=np.int64),
        np.array(keys),
        np.full(len(keys), 0.25),
        np.full(len(keys), 0.5),
    )


def test_next_steps_by_position_key_and_sequence() -> None:
    kept = {
        "gru": {0: steps([2.0, 1.0, 3.0], [2, 3, 3], [3.0, 2.0, 1.0], [0.5, 1.5])},
        "lstm": {0: steps([2.5, 1.0, 2.0], [2, 3, 3], [3.5, 2.5, 1.5], [0.5, 1.0])},
    }
    found = step_mistakes(pool(kept, 1), ["C4", "D4"], ARMS)
    assert found.positions == ((1, 1), (2, 2), (3, 3))
    assert found.position_losses["gru"] == (3.0, 2.0, 1.0)
    assert [key.name for key in found.keys] == ["D4", "C4"]
    assert found.keys[0].losses == {"gru": 1.5, "lstm": 1.0}
    assert (found.keys[0].share, found.keys[0].expected["gru"]) == (0.25, 0.5)
    assert [row.row for row in found.worst] == [2, 0, 1]
    assert found.agreements == (Agreement("gru", "lstm", both=1, only_first=1, only_second=1),)


def test_long_sequences_come_in_stretches() -> None:
    long = steps([1.0] * 4, [1000] * 4, [1.0] * 1000, [1.0])
    found = step_mistakes(pool({name: {0: long} for name in ARMS}, 1), ["C4"], ARMS)
    assert len(found.positions) <= 20
    assert (found.positions[0], found.positions[-1][1]) == ((1, 1), 1000)
    assert all(after[0] == before[1] + 1 for before, after in zip(found.positions, found.positions[1:], strict=False))
