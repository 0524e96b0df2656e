"""The tables of a report, once for the terminal and the documentation."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.layers.libraries import OTHERS
from benchmarks.layers.results import Report, Row, Run
from benchmarks.layers.shapes import GATES
from benchmarks.layers.summary import MODES, rows_of, summarise

__all__ = ["Table", "tables"]

NOTHING = "-"
SETTING_NAMES = {"default": "default setting", "raised": "mmap threshold raised", "flushed": "tiny numbers flushed"}


@dataclass(frozen=True)
class Table:
    """A title, what the columns mean, and the cells; the first column is text, the others numbers."""

    title: str
    note: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(report: Report) -> Iterator[Table]:
    """All tables of all runs."""
    for run in report.runs:
        yield from _tables_of(run)


def _tables_of(run: Run) -> Iterator[Table]:
    where = settings(run)
    for mode, words in MODES.items():
        rows = rows_of(run, "train" if mode != "inference" else mode, mode)
        if rows:
            yield _main_table(f"{words.capitalize()}, {where}", rows)
            yield _others_table(f"Other libraries, {words}, {where}", rows, run.libraries)
    summaries = summarise(run)
    if summaries:
        cells = tuple(
            (
                f"{MODES[item.mode]}: {item.name}",
                f"{item.mean:.2f}",
                _number(item.goal_mean),
                f"{item.smallest:.2f}",
                _number(item.goal_smallest),
                {True: "yes", False: "no", None: ""}[item.met],
            )
            for item in summaries
        )
        header = ("how many times as fast", "mean", "goal", "least", "goal", "met")
        yield Table(f"Over all shapes, {where}", "Geometric mean and smallest shape.", header, cells)
    yield from _odd_tables(run, where)
    yield from _ragged_table(run, where)
    yield from _step_tables(run, where)
    yield from _bfloat16_tables(run, where)
    yield from _peak_tables(run, where)


def settings(run: Run) -> str:
    """Say how the process was set: threads, setting, instruction set."""
    threads = "1 thread" if run.plan.threads == 1 else f"{run.plan.threads} threads"
    forced = f", {run.plan.instruction_set} forced" if run.plan.instruction_set else ""
    return f"{threads}, {SETTING_NAMES[run.plan.setting]}{forced}"


def _main_table(title: str, rows: Sequence[Row]) -> Table:
    header = ("B,T,I,H", "GRU", "LSTM", "t.GRU", "t.LSTM", "G/tG", "G/tL", "L/tL", "peak")
    note = "Milliseconds a call: ours, torch's; ratios of times (G/tG: our GRU beside torch's); our GRU's share of the FMA peak."
    names = ("gatewise gru", "gatewise lstm", "torch gru", "torch lstm")
    pairs = (("torch gru", "gatewise gru"), ("torch lstm", "gatewise gru"), ("torch lstm", "gatewise lstm"))
    cells = tuple(
        (str(row.shape), *(_time(row, name) for name in names), *(_number(row.ratio(*pair)) for pair in pairs), _peak(row))
        for row in rows
    )
    return Table(title, note, header, cells)


def _others_table(title: str, rows: Sequence[Row], libraries: Mapping[str, str]) -> Table:
    """The libraries that were timed; who was not is in the note."""
    timed = [name for name in OTHERS if any(_time(row, f"{name} {cell}") != NOTHING for row in rows for cell in GATES)]
    cells = tuple((str(row.shape), *(_gru_and_lstm(row, name) for name in timed)) for row in rows) if timed else ()
    note = "Milliseconds a call, GRU / LSTM. " + "; ".join(f"{name}: {libraries.get(name, NOTHING)}" for name in OTHERS) + "."
    return Table(title, note, ("B,T,I,H", *timed), cells)


def _gru_and_lstm(row: Row, name: str) -> str:
    times = [_time(row, f"{name} {cell}") for cell in GATES]
    return NOTHING if set(times) == {NOTHING} else " / ".join(times)


def _odd_tables(run: Run, where: str) -> Iterator[Table]:
    rows = [row for row in run.rows if row.part == "odd"]
    if not rows:
        return
    cells = []
    for mode in ("train_input", "inference"):
        for cell in GATES:
            ratios = {
                str(row.shape): ratio
                for row in rows
                if row.mode == mode and (ratio := row.ratio(f"torch {cell}", f"gatewise {cell}")) is not None
            }
            if ratios:
                worst = min(ratios, key=ratios.__getitem__)
                slower = sum(ratio < 1 for ratio in ratios.values())
                mean = statistics.geometric_mean(ratios.values())
                cells.append((f"{MODES[mode]}, {cell.upper()}", f"{mean:.2f}", f"{ratios[worst]:.2f}", worst, str(slower)))
    note = "Times of torch over ours, H in 1..127 and I in 1, 3, 50."
    yield Table(f"Odd sizes, {where}", note, ("", "mean", "least", "at", "slower than torch"), tuple(cells))


def _ragged_table(run: Run, where: str) -> Iterator[Table]:
    for mode in ("train", "inference"):
        rows = rows_of(run, "ragged", mode)
        if not rows:
            continue
        cells = []
        for row in rows:
            ratios = []
            for cell in GATES:
                ours = f"gatewise {cell}"
                pairs = ((f"{ours} full", f"{ours} ragged"), (f"{ours} full", f"{ours} full with lengths"))
                ratios += [*pairs, (f"torch {cell} ragged", f"{ours} ragged")]
            cells.append((str(row.shape), f"{1 / row.real_share:.2f}", *(_number(row.ratio(*pair)) for pair in ratios)))
        header = ("B,T,I,H", "ideal", "G gain", "G full", "G/tG", "L gain", "L full", "L/tL")
        note = (
            "Lengths uniform in 1..T. gain: time of the full batch over the ragged one's, at best `ideal`; full: time without "
            "lengths over the time with lengths that are all T; G/tG: torch's time packed over ours."
        )
        yield Table(f"Ragged batches, {MODES[mode]}, {where}", note, header, tuple(cells))


def _step_tables(run: Run, where: str) -> Iterator[Table]:
    rows = [row for row in run.rows if row.part == "step"]
    for cell in GATES:
        names = (f"gatewise {cell} stream", f"gatewise {cell} cell", f"torch {cell} layer", f"torch {cell} cell")
        columns = (*names, f"onnxruntime {cell}")
        cells = tuple(
            (f"{row.shape.batch:,} x H {row.shape.hidden_size}", *(_time(row, name, 1000 / row.shape.batch) for name in columns))
            for row in rows
        )
        if cells:
            note = "Microseconds of a stream's step through Python, I = 8."
            header = ("streams", "stream", "cell", "torch layer", "torch cell", "ONNX Runtime")
            yield Table(f"One step, {cell.upper()}, {where}", note, header, cells)


def _bfloat16_tables(run: Run, where: str) -> Iterator[Table]:
    for mode in ("train", "inference"):
        cells = []
        for row in rows_of(run, "bfloat16", mode):
            for cell in GATES:
                names = (f"gatewise {cell}", f"gatewise {cell} bfloat16", f"torch {cell} bfloat16")
                ratios = (row.ratio(names[0], names[1]), row.ratio(names[2], names[1]))
                rounding = f"{row.timings[names[1]].error:.0e}" if names[1] in row.timings else NOTHING
                cells.append(
                    (f"{row.shape} {cell.upper()}", *(_time(row, name) for name in names), *map(_number, ratios), rounding)
                )
        if cells:
            header = ("B,T,I,H", "float32", "bfloat16", "t.bfloat16", "gain", "over t.", "error")
            note = (
                "Milliseconds a call: ours, ours and torch's under autocast; ratios of times; our relative error against float64."
            )
            yield Table(f"Autocast to bfloat16, {MODES[mode]}, {where}", note, header, tuple(cells))


def _peak_tables(run: Run, where: str) -> Iterator[Table]:
    """A row a hidden size, a column a batch size; with another checkout both shares."""
    for mode in ("train", "inference"):
        rows = rows_of(run, "peak", mode)
        batches = sorted({row.shape.batch for row in rows})
        by_size = {(row.shape.hidden_size, row.shape.batch): row for row in rows}
        for cell in GATES if rows else ():
            names = (f"before {cell}",) * bool(run.plan.before) + (f"gatewise {cell}",)
            cells = tuple(
                (f"H {hidden}", *(_shares(by_size.get((hidden, batch)), names) for batch in batches))
                for hidden in sorted({row.shape.hidden_size for row in rows})
            )
            note = "Percent, the input as wide as the state, 16 to 256 steps of some 2,048 rows in all."
            note += " Before and now, in turns." * bool(run.plan.before)
            title = f"Share of the FMA peak, {MODES[mode]}, {cell.upper()}, {where}"
            yield Table(title, note, ("", *(f"B {batch}" for batch in batches)), cells)


def _shares(row: Row | None, names: Sequence[str]) -> str:
    found = [row.timings[name].peak_share if row is not None and name in row.timings else None for name in names]
    return " → ".join(NOTHING if share is None else f"{100 * share:.0f}" for share in found)


def _time(row: Row, name: str, factor: float = 1.0) -> str:
    if name in row.refused:
        return "wrong" if row.refused[name].startswith("wrong") else "failed"
    if name not in row.timings:
        return NOTHING
    value = row.timings[name].median_ms * factor
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}"


def _peak(row: Row) -> str:
    timing = row.timings.get("gatewise gru")
    return NOTHING if timing is None or timing.peak_share is None else f"{timing.peak_share:.0%}"
