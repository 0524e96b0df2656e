"""What a forecaster is given: one series, as an array or a data frame, or several to be gone on with."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from gatewise.data.columns.columns import Columns
from gatewise.data.forecast.dataset import forecast_inputs
from gatewise.data.formats.arrow import is_table, table_columns
from gatewise.estimators.errors import InputError
from gatewise.estimators.inputs import plain_array
from gatewise.records import Reading

__all__ = ["are_several", "series_columns", "series_values", "target_names"]


def series_columns(X: Any) -> tuple[Columns, int]:
    """One series as columns, and its number of dimensions. The channels of arrays are named `channel 1` and so on.

    X: [steps], [steps, channels] or a data frame with a row a step. Raises InputError for anything else.
    """
    X = plain_array(X)
    if is_table(X):
        return table_columns(X), 2
    values = _numbers(X)
    if values.ndim not in (1, 2):
        raise InputError(f"the series has shape {values.shape}; expected [steps], [steps, channels] or a data frame.")
    channels = values[:, np.newaxis] if values.ndim == 1 else values
    columns = {f"channel {number}": channels[:, number - 1] for number in range(1, channels.shape[1] + 1)}
    return cast(Columns, columns), values.ndim


def target_names(target: Any, columns: Columns) -> tuple[str, ...]:
    """The names of the columns that are predicted. target: None for all; names or numbers (from 0) of columns, one or several.

    Raises InputError for a number without a column; names are checked where they are read.
    """
    if target is None:
        return ()
    names = list(columns)
    asked = [target] if isinstance(target, (str, int, np.integer)) else list(target)
    for one in asked:
        if not isinstance(one, str) and not 0 <= one < len(names):
            raise InputError(f"target is {one!r}; the series has the columns 0 to {len(names) - 1}.")
    return tuple(one if isinstance(one, str) else names[one] for one in asked)


def series_values(X: Any, time: str | None, channels: tuple[str, ...]) -> NDArray[np.float32]:
    """One series as float32 [steps, channels] in the order of time, with the channels a forecaster was fitted on."""
    columns, _ = series_columns(X)
    if not is_table(plain_array(X)) and len(columns) != len(channels):
        raise InputError(
            f"the series has {len(columns)} channels, and the forecaster was fitted on {len(channels)}. Give one series as "
            "[steps, channels], several as a list of them or [rows, steps, channels]."
        )
    if not is_table(plain_array(X)):
        return np.stack([np.asarray(column, dtype=np.float32) for column in columns.values()], axis=1)
    series: NDArray[np.float32] = forecast_inputs(columns, Reading(time=time), channels).sequences[0]
    return series


def are_several(X: Any) -> bool:
    """Whether X is several series: a list of arrays or frames, or [rows, steps, channels]."""
    X = plain_array(X)
    if isinstance(X, (list, tuple)):
        return bool(X) and (is_table(X[0]) or np.ndim(plain_array(X[0])) > 1 or isinstance(plain_array(X[0]), np.ndarray))
    return np.ndim(X) == 3 if not is_table(X) else False


def _numbers(X: Any) -> NDArray[Any]:
    try:
        return np.asarray(X, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"the series holds something that is no number ({error}). Give [steps, channels] of numbers.") from error
