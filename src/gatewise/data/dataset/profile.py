"""What a data set looks like: counts, lengths, repeats, and what to beware of."""

from __future__ import annotations

import hashlib
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.repeats import group_series, group_texts
from gatewise.data.dataset.stored import Facts, StoredDataset
from gatewise.data.dataset.windows import Windows
from gatewise.records import Dataset, Profile
from gatewise.tasks import in_time, predicts
from gatewise.wording import counted, listed

__all__ = ["LOPSIDED", "describe", "fingerprint"]

LOPSIDED = 0.65
_RARE = 0.2


def describe(dataset: Dataset, lengths: NDArray[np.int64]) -> Profile:
    """Profile a data set; lengths: int64 [rows], in tokens, steps or frames before any truncation.

    Warns where one class holds over 65% of the rows or some are rare, where sequences repeat, and where repeats carry different
    targets. Of data on disk this was found out as they were written.
    """
    if isinstance(dataset, StoredDataset):
        return _of_facts(dataset, dataset.facts)
    has_classes = predicts(dataset.task) == "classes"
    counts = np.bincount(dataset.targets if has_classes else [], minlength=len(dataset.classes))
    repeats = _repeats_of(dataset)
    repeated = np.bincount(repeats)[repeats] > 1
    return Profile(
        name=dataset.name,
        kind=dataset.kind,
        rows=len(dataset),
        classes=dict(zip(dataset.classes, counts.tolist(), strict=True)),
        length_min=int(lengths.min()),
        length_median=float(np.median(lengths)),
        length_p95=float(np.percentile(lengths, 95)),
        length_max=int(lengths.max()),
        repeated_rows=int(repeated.sum()) - len(np.unique(repeats[repeated])),
        channels=len(dataset.channels),
        channel_names=() if dataset.kind == "audio" else dataset.channels,
        fixed_test_rows=None if dataset.fixed_test is None else int(dataset.fixed_test.sum()),
        fingerprint=fingerprint(dataset),
        inferred=dataset.inferred,
        warnings=(*dataset.warnings, *_imbalance(dataset, counts), *_repeats(dataset, repeats, repeated)),
        task=dataset.task,
        outputs=_outputs(dataset),
        audio=dataset.audio,
        forecast=dataset.forecast,
    )


def _of_facts(dataset: StoredDataset, facts: Facts) -> Profile:
    what = "group" if dataset.reading is not None and dataset.reading.group is not None else "sequence"
    repeating = counted(facts.repeated_rows, "row repeats", "rows repeat")
    repeats = [f"{repeating} the {what} of an earlier one; repeats are kept on one side of every split."]
    return Profile(
        name=dataset.name,
        kind=dataset.kind,
        rows=facts.rows,
        classes=dict(zip(dataset.classes, facts.counts, strict=True)),
        length_min=facts.length_min,
        length_median=facts.length_median,
        length_p95=facts.length_p95,
        length_max=facts.length_max,
        repeated_rows=facts.repeated_rows,
        channels=len(dataset.channels),
        channel_names=() if dataset.kind == "audio" else dataset.channels,
        fixed_test_rows=facts.fixed_test_rows,
        fingerprint=facts.fingerprint,
        inferred=dataset.inferred,
        warnings=(
            *dataset.warnings,
            *_imbalance(dataset, np.array(facts.counts, dtype=np.int64)),
            *(repeats if facts.repeated_rows else ()),
        ),
        task=dataset.task,
        outputs={dataset.outputs[0]: facts.outputs} if facts.outputs is not None else {},
        audio=dataset.audio,
    )


