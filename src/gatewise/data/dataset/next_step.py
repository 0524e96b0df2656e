"""Multi-label sequences whose next step is to be predicted: piano rolls, and whatever else is on or off at every step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.assemble import check_series
from gatewise.data.dataset.repeats import group_series, repeats_across
from gatewise.errors import DataError
from gatewise.records import Dataset
from gatewise.wording import counted, listed

__all__ = ["PARTS", "next_step_dataset"]

PARTS = ("train", "validation", "test")


def next_step_dataset(
    name: str,
    sequences: Sequence[NDArray[np.float32]],
    channels: Sequence[str] = (),
    *,
    parts: Sequence[str] | None = None,
    where: Callable[[int], str] | None = None,
    inferred: Sequence[str] = (),
    warnings: Sequence[str] = (),
) -> Dataset:
    """Make a Dataset of sequences, each [steps, keys] of 0 and 1, that are their own targets.

    channels: names of the keys, numbered where empty. parts: `train`, `validation` or `test` for each row, the source's own
    split; None where it has none. where: how a row is called in messages, its number where None. Rows of fewer than two steps,
    which hold nothing to be predicted, are left out with a warning.
    Raises DataError where no row is left, a value is neither 0 nor 1, rows have different keys, the names are not as many as the
    keys, or a part is of another name.
    """
    call = where or (lambda row: f"row {row + 1}")
    kept = [row for row, sequence in enumerate(sequences) if len(sequence) > 1]
    if not kept:
        came = f"none of the {len(sequences):,} sequences has" if len(sequences) else "there is no sequence with"
        raise DataError(f"{came} two steps or more. Next-step prediction needs a step to start from and one to predict.")
    series = tuple(np.asarray(sequences[row], dtype=np.float32) for row in kept)
    check_series(series, lambda row: call(kept[row]))
    keys = series[0].shape[1]
    if channels and len(channels) != keys:
        raise DataError(f"{len(channels)} names came for {keys} channels. Give every channel one name.")
    names = tuple(channels) or tuple(f"channel {number}" for number in range(1, keys + 1))
    for row, sequence in zip(kept, series, strict=True):
        _check_binary(sequence, names, call(row))
    groups = group_series(series)
    part = None if parts is None else _part_of(parts, len(sequences), call)[kept]
    test, validation = (
        None if part is None or not (part == wanted).any() else part == wanted for wanted in ("test", "validation")
    )
    short = len(sequences) - len(kept)
    dropped = (f"Left out for having fewer than two steps: {counted(short, 'sequence')}.",) if short else ()
    return Dataset(
        name=name,
        kind="series",
        sequences=series,
        targets=np.zeros(len(series), dtype=np.int64),
        classes=(),
        groups=groups,
        fixed_test=test,
        channels=names,
        inferred=(
            *inferred,
            f"The task is to predict which of {counted(keys, 'channel')} are on at each step from all steps before it.",
        ),
        warnings=(*warnings, *dropped, *repeats_across(groups, test, validation)),
        task="next_step",
        fixed_validation=validation,
        outputs=names,
    )


def _check_binary(sequence: NDArray[np.float32], names: Sequence[str], row: str) -> None:
    bad = (sequence != 0) & (sequence != 1)
    if bad.any():
        step, channel = (int(place) for place in np.argwhere(bad)[0])
        raise DataError(
            f"{row} holds {sequence[step, channel]:g} at step {step + 1}, channel {names[channel]!r}. Next-step prediction takes "
            "0 (off) and 1 (on) only: write such numbers as 0 and 1, or choose another task."
        )


def _part_of(parts: Sequence[str], rows: int, call: Callable[[int], str]) -> NDArray[np.str_]:
    if len(parts) != rows:
        raise DataError(f"{len(parts)} parts came for {rows} sequences. Give every sequence one.")
    for row, part in enumerate(parts):
        if part not in PARTS:
            raise DataError(f"{call(row)} is of the part {part!r}; expected one of {listed(PARTS)}.")
    return np.array(parts, dtype=np.str_)
