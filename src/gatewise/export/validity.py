"""Whether a model that was read is one that can run: what a file says is believed only where it fits together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from gatewise.data.audio.features import check_features
from gatewise.data.encoding.forecast import ForecastEncoder
from gatewise.data.encoding.series import SeriesEncoder
from gatewise.data.encoding.text import TextEncoder
from gatewise.errors import OptionError
from gatewise.metrics import METRICS
from gatewise.records import Architecture
from gatewise.runtime.model import Model
from gatewise.runtime.pooling import POOLINGS
from gatewise.tasks import TASKS

__all__ = ["check_model"]


def check_model(model: Model, built: Architecture | None) -> None:
    """Raise ValueError that names the first thing which cannot be. built: the network's architecture, None of a baseline."""
    for holds, what in _checks(model, built):
        if not holds:
            raise ValueError(what)


def _checks(model: Model, built: Architecture | None) -> Iterator[tuple[bool, str]]:
    """Facts in an order in which each may rely on those before it."""
    yield isinstance(model.name, str), "its name is no text"
    yield model.kind in ("text", "series", "audio"), f"its kind is {model.kind!r}"
    yield isinstance(model.task, str) and model.task in TASKS, f"its task is {model.task!r}"
    yield isinstance(model.metric, str) and model.metric in METRICS, f"its metric is {model.metric!r}"
    yield all(isinstance(one, (str, int, float, bool)) for one in model.classes), "a class is neither text nor number"
    yield (
        _texts(model.names) and len(model.names) in (0, len(model.classes)),
        "the names of its classes are no texts, one for each",
    )
    yield _texts(model.channels) and _texts(model.outputs), "the names of its channels or outputs are no texts"
    yield isinstance(model.details, dict), "its details are no object"
    yield _numbers(model.seasonal) and _numbers(model.deviation), "the scales of its errors are no numbers"
    yield (TASKS[model.task].predicts == "classes") == bool(model.classes), "its classes do not fit its task"
    yield (model.forecast is not None) == TASKS[model.task].in_time, "its forecast does not fit its task"
    yield from _preprocessing(model)
    yield from _fits(model, built)


def _preprocessing(model: Model) -> Iterator[tuple[bool, str]]:
    encoder: Any = model.encoder
    expected = TextEncoder if model.kind == "text" else ForecastEncoder if model.forecast is not None else SeriesEncoder
    yield isinstance(encoder, expected), "its preprocessing is of another kind of data"
    if isinstance(encoder, TextEncoder):
        yield (
            _texts(encoder.vocabulary) and len({*encoder.vocabulary}) == len(encoder.vocabulary),
            "its vocabulary is no list of words",
        )
    else:
        yield _numbers(encoder.mean) and _numbers(encoder.scale), "the scaling of its channels is no list of numbers"
        yield (
            len(encoder.mean) == len(encoder.scale) > 0 and min(encoder.scale) > 0,
            "the scaling of its channels does not fit together",
        )
    if not isinstance(encoder, ForecastEncoder):
        yield encoder.max_length is None or _whole(encoder.max_length), f"its max_length is {encoder.max_length!r}"
        target = encoder.target_scale
        if TASKS[model.task].predicts == "numbers":
            yield target is not None, "the scale of its numbers is missing"
        if target is not None:
            yield (
                _numbers(target.mean) and _numbers(target.scale) and len(target.mean) == len(target.scale),
                "the scale of its numbers is none",
            )
    if model.audio is not None:
        yield model.kind == "audio" and _features(model), "its audio features do not fit together"
        yield model.audio.mels == encoder.input_size, "its audio features do not fit its preprocessing"
    yield (model.kind == "audio") == (model.audio is not None), "its audio features do not fit its kind"


def _fits(model: Model, built: Architecture | None) -> Iterator[tuple[bool, str]]:
    forecast = model.forecast
    if forecast is not None:
        whole = (forecast.window, forecast.horizon, forecast.season)
        yield all(map(_whole, whole)), "the window, horizon or season of its forecast is no whole number"
        yield _places(forecast.targets, model.encoder.input_size), "its forecast predicts channels that there are not"
        same = (forecast.window, forecast.horizon, tuple(forecast.targets))
        coded: Any = model.encoder
        # Equal is not enough: 12.0 is no size.
        fits = _whole(coded.window) and _whole(coded.horizon) and _places(coded.targets, model.encoder.input_size)
        yield fits and (coded.window, coded.horizon, tuple(coded.targets)) == same, "its forecast does not fit its preprocessing"
    if built is None:
        return
    outputs = len(model.classes) or (len(model.outputs) if forecast is None else forecast.horizon * len(forecast.targets))
    yield isinstance(built.pooling, str) and built.pooling in POOLINGS, f"its pooling is {built.pooling!r}"
    yield (built.pooling == "steps") == (TASKS[model.task].predicts == "steps"), "its pooling does not fit its task"
    yield built.tokens is (model.kind == "text"), "its network reads another kind of data"
    reads = model.encoder.input_size
    yield (
        (built.input_size, built.outputs) == (reads, outputs),
        f"its network reads {built.input_size} and says {built.outputs}, where the data have {reads} and {outputs}",
    )
    skip = built.skip
    if skip is not None:
        yield isinstance(skip, dict) and {*skip} == {"window", "horizon", "channels"}, "its linear part is not described"
        yield (
            forecast is not None and (skip["window"], skip["horizon"]) == (forecast.window, forecast.horizon),
            "its linear part does not fit",
        )
        yield forecast is not None and list(skip["channels"]) == list(forecast.targets), "its linear part predicts other channels"


def _features(model: Model) -> bool:
    assert model.audio is not None
    features = model.audio
    numbers = (features.sample_rate, features.mels, features.window, features.hop, features.low, features.high, features.floor)
    if not (_numbers(numbers) and _whole(features.sample_rate) and _whole(features.mels)):
        return False
    try:
        check_features(features)
    except OptionError:
        return False
    return True


def _texts(values: Sequence[Any]) -> bool:
    return all(isinstance(one, str) for one in values)


def _numbers(values: Sequence[Any]) -> bool:
    return all(isinstance(one, (int, float)) and not isinstance(one, bool) and math.isfinite(one) for one in values)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _places(places: Sequence[Any], size: int) -> bool:
    return all(isinstance(one, int) and not isinstance(one, bool) and 0 <= one < size for one in places) and len(places) > 0
