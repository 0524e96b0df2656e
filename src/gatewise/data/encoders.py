"""Fitting and reading back encoders, the same way for texts and series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gatewise.data.assemble import check_series
from gatewise.data.prepared import Prepared
from gatewise.data.series import SeriesEncoder, fit_series_encoder
from gatewise.data.text import TextEncoder, fit_text_encoder
from gatewise.data.tokens import tokenize_all
from gatewise.errors import DataError
from gatewise.records import Encoded

__all__ = [
    "DEFAULT_TEXT_LENGTH",
    "Encoder",
    "encode_raw",
    "encoder_from_json",
    "fit_encoder",
    "raw_inputs",
]

Encoder: TypeAlias = TextEncoder | SeriesEncoder

DEFAULT_TEXT_LENGTH = 512


def fit_encoder(
    prepared: Prepared, rows: NDArray[np.int64], *, max_vocabulary: int = 20_000, max_length: int | None = None
) -> Encoder:
    """Fit the vocabulary, or the scaling, on `rows` alone (the training part).

    max_length: None for 512 tokens of a text, and for all steps of a series. Raises OptionError for a limit below 1.
    """
    if prepared.dataset.kind == "text":
        length = DEFAULT_TEXT_LENGTH if max_length is None else max_length
        return fit_text_encoder([prepared.tokens[row] for row in rows], max_vocabulary=max_vocabulary, max_length=length)
    return fit_series_encoder([prepared.series[row] for row in rows], max_length=max_length)


def raw_inputs(encoder: Encoder, inputs: Sequence[Any]) -> list[Any]:
    """Check new inputs for prediction: texts become token lists, series float32 [steps, channels] ([steps] for one channel).

    Raises DataError where an input is of another kind, has other channels, no step, or values that are not finite.
    """
    return _as_tokens(inputs) if isinstance(encoder, TextEncoder) else _as_series(inputs, encoder.input_size)


def encode_raw(encoder: Encoder, inputs: Sequence[Any]) -> Encoded:
    """Encode new inputs for prediction; their targets are all 0. Raises DataError as `raw_inputs` does."""
    checked, targets = raw_inputs(encoder, inputs), np.zeros(len(inputs), dtype=np.int64)
    return encoder.encode_tokens(checked, targets) if isinstance(encoder, TextEncoder) else encoder.encode(checked, targets)


def encoder_from_json(value: Mapping[str, Any]) -> Encoder:
    """Rebuild whichever encoder was saved. Raises DataError for a kind that is not known or an incomplete one."""
    kinds: dict[Any, type[Encoder]] = {"text": TextEncoder, "series": SeriesEncoder}
    if value.get("kind") not in kinds:
        raise DataError(f"the saved encoder is of kind {value.get('kind')!r}; expected text or series. Save the model again.")
    return kinds[value["kind"]].from_json(value)


def _as_tokens(texts: Sequence[Any]) -> list[list[str]]:
    if isinstance(texts, str):
        raise DataError("one text came where a list of inputs was expected. Put it in a list: [text].")
    for row, text in enumerate(texts, 1):
        if not isinstance(text, str):
            raise DataError(f"input {row} is a {type(text).__name__}; the model reads texts. Give a list of str.")
    return tokenize_all(texts)


def _as_series(inputs: Sequence[Any], channels: int) -> list[NDArray[np.float32]]:
    sequences = [_as_array(series, row, channels) for row, series in enumerate(inputs, 1)]
    if sequences:
        check_series(sequences, lambda row: f"input {row + 1}")
    return sequences


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
