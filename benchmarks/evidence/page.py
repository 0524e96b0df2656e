"""docs/advice.md from the base and from advice on data that it was not given."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gatewise.advice.base import Study, shipped_base
from gatewise.advice.scoring import Score, right_by, score_advice
from gatewise.advice.terminal import RULES
from gatewise.names import plain_title

__all__ = ["write_page"]

EXPECTED = {
    "builtin:adding": "GRU (Bai et al. 2018)",
    "builtin:counting": "LSTM (Weiss et al. 2018)",
    "builtin:temporal-order": "equivalent",
    "builtin:recall": "neither",
}

INTRODUCTION = """# Advice

`gatewise advise` trains quick pairs of both cells on the data, on parts of it and on ever shorter pasts, within a minute, times
the cells, and says what to begin with. How probable each answer is follows from three kinds of votes: what those pairs say by
themselves; what comes out on average; and what came out of recorded comparisons, each the louder the more alike its data are in
what was measured (a Gaussian kernel over differences, leads, scores, rows, length, order and memory: `likeness.py`).

Written by `python -m benchmarks.evidence write`. Studies of made data have six replicates, some twelve, with one set of
hyperparameters tuned; those of public data are comparisons of ten minutes, on two cores that other work shared. Outcomes that a
comparison left undecided count by their probabilities.
"""


def write_page(path: Path, advised: Sequence[dict[str, Any]]) -> None:
    """Write the page. advised: rows of `advised.jsonl`."""
    studies = shipped_base()
    parts = [INTRODUCTION, _base(studies)]
    if len(studies) > 2:
        parts += [
            _score("Every data set left out in turn", score_advice(studies)),
            _score("Every generator or public set left out in turn, with all that it made", score_advice(studies, _origin)),
        ]
    by_name = {study.name: study for study in studies}
    public = [row for row in advised if not row["name"].startswith("builtin:")]
    made = [row for row in advised if row["name"].startswith("builtin:")]
    if made:
        parts.append(_self_test(made))
    if public:
        parts.append(_public(public, by_name))
    path.write_text("\n\n".join(part.strip() for part in parts) + "\n", encoding="utf-8")


def _origin(study: Study) -> str:
    """What made its data: of the family the rule."""
    rule = re.search(r"rule=(\w+)", study.source)
    return f"{study.source.split('?')[0]} {rule[1] if rule else ''}" if study.source else study.name


def _base(studies: Sequence[Study]) -> str:
    kinds = Counter(_origin(study).split(" ")[0] if study.source else "public data" for study in studies)
    decided = Counter(study.outcome.decision for study in studies)
    lines = ["## The base", "", f"{len(studies)} studies.", "", "| data | studies |", "|---|---|"]
    lines += [f"| {name} | {number} |" for name, number in kinds.most_common()]
    lines += ["", "| what the comparison decided | studies |", "|---|---|"]
    lines += [f"| {_words(name)} | {number} |" for name, number in decided.most_common()]
    return "\n".join([*lines, ""])


def _words(answer: str) -> str:
    return {"first": "GRU", "second": "LSTM"}.get(answer, answer)


def _score(title: str, score: Score) -> str:
    lines = [
        f"## {title}",
        "",
        "| rule | right where the comparison decided | expected to be right, over all |",
        "|---|---|---|",
        *(f"| {RULES[rule.name]} | {rule.right} of {rule.decided} | {rule.expected:.0%} |" for rule in score.rules),
        "",
        f"Cross-entropy of the probabilities: {score.log_loss:.2f} nats; of always saying what comes out on average "
        f"{score.average_log_loss:.2f}.",
        "",
        "| studies | probability of the first answer, as said | as it came out |",
        "|---|---|---|",
        *(f"| {one.studies} | {one.said:.0%} | {one.happened:.0%} |" for one in score.calibration),
        "",
    ]
    return "\n".join(lines)


def _self_test(rows: Sequence[dict[str, Any]]) -> str:
    lines = ["## Tests of memory, without a hint", "", "| data | literature | advice | measured: GRU, LSTM, best baseline |"]
    lines.append("|---|---|---|---|")
    for row in rows:
        facts = row["advice"]["facts"]
        scores = [_score_of(facts, name) for name in (*facts["cells"], facts["best_baseline"])]
        first = row["advice"]["ranked"][0]
        answer = f"{_words(first['answer'])} ({first['probability']:.0%})"
        lines.append(f"| {row['name'].removeprefix('builtin:')} | {EXPECTED[row['name']]} | {answer} | {', '.join(scores)} |")
    return "\n".join([*lines, ""])


def _score_of(facts: dict[str, Any], name: str) -> str:
    return f"{facts['scores'][name]:.3g}"


def _public(rows: Sequence[dict[str, Any]], by_name: dict[str, Study]) -> str:
    lines = [
        "## Public data",
        "",
        "| data | advice, in a minute | comparison, ten minutes | the advice is right | s |",
        "|---|---|---|---|---|",
    ]
    shares, gru = [], []
    for row in rows:
        facts, first = row["advice"]["facts"], row["advice"]["ranked"][0]
        answer = f"{plain_title(row['advice']['recommended'])}: {_words(first['answer'])} ({first['probability']:.0%})"
        study = by_name.get(facts["name"])
        right = ""
        if study is not None:
            shares.append(right_by(row["advice"]["recommended"], study))
            gru.append(right_by(study.facts.cells[0], study))
            right = f"{shares[-1]:.0%}"
        lines.append(f"| {row['name']} | {answer} | {_found(study)} | {right} | {row['seconds']:.0f} |")
    told = (
        f"By the comparisons' own posteriors the advice is expected to be right on {sum(shares):.1f} of {len(shares)} data sets, "
        f"and 'always the GRU' on {sum(gru):.1f}: a cell is right where it is better, or equal and faster to train."
    )
    return "\n".join([*lines, "", told, ""])


def _found(study: Study | None) -> str:
    """What a comparison decided, or what it holds for the most probable."""
    if study is None:
        return "not run"
    if study.outcome.decision != "undecided":
        return _words(study.outcome.decision)
    answer, share = max(study.outcome.probabilities.items(), key=lambda item: item[1])
    return f"undecided; {_words(answer)} {share:.0%}"
