"""Every sentence of the verdict in situations that people meet, in one file to be read: is it true, does one act rightly on it?

`python -m tests.comparison.test_sentences` writes sentences.txt anew; read what has changed before you commit it.
"""

import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gatewise.comparison.verdict import decide
from gatewise.records import Comparison, Dependence, Ratio, Shipped, StepRatio
from gatewise.runtime.scoring import pack_rows
from tests.comparison.by_hand import ALIKE, EQUAL, FASTER, LATENCIES, SPREAD, comparison, cost

FILE = Path(__file__).with_name("sentences.txt")
RIVALS = {"majority": 0.5, "tfidf_logistic": 0.76}
STEPS: dict[str, Any] = {"training_time_ratios": (StepRatio("gru", "lstm", FASTER),)}
COSTS: dict[str, Any] = {
    "costs": {"gru": cost(1000, train_ms_per_step=8.2, fit_s=20.0), "lstm": cost(1300, train_ms_per_step=10.0, fit_s=24.0)}
}


def shifted(mean: float, times: float = 1.0) -> list[float]:
    return [mean + times * float(value) for value in SPREAD]


def forecasts() -> Comparison:
    whole = comparison({"gru": shifted(0.30, 0.5), "lstm": shifted(0.34, 0.5)}, {"last_value": 0.5}, metric="mse", margin=0.01)
    return replace(whole, profile=replace(whole.profile, task="forecast", kind="series"))


SITUATIONS: dict[str, Comparison] = {
    "no replicate has finished": comparison({"gru": [], "lstm": []}, RIVALS),
    "one replicate": comparison({"gru": [0.80], "lstm": [0.78]}, RIVALS, **STEPS, **COSTS),
    "one replicate, and a baseline leads": comparison({"gru": [0.80], "lstm": [0.78]}, {"majority": 0.5, "tfidf_logistic": 0.83}),
    "a clear winner": comparison({"gru": shifted(0.80), "lstm": shifted(0.75, -1)}, RIVALS, **STEPS, **COSTS),
    "equivalent, one is cheaper": comparison(EQUAL, RIVALS, **STEPS, **COSTS),
    "equivalent, and epochs eat up the faster steps": comparison(
        EQUAL, RIVALS, epoch_ratios=(StepRatio("gru", "lstm", Ratio(1.5, (1.4, 1.6))),), **STEPS, **COSTS
    ),
    "a baseline wins": comparison(EQUAL, {"majority": 0.5, "tfidf_logistic": 0.85}, **STEPS, **COSTS),
    "the cells are equivalent, and a baseline may be better": comparison(
        {"gru": shifted(0.80, 3), "lstm": shifted(0.801, 3)}, {"majority": 0.5, "tfidf_logistic": 0.815}, **STEPS, **COSTS
    ),
    "a baseline does as well": comparison(EQUAL, {"majority": 0.5, "tfidf_logistic": 0.80}, **STEPS, **COSTS),
    "a baseline does as well and costs a fortieth": comparison(
        EQUAL, {"majority": 0.5, "tfidf_logistic": 0.80}, baseline_costs={"tfidf_logistic": cost(fit_s=0.5)}, **STEPS, **COSTS
    ),
    "undecided, more replicates would help": comparison(
        {"gru": shifted(0.806, 4), "lstm": [0.80] * 10}, RIVALS, train_rows=99_000
    ),
    "undecided, more replicates would not help": comparison({"gru": shifted(0.812, 4), "lstm": [0.80] * 10}, RIVALS),
    "better, and not as surely as looking after every replicate takes": comparison(
        {"gru": shifted(0.82, 4), "lstm": [0.80] * 10}, RIVALS, train_rows=99_000
    ),
    "alike, and not as surely as looking after every replicate takes": comparison(
        {"gru": shifted(0.80, 4.7), "lstm": [0.80] * 10}, RIVALS, train_rows=99_000
    ),
    "better, of three cells, whose verdict takes more": comparison(
        {"gru": shifted(0.82, 4), "lstm": [0.80] * 10, "rnn": shifted(0.70)}, RIVALS, train_rows=99_000
    ),
    "better, and the widened interval holds 0": comparison(
        {"gru": shifted(0.802, 0.9), "lstm": [0.80] * 10}, RIVALS, margin=0.0005, train_rows=99_000
    ),
    "one training in ten collapses": comparison({"gru": shifted(0.80), "lstm": [*shifted(0.80)[:-1], 0.5]}, RIVALS),
    "a cell against itself": comparison(
        {"gru_1": EQUAL["gru"], "gru_2": EQUAL["lstm"]},
        {"majority": 0.5},
        training_time_ratios=(StepRatio("gru_1", "gru_2", Ratio(1.03, (1.02, 1.04))),),
        costs={"gru_1": cost(train_ms_per_step=8.2), "gru_2": cost(train_ms_per_step=8.0)},
    ),
    "no cell has learned anything": comparison({"gru": [0.5, 0.501] * 5, "lstm": [0.5] * 10}, {"majority": 0.5}),
    "a limit excludes the better cell": comparison(
        {"gru": shifted(0.80), "lstm": shifted(0.75)}, RIVALS, costs=LATENCIES, max_latency_ms=1.5
    ),
    "no cell meets the limits": comparison(EQUAL, RIVALS, costs=LATENCIES, max_latency_ms=0.5),
    "a test part of ten groups": comparison(
        {"gru": [0.86] * 10, "lstm": [0.80] * 10},
        RIVALS,
        test_rows=500,
        fixed_test=True,
        dependence=Dependence(pack_rows(np.repeat(np.arange(10.0), 50))),
    ),
    "a forecast, by its mean squared error": forecasts(),
    "three cells, two of them alike": comparison(
        {**EQUAL, "rnn": shifted(0.70)},
        RIVALS,
        training_time_ratios=(StepRatio("gru", "lstm", ALIKE),),
    ),
    "a model was trained, and the source has a test part": comparison(
        {"gru": shifted(0.80), "lstm": shifted(0.75, -1)}, RIVALS, shipped=Shipped("gru", 900, 100, 0.79, 500)
    ),
    "a model was trained on rows that the replicates tested": comparison(
        {"gru": shifted(0.80), "lstm": shifted(0.75, -1)}, RIVALS, shipped=Shipped("gru", 900, 100, cut_short=True)
    ),
    "without compiled kernels": comparison(
        EQUAL, RIVALS, environment={"compiled_kernels": {"missing": "no C++ compiler was found"}}, **STEPS, **COSTS
    ),
}


def written() -> str:
    blocks = []
    for title, situation in SITUATIONS.items():
        verdict = decide(situation)
        lines = [f"## {title} -> {verdict.decision}, {verdict.recommended}"]
        lines += [textwrap.fill(sentence, 100, subsequent_indent="  ") for sentence in verdict.explanation]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def test_the_sentences_are_those_that_were_read() -> None:
    assert written() == FILE.read_text(encoding="utf-8")


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
