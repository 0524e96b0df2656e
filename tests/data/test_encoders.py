"""What is fitted sees the training part only, and what is encoded comes back."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gatewise.data.dataset.windows import Windows
from gatewise.data.encoding.encoders import encode_raw, encoder_from_json, fit_encoder, raw_inputs
from gatewise.data.encoding.forecast import ForecastEncoder
from gatewise.data.encoding.prepared import Prepared, prepare
from gatewise.data.encoding.series import SeriesEncoder, fit_series_encoder
from gatewise.data.encoding.target_scale import TargetScale
from gatewise.data.encoding.text import PADDING, UNKNOWN, TextEncoder, fit_text_encoder
from gatewise.data.forecast.dataset import forecast_dataset
from gatewise.data.sources import open_source
from gatewise.errors import DataError, OptionError
from gatewise.records import Dataset, Reading
from gatewise.runtime.batches import iterate_batches, plan_batches

TARGETS = np.zeros(2, dtype=np.int64)


@pytest.fixture
def texts() -> Prepared:
    words = ["", "one two one two", *(f"common words and number{row}" for row in range(38))]
    return prepare(open_source(pa.table({"text": words, "label": ["a", "b"] * 20})))


@pytest.fixture
def series() -> Prepared:
    generator = np.random.default_rng(1)
    rows = [np.stack([generator.normal(5, 3, steps), np.full(steps, 0.1)]).tolist() for steps in generator.integers(2, 9, 40)]
    columns = {"x": [row[0] for row in rows], "constant": [row[1] for row in rows], "label": ["a", "b"] * 20}
    return prepare(open_source(pa.table(columns)))


@pytest.fixture
def forecast() -> Prepared:
    """300 windows of 6 steps, 2 of 3 channels predicted 4 steps ahead; from step 200 on all is ten times as far from zero."""
    values = np.random.default_rng(0).normal(3, 2, (309, 3))
    values[200:] *= 10
    columns: dict[str, Any] = {name: values[:, number] for number, name in enumerate("abc")}
    return prepare(forecast_dataset("made", columns, Reading(target=("c", "a"), window=6, horizon=4)))


def as_regression(prepared: Prepared) -> Prepared:
    """The same rows with numbers to be predicted, 100 on average, in the first 30 rows."""
    targets = np.append(100 + np.tile([-3.0, 3.0], 15), np.full(10, 1e6)).astype(np.float32)[:, np.newaxis]
    return prepare(replace(prepared.dataset, task="regression", targets=targets, classes=(), outputs=("price",)))


def test_vocabulary_order_and_ids() -> None:
    encoder = fit_text_encoder([["b", "a", "b"], ["c", "a", "rare"], ["c"]], max_vocabulary=10, max_length=None)
    assert encoder.vocabulary == ("a", "b", "c")
    assert encoder.input_size == 5
    encoded = encoder.encode(["C new a", " "], TARGETS)
    assert encoded.values.tolist() == [4, UNKNOWN, 2, UNKNOWN]
    assert encoded.lengths.tolist() == [3, 1]
    assert (encoded.values.dtype, encoded.input_size) == (np.dtype(np.int64), 5)
    assert PADDING not in encoded.values


def test_limits() -> None:
    tokens = [["a", "b", "z", "z", "z"], ["a", "b", "z", "z"]]
    assert fit_text_encoder(tokens, max_vocabulary=1, max_length=None).vocabulary == ("z",)
    short = fit_text_encoder(tokens, max_vocabulary=9, max_length=2)
    assert short.vocabulary == ("a", "b"), "what is cut off is not counted"
    assert short.encode_tokens(tokens, TARGETS).lengths.tolist() == [2, 2]
    assert short.truncated(np.array([1, 2, 3, 9])) == 2


def test_tiny_data_keep_words_met_once() -> None:
    assert len(fit_text_encoder([["a", "b"], ["c", "d"]], max_vocabulary=9, max_length=None).vocabulary) == 4
    assert fit_text_encoder([["a", "a"], ["a", "d"]], max_vocabulary=9, max_length=None).vocabulary == ("a",)


@pytest.mark.parametrize("limits", [{"max_vocabulary": 0}, {"max_length": 0}])
def test_limits_below_one(texts: Prepared, series: Prepared, limits: dict[str, int]) -> None:
    with pytest.raises(OptionError, match="expected a whole number of at least 1"):
        fit_encoder(texts, np.arange(9), **limits)
    if "max_length" in limits:
        with pytest.raises(OptionError, match="max_length is 0"):
            fit_encoder(series, np.arange(9), **limits)


def test_texts_are_prepared_once(texts: Prepared) -> None:
    assert texts.tokens[1] == ["one", "two", "one", "two"]
    assert texts.lengths[:3].tolist() == [1, 4, 4]


def test_the_vocabulary_is_of_the_training_rows_alone(texts: Prepared) -> None:
    encoder = fit_encoder(texts, np.arange(2, 40))
    assert isinstance(encoder, TextEncoder)
    assert set(encoder.vocabulary) == {"common", "words", "and"}
    assert encoder.max_length == 512
    encoded = encoder.encode_rows(texts, np.array([5, 0, 1]))
    assert encoded.lengths.tolist() == [4, 1, 4]
    assert encoded.values[4:].tolist() == [UNKNOWN] * 5
    assert encoded.targets.tolist() == [1, 0, 1]


def test_the_scaling_is_of_the_training_rows_alone(series: Prepared) -> None:
    rows = np.arange(30)
    encoder = fit_encoder(series, rows)
    assert isinstance(encoder, SeriesEncoder)
    encoded = encoder.encode_rows(series, rows)
    assert encoded.values.dtype == np.float32
    np.testing.assert_allclose(encoded.values.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(encoded.values.std(axis=0), [1, 0], atol=1e-6)
    assert encoded.lengths.tolist() == series.lengths[rows].tolist()
    rest = encoder.encode_rows(series, np.arange(30, 40))
    assert abs(rest.values[:, 0].mean()) > 1e-3, "the other rows are scaled by the training rows' numbers, not their own"
    expected = (series.series[31][:, 0] - encoder.mean[0]) / encoder.scale[0]
    start = int(rest.lengths[0])
    np.testing.assert_allclose(rest.values[start : start + rest.lengths[1], 0], expected, rtol=1e-5, atol=1e-6)


def test_series_are_cut_only_when_asked(series: Prepared) -> None:
    assert fit_encoder(series, np.arange(40)).truncated(series.lengths) == 0
    short = fit_encoder(series, np.arange(40), max_length=3)
    assert short.encode_rows(series, np.arange(40)).lengths.max() == 3
    assert short.truncated(series.lengths) == int((series.lengths > 3).sum())


def test_a_small_variation_far_from_zero_survives() -> None:
    values = np.array([[10000.0], [10000.5], [10001.0]], dtype=np.float32)
    encoder = fit_series_encoder([values], max_length=None)
    np.testing.assert_allclose(encoder.encode([values], TARGETS[:1]).values[:, 0], [-1.2247, 0, 1.2247], atol=1e-4)


def test_json_both_ways(texts: Prepared, series: Prepared, forecast: Prepared) -> None:
    for prepared in (texts, series, as_regression(texts), as_regression(series), forecast):
        encoder = fit_encoder(prepared, np.arange(20), max_length=3)
        assert encoder_from_json(json.loads(json.dumps(encoder.to_json()))) == encoder


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"kind": "audio"},
        {"kind": "text"},
        {"kind": "series", "mean": [0.0]},
        {"kind": "series", "mean": [0.0], "scale": [1.0], "max_length": None, "target_scale": {"mean": [1.0]}},
        {"kind": "forecast", "mean": [0.0], "scale": [1.0]},
    ],
)
def test_json_that_is_no_encoder(value: dict[str, object]) -> None:
    with pytest.raises(DataError, match="Save the model again"):
        encoder_from_json(value)


def test_raw_inputs_are_encoded_as_rows_are(texts: Prepared, series: Prepared) -> None:
    rows = np.arange(40)
    for prepared in (texts, series):
        encoder = fit_encoder(prepared, rows)
        one, other = encode_raw(encoder, prepared.dataset.sequences), encoder.encode_rows(prepared, rows)
        np.testing.assert_array_equal(one.values, other.values)
        np.testing.assert_array_equal(one.lengths, other.lengths)
        held = raw_inputs(encoder, prepared.dataset.sequences)
        for found, expected in zip(held, prepared.tokens or prepared.series, strict=True):
            np.testing.assert_array_equal(found, expected)
        empty = encode_raw(encoder, [])
        assert (len(empty), empty.values.ndim, empty.values.dtype) == (0, one.values.ndim, one.values.dtype)


@pytest.mark.parametrize(
    ("kind", "inputs", "expected"),
    [
        ("text", "one text", "Put it in a list"),
        ("text", ["fine", None], "input 2 is a NoneType"),
        ("series", [[[1.0, 2.0]], [[1.0]]], r"input 2 has shape \(1, 1\)"),
        ("series", ["words"], "input 1 is not an array of numbers"),
        ("series", [[[1.0, float("nan")]]], "input 1, channel 2, step 1"),
        ("series", [np.empty((0, 2))], "input 1 has no steps"),
        ("forecast", [np.zeros((6, 3)), np.zeros((5, 3))], "input 2 has 5 steps; the model forecasts from the last 6"),
        ("forecast", [np.zeros((6, 2))], r"input 1 has shape \(6, 2\)"),
        ("forecast", [np.full((6, 3), np.inf)], "input 1, channel 1, step 1"),
    ],
)
def test_raw_inputs_of_the_wrong_kind(
    texts: Prepared, series: Prepared, forecast: Prepared, kind: str, inputs: list[object], expected: str
) -> None:
    encoder = fit_encoder({"text": texts, "series": series, "forecast": forecast}[kind], np.arange(40))
    for read in (encode_raw, raw_inputs):
        with pytest.raises(DataError, match=expected):
            read(encoder, inputs)


def test_one_channel_may_come_flat() -> None:
    encoded = encode_raw(SeriesEncoder((0.0,), (1.0,), None), [[1.0, 2.0], np.array([[3.0]])])
    assert encoded.values.tolist() == [[1.0], [2.0], [3.0]]


def test_channels_other_than_fitted() -> None:
    with pytest.raises(DataError, match=r"expected \[steps, 1\]"):
        SeriesEncoder((0.0,), (1.0,), None).encode([np.zeros((3, 2), dtype=np.float32)], TARGETS[:1])


def test_numbers_are_said_in_units_of_the_training_rows(texts: Prepared, series: Prepared) -> None:
    for prepared in (as_regression(texts), as_regression(series)):
        encoder = fit_encoder(prepared, np.arange(30))
        assert isinstance(encoder, TextEncoder | SeriesEncoder)
        assert encoder.target_scale == TargetScale((100.0,), (3.0,))
        encoded = encoder.encode_rows(prepared, np.array([0, 1, 39]))
        assert encoded.base is not None
        assert encoded.scale is not None
        assert encoded.targets.tolist() == [[97.0], [103.0], [1e6]], "targets stay in the units of the data"
        said = encoded.network_targets(np.arange(3))
        np.testing.assert_allclose(said, [[-1.0], [1.0], [(1e6 - 100) / 3]], rtol=1e-6)
        np.testing.assert_allclose(encoded.base + said * encoded.scale, encoded.targets, rtol=1e-6)
        raw = encode_raw(encoder, prepared.dataset.sequences[:2])
        assert raw.base is not None
        assert (raw.base.tolist(), raw.targets.tolist()) == ([[100.0]] * 2, [[0.0]] * 2)


def test_equal_numbers_have_a_scale_of_one(series: Prepared) -> None:
    dataset = replace(series.dataset, task="regression", targets=np.full((40, 1), 7, dtype=np.float32), outputs=("price",))
    encoder = fit_encoder(prepare(dataset), np.arange(40))
    assert isinstance(encoder, SeriesEncoder)
    assert encoder.target_scale == TargetScale((7.0,), (1.0,))


def test_classes_have_no_scale(texts: Prepared) -> None:
    encoded = fit_encoder(texts, np.arange(40)).encode_rows(texts, np.arange(40))
    assert encoded.base is None
    assert encoded.scale is None
    assert encoded.weights is None
    assert encoded.network_targets(np.array([3, 0])).tolist() == encoded.targets[[3, 0]].tolist()


def test_weights_follow_their_rows(texts: Prepared, series: Prepared, forecast: Prepared) -> None:
    for prepared in (texts, series, forecast):
        weights = np.arange(len(prepared.dataset), dtype=np.float64)
        weighted = prepare(replace(prepared.dataset, weights=weights))
        encoded = fit_encoder(weighted, np.arange(20)).encode_rows(weighted, np.array([5, 3, 9]))
        assert encoded.weights is not None
        assert (encoded.weights.tolist(), encoded.weights.dtype) == ([5, 3, 9], np.dtype(np.float32))


def test_channels_of_next_steps_stay_as_they_are() -> None:
    rolls = tuple((np.random.default_rng(row).random((5 + row, 4)) < 0.3).astype(np.float32) for row in range(6))
    zeros = np.zeros(6, dtype=np.int64)
    dataset = Dataset("made", "series", rolls, zeros, (), np.arange(6), channels=tuple("abcd"), task="next_step")
    prepared = prepare(dataset)
    encoder = fit_encoder(prepared, np.arange(3))
    np.testing.assert_array_equal(encoder.encode_rows(prepared, np.arange(6)).values, np.concatenate(rolls))
    assert fit_encoder(prepared, np.arange(3), max_length=4).encode_rows(prepared, np.arange(6)).lengths.tolist() == [4] * 6
    with pytest.raises(OptionError, match="max_length is 0"):
        fit_encoder(prepared, np.arange(3), max_length=0)


def test_sound_is_encoded_as_series_are(series: Prepared) -> None:
    sound = prepare(replace(series.dataset, kind="audio"))
    one, other = (fit_encoder(prepared, np.arange(30)).encode_rows(prepared, np.arange(40)) for prepared in (sound, series))
    np.testing.assert_array_equal(one.values, other.values)


def gathered(encoder: Any, prepared: Prepared, rows: list[int]) -> tuple[Any, Any]:
    encoded = encoder.encode_rows(prepared, np.array(rows))
    batch = next(iterate_batches(encoded, plan_batches(encoded.lengths, len(rows), None)))
    return encoded, batch.inputs


def test_forecasts_are_changes_from_the_last_value(forecast: Prepared) -> None:
    windows = forecast.dataset.sequences
    assert isinstance(windows, Windows)
    encoder = fit_encoder(forecast, np.arange(150))
    assert isinstance(encoder, ForecastEncoder)
    seen = windows.values[: 149 + 6 + 4].astype(float)
    np.testing.assert_allclose(encoder.mean, seen.mean(0), rtol=1e-12)
    np.testing.assert_allclose(encoder.scale, seen.std(0), rtol=1e-12)
    rows = [210, 7, 299]
    encoded, inputs = gathered(encoder, forecast, rows)
    assert encoded.targets.shape == (3, 8)
    for place, row in enumerate(rows):
        np.testing.assert_allclose(inputs[place], (windows[row] - windows[row][-1]) / encoder.scale, rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(encoded.base[place], np.tile(windows[row][-1, [2, 0]], 4))
    np.testing.assert_allclose(encoded.scale, np.tile(np.array(encoder.scale)[[2, 0]], 4), rtol=1e-6)
    np.testing.assert_array_equal(encoded.targets, forecast.dataset.targets[rows])
    expected = (forecast.dataset.targets[rows] - encoded.base) / encoded.scale
    np.testing.assert_allclose(encoded.network_targets(np.arange(3)), expected, rtol=1e-5, atol=1e-6)


def test_the_scaling_of_a_forecast_never_sees_a_later_step(forecast: Prepared) -> None:
    windows = forecast.dataset.sequences
    assert isinstance(windows, Windows)
    changed = windows.values.copy()
    changed[100 + 6 + 3 :] = np.nan
    other = prepare(replace(forecast.dataset, sequences=Windows(changed, windows.starts, 6)))
    assert fit_encoder(other, np.arange(100)) == fit_encoder(forecast, np.arange(100))


def test_windows_share_the_scaled_series(forecast: Prepared) -> None:
    encoder = fit_encoder(forecast, np.arange(100))
    encoded = encoder.encode_rows(forecast, np.arange(100, 200))
    assert len(encoded.values) == 105, "each step once, and only what these windows read"
    assert np.shares_memory(encoded.targets, forecast.dataset.targets)


def test_raw_series_are_forecast_from_their_last_steps(forecast: Prepared) -> None:
    windows = forecast.dataset.sequences
    assert isinstance(windows, Windows)
    encoder = fit_encoder(forecast, np.arange(100))
    encoded = encoder.encode_rows(forecast, np.array([40, 90]))
    for inputs in ([windows.values[:46], windows[90]], [windows[40].tolist(), windows[90]], windows.select(np.array([40, 90]))):
        raw = encode_raw(encoder, inputs)
        assert raw.base is not None
        np.testing.assert_array_equal(raw.base, encoded.base)
        rows = np.arange(6) + raw.offsets[:, np.newaxis]
        np.testing.assert_array_equal(raw.values[rows], encoded.values[np.arange(6) + encoded.offsets[:, np.newaxis]])
        assert (raw.targets.shape, bool(raw.targets.any())) == ((2, 8), False)
    assert len(encode_raw(encoder, [])) == 0
    assert raw_inputs(encoder, windows) is windows


def test_baselines_read_the_rows_asked_for(texts: Prepared, series: Prepared, forecast: Prepared) -> None:
    assert texts.inputs(np.array([1])) == [["one", "two", "one", "two"]]
    assert series.inputs(np.array([3]))[0] is series.series[3]
    chosen = forecast.inputs(np.array([9, 3]))
    assert isinstance(chosen, Windows)
    assert chosen.starts.tolist() == [9, 3]
