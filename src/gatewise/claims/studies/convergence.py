"""Convergence: does a GRU need fewer epochs than an LSTM to a target fixed in advance?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from gatewise.claims.records import Claim, Effect, Findings, Judgement, Literature
from gatewise.claims.repeated import SURE, answer, joint_level, mean_ratio_effect, verdict_of
from gatewise.claims.study import Study
from gatewise.claims.targets import TARGETS, Target, search_settings
from gatewise.claims.text import effect_text, interval_text, value_text
from gatewise.wording import joined

if TYPE_CHECKING:
    from gatewise.claims.bench import Bench
    from gatewise.claims.pairs import Pairs
    from gatewise.records import Training
    from gatewise.report.blocks import Block, Table

__all__ = ["STUDY"]

CELLS = ("gru", "lstm")
STARTS = {"0": "of about 0", "1": "of 1", "chrono": "by chrono initialisation"}
JUDGED, ACROSS = "0", ("0", "1")
TRIALS = 2
REPLICATES, QUICK_REPLICATES, FEWEST_REPLICATES = 16, 8, 3
SLIGHT = 1.1
RESOLUTION = 0.05

CLAIM = Claim(
    number=5,
    name="convergence",
    title="Convergence",
    rule="A GRU converges in fewer epochs than an LSTM.",
    question="How many epochs, and seconds, does each cell take to a validation score that was fixed in advance?",
    design=(
        f"GRU and LSTM of hidden size 64 train in pairs by the recipe of a comparison, each with {TRIALS} settings of learning "
        "rate and dropout from the tuning space, and seeds and splits are repeated. The forget bias, that of the gate that keeps "
        "the state, begins at about 0 as PyTorch draws it, at 1, or by chrono initialisation. A training that ends before the "
        "target is censored: it counts with all epochs that it may take, which draws the ratio towards 1, and a pair in which "
        "neither arrives is left out.",
        "It is judged with the forget bias that PyTorch draws: on each data set the rule holds where the LSTM takes more epochs, "
        f"and does not where it takes less than {SLIGHT:g} times as many, with 95% confidence for all of them together "
        "(Bonferroni).",
    ),
    published="no rigorous table found; a forget bias of 1 is said to close the gap",
    literature=(
        Literature("on the adding task the GRU is ahead", "Bai et al. 2018", True),
        Literature("an LSTM with a forget bias of 1 closes the gap to the GRU", "Jozefowicz et al. 2015", False),
    ),
)


def measure(bench: Bench) -> dict[str, Any]:
    """Epochs and seconds to the target of every training."""
    targets = [one for one in TARGETS if bench.has(one.data) and (one.quick or not bench.quick)]
    replicates = QUICK_REPLICATES if bench.quick else REPLICATES
    found = []
    for place, target in enumerate(targets):
        seconds = bench.left() / (len(targets) - place)
        found.append(_followed(bench, target, replicates, seconds))
    return {"asked": replicates, "sets": found}


def _followed(bench: Bench, target: Target, replicates: int, seconds: float) -> dict[str, Any]:
    options: dict[str, dict[str, Any]] = {"0": {}, "1": {"forget_bias": 1.0}, "chrono": {"chrono": target.longest}}
    settings = {start: search_settings(bench, target, options[start], TRIALS) for start in STARTS}
    # What is judged has half of the time, and is repeated more often than what is shown beside it.
    ends = bench.left() - seconds
    by_start = {JUDGED: bench.pairs(settings[JUDGED], replicates=replicates, seconds=seconds / 2)}
    others = [start for start in STARTS if start != JUDGED]
    beside = bench.pairs(
        [one for start in others for one in settings[start]],
        replicates=max(replicates // 2, FEWEST_REPLICATES),
        seconds=max(bench.left() - ends, 0.0),
    )
    by_start |= {start: beside[place * TRIALS : (place + 1) * TRIALS] for place, start in enumerate(others)}
    return {
        "name": target.title,
        "target": target.condition,
        "max_epochs": target.max_epochs,
        "starts": {start: {cell: _arrivals(by_start[start], cell, target) for cell in CELLS} for start in STARTS},
    }


def _arrivals(pairs: Sequence[Pairs], cell: str, target: Target) -> list[list[dict[str, Any]]]:
    """Of every trial and replicate, when the target was reached."""
    return [[_arrival(training, one, target) for training in one.trainings(cell)] for one in pairs]


def _arrival(training: Training, pairs: Pairs, target: Target) -> dict[str, Any]:
    gain, wanted = pairs.metric.gain, pairs.metric.gain(target.score)
    reached = next((epoch for epoch in training.history if gain(epoch.validation_score) >= wanted), None)
    if reached is not None:
        return {"reached": True, "epochs": reached.epoch, "seconds": round(reached.seconds, 3)}
    # What was ended early would not have arrived before the cap either: the cap is a lower bound.
    seconds = training.history[-1].seconds if training.history else training.seconds
    return {"reached": False, "epochs": target.max_epochs, "seconds": round(seconds, 3)}


def logarithms(own: Mapping[str, Any], starts: tuple[str, str], what: str) -> list[float]:
    """Of every replicate the mean over trials of the logarithm of LSTM over GRU, in epochs or seconds, where one of both arrived.

    own: a data set's findings. starts: of the GRU's gate and of the LSTM's.
    """
    gru, lstm = (own["starts"][start][cell] for start, cell in zip(starts, CELLS, strict=True))
    found = []
    for replicate in range(min(len(trial) for trial in (*gru, *lstm))):
        both = [(first[replicate], second[replicate]) for first, second in zip(gru, lstm, strict=True)]
        told = [(first, second) for first, second in both if first["reached"] or second["reached"]]
        if told:
            found.append(fmean(math.log(second[what] / first[what]) for first, second in told))
    return found


def _effect(label: str, values: Sequence[float], unit: str = "times", level: float = SURE) -> Effect:
    if not values:
        return Effect(label, 1.0, None, None, unit, 0)
    # Epochs are whole: of some ten that a training takes, one is what it can show.
    return mean_ratio_effect(label, values, unit, level=level, resolution=RESOLUTION)


def _together(findings: Findings, starts: tuple[str, str], what: str) -> list[float]:
    """The same in the mean over the data sets, of as many replicates as all have."""
    found = [own for own in (logarithms(one, starts, what) for one in findings["sets"]) if own]
    return [fmean(values) for values in zip(*found, strict=False)]


def _answers(findings: Findings) -> dict[str, bool | None]:
    """For each data set, whether the LSTM takes more epochs with the forget bias that PyTorch draws."""
    level = joint_level(len(findings["sets"]))
    ratios = {one["name"]: _effect("", logarithms(one, (JUDGED, JUDGED), "epochs"), level=level) for one in findings["sets"]}
    return {name: answer(ratio, 1.0, SLIGHT) for name, ratio in ratios.items()}


def judge(findings: Findings) -> Judgement:
    """By the epochs on each data set."""
    answers = _answers(findings)
    effects = [
        _effect(f"epochs of the LSTM over the GRU’s, {one['name']}", logarithms(one, (JUDGED, JUDGED), "epochs"))
        for one in findings["sets"]
    ]
    said = [_where(answers)]
    for start, title in STARTS.items():
        epochs, seconds = (
            _effect(
                f"LSTM over GRU, all data, forget bias {title}", _together(findings, (start, start), what), f"times the {what}"
            )
            for what in ("epochs", "seconds")
        )
        effects += [epochs, seconds]
        said.append(
            f"With a forget bias {title} it takes {effect_text(epochs)} and {effect_text(seconds)} of the GRU, over all data."
        )
    across = _effect(
        "LSTM with forget bias 1 over GRU with about 0, all data", _together(findings, ACROSS, "epochs"), "times the epochs"
    )
    effects.append(across)
    said += [f"With a forget bias of 1 it takes {effect_text(across)} of a GRU with one of about 0.", _censored(findings)]
    return Judgement(verdict_of(answers.values()), " ".join(said), tuple(effects))


def _where(answers: Mapping[str, bool | None]) -> str:
    """On which data the rule holds, and on which it does not."""
    words = {True: "takes more epochs on {}", False: "does not on {}", None: "may or may not on {}"}
    by_answer = {found: [f"“{name}”" for name, own in answers.items() if own is found] for found in words}
    return f"The LSTM {', '.join(words[found].format(joined(named)) for found, named in by_answer.items() if named)}."


def _censored(findings: Findings) -> str:
    trainings = [
        one
        for own in findings["sets"]
        for start in own["starts"].values()
        for cell in start.values()
        for trial in cell
        for one in trial
    ]
    late = sum(not one["reached"] for one in trainings)
    if not late:
        return "All trainings reached the target."
    return f"Of {len(trainings):,} trainings {late:,} did not reach the target; they are censored."


def show(findings: Findings) -> Sequence[Block]:
    """The ratios as a figure, and epochs and seconds of each data set as a table."""
    from gatewise.claims.blocks import effects_figure

    effects, headings = [], []
    for start, title in STARTS.items():
        own = [_effect(one["name"], logarithms(one, (start, start), "epochs")) for one in findings["sets"]]
        effects += own
        headings += [f"Forget bias {title}", *[""] * (len(own) - 1)]
    return (
        effects_figure(
            "convergence-epochs",
            effects,
            title="Epochs of the LSTM over those of the GRU, to the target",
            axis="times as many epochs",
            caption="Geometric mean over seeds and settings, with 95% intervals over seeds. In the shaded band a difference is "
            "too small to matter.",
            sides=("LSTM fewer", "GRU fewer"),
            band=(1 / SLIGHT, SLIGHT),
            headings=headings,
        ),
        _table(findings),
    )


def _table(findings: Findings) -> Table:
    from gatewise.report.blocks import Table

    rows = []
    for one in findings["sets"]:
        for start in STARTS:
            arms = [[arrival for trial in one["starts"][start][cell] for arrival in trial] for cell in CELLS]
            epochs, seconds = (_effect("", logarithms(one, (start, start), what)) for what in ("epochs", "seconds"))
            rows.append(
                (
                    f"{one['name']}, {one['target']}, forget bias {start}",
                    *(_mean(own, "epochs", 1) for own in arms),
                    f"{value_text(epochs, unit=False)} ({interval_text(epochs)})",
                    *(_mean(own, "seconds", 2) for own in arms),
                    f"{value_text(seconds, unit=False)} ({interval_text(seconds)})",
                    " and ".join(f"{sum(arrival['reached'] for arrival in own)}/{len(own)}" for own in arms),
                    str(epochs.n),
                )
            )
    header = ("data, target", "epochs GRU", "LSTM", "LSTM over GRU", "seconds GRU", "LSTM", "LSTM over GRU", "arrived", "seeds")
    note = (
        f"Means over seeds and {TRIALS} settings; {findings['asked']} seeds were asked for with a forget bias of about 0, and "
        "half as many with the others. Seconds were measured while trainings ran side by side."
    )
    return Table(header, tuple(rows), fold="All numbers", note=note)


def _mean(arrivals: Sequence[Mapping[str, Any]], what: str, digits: int) -> str:
    return f"{fmean(one[what] for one in arrivals):.{digits}f}"


STUDY = Study(CLAIM, 10.0, measure, judge, show)
