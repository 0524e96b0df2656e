"""A model's predictions as the rows of a table: a header, and what names each prediction before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gatewise.data.dataset.inputs import Inputs
from gatewise.data.sources import input_blocks, open_inputs
from gatewise.records import Config, Reading
from gatewise.runtime.model import Model
from gatewise.study.folder import RunFolder
from gatewise.tasks import traits_of

__all__ = ["prediction_blocks", "prediction_rows", "read_inputs", "run_columns"]


def run_columns(run: Path) -> Config | None:
    """The configuration of a run, whose columns its predictions are made from; None where only its model is left."""
    folder = RunFolder(run)
    return folder.open() if folder.config.is_file() else None


def read_inputs(
    model: Model,
    source: Any,
    run: Config | None = None,
    *,
    keep: Sequence[str] = (),
    channels: tuple[str, ...] = (),
    **columns: Any,
) -> Inputs:
    """Read what a model predicts from. columns: as in `Reading`, None where not given: then of a table the run's are taken.

    Of series the channels are those that the model learned from, unless `channels` names others.
    """
    return open_inputs(source, keep=keep, channels=channels, **columns, **_as_run(model, run))


def prediction_blocks(
    model: Model,
    source: Any,
    run: Config | None = None,
    *,
    keep: Sequence[str] = (),
    channels: tuple[str, ...] = (),
    **columns: Any,
) -> Iterator[list[list[str]]]:
    """The rows of `prediction_rows`, the header first, a block at a time where the source is a large table. Options: as in
    `read_inputs`."""
    header: list[str] | None = None
    for inputs in input_blocks(source, keep=keep, channels=channels, **columns, **_as_run(model, run)):
        names, *rows = prediction_rows(model, inputs)
        yield rows if header is not None else [names, *rows]
        header = names


def _as_run(model: Model, run: Config | None) -> dict[str, Any]:
    """What a model reads, and the columns that its run took."""
    learned = model.channels if model.kind == "series" else ()
    usual = Reading(channels=learned)
    if run is not None:
        columns_of = {name: getattr(run, name) for name in ("text", "audio", "id", "time", "group", "date_format")}
        usual = Reading(channels=learned, **columns_of)
    return {"kind": model.kind, "usual": usual, "task": "forecast" if model.forecast is not None else None}


def prediction_rows(model: Model, inputs: Inputs) -> list[list[str]]:
    """Return a header and the rows of a table, the names of the inputs first.

    Classes: the predicted class and every class's probability, a row an input. Numbers: a column each. A forecast: a row for each
    series and step ahead, with the last time known (`origin`) and the time predicted where there are times, and a column for each
    output. Next steps: a row for each input and step predicted, the last one beyond its end, and the probability of each key.
    """
    makers = {"classes": _classes, "numbers": _numbers if model.forecast is None else _forecasts, "steps": _next_steps}
    before, outputs, rows = makers[traits_of(model.task).predicts](model, inputs)
    header = [*inputs.names, *before]
    # An output may be called as what names the rows is.
    header += [f"{name} predicted" if name in header else name for name in outputs]
    columns = list(inputs.names.values())
    return [header, *([*(column[number] for column in columns), *cells] for number, cells in rows)]


_Table = tuple[list[str], list[str], Iterator[tuple[int, list[str]]]]


def _classes(model: Model, inputs: Inputs) -> _Table:
    def rows() -> Iterator[tuple[int, list[str]]]:
        for number, row in enumerate(model.predict_proba(inputs.sequences)):
            yield number, [model.class_names[int(row.argmax())], *(f"{value:.6f}" for value in row)]

    return [], ["prediction", *(f"p_{name}" for name in model.class_names)], rows()


def _numbers(model: Model, inputs: Inputs) -> _Table:
    def rows() -> Iterator[tuple[int, list[str]]]:
        for number, value in enumerate(model.predict(inputs.sequences)):
            yield number, [_written(value)]

    return [], list(model.outputs), rows()


def _forecasts(model: Model, inputs: Inputs) -> _Table:
    future = inputs.future

    def rows() -> Iterator[tuple[int, list[str]]]:
        for number, steps in enumerate(model.predict(inputs.sequences)):
            times = [] if future is None else future.after(number, len(steps))
            for step, values in enumerate(steps):
                when = [str(step + 1)] if future is None else [future.origin[number], times[step], str(step + 1)]
                yield number, [*when, *map(_written, values)]

    return ["step"] if future is None else ["origin", future.time, "step"], list(model.outputs), rows()


def _next_steps(model: Model, inputs: Inputs) -> _Table:
    def rows() -> Iterator[tuple[int, list[str]]]:
        for number, steps in enumerate(model.predict(inputs.sequences)):
            for step, values in enumerate(steps, 2):
                yield number, [str(step), *(f"{value:.6f}" for value in values)]

    return ["step"], list(model.outputs), rows()


def _written(value: float) -> str:
    return f"{value:.9g}"
