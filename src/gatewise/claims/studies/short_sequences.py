"""Short sequences: are GRU and LSTM equally accurate below 100 steps, and at every length?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gatewise.claims.effects import points_of
from gatewise.claims.records import Claim, Effect, Findings, Judgement, Literature, Verdict
from gatewise.claims.study import Study
from gatewise.claims.text import effect_text, interval_text, value_text
from gatewise.records import Difference, from_json
from gatewise.wording import counted, joined

if TYPE_CHECKING:
    from gatewise.claims.bench import Bench
    from gatewise.claims.pairs import Pairs
    from gatewise.report.blocks import Block, Table

__all__ = ["STUDY"]

BUCKETS = ((1, 10), (11, 20), (21, 40), (41, 99))
SHORTEST, LONGEST = 1, 99
MARGIN = 0.01
REPLICATES, QUICK_REPLICATES = 30, 12
# A bucket with fewer rows in a replicate moves by more than the band when one row changes hands.
FEWEST_ROWS = 100

CLAIM = Claim(
    number=3,
    name="short-sequences",
    title="Short sequences",
    rule="On short sequences, below 100 tokens, GRU and LSTM are equally accurate.",
    question="Does the test accuracy of GRU and LSTM differ by more than one point on sequences below 100 steps, at any length?",
    design=(
        "GRU and LSTM of hidden size 64 learn in pairs on sentences and short series, and only test rows below 100 steps are "
        "judged, together and by length.",
        "The band of one point was fixed beforehand. The rule holds where both are shown to lie within it, together and wherever "
        "a length or a data set with a test part of its own tells; it does not hold where one of them is shown to lead by more.",
    ),
    published="no clear winner in three studies, and complexity said to decide rather than length",
    literature=(
        Literature("music and speech: 'not conclusive' which of them is better", "Chung et al. 2014", False),
        Literature("chorales: negative log-likelihood 8.43 of GRU, 8.45 of LSTM", "Bai et al. 2018", True),
        Literature("translation: BLEU 21.78 of GRU, 22.22 of LSTM", "Britz et al. 2017", False),
        Literature("the complexity of sequences decides, not their length", "Cahuantzi et al. 2021", False),
    ),
)

Values = NDArray[np.float64]


def measure(bench: Bench) -> dict[str, Any]:
    """Paired accuracies on every data set, and from them the differences together, by length, and on fixed test parts."""
    from gatewise.claims.pairs import Setting

    names = _sets(bench)
    replicates = QUICK_REPLICATES if bench.quick else REPLICATES
    settings = [Setting(name) for name in names]
    found = bench.pairs(settings, replicates=replicates, seconds=bench.left())
    resampled = [pairs for pairs in found if not _is_fixed(pairs)]
    fixed = [pairs for pairs in found if _is_fixed(pairs)]
    rows = [_rows(bench, pairs) for pairs in resampled]
    comparisons = 1 + len(BUCKETS) + len(fixed)
    buckets = [_bucket(resampled, rows, low, high, comparisons) for low, high in BUCKETS]
    return {
        "margin": MARGIN,
        "asked": replicates,
        "together": _mean_of_sets(resampled, rows, comparisons),
        "buckets": [bucket for bucket in buckets if bucket is not None],
        "fixed": [{"name": pairs.comparison.profile.name, **_on_fixed(pairs, comparisons)} for pairs in fixed],
        "sets": [_set(pairs) for pairs in found],
    }


def _sets(bench: Bench) -> tuple[str, ...]:
    names = ("JapaneseVowels", "uci_sentences", "sst2")
    public = [name for name in (names if bench.quick else (*names, "ItalyPowerDemand", "mr")) if bench.has(name)]
    return ("digits", *(public or ["digits-pixels", "reviews?rows=1000"]))


def _is_fixed(pairs: Pairs) -> bool:
    return pairs.comparison.profile.fixed_test_rows is not None


def _rows(bench: Bench, pairs: Pairs) -> list[tuple[NDArray[np.int64], Values]]:
    """Of each replicate the length of every test row, and by how much the GRU was right where the LSTM was not: 1, 0 or -1."""
    from gatewise.data.dataset.splits import make_split
    from gatewise.runtime.scoring import unpack_rows

    workload = bench.workload(pairs.setting)
    found = []
    for number, both in enumerate(zip(pairs.trainings("gru"), pairs.trainings("lstm"), strict=True)):
        test = make_split(workload.dataset, number, workload.config.seed).test
        gru, lstm = (unpack_rows(training.row_scores, training.test_rows) for training in both)
        found.append((workload.prepared.lengths[test], gru - lstm))
    return found


def _mean_of_sets(
    pairs: Sequence[Pairs], rows: Sequence[list[tuple[NDArray[np.int64], Values]]], comparisons: int
) -> dict[str, Any]:
    """The mean over the data sets, each with the same say."""
    values = [np.array([difference[lengths <= LONGEST].mean() for lengths, difference in one]) for one in rows]
    count = sum(int((lengths <= LONGEST).sum()) for one in rows for lengths, _ in one[:1])
    return _together(pairs, values, count, comparisons)


def _bucket(
    pairs: Sequence[Pairs], rows: Sequence[list[tuple[NDArray[np.int64], Values]]], low: int, high: int, comparisons: int
) -> dict[str, Any] | None:
    """All rows of some lengths, of whatever data set; None where there are too few of them."""
    common = min(len(one) for one in rows)
    inside = [
        [difference[(lengths >= low) & (lengths <= high)] for lengths, difference in (one[number] for one in rows)]
        for number in range(common)
    ]
    counts = [sum(len(part) for part in parts) for parts in inside]
    if min(counts) < FEWEST_ROWS:
        return None
    values = [np.array([np.concatenate(parts).mean() for parts in inside])]
    return {"low": low, "high": high, "rows": min(counts), **_together(pairs, values, min(counts), comparisons)}


def _together(pairs: Sequence[Pairs], values: Sequence[Values], rows: int, comparisons: int) -> dict[str, Any]:
    from gatewise.claims.pairs import pooled
    from gatewise.records import to_json

    found = pooled(pairs, values, first="gru", second="lstm", margin=MARGIN, resolution=1.0 / rows, comparisons=comparisons)
    return {"difference": to_json(found)}


def _on_fixed(pairs: Pairs, comparisons: int) -> dict[str, Any]:
    from gatewise.records import to_json

    return {"difference": to_json(pairs.difference("gru", "lstm", MARGIN, comparisons))}


def _set(pairs: Pairs) -> dict[str, Any]:
    from gatewise.records import to_json

    profile = pairs.comparison.profile
    scores = {name: float(np.mean([one.test_score for one in pairs.trainings(name)])) for name in pairs.arms}
    return {
        "name": profile.name,
        "rows": profile.rows,
        "median_length": profile.length_median,
        "replicates": pairs.replicates,
        "scores": scores,
        "difference": to_json(pairs.difference("gru", "lstm", MARGIN)),
    }


def _told(findings: Findings) -> list[tuple[str, Difference]]:
    """What is judged: all rows together, every bucket of lengths, every data set with a test part of its own."""
    found = [("all below 100 steps", findings["together"])]
    found += [(f"{bucket['low']} to {bucket['high']} steps", bucket) for bucket in findings["buckets"]]
    found += [(f"{one['name']} (its own test part)", one) for one in findings["fixed"]]
    return [(label, from_json(Difference, one["difference"])) for label, one in found]


def judge(findings: Findings) -> Judgement:
    """Equivalent together and wherever it is told."""
    found = _told(findings)
    together, conclusions = found[0][1].conclusion, {difference.conclusion for _, difference in found}
    differs = conclusions & {"first", "second"}
    verdict: Verdict
    if together == "undecided" and not differs:
        verdict = "not told"
    elif not differs:
        verdict = "holds"
    else:
        verdict = "does not hold" if together in differs else "depends"
    effects = tuple(points_of(f"GRU over LSTM, {label}", difference) for label, difference in found)
    return Judgement(verdict, f"{_first_sentence(together, effects[0])} {_by_part(found[1:])}".strip(), effects)


def _first_sentence(conclusion: str, effect: Effect) -> str:
    said = {
        "first": "the GRU is more accurate than the LSTM",
        "second": "the LSTM is more accurate than the GRU",
        "equivalent": "GRU and LSTM are practically equal",
        "undecided": "it is not told whether GRU and LSTM are practically equal",
    }
    return f"Below 100 steps {said[conclusion]}: their accuracy differs by {effect_text(effect)}, in the mean over the data sets."


def _by_part(found: Sequence[tuple[str, Difference]]) -> str:
    said = {
        "equivalent": "Taken apart, they are equal:",
        "first": "The GRU is ahead:",
        "second": "The LSTM is ahead:",
        "undecided": "Not told apart:",
    }
    parts = {conclusion: [label for label, difference in found if difference.conclusion == conclusion] for conclusion in said}
    return " ".join(f"{said[conclusion]} {joined(labels)}." for conclusion, labels in parts.items() if labels)


def show(findings: Findings) -> Sequence[Block]:
    """The differences as a figure, and the data sets as a table."""
    from gatewise.claims.blocks import effects_figure

    margin = 100 * findings["margin"]
    return (
        effects_figure(
            "short-sequences",
            [points_of(label, difference) for label, difference in _told(findings)],
            title="Accuracy of GRU over LSTM on short sequences",
            axis="difference of test accuracy, points",
            caption="With 95% intervals. In the shaded band a difference is too small to matter.",
            sides=("LSTM ahead", "GRU ahead"),
            band=(-margin, margin),
        ),
        _table(findings),
    )


def _table(findings: Findings) -> Table:
    from gatewise.report.blocks import Table
    from gatewise.report.numbers import count, number, percent

    rows = []
    for one in findings["sets"]:
        effect = points_of("", from_json(Difference, one["difference"]))
        rows.append(
            (
                one["name"],
                number(one["median_length"]),
                *(percent(one["scores"][cell]) for cell in ("gru", "lstm")),
                value_text(effect, unit=False),
                interval_text(effect),
                count(one["replicates"]),
            )
        )
    header = ("data", "median length", "GRU", "LSTM", "GRU ahead, points", "95% interval", "replicates")
    asked = counted(findings["asked"], "replicate was asked for", "replicates were asked for")
    note = f"Rows of any length. {asked}; where time ran out there are fewer."
    return Table(header, tuple(rows), "Test accuracy by data set", note)


STUDY = Study(CLAIM, 10.0, measure, judge, show)
