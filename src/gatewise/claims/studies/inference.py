"""Inference: does a GRU answer faster than an LSTM, step by step and in whole sequences?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gatewise.claims.effects import ratio_effect, ratio_of
from gatewise.claims.records import Claim, Effect, Findings, Judgement, Literature
from gatewise.claims.repeated import answer, verdict_of
from gatewise.claims.study import Study
from gatewise.claims.text import effect_text, interval_text, value_text
from gatewise.records import Ratio, from_json
from gatewise.wording import counted, joined

if TYPE_CHECKING:
    from gatewise.claims.bench import Bench
    from gatewise.report.blocks import Block, Table

__all__ = ["STUDY"]

CELLS = ("gru", "lstm")
FASTER = 0.95
"""Less than 5% either way is no reason to choose a cell."""
INPUT, STEPS = 64, 100
HIDDEN, QUICK_HIDDEN = (64, 128, 256), (128,)
STEP_ROUNDS, SEQUENCE_ROUNDS, LEAST_ROUNDS = 2000, 300, 100

CLAIM = Claim(
    number=2,
    name="inference",
    title="Inference",
    rule="A GRU infers faster than an LSTM, which makes it the cell for real time, mobile and edge devices.",
    question="How many times the LSTM's time does the GRU take for an answer, by step and by sequence, in float and in 8 bits?",
    design=(
        f"One layer with input size {INPUT} on one thread: one step that carries its state on, and a sequence of {STEPS} steps, "
        "for one row and for 32. Both cells take turns in every library that is installed, and nothing is timed whose answers "
        "differ from the others'.",
        "The rule holds in a setting where the GRU takes less than 0.95 times the LSTM's time, with the whole interval of the "
        "median ratio. The GRU has three quarters of the LSTM's weights, and so of the arithmetic.",
    ),
    published="faster on one microcontroller, but with more memory and a larger 8-bit error; slower on CPU in one library",
    literature=(
        Literature("276.7 against 362.2 ms in float, 374.4 against 565.4 in int8 on a NUCLEO-L4R5ZI", "EdgeMark", True),
        Literature("memory 298.7 against 268.7 kB, int8 error 0.045 against 0.014", "EdgeMark", True),
        Literature("GRU 50% slower on CPU", "MNN, issue 4363", True),
    ),
)


def measure(bench: Bench) -> dict[str, Any]:
    """Latencies of both cells in every setting."""
    from gatewise.claims.libraries.inference import missing_libraries

    settings = [
        (what, batch, hidden)
        for hidden in (QUICK_HIDDEN if bench.quick else HIDDEN)
        for what in ("step", "sequence")
        for batch in (1, 32)
    ]
    rows: list[dict[str, Any]] = []
    for place, (what, batch, hidden) in enumerate(settings):
        rows += _setting(bench, what, batch, hidden, bench.left() / (len(settings) - place))
    return {"settings": rows, "missing": list(missing_libraries())}


def _setting(bench: Bench, what: str, batch: int, hidden: int, seconds: float) -> Iterator[dict[str, Any]]:
    from gatewise.claims.libraries import Layer, Pass
    from gatewise.claims.libraries.inference import sequence_calls, step_calls
    from gatewise.records import to_json
    from gatewise.timing import percentiles

    make, rounds = (step_calls, STEP_ROUNDS) if what == "step" else (sequence_calls, SEQUENCE_ROUNDS)
    base = Layer("", batch, STEPS, INPUT, hidden)

    def actions() -> dict[str, Pass]:
        made = {cell: make(replace(base, cell=cell)) for cell in CELLS}
        return {f"{library}:{cell}": call for cell, calls in made.items() for library, call in calls.items()}

    bench.show(f"a {what} of {counted(batch, 'row')}, hidden size {hidden}")
    key = f"inference:{what}:{batch}:{hidden}"
    times = bench.timed(key, actions, rounds=rounds, seconds=seconds, least=LEAST_ROUNDS, warm_up=20)
    for library in dict.fromkeys(name.partition(":")[0] for name in times):
        gru, lstm = (times[f"{library}:{cell}"] for cell in CELLS)
        ratio, counted_rounds = ratio_of(gru, lstm)
        yield {
            "library": library,
            "what": what,
            "batch": batch,
            "hidden": hidden,
            "gru": to_json(percentiles(gru)),
            "lstm": to_json(percentiles(lstm)),
            "ratio": to_json(ratio),
            "rounds": counted_rounds,
        }


def _effects(findings: Findings) -> list[Effect]:
    return [ratio_effect(_label(row), from_json(Ratio, row["ratio"]), row["rounds"]) for row in findings["settings"]]


def _label(row: Findings) -> str:
    return f"{row['library']}, {_setting_of(row)}"


def _setting_of(row: Findings) -> str:
    return f"{row['what']}, batch {row['batch']}, hidden {row['hidden']}"


def judge(findings: Findings) -> Judgement:
    """By every library and setting; where fewer than half of them tell, nothing is told."""
    effects = _effects(findings)
    answers = [_holds(effect) for effect in effects]
    told = [one for one in answers if one is not None]
    verdict = verdict_of(told) if 2 * len(told) >= len(answers) else "not told"
    libraries = list(dict.fromkeys(row["library"] for row in findings["settings"]))
    sentences = [_of_library(library, findings, effects, answers) for library in libraries]
    labelled = tuple(replace(effect, label=f"GRU over LSTM, {effect.label}") for effect in effects)
    return Judgement(verdict, " ".join(sentences), labelled)


def _of_library(library: str, findings: Findings, effects: Sequence[Effect], answers: Sequence[bool | None]) -> str:
    own = [place for place, row in enumerate(findings["settings"]) if row["library"] == library]
    faster = sum(answers[place] is True for place in own)
    fastest, slowest = (choose(own, key=lambda place: effects[place].value) for choose in (min, max))
    ends = [f"{effect_text(effects[place])} ({_setting_of(findings['settings'][place])})" for place in (fastest, slowest)]
    said = f"in {faster} of {counted(len(own), 'setting')}"
    return f"With {library} the GRU is faster {said}: it takes from {' to '.join(dict.fromkeys(ends))} the LSTM's time."


def _holds(effect: Effect) -> bool | None:
    slower = answer(effect, FASTER, FASTER)
    return None if slower is None else not slower


def show(findings: Findings) -> Sequence[Block]:
    """Ratios as a figure by library, and the latencies as a table."""
    from gatewise.claims.blocks import effects_figure

    libraries = list(dict.fromkeys(row["library"] for row in findings["settings"]))
    pairs = list(zip(findings["settings"], _effects(findings), strict=True))
    ordered = [(row, effect) for library in libraries for row, effect in pairs if row["library"] == library]
    headings = [
        "" if place and row["library"] == ordered[place - 1][0]["library"] else row["library"]
        for place, (row, _) in enumerate(ordered)
    ]
    return (
        effects_figure(
            "inference",
            [replace(effect, label=_setting_of(row)) for row, effect in ordered],
            title="Time of an answer, GRU over LSTM",
            axis="times the LSTM's time",
            caption="Median of paired ratios with its 95% interval.",
            sides=("GRU faster", "LSTM faster"),
            headings=headings,
        ),
        _table(ordered, findings["missing"]),
    )


def _table(ordered: Sequence[tuple[Findings, Effect]], missing: Sequence[str]) -> Table:
    from gatewise.report.blocks import Table
    from gatewise.report.numbers import significant

    rows = tuple(
        (
            _label(row),
            *(significant(row[cell][percentile]) for percentile in ("p50", "p99") for cell in CELLS),
            value_text(effect, unit=False),
            interval_text(effect),
        )
        for row, effect in ordered
    )
    header = ("setting", "GRU p50, ms", "LSTM p50, ms", "GRU p99, ms", "LSTM p99, ms", "GRU / LSTM", "95% interval")
    absent = f" Not installed here: {joined(missing)}." if missing else ""
    note = f"A p99 is the time that one answer in a hundred exceeds.{absent}"
    return Table(header, rows, "Milliseconds an answer", note)


STUDY = Study(CLAIM, 6.0, measure, judge, show)