def fingerprint(dataset: Dataset) -> str:
    """Return the SHA-256 (hex) over everything that decides a result: sequences, targets, groups, parts, weights and task.

    Names do not count, so that the same rows have the same fingerprint in every format; in another order they have another one.
    """
    about = (dataset.kind, dataset.task, dataset.classes, len(dataset), dataset.audio, dataset.forecast)
    digest = hashlib.sha256(repr(about).encode("utf-8", "surrogatepass"))
    windows = dataset.sequences if isinstance(dataset.sequences, Windows) else None
    if windows is not None:
        # Windows overlap, and what they predict is in the same series: every step counts once.
        digest.update(windows.values.astype("<f4", copy=False).tobytes())
        digest.update(windows.starts.astype("<i8", copy=False).tobytes())
    for sequence in dataset.sequences if windows is None else ():
        if isinstance(sequence, str):
            content, shape = sequence.encode("utf-8", "surrogatepass"), (len(sequence),)
        else:
            content, shape = sequence.astype("<f4", copy=False).tobytes(), sequence.shape
        # The shape keeps rows apart: without it ["ab", "c"] and ["a", "bc"] would look the same.
        digest.update(repr(shape).encode())
        digest.update(content)
    beside: dict[str, NDArray[Any] | None] = {
        "targets": dataset.targets if windows is None else None,
        "groups": dataset.groups,
        "test": dataset.fixed_test,
        "validation": dataset.fixed_validation,
        "weights": dataset.weights,
        "origins": dataset.origins,
    }
    for name, values in beside.items():
        if values is not None:
            digest.update(f"{name} {values.dtype.kind} {values.shape}".encode())
            digest.update(np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"), copy=False).tobytes())
    return digest.hexdigest()


def _repeats_of(dataset: Dataset) -> NDArray[np.int64]:
    """The rows of one sequence; the groups of a data set may be larger. Windows of a forecast overlap, and are all different."""
    if in_time(dataset.task):
        return np.arange(len(dataset))
    if dataset.kind == "text":
        return group_texts(cast(tuple[str, ...], dataset.sequences))
    return group_series(cast(tuple[NDArray[np.float32], ...], dataset.sequences))


def _outputs(dataset: Dataset) -> dict[str, tuple[float, float, float]]:
    """Least, median and greatest value of each number that is predicted."""
    if predicts(dataset.task) != "numbers":
        return {}
    # In a forecast the outputs of one step are followed by those of the next.
    values = dataset.targets.reshape(-1, len(dataset.outputs))
    return {
        name: (float(column.min()), float(np.median(column)), float(column.max()))
        for name, column in zip(dataset.outputs, values.T, strict=True)
    }


def _imbalance(dataset: Dataset, counts: NDArray[np.int64]) -> list[str]:
    if predicts(dataset.task) != "classes":
        return []
    share, fair = counts.max() / len(dataset), len(dataset) / len(counts)
    advice = "Accuracy says little of the others: consider --metric balanced_accuracy or macro_f1, and --class-weights balanced."
    if share > LOPSIDED:
        name = dataset.classes[int(counts.argmax())]
        return [
            f"The classes are imbalanced: {share:.0%} of the rows are {name!r}, which always guessing it would score. {advice}"
        ]
    rare = [name for name, number in zip(dataset.classes, counts, strict=True) if 0 < number < _RARE * fair]
    if rare:
        return [f"Some classes are rare, with a fifth of an equal share of the rows or less: {listed(map(repr, rare))}. {advice}"]
    return []


def _repeats(dataset: Dataset, repeats: NDArray[np.int64], repeated: NDArray[np.bool_]) -> list[str]:
    if not repeated.any():
        return []
    groups = repeats[repeated]
    different = len(np.unique(groups))
    what, several = {"text": ("text", "texts"), "series": ("series", "series"), "audio": ("sound", "sounds")}[dataset.kind]
    kept = " of the training part" if dataset.fixed_test is not None else ""
    repeating = counted(int(repeated.sum()) - different, "row repeats", "rows repeat")
    warnings = [f"{repeating} the {what} of an earlier one; repeats{kept} are kept on one side of every split."]
    # Two rows of one repeat and one target are one pair.
    targets = np.unique(dataset.targets[repeated], axis=0, return_inverse=True)[1].reshape(-1)
    labelled = len(np.unique(np.stack([groups, targets]), axis=1).T)
    if labelled > different:
        warnings.append(
            f"{counted(labelled - different, f'repeated {what} carries', f'repeated {several} carry')} different targets in "
            "different rows; no model can get both right."
        )
    return warnings
