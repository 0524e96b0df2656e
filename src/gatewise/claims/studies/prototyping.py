"""Prototyping: does a GRU get to a good configuration sooner than an LSTM?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gatewise.claims.records import Claim, Effect, Findings, Judgement, Literature
from gatewise.claims.repeated import SURE, answer, joint_level, mean_ratio_effect, verdict_of
from gatewise.claims.study import Study
from gatewise.claims.targets import TARGETS, Target, search_settings
from gatewise.claims.text import effect_text
from gatewise.names import plain_title
from gatewise.statistics.search import expected_best
from gatewise.wording import joined

if TYPE_CHECKING:
    from gatewise.claims.bench import Bench
    from gatewise.claims.pairs import Pairs
    from gatewise.report.blocks import Block, Figure, Table

__all__ = ["STUDY"]

CELLS = ("gru", "lstm")
COLOURS = {"gru": "arm-0", "lstm": "arm-1"}
TRIALS, QUICK_TRIALS = 40, 24
FEWEST_TRIALS = 6
NEAR = 0.01
SLIGHT = 1.1
RESAMPLES = 2000

CLAIM = Claim(
    number=6,
    name="prototyping",
    title="Prototyping",
    rule="A GRU suits rapid prototyping: one gets to a good configuration sooner.",
    question="How many configurations can be tried in an hour, and how many are tried until one is within a point of the best?",
    design=(
        "Random configurations of the tuning space, the first ones the same as for convergence, are trained with both cells on "
        "one split. One is good where its validation accuracy is within one point of the best that either cell reached.",
        "On each data set the rule holds where a search finds more good configurations an hour with the GRU, and does not where "
        f"it finds less than {SLIGHT:g} times as many, with 95% confidence for all data sets together (Bonferroni); "
        "configurations are resampled in pairs.",
    ),
    published="nothing direct: it follows only where claims 1 and 5 hold",
    literature=(
        Literature(
            "expected best validation score against trials or time, as a way to compare searches", "Dodge et al. 2019", False
        ),
    ),
)


def measure(bench: Bench) -> dict[str, Any]:
    """Validation accuracy and seconds of every configuration, cell by cell."""
    targets = [one for one in TARGETS if one.searched and bench.has(one.data) and (one.quick or not bench.quick)]
    found = []
    for place, target in enumerate(targets):
        found.append(_search(bench, target, QUICK_TRIALS if bench.quick else TRIALS, bench.left() / (len(targets) - place)))
    return {"sets": found}


def _search(bench: Bench, target: Target, trials: int, seconds: float) -> dict[str, Any]:
    """Trial by trial, as far as time allows, but for the fewest."""
    ends = bench.left() - seconds
    pairs: list[Pairs] = []
    for setting in search_settings(bench, target, {}, trials):
        if len(pairs) >= FEWEST_TRIALS and bench.left() <= ends:
            break
        pairs += bench.pairs([setting], replicates=1, seconds=0.0, least=1)
    return {
        "name": target.title,
        "asked": trials,
        "cells": {
            cell: {
                "scores": [one.trainings(cell)[0].validation_score for one in pairs],
                "seconds": [round(one.trainings(cell)[0].seconds, 3) for one in pairs],
            }
            for cell in CELLS
        },
    }


def _scores(own: Mapping[str, Any]) -> NDArray[np.float64]:
    """Validation accuracy [cells, trials]."""
    return np.array([own["cells"][cell]["scores"] for cell in CELLS], dtype=np.float64)


def _seconds(own: Mapping[str, Any]) -> NDArray[np.float64]:
    return np.array([own["cells"][cell]["seconds"] for cell in CELLS], dtype=np.float64)


def good(own: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Whether a trial is within a point of the best of all, [cells, trials]."""
    scores = _scores(own)
    return np.asarray(scores >= scores.max() - NEAR - 1e-9)


def rate_effect(own: Mapping[str, Any], label: str, level: float = SURE) -> Effect:
    """How many times as many good configurations the GRU finds in an hour, by resampling the trials in pairs (percentiles)."""
    near, seconds = good(own), _seconds(own)
    trials = near.shape[1]
    drawn = np.random.default_rng(0).integers(trials, size=(RESAMPLES, trials))

    def ratio(chosen: NDArray[np.int64]) -> NDArray[np.float64]:
        # Half a good one more on either side: of few trials none may be good.
        found = (near[:, chosen].sum(-1) + 0.5) / seconds[:, chosen].sum(-1)
        return np.asarray(found[0] / found[1])

    low, high = np.quantile(ratio(drawn), [(1 - level) / 2, (1 + level) / 2])
    known = trials >= FEWEST_TRIALS
    value = float(ratio(np.arange(trials)))
    return Effect(label, value, float(low) if known else None, float(high) if known else None, "times", trials)


