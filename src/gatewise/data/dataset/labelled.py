"""Sequences that came with their labels, in an archive or in memory -> Dataset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gatewise.data.dataset.assemble import assemble
from gatewise.data.dataset.next_step_rows import next_step_rows
from gatewise.data.dataset.rows import Rows, join_rows
from gatewise.data.dataset.targets import read_target
from gatewise.errors import DataError, OptionError
from gatewise.records import Dataset, Reading
from gatewise.tasks import in_time, predicts
from gatewise.wording import counted

__all__ = ["Labelled", "labelled_dataset"]


@dataclass(frozen=True, eq=False)
class Labelled:
    """Rows of a source without columns. source: what its labels are called in messages.

    declared: whether it names its classes itself. task: what it declares its labels to be for, None where that is to be inferred.
    """

    name: str
    rows: Rows
    source: str = "the labels"
    declared: bool = False
    task: Literal["classification", "regression", "next_step"] | None = None
    inferred: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def labelled_dataset(data: Labelled, reading: Reading, test: Labelled | None = None) -> Dataset:
    """Make a Dataset for `reading.task`, or for what the labels are fit for. test: a second source, which becomes the test part.

    Raises OptionError for a forecast and for two test parts, DataError where a row has no label, the two sources hold different
    things, or the rows do not do.
    """
    if in_time(reading.task):
        raise OptionError(
            f"a forecast reads a table with a row a step; {data.name} is none. Write it as one, or choose another --task."
        )
    rows, inferred = data.rows, [*data.inferred]
    if test is not None:
        _check_test(data, test)
        rows = join_rows(rows, test.rows)
        inferred += [*test.inferred, f"The test part is {test.name}: {counted(len(test.rows), 'row')}."]
    if predicts(reading.task or data.task) == "steps":
        return next_step_rows(data.name, rows, inferred=inferred, warnings=data.warnings)
    if rows.labels is None:
        raise DataError(f"{data.name} has no labels. Add one for each row; only next steps are predicted without.")
    asked = reading.task or data.task
    target = read_target(rows.labels, data.source, None if predicts(asked) == "steps" else asked, declared=data.declared)
    if target.missing.any():
        row = int(target.missing.argmax())
        raise DataError(f"{data.name}: {rows.where(row)} has no label. Label it or drop the row.")
    return assemble(data.name, rows, target, source=data.source, inferred=inferred, warnings=data.warnings)


def _check_test(data: Labelled, test: Labelled) -> None:
    if data.rows.parts is not None or test.rows.parts is not None:
        both = data.name if data.rows.parts is not None else test.name
        raise OptionError(f"{both} has a test part of its own, and --test names another. Leave out --test, or name one part.")
    if data.rows.kind != test.rows.kind:
        raise DataError(f"the test source holds {test.rows.kind} rows, the other {data.rows.kind} rows. Give both the same form.")
    for what in ("labels", "groups", "weights"):
        if (getattr(data.rows, what) is None) != (getattr(test.rows, what) is None):
            raise DataError(f"{data.name} and the test source {test.name} must both have {what}, or neither. Add the missing.")
