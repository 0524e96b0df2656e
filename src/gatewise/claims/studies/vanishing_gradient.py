"""Vanishing gradient: how much of the loss's gradient reaches the states of long ago, in each cell?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np

from gatewise.claims.records import Claim, Findings, Judgement, Literature
from gatewise.claims.repeated import answer, joint_level, mean_effect, verdict_of
from gatewise.claims.study import Study
from gatewise.names import plain_title
from gatewise.wording import joined

if TYPE_CHECKING:
    from gatewise.claims.bench import Bench
    from gatewise.report.blocks import Block, Figure, Table

__all__ = ["STUDY"]

PLAIN, GATED = "rnn", ("gru", "lstm")
CELLS = (PLAIN, *GATED)
COLOURS = {"gru": "arm-0", "lstm": "arm-1", "rnn": "arm-2"}
STAGES = {"first": "as first drawn", "trained": "after training"}
LENGTH = 100
SEEDS, QUICK_SEEDS = 30, 10
SEEDS_BESIDE, QUICK_SEEDS_BESIDE = 10, 3
KEPT = 0.5
UNIT = "powers of ten"

CLAIM = Claim(
    number=9,
    name="vanishing-gradient",
    title="Vanishing gradient",
    rule="Plain RNNs lose the gradient over long spans, and gates keep it.",
    question="By how much does the norm of d loss / d h shrink with each step back, in an RNN, a GRU and an LSTM?",
    design=(
        f"Each cell (hidden size 32) reads temporal order of {LENGTH} steps, and the loss depends on the last state alone. A "
        "straight line is fitted to the logarithm of the gradient's norm against the lag, before the first step of training and "
        "after the last; seeds are repeated.",
        f"A gated cell keeps the gradient where it loses less than {KEPT:.0%} of the powers of ten that the RNN loses. The rule "
        "holds where both gated cells do so before and after training, with 95% confidence for these four together (Bonferroni).",
    ),
    published="the analysis of 1991 and 1994 says so of plain RNNs; gates were made against it",
    literature=(
        Literature("gradients of plain recurrent networks shrink or grow exponentially with the lag", "Hochreiter 1991", False),
        Literature("learning long-term dependencies with gradient descent is difficult", "Bengio et al. 1994", False),
        Literature("a gate's first bias decides how long it remembers; chrono initialisation", "Tallec & Ollivier 2018", False),
    ),
)


def _starts(cell: str) -> dict[str, dict[str, Any]]:
    """How the gates of a cell may begin, with the options for it."""
    from gatewise.cells import CELLS as TRAITS

    gates: dict[str, dict[str, Any]] = (
        {"bias 1": {"forget_bias": 1.0}, "chrono": {"chrono": LENGTH}} if TRAITS[cell].keeps else {}
    )
    return {"": {}, **gates}


def measure(bench: Bench) -> dict[str, Any]:
    """Gradients against the lag of every cell and start of its gates, a seed a round; what is only shown has fewer seeds."""
    from gatewise.claims.gradients import measure_gradients
    from gatewise.claims.pieces import Piece, in_rounds

    arms = [(cell, start) for cell in CELLS for start in _starts(cell)]
    seeds, seeds_beside = (QUICK_SEEDS, QUICK_SEEDS_BESIDE) if bench.quick else (SEEDS, SEEDS_BESIDE)
    drawn = [[arm for arm in arms if seed < seeds_beside or not arm[1]] for seed in range(seeds)]
    rounds = [
        [
            Piece(
                f"gradients:{LENGTH}:{cell}:{start}:{seed}",
                f"gradients of {plain_title(cell)}, seed {seed + 1}",
                measure_gradients,
                (cell, _starts(cell)[start], LENGTH, seed),
            )
            for cell, start in of_seed
        ]
        for seed, of_seed in enumerate(drawn)
    ]
    found: dict[tuple[str, str], list[dict[str, Any]]] = {arm: [] for arm in arms}
    for of_seed, results in zip(drawn, in_rounds(bench, rounds, seconds=bench.left()), strict=False):
        for arm, result in zip(of_seed, results, strict=True):
            found[arm].append(result)
    return {"length": LENGTH, "arms": [_arm(*arm, results) for arm, results in found.items()]}


def _arm(cell: str, start: str, found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One cell with one start: what its seeds lost, and the curves of their mean."""
    return {
        "cell": cell,
        "start": start,
        "accuracy": [one["accuracy"] for one in found],
        **{
            stage: {
                "lost": [lost_in_100(one[stage]["h"]) for one in found],
                "curve": np.mean([one[stage]["h"] for one in found], axis=0).round(3).tolist(),
            }
            for stage in STAGES
        },
    }


def lost_in_100(logarithms: Sequence[float]) -> float:
    """Powers of ten that are lost in 100 steps back, by least squares; logarithms: to base 10, against the lag from 0 on."""
    lags = np.arange(len(logarithms))
    return float(-100 * np.polyfit(lags[1:], logarithms[1:], 1)[0])


