"""Small data: is a GRU better than an LSTM where there is little to learn from, and does it overfit less?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gatewise.claims.effects import points_of
from gatewise.claims.records import Claim, Effect, Findings, Judgement, Literature, Verdict
from gatewise.claims.study import Study
from gatewise.claims.text import effect_text, interval_text, value_text
from gatewise.records import Difference, from_json

if TYPE_CHECKING:
    from gatewise.claims.bench import Bench
    from gatewise.claims.pairs import Pairs, Setting
    from gatewise.report.blocks import Block, Figure, Table

__all__ = ["STUDY"]

Values = NDArray[np.float64]

FRACTIONS = (0.05, 0.1, 0.25, 0.5, 1.0)
QUICK_FRACTIONS = (0.05, 0.1, 0.25, 1.0)
SMALL = (0.05, 0.1, 0.25)
MARGIN = 0.01
# Those of a few rows pass their best epoch long before, and the epochs themselves, each with its evaluation, take the time.
QUICK_EPOCHS = 150
REPLICATES, QUICK_REPLICATES = 20, 10

CLAIM = Claim(
    number=4,
    name="small-data",
    title="Small data",
    rule="On small data a GRU is better than an LSTM, for it overfits less.",
    question="With little to learn from, is the GRU's test accuracy higher, and the gap between training and test smaller?",
    design=(
        "GRU and LSTM of hidden size 64 learn in pairs from 5%, 10%, 25%, 50% (not in a quick run) and all of the training "
        "part, each as long as suits its rows (in a quick run for at most 150 epochs where it is not all) and stopped early.",
        "The rule is judged by the mean over the data sets at 5% to 25%, against a band of one point fixed beforehand. Where the "
        "GRU leads by more than the band it is better, and where its gap is smaller by more than the band it overfits less; the "
        "rule holds where both are so.",
    ),
    published="one study of long texts for it, a tie on 382 chorales, and a larger gap of the GRU in another",
    literature=(
        Literature("GRU better on long text and small data", "Yang 2020, Yelp reviews", False),
        Literature("accuracy .85 of GRU, .82 of LSTM with 18,000 rows", "Gruber & Jockisch 2020", False),
        Literature("a tie on 382 chorales: negative log-likelihood 8.43 of GRU, 8.45 of LSTM", "Bai et al. 2018", True),
        Literature(
            "on the same chorales training and test 6.94 and 8.54 of GRU, 8.15 and 8.67 of LSTM: the GRU fits better and has the "
            "larger gap",
            "Chung et al. 2014",
            False,
        ),
        Literature("about 5 bits a parameter are learned, whatever the cell", "Collins et al. 2017", False),
    ),
)


def measure(bench: Bench) -> dict[str, Any]:
    """Accuracies and gaps of both cells at every fraction of every data set."""
    names = _sets(bench)
    replicates = QUICK_REPLICATES if bench.quick else REPLICATES
    fractions = QUICK_FRACTIONS if bench.quick else FRACTIONS
    settings = [setting for name in names for setting in _settings(bench, name, fractions)]
    pairs = bench.pairs(settings, replicates=replicates, seconds=bench.left())
    many = len(fractions)
    found = {name: pairs[place * many : (place + 1) * many] for place, name in enumerate(names)}
    return {
        "margin": MARGIN,
        "asked": replicates,
        "sets": [_set(name, own) for name, own in found.items()],
        "by_fraction": [
            {"fraction": fraction, **_together([own[place] for own in found.values()])}
            for place, fraction in enumerate(fractions)
        ],
        "small": _together([one for own in found.values() for one in own if one.setting.fraction in SMALL]),
    }


def _sets(bench: Bench) -> tuple[str, ...]:
    public = [name for name in (("uci_sentences",) if bench.quick else ("uci_sentences", "sst2", "mr")) if bench.has(name)]
    return ("digits", *(public or ["reviews?rows=1000"]))


def _settings(bench: Bench, name: str, fractions: Sequence[float]) -> list[Setting]:
    from gatewise.claims.pairs import Setting
    from gatewise.training.schedule import default_schedule

    whole = Setting(name)
    workload = bench.workload(whole)
    rows, batch = len(workload.encode(0).split.train), workload.schedule.batch_size

    def epochs(fraction: float) -> int | None:
        # Whole trainings keep their own number, so that other studies share them.
        if fraction == 1.0:
            return None
        suited = default_schedule(round(fraction * rows), batch_size=batch, max_epochs=None).max_epochs
        return min(suited, QUICK_EPOCHS) if bench.quick else suited

    return [replace(whole, fraction=fraction, max_epochs=epochs(fraction)) for fraction in fractions]


def _set(name: str, pairs: Sequence[Pairs]) -> dict[str, Any]:
    whole = pairs[-1].comparison
    rows = whole.train_rows - whole.validation_rows
    points = [
        {"fraction": own.setting.fraction, "train_rows": round(own.setting.fraction * rows), **_point(own)} for own in pairs
    ]
    return {"name": whole.profile.name, "data": name, "rows": whole.profile.rows, "points": points}


def _point(pairs: Pairs) -> dict[str, Any]:
    scores = {cell: [one.test_score or 0.0 for one in pairs.trainings(cell)] for cell in pairs.arms}
    gaps = {cell: [(one.train_score or 0.0) - (one.test_score or 0.0) for one in pairs.trainings(cell)] for cell in pairs.arms}
    means = {what: {cell: fmean(values) for cell, values in of.items()} for what, of in (("scores", scores), ("gaps", gaps))}
    return {**means, **_together([pairs])}


def _together(pairs: Sequence[Pairs]) -> dict[str, Any]:
    """By how much the GRU is better, and by how much less it overfits, in the mean over some settings."""
    from gatewise.claims.pairs import pooled
    from gatewise.records import to_json

    resolution = 1.0 / sum(one.comparison.test_rows for one in pairs)
    better = [_lead([one.test_score or 0.0 for one in own.trainings(cell)] for cell in ("gru", "lstm")) for own in pairs]
    less = [
        _lead([(one.test_score or 0.0) - (one.train_score or 0.0) for one in own.trainings(cell)] for cell in ("gru", "lstm"))
        for own in pairs
    ]
    return {
        what: to_json(pooled(pairs, values, first="gru", second="lstm", margin=MARGIN, resolution=resolution))
        for what, values in (("better", better), ("overfits_less", less))
    }


def _lead(of: Iterable[list[float]]) -> Values:
    first, second = (np.array(values, dtype=np.float64) for values in of)
    return np.asarray(first - second)


def judge(findings: Findings) -> Judgement:
    """Both parts of the rule, by the mean over the data sets at the small fractions."""
    better, less = (from_json(Difference, findings["small"][what]) for what in ("better", "overfits_less"))
    effects = (points_of("accuracy, GRU over LSTM", better), points_of("gap, GRU over LSTM", less.turned()))
    verdict: Verdict
    if better.conclusion == "undecided":
        verdict = "not told"
    elif better.conclusion == "first":
        verdict = "holds" if less.conclusion == "first" else "depends"
    else:
        verdict = "depends" if less.conclusion == "first" else "does not hold"
    return Judgement(verdict, f"{_accuracy_sentence(better, effects[0])} {_gap_sentence(less, effects[1])}", effects)


def _accuracy_sentence(better: Difference, effect: Effect) -> str:
    said = {
        "first": "the GRU is better than the LSTM",
        "second": "the LSTM is better than the GRU",
        "equivalent": "both are practically equal",
        "undecided": "it is not told which of them is better",
    }
    return f"With 5% to 25% of the training data {said[better.conclusion]}: their accuracy differs by {effect_text(effect)}."


def _gap_sentence(less: Difference, effect: Effect) -> str:
    said = {
        "first": "The GRU overfits less",
        "second": "The GRU overfits more",
        "equivalent": "Both overfit as much",
        "undecided": "Whether the GRU overfits less is not told",
    }
    return f"{said[less.conclusion]}: the gap between training and test differs by {effect_text(effect)}."


def show(findings: Findings) -> Sequence[Block]:
    """Learning curves of each data set, the differences by fraction, and all of them as a table."""
    from gatewise.claims.blocks import effects_figure
    from gatewise.report.blocks import Gallery, Key

    effects, headings = [], []
    for what, heading in (("better", "GRU ahead in accuracy"), ("overfits_less", "GRU ahead in the gap, which is smaller")):
        for place, found in enumerate(findings["by_fraction"]):
            effects.append(points_of(f"{found['fraction']:.0%} of the training data", from_json(Difference, found[what])))
            headings.append("" if place else heading)
    margin = 100 * findings["margin"]
    return (
        effects_figure(
            "small-data-differences",
            effects,
            title="GRU against LSTM by the amount of training data",
            axis="points",
            caption="Mean over the data sets, with 95% intervals. In the shaded band a difference is too small to matter.",
            sides=("LSTM ahead", "GRU ahead"),
            band=(-margin, margin),
            headings=headings,
        ),
        Gallery(
            "Test accuracy by training rows",
            tuple(_curve(one) for one in findings["sets"]),
            "Each point is the mean over the replicates.",
            (Key("arm-0", "GRU"), Key("arm-1", "LSTM")),
        ),
        _table(findings),
    )


def _curve(found: Findings) -> Figure:
    from gatewise.comparison.curve import CurvePoint, Estimate
    from gatewise.metrics import METRICS
    from gatewise.report.blocks import Figure
    from gatewise.report.figures.curve_by_data import curve_by_data_figure
    from gatewise.report.metric_text import MetricText

    points = [
        CurvePoint(
            point["fraction"],
            point["train_rows"],
            point["better"]["replicates"],
            {cell: Estimate(value, None) for cell, value in point["scores"].items()},
            {},
            {},
        )
        for point in found["points"]
    ]
    say = MetricText(METRICS["accuracy"], MARGIN)
    drawn = curve_by_data_figure(points, {"gru": "arm-0", "lstm": "arm-1"}, say, "scores", f"small-data-{found['name']}")
    return Figure(drawn, "", heading=found["name"])


def _table(findings: Findings) -> Table:
    from gatewise.report.blocks import Table
    from gatewise.report.numbers import count, percent

    rows = []
    for one in findings["sets"]:
        for point in one["points"]:
            better, less = (points_of("", from_json(Difference, point[what])) for what in ("better", "overfits_less"))
            rows.append(
                (
                    f"{one['name']}, {count(point['train_rows'])} rows",
                    *(percent(point["scores"][cell]) for cell in ("gru", "lstm")),
                    f"{value_text(better, unit=False)} ({interval_text(better)})",
                    *(f"{100 * point['gaps'][cell]:.1f}" for cell in ("gru", "lstm")),
                    f"{value_text(less, unit=False)} ({interval_text(less)})",
                    count(point["better"]["replicates"]),
                )
            )
    header = ("data", "GRU", "LSTM", "GRU ahead, points", "gap GRU", "gap LSTM", "GRU’s gap smaller, points", "replicates")
    note = f"{findings['asked']} replicates were asked for; where time ran out there are fewer."
    return Table(header, tuple(rows), fold="All numbers", note=note)


STUDY = Study(CLAIM, 10.0, measure, judge, show)
