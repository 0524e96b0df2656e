"""A stream says at every step what the model says of the whole prefix, and nothing of one stream reaches another."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gatewise.cells import CELLS
from gatewise.data.encoding.series import SeriesEncoder
from gatewise.data.encoding.text import TextEncoder
from gatewise.errors import DataError, OptionError
from gatewise.records import AudioFeatures
from gatewise.runtime.model import Model
from gatewise.runtime.network import ArrayNetwork
from gatewise.runtime.streaming import layers
from gatewise.training.baselines.constant import Majority
from tests.inspection.models import CLASSES, FORECAST, NUMBERS, STEPS, TEXTS, dataset_of, make_model

PIECES = ["a Fine film", "it", "", "wasn't n't, or so", "¡héros!", "漢字 and", "the end."]


def said(model: Model, prefix: Any) -> Any:
    """What the model predicts of a whole sequence, as a stream says it."""
    if model.classes:
        return model.predict_proba([prefix])[0]
    found = model.predict([prefix])[0]
    return found[-1] if model.task == "next_step" else found


def assert_says(stream_says: Any, model: Model, prefix: Any) -> None:
    expected = said(model, prefix)
    assert np.shape(stream_says) == np.shape(expected)
    np.testing.assert_allclose(stream_says, expected, rtol=1e-6, atol=1e-6)


def sound_model(**features: float) -> Model:
    """Reads sound at 8 kHz, without a data set."""
    audio = AudioFeatures(sample_rate=8000, mels=6, **features)
    model = make_model("gru", CLASSES, input_size=6)
    encoder = SeriesEncoder((-5.0,) * 6, (3.0,) * 6, None)
    return replace(model, kind="audio", encoder=encoder, audio=audio, channels=tuple("abcdef"))


@pytest.fixture(params=["kernels", "equations"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "equations":
        monkeypatch.setattr(layers, "missing", lambda: "asked for")
    return str(request.param)


@pytest.mark.parametrize("cell", [*CELLS, "tcn"])
@pytest.mark.parametrize("pooling", ["last", "mean", "max", "summary", "attention"])
def test_every_prefix_of_a_series(way: str, cell: str, pooling: str) -> None:
    model = make_model(cell, CLASSES, pooling=pooling, layers=3 if cell == "tcn" else 2)
    sequence = dataset_of(CLASSES).sequences[3]
    stream = model.stream()
    for end, step in enumerate(sequence, 1):
        assert_says(stream.step(step), model, sequence[:end])


@pytest.mark.parametrize("source", [NUMBERS, STEPS])
def test_every_prefix_whatever_is_predicted(way: str, source: str) -> None:
    model, sequence = make_model("lstm", source), dataset_of(source).sequences[1]
    stream = model.stream()
    for end, step in enumerate(sequence, 1):
        assert_says(stream.step(step), model, sequence[:end])


def test_every_prefix_of_a_text_is_its_pieces_joined_by_blanks(way: str) -> None:
    model, stream = make_model("gru", TEXTS), None
    stream = model.stream()
    assert stream.step("") is None
    for end, piece in enumerate(PIECES, 1):
        assert_says(stream.step(piece), model, " ".join(PIECES[:end]))


@pytest.mark.parametrize("features", [{}, {"hop": 0.05, "window": 0.02}])
def test_every_prefix_of_a_sound_however_it_is_cut(features: dict[str, float]) -> None:
    model, generator = sound_model(**features), np.random.default_rng(0)
    assert model.audio is not None
    sound = generator.normal(0, 0.1, 4000).astype(np.float32)
    first = round(model.audio.window * 8000)
    for cuts in ([first - 1, first, 700, 701, 2500, 4000], [4000], sorted(generator.choice(4000, 30)), range(10, 4000, 90)):
        stream, start = model.stream(), 0
        for end in cuts:
            found = stream.step(sound[start:end])
            start = end
            if end < first:
                assert found is None
            else:
                assert_says(found, model, (sound[:end], 8000))
    assert model.stream().step([]) is None


def test_a_forecast_begins_when_its_window_is_full() -> None:
    model = make_model("gru", FORECAST)
    assert model.forecast is not None
    window = model.forecast.window
    sequence = np.asarray(np.random.default_rng(0).normal(size=(2 * window + 3, model.encoder.input_size)), dtype=np.float32)
    stream = model.stream()
    for end, step in enumerate(sequence, 1):
        found = stream.step(step)
        if end < window:
            assert found is None
        else:
            assert_says(found, model, sequence[:end])


@pytest.mark.parametrize("source", [CLASSES, TEXTS, STEPS])
def test_beyond_the_longest_that_was_trained_nothing_changes(source: str) -> None:
    model = make_model("gru", source)
    limited = replace(model, encoder=replace(model.encoder, max_length=4))  # type: ignore[arg-type]
    pieces = list("abcdefg") if source == TEXTS else list(dataset_of(source).sequences[0][:7])
    stream = limited.stream()
    found = [stream.step(piece) for piece in pieces]
    for end in range(1, 8):
        prefix = " ".join(pieces[:end]) if source == TEXTS else np.array(pieces[:end])
        np.testing.assert_allclose(
            found[end - 1], said(model if source == STEPS else limited, prefix[:4] if source == STEPS else prefix), atol=1e-6
        )
    assert stream.steps.tolist() == [4]


@pytest.mark.parametrize("source", [CLASSES, TEXTS, NUMBERS, STEPS, FORECAST])
@pytest.mark.parametrize("cell", ["lstm", "tcn"])
def test_many_streams_that_step_at_different_times(way: str, source: str, cell: str) -> None:
    model, generator = make_model(cell, source, hidden_size=5), np.random.default_rng(1)
    count = 20
    stream = model.stream(count)
    prefixes: list[list[Any]] = [[] for _ in range(count)]
    words = ["a", "fine", "film", ",", "not", "bad"]
    for turn in range(15):
        if turn % 5 == 4:
            rows, given = np.arange(count), None
        else:
            rows = generator.permutation(count)[: generator.integers(1, count)]
            given = np.isin(np.arange(count), rows) if turn % 2 else rows
            rows = np.flatnonzero(given) if turn % 2 else rows
        if source == TEXTS:
            arrivals: Any = [" ".join(generator.choice(words, generator.integers(0, 4))) for _ in rows]
        else:
            arrivals = generator.integers(0, 2, (len(rows), model.encoder.input_size)).astype(np.float32)
        found = stream.step(arrivals, given)
        assert len(found) == len(rows)
        for row, arrival, says in zip(rows, arrivals, found, strict=True):
            prefixes[row].append(arrival)
            prefix: Any = " ".join(prefixes[row]) if source == TEXTS else np.array(prefixes[row])
            nothing = not prefix.strip() if source == TEXTS else len(prefix) < (model.forecast.window if model.forecast else 1)
            if nothing:
                assert np.isnan(says).all()
            else:
                assert_says(says, model, prefix)


def test_some_streams_begin_anew(way: str) -> None:
    model = make_model("lstm", CLASSES, pooling="attention")
    stream, steps = model.stream(3), np.array([one[:6] for one in dataset_of(CLASSES).sequences[:3]])
    for step in range(3):
        stream.step(steps[:, step])
    stream.reset([1])
    found = stream.step(steps[:, 3])
    for row, start in enumerate((0, 3, 0)):
        assert_says(found[row], model, steps[row, start:4])
    assert stream.steps.tolist() == [4, 1, 4]
    np.testing.assert_array_equal(stream.reset().step(steps[:, 0]), model.stream(3).step(steps[:, 0]))


@pytest.mark.parametrize("source", [CLASSES, TEXTS, FORECAST, "sound", "tcn"])
def test_a_saved_stream_goes_on_bit_for_bit(way: str, source: str) -> None:
    known = {"sound": sound_model(), "tcn": make_model("tcn", CLASSES, layers=2)}
    model = known[source] if source in known else make_model("lstm", source)
    generator = np.random.default_rng(2)

    def arrival() -> Any:
        if source == TEXTS:
            return [" ".join(generator.choice(["fine", "film", "bad"], 3)) for _ in range(2)]
        if source == "sound":
            return [generator.normal(0, 0.1, generator.integers(1, 500)) for _ in range(2)]
        return generator.normal(size=(2, model.encoder.input_size))

    stream = model.stream(2)
    for _ in range(14):
        stream.step(arrival())
    content = stream.save()
    other = model.stream(2).restore(content)
    for _ in range(5):
        x = arrival()
        np.testing.assert_array_equal(other.step(x), stream.step(x))
    assert other.save() == stream.save() != content


def test_what_is_no_state_of_this_model_is_refused_and_changes_nothing() -> None:
    model = make_model("gru", CLASSES)
    stream, x = model.stream(), np.asarray(dataset_of(CLASSES).sequences[0])
    stream.step(x[0])
    content, expected = stream.save(), model.stream().restore(stream.save()).step(x[1])
    another = make_model("gru", CLASSES)
    assert isinstance(another.predictor, ArrayNetwork)
    another.predictor.weights["head.bias"][0] += 1
    damaged = bytearray(content)
    damaged[-3] ^= 1
    for bad, message in [
        (b"", "no stream's state"),
        (content[:-1], "no stream's state"),
        (content[:40], "no stream's state"),
        (bytes(damaged), "not what was saved"),
        (another.stream().save(), "another model's"),
        (model.stream(2).save(), "another number of streams"),
        (content.replace(b"model-stream.1", b"model-stream.9"), "model-stream.9"),
    ]:
        with pytest.raises(DataError, match=message):
            stream.restore(bad)
    np.testing.assert_array_equal(stream.step(x[1]), expected)


def test_any_damage_is_one_clear_error() -> None:
    """Every byte of a state counts."""
    stream = make_model("gru", CLASSES, hidden_size=2).stream()
    content = stream.save()
    for place in range(len(content)):
        for bit in (1, 128):
            damaged = bytearray(content)
            damaged[place] ^= bit
            with pytest.raises(DataError):
                stream.restore(bytes(damaged))


@pytest.mark.parametrize(
    ("source", "x", "message"),
    [
        (CLASSES, [1.0], "shape"),
        (CLASSES, [[1.0] * 9] * 2, "shape"),
        (CLASSES, "text", "no array of numbers"),
        (NUMBERS, float("nan"), "stream 0 got nan in channel 1"),
        (NUMBERS, 1e300, "finite"),
        (TEXTS, 3, "the model reads texts"),
        (TEXTS, ["a"], "the model reads texts"),
        ("sound", (np.zeros(5), 16000), "a stream reads 8000 Hz"),
        ("sound", "file.wav", "Expected numbers"),
        ("sound", [float("inf")], "not finite"),
    ],
)
def test_what_the_model_does_not_read_is_refused_and_changes_nothing(source: str, x: Any, message: str) -> None:
    model = sound_model() if source == "sound" else make_model("gru", source)
    good: Any = {TEXTS: "fine film", "sound": np.full(300, 0.1)}.get(source)
    good = np.asarray(dataset_of(source).sequences[0])[0] if good is None else good
    stream, twin = model.stream(), model.stream()
    stream.step(good), twin.step(good)
    with pytest.raises(DataError, match=message):
        stream.step(x)
    np.testing.assert_array_equal(stream.step(good), twin.step(good))


def test_streams_that_are_none_are_refused() -> None:
    model = make_model("gru", NUMBERS)
    stream = model.stream(3)
    for rows in ([3], [-1], [0, 0], [0.5], [True, False], "a"):
        with pytest.raises(OptionError, match="rows is"):
            stream.step([[1.0]] * len(rows), rows)
    for x in ([[1.0]], 1.0, "abc"):
        with pytest.raises(DataError, match="came for 3 streams"):
            stream.step(x)
    assert stream.step(np.empty((0, 1)), np.zeros(3, dtype=bool)).shape == (0,)
    for streams in (0, True, 1.5):
        with pytest.raises(OptionError, match="whole number from 1 on"):
            model.stream(streams)  # type: ignore[arg-type]


def test_what_cannot_stream_says_why() -> None:
    with pytest.raises(OptionError, match="in both directions, and backward it begins at a sequence's end"):
        make_model("gru", CLASSES, bidirectional=True).stream()
    baseline = replace(make_model("gru", CLASSES), name="majority", predictor=Majority(np.array([1.0], dtype=np.float32)))
    with pytest.raises(OptionError, match="the majority is a baseline, which reads whole sequences"):
        baseline.stream()


def test_numbers_that_are_not_finite_are_refused() -> None:
    model = make_model("gru", NUMBERS)
    assert isinstance(model.predictor, ArrayNetwork)
    model.predictor.weights["head.weight"][:] = 3e38
    with pytest.raises(DataError, match="predicts numbers that are not finite"):
        model.stream().step(1e3)


@pytest.mark.parametrize("source", [NUMBERS, FORECAST])
def test_a_stream_beside_one_that_is_not_finite_has_its_answer(source: str) -> None:
    model = make_model("rnn", source, pooling="last")
    assert isinstance(model.predictor, ArrayNetwork)
    # Adds up over steps of one sign, and nothing over zeros.
    for name, weight in model.predictor.weights.items():
        weight[:] = 3e38 if name == "head.weight" else 0 if "bias" in name else 1
    stream, last = model.stream(2), 12 if model.forecast else 1
    with pytest.raises(DataError, match="predicts numbers that are not finite"):
        for step in range(1, last + 1):
            stream.step([[float(step)] * model.encoder.input_size, [stream_mean(model)] * model.encoder.input_size])
    assert stream.steps.tolist() == [last, last]
    assert np.isinf(stream.said[0]).any() and np.isfinite(stream.said[1]).all()
    with pytest.raises(DataError, match="predicts numbers that are not finite"):
        stream.step([[1.0] * model.encoder.input_size], [0])
    assert np.isfinite(stream.reset([0]).step([[stream_mean(model)] * model.encoder.input_size], [1])).all()


def stream_mean(model: Model) -> float:
    """What the encoder makes a zero of, of a model with channels alike."""
    return 0.0 if isinstance(model.encoder, TextEncoder) else model.encoder.mean[0]


@pytest.mark.parametrize("pooling", ["mean", "attention", "summary"])
def test_a_long_stream_stays_exact(pooling: str) -> None:
    model = make_model("gru", CLASSES, pooling=pooling)
    steps = np.random.default_rng(3).normal(size=(3000, model.encoder.input_size)).astype(np.float32)
    stream = model.stream()
    for step in steps:
        found = stream.step(step)
    np.testing.assert_allclose(found, model.predict_proba([steps])[0], atol=1e-5)
