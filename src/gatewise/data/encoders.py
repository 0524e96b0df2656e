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
from gatewise.errors import DataError
from gatewise.records import Encoded

__all__ = [
    "DEFAULT_TEXT_LENGTH",
    "Encoder",
    "encode_raw",
    "encoder_from_json",
    "fit_encoder",
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


def encode_raw(encoder: Encoder, inputs: Sequence[Any]) -> Encoded:
    """Encode new inputs for prediction: texts, or series [steps, channels] ([steps] for one channel). Their targets are all 0.

    Raises DataError where an input is of another kind, has other channels, no step, or values that are not finite.
    """
    targets = np.zeros(len(inputs), dtype=np.int64)
    if isinstance(inputs, str):
        raise DataError("one text came where a list of inputs was expected. Put it in a list: [text].")
    if isinstance(encoder, TextEncoder):
        for row, text in enumerate(inputs, 1):
            if not isinstance(text, str):
                raise DataError(f"input {row} is a {type(text).__name__}; the model reads texts. Give a list of str.")
        return encoder.encode(inputs, targets)
    sequences = [_as_series(series, row, encoder.input_size) for row, series in enumerate(inputs, 1)]
    if sequences:
        check_series(sequences, lambda row: f"input {row + 1}")
    return encoder.encode(sequences, targets)


def encoder_from_json(value: Mapping[str, Any]) -> Encoder:
    """Rebuild whichever encoder was saved. Raises DataError for a kind that is not known or an incomplete one."""
    kinds: dict[Any, type[Encoder]] = {"text": TextEncoder, "series": SeriesEncoder}
    if value.get("kind") not in kinds:
        raise DataError(f"the saved encoder is of kind {value.get('kind')!r}; expected text or series. Save the model again.")
    return kinds[value["kind"]].from_json(value)


def _as_series(series: Any, row: int, channels: int) -> NDArray[np.float32]:
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