def judge(findings: Findings) -> Judgement:
    """Each gated cell against the RNN, before and after training."""
    plain = _found(findings, PLAIN)
    answers: dict[str, list[bool | None]] = {}
    effects = []
    for stage, cell in product(reversed(STAGES), GATED):
        own = _found(findings, cell)[stage]["lost"]
        left = [KEPT * theirs - mine for theirs, mine in zip(plain[stage]["lost"], own, strict=True)]
        left_over = mean_effect("", left, UNIT, level=joint_level(len(STAGES) * len(GATED)))
        answers.setdefault(stage, []).append(answer(left_over, 0.0, 0.0))
        less = [theirs - mine for theirs, mine in zip(plain[stage]["lost"], own, strict=True)]
        effects.append(mean_effect(f"lost less than by an RNN, {plain_title(cell)} {STAGES[stage]}", less, UNIT))
    said = " ".join(_sentence(findings, stage, answers[stage]) for stage in STAGES)
    return Judgement(verdict_of(one for found in answers.values() for one in found), said, tuple(effects))


def _found(findings: Findings, cell: str, start: str = "") -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(arm for arm in findings["arms"] if (arm["cell"], arm["start"]) == (cell, start))
    return found


def _sentence(findings: Findings, stage: str, answers: Sequence[bool | None]) -> str:
    means = {cell: fmean(_found(findings, cell)[stage]["lost"]) for cell in CELLS}
    lost = joined([f"{value:.1f} in the {plain_title(cell)}" for cell, value in means.items()])
    keeping = [f"the {plain_title(cell)}" for cell, found in zip(GATED, answers, strict=True) if found]
    losing = [f"the {plain_title(cell)}" for cell, found in zip(GATED, answers, strict=True) if found is False]
    open_cells = [f"the {plain_title(cell)}" for cell, found in zip(GATED, answers, strict=True) if found is None]
    parts = [
        f"{joined(keeping)} {_verb(keeping, 'loses', 'lose')} it less than half as fast as the RNN" if keeping else "",
        f"{joined(losing)} {_verb(losing, 'loses', 'lose')} it at least half as fast" if losing else "",
        f"of {joined(open_cells)} it is not told" if open_cells else "",
    ]
    when = {"first": "As first drawn", "trained": "After training"}[stage]
    found = joined([part for part in parts if part])
    return f"{when} {found}: in 100 steps back the gradient loses this many {UNIT}: {lost}."


def _verb(names: Sequence[str], one: str, many: str) -> str:
    return one if len(names) == 1 else many


def show(findings: Findings) -> Sequence[Block]:
    """The gradient against the lag before and after training, and all starts as a table."""
    from gatewise.report.blocks import Gallery

    return (
        Gallery(
            "The gradient's norm against the lag",
            tuple(_curves(findings, stage) for stage in STAGES),
            "Powers of ten relative to the last state; mean over the seeds.",
        ),
        _table(findings),
    )


def _curves(findings: Findings, stage: str) -> Figure:
    from gatewise.report.blocks import Figure
    from gatewise.report.figures.traces import Trace, traces_figure

    traces = [
        Trace(
            plain_title(cell),
            COLOURS[cell],
            tuple(enumerate(_found(findings, cell)[stage]["curve"])),
            f"{_found(findings, cell)[stage]['curve'][-1]:.1f} {UNIT} at the longest lag",
        )
        for cell in CELLS
    ]
    drawn = traces_figure(
        f"vanishing-gradient-{stage}",
        traces,
        title=f"Norm of the gradient against the lag, {STAGES[stage]}",
        label=f"norm of d loss / d h, {UNIT}",
        axis="lag in steps",
    )
    return Figure(drawn, "", heading=STAGES[stage].capitalize())


def _table(findings: Findings) -> Table:
    from gatewise.claims.text import interval_text, value_text
    from gatewise.report.blocks import Table
    from gatewise.report.numbers import percent

    def cells(arm: Mapping[str, Any]) -> Iterable[str]:
        for stage in STAGES:
            effect = mean_effect("", arm[stage]["lost"], UNIT)
            yield f"{value_text(effect, unit=False)} ({interval_text(effect)})"
            yield f"{100 * 10 ** (-effect.value / 100):.1f}%"

    rows = tuple(
        (
            f"{plain_title(arm['cell'])}{arm['start'] and ', '}{arm['start']}",
            *cells(arm),
            percent(fmean(arm["accuracy"])),
            str(len(arm["accuracy"])),
        )
        for arm in findings["arms"]
    )
    header = ("cell", "lost, as first drawn", "left a step", "lost, after training", "left a step", "accuracy", "seeds")
    note = (
        f"Lost: {UNIT} in 100 steps back, with the 95% interval over seeds; left a step: the part of the norm that one step back "
        "leaves. Bias 1 and chrono: how the gate that keeps the state began. Accuracy: on the test part, after training; naming "
        "the most frequent class is right in about 25%."
    )
    return Table(header, rows, "What is lost with the lag", note)


STUDY = Study(CLAIM, 3.0, measure, judge, show)