def time_effect(own: Mapping[str, Any], label: str) -> Effect:
    """How many times as many configurations the GRU tries in an hour."""
    gru, lstm = _seconds(own)
    ratios = [math.log(second / first) for first, second in zip(gru, lstm, strict=True)]
    return mean_ratio_effect(label, ratios, "times as many trials")


def judge(findings: Findings) -> Judgement:
    """Good configurations an hour, on each data set."""
    effects, answers, said = [], [], []
    level = joint_level(len(findings["sets"]))
    for own in findings["sets"]:
        rate = rate_effect(own, f"good configurations an hour, GRU over LSTM, {own['name']}")
        tried = time_effect(own, f"configurations an hour, GRU over LSTM, {own['name']}")
        effects += [rate, tried]
        answers.append(answer(rate_effect(own, "", level), 1.0, SLIGHT))
        found = joined(
            [f"{count} of {rate.n} with the {plain_title(cell)}" for cell, count in zip(CELLS, good(own).sum(1), strict=True)]
        )
        words = {True: "finds more", False: "does not find notably more", None: "may or may not find more"}[answers[-1]]
        said.append(
            f"On {own['name']} a search {words} good configurations an hour with the GRU: {effect_text(rate)} as many. "
            f"Within a point of the best are {found}, and the GRU allows {effect_text(tried)}."
        )
    return Judgement(verdict_of(answers), " ".join(said), tuple(effects))


def show(findings: Findings) -> Sequence[Block]:
    """The expected best score against time, and the numbers of each search."""
    from gatewise.report.blocks import Gallery

    return (
        Gallery(
            "The best that a search has found, against its time",
            tuple(_curve(own) for own in findings["sets"]),
            "Expected best validation accuracy after so many minutes of random search (Dodge et al. 2019), one trial at a time.",
        ),
        _table(findings),
    )


def _curve(own: Mapping[str, Any]) -> Figure:
    from gatewise.report.blocks import Figure
    from gatewise.report.figures.traces import Trace, traces_figure
    from gatewise.report.numbers import percent

    traces = []
    for cell, scores, seconds in zip(CELLS, _scores(own), _seconds(own), strict=True):
        best = expected_best(scores, len(scores))
        points = tuple((float(seconds.mean()) * (place + 1) / 60, 100 * float(value)) for place, value in enumerate(best))
        text = f"{percent(best[0])} after one trial, {percent(best[-1])} after {len(best)}"
        traces.append(Trace(plain_title(cell), COLOURS[cell], points, text))
    drawn = traces_figure(
        f"prototyping-{own['name'].replace(' ', '-')}",
        traces,
        title=f"Expected best validation accuracy against time, {own['name']}",
        label="validation accuracy in %",
        axis="minutes of search",
        bounds=(0.0, 100.0),
    )
    return Figure(drawn, "", heading=own["name"])


def _table(findings: Findings) -> Table:
    from gatewise.report.blocks import Table
    from gatewise.report.numbers import percent, significant

    rows = []
    for own in findings["sets"]:
        for cell, near, scores, seconds in zip(CELLS, good(own), _scores(own), _seconds(own), strict=True):
            trials = len(scores)
            # Without replacement, the first of m good ones among N is met after (N + 1) / (m + 1) trials in the mean.
            until = f"{(trials + 1) / (near.sum() + 1):.1f}" if near.any() else f"over {trials}"
            rows.append(
                (
                    f"{own['name']}, {plain_title(cell)}",
                    str(trials),
                    percent(scores.max()),
                    f"{near.sum()} of {trials}",
                    until,
                    significant(3600 / seconds.mean()),
                    significant(3600 * near.sum() / seconds.sum()),
                )
            )
    header = ("search", "trials", "best", "within a point", "trials until one is", "trials an hour", "good ones an hour")
    asked = joined([f"{own['asked']} on {own['name']}" for own in findings["sets"]])
    return Table(header, tuple(rows), "Random searches", f"Trials asked for: {asked}; where time ran out there are fewer.")


STUDY = Study(CLAIM, 5.0, measure, judge, show)
