"""What else matters: what regularisation, preprocessing and tuning do to the score, beside the choice of the cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from gatewise.claims.records import Claim, Effect, Findings, Judgement, Literature
from gatewise.claims.repeated import SURE, joint_level, verdict_of
from gatewise.claims.study import Study
from gatewise.claims.text import effect_text, interval_text, value_text
from gatewise.names import plain_title
from gatewise.statistics.components import Component, Components, crossed_components
from gatewise.wording import joined

if TYPE_CHECKING:
    from gatewise.claims.bench import Bench
    from gatewise.records import Config
    from gatewise.report.blocks import Block, Figure, Table

__all__ = ["STUDY"]

CELLS = ("gru", "lstm")
RATES = (1 / 3, 1.0, 3.0)
HIDDEN = 32
SEEDS, QUICK_SEEDS, FEWEST_SEEDS = 8, 5, 2
UNIT = "points of spread"
LITTLE = 0.005
CELL, PREPROCESSING, REGULARISATION, TUNING = FACTORS = ("cell", "preprocessing", "regularisation", "tuning")

CLAIM = Claim(
    number=8,
    name="what-else-matters",
    title="What else matters",
    rule="Preprocessing, regularisation and tuning matter as much as the choice between GRU and LSTM.",
    question="How far does test accuracy move when one of them is changed, and how far when the cell is?",
    design=(
        "A crossed design: cell (GRU, LSTM) by preprocessing (texts as words, characters or pieces of three characters; series "
        "raw, channels standardised, or each series standardised by itself) by regularisation (none, or dropout and weight decay "
        "of the recipe) by tuning (a third of the usual learning rate, the usual one, or three times as much). Every combination "
        f"is trained with the same seeds and splits, hidden size {HIDDEN}.",
        "Spread is the standard deviation of the mean accuracies of a factor’s levels, each as likely as another: a variance "
        "component by analysis of variance with seeds as blocks. A factor matters more than the cell, or less, where each one’s "
        f"estimate lies outside the other’s 95% interval, and as little where both intervals end below {100 * LITTLE:g} points, "
        "the spread of two levels a point apart. The rule holds where on all data each factor matters more than the cell or as "
        "little, with 95% confidence for all of them together (Bonferroni).",
    ),
    published="regularisation and tuning often outweigh the cell; nothing on features by cell",
    literature=(
        Literature("Penn Treebank: regularised state of the art 47.7, plain LSTM 78.93", "Bai et al. 2018", True),
        Literature("well regularised and tuned LSTMs beat newer models", "Melis et al. 2018", False),
        Literature("5,400 runs, no variant of the LSTM significantly better", "Greff et al. 2017", False),
    ),
)


@dataclass(frozen=True)
class Source:
    """Data on which the design is crossed. epochs: of every training."""

    data: str
    title: str
    epochs: int
    quick: bool = True


SOURCES = (
    Source("digits", "digits", 30),
    Source("reviews?rows=800", "reviews", 50),
    Source("uci_sentences", "uci_sentences", 15, quick=False),
    Source("JapaneseVowels", "JapaneseVowels", 40, quick=False),
)


def measure(bench: Bench) -> dict[str, Any]:
    """The test accuracy of every combination with every seed."""
    sources = [one for one in SOURCES if bench.has(one.data) and (one.quick or not bench.quick)]
    found = []
    for place, source in enumerate(sources):
        found.append(_crossed(bench, source, bench.left() / (len(sources) - place)))
    return {"asked": QUICK_SEEDS if bench.quick else SEEDS, "sets": found}


def _crossed(bench: Bench, source: Source, seconds: float) -> dict[str, Any]:
    from gatewise.claims import preprocessing
    from gatewise.claims.pieces import in_rounds

    material = bench.data(source.data)
    config = replace(material.config, hidden_size=HIDDEN, jobs=1)
    levels = (CELLS, preprocessing.PREPROCESSING[material.dataset.kind], preprocessing.REGULARISATION, RATES)
    seeds = QUICK_SEEDS if bench.quick else SEEDS
    rounds = [[_piece(source, config, *chosen, seed) for chosen in product(*levels)] for seed in range(seeds)]
    results = in_rounds(bench, rounds, seconds=seconds, least=FEWEST_SEEDS)
    scores = np.array([[one["score"] for one in results_of_seed] for results_of_seed in results])
    return {
        "name": source.title,
        "levels": {
            CELL: [plain_title(cell) for cell in CELLS],
            PREPROCESSING: list(levels[1]),
            REGULARISATION: list(levels[2]),
            TUNING: [f"learning rate × {rate:.2g}" for rate in RATES],
        },
        "scores": scores.reshape(len(results), *map(len, levels)).tolist(),
    }


def _piece(source: Source, config: Config, cell: str, chosen: str, regularisation: str, rate: float, seed: int) -> Any:
    from gatewise.claims.pieces import Piece
    from gatewise.claims.preprocessing import train_combination

    return Piece(
        f"combination:{source.data}:{HIDDEN}:{source.epochs}:{cell}:{chosen}:{regularisation}:{rate:.3g}:{seed}",
        f"{source.title}, {plain_title(cell)}, {chosen}, seed {seed + 1}",
        train_combination,
        (config, cell, chosen, regularisation, rate, source.epochs, seed),
    )


def components_of(own: Mapping[str, Any], level: float = SURE) -> Components:
    """The variance components of a data set, in parts of 1."""
    return crossed_components(_scores(own), FACTORS, level)


def _scores(own: Mapping[str, Any]) -> NDArray[np.float64]:
    return np.array(own["scores"], dtype=np.float64)


def _effect(label: str, component: Component, seeds: int) -> Effect:
    return Effect(label, 100 * component.deviation, 100 * component.low, 100 * component.high, UNIT, seeds)


Weight = Literal["more", "less", "as little"]


def weight_of(factor: Component, cell: Component) -> Weight | None:
    """How a factor spreads the score beside the cell; None where it is not told."""
    if factor.low > cell.deviation and cell.high < factor.deviation:
        return "more"
    if factor.high < cell.deviation and cell.low > factor.deviation:
        return "less"
    return "as little" if max(factor.high, cell.high) < LITTLE else None


def judge(findings: Findings) -> Judgement:
    """Every factor against the cell, on every data set."""
    effects: list[Effect] = []
    answers: list[bool | None] = []
    said = []
    level = joint_level(len(findings["sets"]) * (len(FACTORS) - 1))
    for own in findings["sets"]:
        found = components_of(own)
        seeds = len(own["scores"])
        of_set = [_effect(f"{one.name} on {own['name']}", one, seeds) for one in found.factors]
        effects += of_set
        strict, *stricter = components_of(own, level).factors
        told = {one.name: weight_of(one, strict) for one in stricter}
        answers += [None if weight is None else weight != "less" for weight in told.values()]
        said.append(_sentence(own["name"], of_set, told))
    return Judgement(verdict_of(answers), " ".join(said), tuple(effects))


def _sentence(name: str, effects: Sequence[Effect], told: Mapping[str, Weight | None]) -> str:
    cell, *others = effects
    words: dict[Weight, str] = {"more": "more than the cell", "less": "less than the cell", "as little": "as little as the cell"}
    parts = []
    for weight, said in words.items():
        named = [factor for factor, own in told.items() if own == weight]
        if named:
            parts.append(f"{joined(named)} {_verb(named)} {said}")
    if untold := [factor for factor, own in told.items() if own is None]:
        parts.append(f"of {joined(untold)} it is not told")
    beside = joined(
        [
            f"{factor} {value_text(effect, unit=False)} ({interval_text(effect)})"
            for factor, effect in zip(told, others, strict=True)
        ]
    )
    return f"On {name} {'; '.join(parts)}. The cell makes {effect_text(cell)}, {beside}."


def _verb(names: Sequence[str]) -> str:
    return "matters" if len(names) == 1 else "matter"


def show(findings: Findings) -> Sequence[Block]:
    """All components as one figure, the mean of every level, and the analysis of variance."""
    return _figure(findings), _levels(findings), _analysis(findings)


def _figure(findings: Findings) -> Figure:
    from gatewise.claims.blocks import effects_figure

    effects, headings = [], []
    for own in findings["sets"]:
        found = components_of(own)
        for place, component in enumerate(found.factors):
            effects.append(_effect(component.name, component, len(own["scores"])))
            headings.append("" if place else own["name"])
    return effects_figure(
        "what-else-matters-components",
        effects,
        title="How far each factor spreads test accuracy",
        axis=UNIT,
        caption="Standard deviation of the mean accuracies of a factor’s levels, with 95% intervals.",
        headings=headings,
    )


def _levels(findings: Findings) -> Table:
    from gatewise.report.blocks import Table
    from gatewise.report.numbers import percent

    rows = []
    for own in findings["sets"]:
        scores = _scores(own)
        for axis, factor in enumerate(FACTORS, 1):
            others = tuple(other for other in range(scores.ndim) if other != axis)
            means = scores.mean(axis=others)
            levels = ", ".join(f"{level}: {percent(mean)}" for level, mean in zip(own["levels"][factor], means, strict=True))
            rows.append((f"{own['name']}, {factor}", levels))
    return Table(("factor", "mean test accuracy of its levels"), tuple(rows), "What each level reaches", words=True)


def _analysis(findings: Findings) -> Table:
    from gatewise.report.blocks import Table
    from gatewise.report.numbers import significant

    rows = []
    for own in findings["sets"]:
        found, seeds = components_of(own), len(own["scores"])
        for component in (*found.factors, found.together):
            name = "how they combine" if component is found.together else component.name
            effect = _effect("", component, seeds)
            degrees = " and ".join(str(number) for number in component.degrees)
            rows.append(
                (
                    f"{own['name']}, {name}",
                    value_text(effect, unit=False),
                    interval_text(effect),
                    significant(component.f),
                    degrees,
                )
            )
        rows.append((f"{own['name']}, chance", f"{100 * found.chance:.1f}", "", "", ""))
    seeds_of = joined([f"{len(own['scores'])} on {own['name']}" for own in findings["sets"]])
    note = (
        f"Seeds: {seeds_of}; {findings['asked']} were asked for. Chance: the standard deviation of a single training about its "
        "combination’s mean, taken as the same everywhere."
    )
    header = ("component", "spread, points", "95% interval", "F", "degrees of freedom")
    return Table(header, tuple(rows), note=note, fold="Analysis of variance")


STUDY = Study(CLAIM, 8.0, measure, judge, show)
