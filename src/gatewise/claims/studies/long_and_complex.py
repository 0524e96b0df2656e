"""Long and complex: which cell solves which test of memory, counting and state?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from statistics import median
from typing import TYPE_CHECKING, Any

from gatewise.claims.effects import ratio_effect, ratio_of
from gatewise.claims.known import KNOWN, Group, Known, solve
from gatewise.claims.records import Claim, Effect, Findings, Judgement, Literature
from gatewise.claims.repeated import answer, verdict_of
from gatewise.claims.study import Study
from gatewise.claims.text import effect_text
from gatewise.names import plain_title
from gatewise.statistics.binomial import binomial_interval, paired_lead
from gatewise.wording import capitalised, counted

if TYPE_CHECKING:
    from gatewise.claims.bench import Bench
    from gatewise.claims.pieces import Piece
    from gatewise.report.blocks import Block, Figure, Table

__all__ = ["STUDY"]

PAIR = ("gru", "lstm")
QUICK_CELLS, CELLS = PAIR, (*PAIR, "rnn", "min_gru", "min_lstm")
COLOURS = {"gru": "arm-0", "lstm": "arm-1", "rnn": "arm-2", "min_gru": "arm-3", "min_lstm": "arm-4"}
LONG = 200
SHORT_SEEDS, QUICK_SHORT_SEEDS = 12, 8
LONG_SEEDS, QUICK_LONG_SEEDS = 6, 4
FEWEST_SEEDS = 2
SHORT_SHARE = 0.4
NO_ADVANTAGE = 1 / 3
# Of fewer the interval of a lead is no longer as sure as it says.
FEWEST_PAIRS = 9
ASKED: dict[Group, str] = {"long": "over long spans", "exact": "in counting and exact state beyond the lengths learned"}

CLAIM = Claim(
    number=7,
    name="long-and-complex",
    title="Long and complex sequences",
    rule="On very long and complex sequences an LSTM is better than a GRU.",
    question="Which cell solves tests of long memory, and which counts or keeps an exact state beyond the lengths it learned?",
    design=(
        "Long memory: adding, temporal order and copy (hidden size 32, the head reads the last state alone). Counting and state: "
        "a^n b^n and Dyck-1 by the next symbol (hidden size 10), and parity, each tried on words longer than any learned. Each "
        "task has a threshold fixed beforehand, and seeds are repeated, the same for every cell.",
        f"In each of the two parts (long: {LONG} steps and more) an LSTM is better where it solves more of the same trainings, "
        "with 95% confidence. It is not where its lead is below a third of them with the same confidence. The rule holds where "
        "it is better in both.",
    ),
    published="counting: LSTM; long memory: a tie or the GRU ahead",
    literature=(
        Literature("LSTMs learn to count, GRUs do not", "Weiss et al. 2018", False),
        Literature("perplexity 92.48 of GRU, 78.93 of LSTM on words of the Penn Treebank", "Bai et al. 2018", True),
        Literature("adding, 600 steps: MSE 5.3e-5 of GRU, 0.164 of LSTM at equal parameters", "Bai et al. 2018", True),
        Literature("sequential digits: 96.2% of GRU, 87.2% of LSTM; permuted 87.3% and 85.7%", "Bai et al. 2018", True),
        Literature("copy with a delay of 1,000: both at the memoryless baseline", "Bai et al. 2018", True),
    ),
)


def measure(bench: Bench) -> dict[str, Any]:
    """Scores and steps of every task, cell and seed: first the tasks that take little time, then the long ones."""
    from gatewise.claims.pieces import in_rounds

    cells = QUICK_CELLS if bench.quick else CELLS
    tasks = [known for known in KNOWN if known.quick or not bench.quick]
    short, long = (
        [known for known in tasks if (known.group == "long" and known.steps >= LONG) is wanted] for wanted in (False, True)
    )
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    shares = (SHORT_SHARE * bench.left(), None)
    counts = (QUICK_SHORT_SEEDS, QUICK_LONG_SEEDS) if bench.quick else (SHORT_SEEDS, LONG_SEEDS)
    for own, seeds, share in zip((short, long), counts, shares, strict=True):
        arms = list(product(own, cells))
        rounds = [[_piece(known, cell, seed) for known, cell in arms] for seed in range(seeds)]
        results = in_rounds(bench, rounds, seconds=bench.left() if share is None else share, least=FEWEST_SEEDS)
        found |= {(known.name, cell): [one[place] for one in results] for place, (known, cell) in enumerate(arms)}
    return {"cells": list(cells), "tasks": [_task(known, {cell: found[known.name, cell] for cell in cells}) for known in tasks]}


def _piece(known: Known, cell: str, seed: int) -> Piece:
    from gatewise.claims.pieces import Piece

    what = f"{known.title}, {plain_title(cell)}, seed {seed + 1}"
    return Piece(f"known:{known.name}:{cell}:{seed}", what, solve, (known.name, cell, seed))


def _task(known: Known, found: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    return {
        "name": known.name,
        "cells": {
            cell: {
                "scores": [one["score"] for one in results],
                "solved": [known.is_solved(one["score"]) for one in results],
                "steps": [one["steps"] for one in results],
            }
            for cell, results in found.items()
        },
    }


def lead_of(findings: Findings, group: Group) -> Effect:
    """By how much more of the trainings of a group the LSTM solves than the GRU; of long memory of those that are long."""
    gru, lstm = _both(findings, group, "solved")
    label = f"lead of the LSTM {ASKED[group]}, in trainings solved"
    if len(gru) < FEWEST_PAIRS:
        return Effect(label, 100 * (sum(lstm) - sum(gru)) / max(len(gru), 1), None, None, "points", len(gru))
    pairs = list(zip(lstm, gru, strict=True))
    both, first, second, neither = (pairs.count(pair) for pair in ((True, True), (True, False), (False, True), (False, False)))
    lead, low, high = (100 * value for value in paired_lead(both, first, second, neither))
    return Effect(label, lead, low, high, "points", len(pairs))


def _both(findings: Findings, group: Group, what: str) -> tuple[list[Any], list[Any]]:
    """Something of every training of GRU and LSTM in a group, pair by pair."""
    by_name = {known.name: known for known in KNOWN}
    found: tuple[list[Any], list[Any]] = ([], [])
    for task in findings["tasks"]:
        known = by_name[task["name"]]
        if known.group == group and (group != "long" or known.steps >= LONG):
            for values, cell in zip(found, PAIR, strict=True):
                values.extend(task["cells"][cell][what])
    return found


def judge(findings: Findings) -> Judgement:
    """Long memory and exact state apart."""
    effects = [lead_of(findings, group) for group in ASKED]
    answers = [answer(effect, 0.0, 100 * NO_ADVANTAGE) for effect in effects]
    said = [_sentence(findings, *one) for one in zip(ASKED, effects, answers, strict=True)]
    steps, solved = (list(zip(*_both(findings, "long", what), strict=True)) for what in ("steps", "solved"))
    both = [taken for taken, is_solved in zip(steps, solved, strict=True) if all(is_solved)]
    if both:
        ratio = ratio_of([lstm for _, lstm in both], [gru for gru, _ in both])
        effects.append(ratio_effect("training steps of the LSTM over the GRU’s, where both solve a long task", *ratio))
        said.append(f"Where both solve a long task the LSTM takes {effect_text(effects[-1])} the training steps of the GRU.")
    return Judgement(verdict_of(answers), " ".join(said), tuple(effects))


def _sentence(findings: Findings, group: Group, effect: Effect, better: bool | None) -> str:
    said = {
        True: "the LSTM is better",
        False: "the GRU is better" if effect.high is not None and effect.high < 0 else "the LSTM is not much better",
        None: "it is not told whether the LSTM is better",
    }
    gru, lstm = (sum(solved) for solved in _both(findings, group, "solved"))
    return (
        f"{capitalised(ASKED[group])} {said[better]}: of {counted(effect.n, 'training')} each the GRU solves {gru} and the LSTM "
        f"{lstm}, a lead of the LSTM of {effect_text(effect)}."
    )


def show(findings: Findings) -> Sequence[Block]:
    """What was solved as a grid, then beside what the literature expects, then all numbers."""
    return _grid(findings), _beside_literature(findings), _numbers(findings)


def _grid(findings: Findings) -> Figure:
    from gatewise.report.blocks import Figure
    from gatewise.report.figures.shares import shares_figure

    cells, tasks = findings["cells"], _tasks(findings)
    solved = [[task["cells"][cell]["solved"] for cell in cells] for _, task in tasks]
    drawn = shares_figure(
        "long-and-complex-solved",
        [known.title for known, _ in tasks],
        [plain_title(cell) for cell in cells],
        [[sum(own) / max(len(own), 1) for own in row] for row in solved],
        [[f"{sum(own)}/{len(own)}" for own in row] for row in solved],
        colours=[COLOURS[cell] for cell in cells],
        title="Seeds that solve each task",
    )
    return Figure(drawn, "Seeds that solve the task, of those tried.", heading="What is solved")


def _beside_literature(findings: Findings) -> Table:
    from gatewise.report.blocks import Table

    rows = []
    for known, task in _tasks(findings):
        solved = {cell: task["cells"][cell]["solved"] for cell in findings["cells"]}
        found = ", ".join(f"{plain_title(cell)} {sum(own)} of {len(own)}" for cell, own in solved.items())
        rows.append((known.title, known.condition, known.expected, found))
    header = ("task", "solved when", "the literature expects", "solved here by")
    return Table(header, tuple(rows), "Tasks with known answers", texts=True, stacked=True)


def _numbers(findings: Findings) -> Table:
    from gatewise.report.blocks import Table
    from gatewise.report.numbers import count, percent

    rows = []
    for known, task in _tasks(findings):
        for cell in findings["cells"]:
            own = task["cells"][cell]
            seeds = len(own["solved"])
            low, high = binomial_interval(sum(own["solved"]), seeds)
            rows.append(
                (
                    f"{known.title}, {plain_title(cell)}",
                    f"{sum(own['solved'])} of {seeds}",
                    f"{percent(low, 0)} to {percent(high, 0)}",
                    _score(known, median(own["scores"])),
                    count(round(median(own["steps"]))),
                )
            )
    header = ("task and cell", "solved", "95% interval", "median score", "training steps")
    note = (
        "Solved: seeds, and the interval of the chance that a seed solves it (Clopper and Pearson). Training steps: the median; "
        "a training that does not solve its task takes all that it may."
    )
    return Table(header, tuple(rows), note=note, fold="All numbers")


def _tasks(findings: Findings) -> list[tuple[Known, Mapping[str, Any]]]:
    by_name = {known.name: known for known in KNOWN}
    return [(by_name[task["name"]], task) for task in findings["tasks"]]


def _score(known: Known, value: float) -> str:
    from gatewise.report.numbers import percent, significant

    if known.metric != "accuracy":
        return f"MSE {significant(value, 2)}"
    return percent(value) if value <= 1.0 else f"n = {value:.0f}"


STUDY = Study(CLAIM, 15.0, measure, judge, show)
