"""Fitting and reading back encoders, the same way for texts, series, sound and forecasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.assemble import check_series
from gatewise.data.dataset.drawn import BASELINE_ROWS, VOCABULARY_ROWS, lookup_rows
from gatewise.data.dataset.stored import StoredTokens
from gatewise.data.dataset.tokens import tokenize_all
from gatewise.data.dataset.windows import Windows
from gatewise.data.encoding.forecast import ForecastEncoder, fit_forecast_encoder
from gatewise.data.encoding.prepared import Prepared
from gatewise.data.encoding.series import SeriesEncoder, fit_series_encoder, plain_series_encoder
from gatewise.data.encoding.target_scale import fit_target_scale
from gatewise.data.encoding.text import TextEncoder, counted_text_encoder, fit_text_encoder
from gatewise.errors import DataError
from gatewise.records import Encoded
from gatewise.tasks import predicts
from gatewise.wording import listed

__all__ = [
    "DEFAULT_TEXT_LENGTH",
    "Encoder",
    "encode_raw",
    "encoder_from_json",
    "fit_encoder",
    "raw_inputs",
]

Encoder: TypeAlias = TextEncoder | SeriesEncoder | ForecastEncoder

DEFAULT_TEXT_LENGTH = 512


def fit_encoder(
    prepared: Prepared, rows: NDArray[np.int64], *, max_vocabulary: int = 20_000, max_length: int | None = None
) -> Encoder:
    """Fit the vocabulary, or the scaling, and where numbers are predicted their scale, on `rows` alone (the training part).

    max_length: None for 512 tokens of a text, and for all steps of a series; it does not apply to the windows of a forecast.
    Raises OptionError for a limit below 1.
    """
    dataset = prepared.dataset
    if dataset.forecast is not None:
        if not isinstance(prepared.series, Windows):
            raise ValueError("a forecast is read from windows")
        return fit_forecast_encoder(prepared.series.select(rows), dataset.forecast)
    if predicts(dataset.task) == "steps":
        return plain_series_encoder(len(dataset.channels), max_length=max_length)
    encoder: TextEncoder | SeriesEncoder
    length = DEFAULT_TEXT_LENGTH if max_length is None else max_length
    if isinstance(prepared.tokens, StoredTokens):
        counts, total = prepared.tokens.counts(lookup_rows(dataset, rows, VOCABULARY_ROWS, 0), length)
        encoder = counted_text_encoder(counts, total, max_vocabulary=max_vocabulary, max_length=length)
    elif dataset.kind == "text":
        encoder = fit_text_encoder([prepared.tokens[row] for row in rows], max_vocabulary=max_vocabulary, max_length=length)
    else:
        looked_at = lookup_rows(dataset, rows, BASELINE_ROWS, 0)
        encoder = fit_series_encoder([prepared.series[row] for row in looked_at], max_length=max_length)
    if predicts(dataset.task) == "numbers":
        return replace(encoder, target_scale=fit_target_scale(dataset.targets[rows]))
    return encoder


def raw_inputs(encoder: Encoder, inputs: Sequence[Any]) -> Sequence[Any]:
    """Check new inputs for prediction: texts become token lists, series float32 [steps, channels] ([steps] for one channel).

    A forecast reads the last steps of a series. Raises DataError where an input is of another kind, has other channels, too few
    steps, or values that are not finite.
    """
    if isinstance(encoder, TextEncoder):
        return _as_tokens(inputs)
    if isinstance(encoder, ForecastEncoder) and isinstance(inputs, Windows) and encoder.reads(inputs):
        return inputs
    sequences = [_as_array(series, row, encoder.input_size) for row, series in enumerate(inputs, 1)]
    if isinstance(encoder, ForecastEncoder):
        sequences = encoder.last_steps(sequences)
    if sequences:
        check_series(sequences, lambda row: f"input {row + 1}")
    return sequences


def encode_raw(encoder: Encoder, inputs: Sequence[Any]) -> Encoded:
    """Encode new inputs for prediction; their targets are all 0. Raises DataError as `raw_inputs` does."""
    checked, targets = raw_inputs(encoder, inputs), _no_targets(encoder, len(inputs))
    return encoder.encode_tokens(checked, targets) if isinstance(encoder, TextEncoder) else encoder.encode(checked, targets)


def encoder_from_json(value: Mapping[str, Any]) -> Encoder:
    """Rebuild whichever encoder was saved. Raises DataError for a kind that is not known or an incomplete one."""
    kinds: dict[Any, type[Encoder]] = {"text": TextEncoder, "series": SeriesEncoder, "forecast": ForecastEncoder}
    if value.get("kind") not in kinds:
        raise DataError(f"the saved encoder is of kind {value.get('kind')!r}; expected {listed(kinds)}. Save the model again.")
    return kinds[value["kind"]].from_json(value)


def _no_targets(encoder: Encoder, rows: int) -> NDArray[Any]:
    if isinstance(encoder, ForecastEncoder):
        return np.zeros((rows, encoder.outputs), dtype=np.float32)
    if encoder.target_scale is not None:
        return np.zeros((rows, len(encoder.target_scale.mean)), dtype=np.float32)
    return np.zeros(rows, dtype=np.int64)


def _as_tokens(texts: Sequence[Any]) -> list[list[str]]:
    if isinstance(texts, str):
        raise DataError("one text came where a list of inputs was expected. Put it in a list: [text].")
    for row, text in enumerate(texts, 1):
        if not isinstance(text, str):
            raise DataError(f"input {row} is a {type(text).__name__}; the model reads texts. Give a list of str.")
    return tokenize_all(texts)


def _as_array(series: Any, row: int, channels: int) -> NDArray[np.float32]:
    try:
        with np.errstate(over="ignore"):
            values = np.asarray(series, dtype=np.float64).astype(np.float32)
    except (TypeError, ValueError) as error:
        raise DataError(f"input {row} is not an array of numbers ({error}); the model reads [steps, {channels}].") from error
    if values.ndim == 1 and channels == 1:
        values = values[:, np.newaxis]
    if values.ndim != 2 or values.shape[1] != channels:
        raise DataError(f"input {row} has shape {values.shape}; the model reads [steps, {channels}], steps first.")
    return values
