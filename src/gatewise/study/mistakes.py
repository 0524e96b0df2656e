"""What the models of a run got wrong: the analysis, and the few rows that the page shows, which are kept without the data."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from gatewise.comparison.mistakes.analysis import analyse, pooled_of, shown_rows
from gatewise.comparison.mistakes.pooling import Pooled
from gatewise.data.dataset.excerpts import excerpt
from gatewise.mistakes import Example, Mistakes, Window
from gatewise.records import Comparison, Dataset, Verdict, from_json
from gatewise.study.folder import RunFolder, write_json
from gatewise.study.kept import KeptFolder

__all__ = ["read_pooled", "with_mistakes"]


def read_pooled(folder: RunFolder, comparison: Comparison) -> Pooled[Any]:
    """The test predictions that a run kept, of the replicates that count."""
    trainings = (*comparison.trainings, *comparison.baseline_trainings)
    return pooled_of(comparison, KeptFolder(folder.predictions).read(trainings, comparison.profile.task))


def with_mistakes(folder: RunFolder, comparison: Comparison, verdict: Verdict, dataset: Dataset | None = None) -> Comparison:
    """The comparison with what the models got wrong. dataset: where it is at hand, the rows to be shown are written down."""
    found = analyse(comparison, verdict, read_pooled(folder, comparison))
    if dataset is None:
        examples = _read_examples(folder)
    else:
        examples = _examples(found, dataset)
        write_json(folder.examples, examples)
    return replace(comparison, mistakes=replace(found, examples=examples))


def _examples(found: Mistakes, dataset: Dataset) -> dict[str, Example]:
    windows: dict[int, Window] = {} if found.forecast is None else {window.row: window for window in found.forecast.windows}
    channels = {row: dataset.channels.index(window.channel) for row, window in windows.items()}
    return {str(row): excerpt(dataset, row, channels.get(row)) for row in shown_rows(found)}


def _read_examples(folder: RunFolder) -> dict[str, Example]:
    """The rows written down when the run last ended; none where it never did, or the file is damaged."""
    try:
        content = json.loads(folder.examples.read_text(encoding="utf-8"))
        return {str(row): from_json(Example, example) for row, example in content.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
