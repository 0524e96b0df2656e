"""How the arms trained: learning curves, tuning, and where the time went."""

import math
from statistics import median

from gatewise.names import display_name
from gatewise.records import Comparison, Trial, Verdict
from gatewise.report.blocks import Figure, Section, Table, arm_keys, colours
from gatewise.report.evidence import learning_curves, phase_seconds, tuning_by_arm
from gatewise.report.figures.lines import curves_figure
from gatewise.report.figures.strips import Strip, strips_figure
from gatewise.report.numbers import count, duration, percent, points, significant

__all__ = ["curves_section", "time_section", "tuning_section"]

STEP_PHASES = ("forward", "backward", "optimiser")


def curves_section(comparison: Comparison, verdict: Verdict) -> Section:
    """Return the section on learning curves."""
    title = "Learning curves"
    curves = learning_curves(comparison)
    if not curves:
        return Section("curves", title, ("No learning curves can be shown: no pair was finished.",))
    caption = (
        "Mean over the pairs; the shaded area is one standard deviation either way. Early stopping ends pairs at different "
        "epochs, so a curve ends where fewer than half of its pairs were still training."
    )
    figure = Figure(
        curves_figure(curves, colours(comparison), comparison.target_score, verdict.metric), caption, arm_keys(comparison)
    )
    return Section("curves", title, (), (figure,))


def tuning_section(comparison: Comparison, verdict: Verdict) -> Section:
    """Return the section on tuning: every trial, what was chosen, and its effect beside the effect of the cell."""
    title = "Tuning"
    tuned = {
        name: [trial for trial in trials if math.isfinite(trial.validation_score)]
        for name, trials in tuning_by_arm(comparison).items()
    }
    tuned = {name: trials for name, trials in tuned.items() if trials}
    table = _chosen_table(comparison)
    if not tuned:
        reason = "No tuning trials were run" + (": every arm used the same hyperparameters." if table.rows else ".")
        return Section("tuning", title, (reason,), (table,) if table.rows else ())
    shades = colours(comparison)
    strips = []
    for name, trials in tuned.items():
        scores = tuple(trial.validation_score for trial in trials)
        best = max(scores) if verdict.higher_is_better else min(scores)
        chosen = _chosen_score(trials, comparison, name)
        text = f"{count(len(scores))} trials, median {percent(median(scores))}"
        strips.append(Strip(display_name(name), shades[name], scores, best if chosen is None else chosen, text))
    metric = verdict.metric
    figure = Figure(
        strips_figure("tuning-figure", strips, title=f"Validation {metric} of every tuning trial", axis=f"validation {metric}"),
        "Each dot is one trial on the tuning split, the diamond the one chosen. Every arm has the same search space and the same "
        "number of trials, and none of them saw the test part.",
    )
    return Section("tuning", title, (_effects(tuned, verdict),), (figure, table) if table.rows else (figure,))


def time_section(comparison: Comparison, verdict: Verdict) -> Section:
    """Return the section on the wall time of training by phase, over tuning and pairs."""
    title = "Where the time went"
    seconds = phase_seconds((*comparison.tuning, *comparison.trials))
    names = [arm.name for arm in comparison.arms if arm.name in seconds]
    if not names:
        return Section("time", title, ("Time by phase was not recorded: no trial was finished.",))
    totals = {name: sum(seconds[name].values()) for name in names}
    found = dict.fromkeys(phase for name in names for phase in seconds[name])
    phases = sorted(found, key=lambda phase: -sum(seconds[name].get(phase, 0.0) for name in names))

    def cell(name: str, spent: float) -> str:
        return f"{duration(spent)} ({percent(spent / totals[name] if totals[name] else 0.0)})"

    rows = [(phase.capitalize(), *(cell(name, seconds[name].get(phase, 0.0)) for name in names)) for phase in phases]
    rows.append(("Total", *(duration(totals[name]) for name in names)))
    total = sum(totals.values())
    stepping = sum(seconds[name].get(phase, 0.0) for name in names for phase in STEP_PHASES)
    share = percent(stepping / total if total else 0.0)
    lead = f"All tuning trials and pairs took {duration(total)}, {share} of it in forward, backward and optimiser steps."
    table = Table(("Phase", *map(display_name, names)), tuple(rows), highlighted=(len(rows) - 1,))
    return Section("time", title, (lead,), (table,))


def _effects(tuned: dict[str, list[Trial]], verdict: Verdict) -> str:
    spreads = []
    for name, trials in tuned.items():
        scores = [trial.validation_score for trial in trials]
        spreads.append(f"{points(max(scores) - min(scores)).removeprefix('+')} for {display_name(name)}")
    sentence = f"From the worst to the best trial the validation {verdict.metric} moved by {' and '.join(spreads)}"
    if verdict.difference is None:
        return f"{sentence}."
    effect = points(abs(verdict.difference.mean)).removeprefix("+")
    return f"{sentence}; changing the cell moved the test {verdict.metric} by {effect}."


def _chosen_score(trials: list[Trial], comparison: Comparison, name: str) -> float | None:
    chosen = comparison.chosen.get(name)
    return next((trial.validation_score for trial in trials if chosen is not None and trial.hyperparameters == chosen), None)


def _chosen_table(comparison: Comparison) -> Table:
    rows = tuple(
        (
            display_name(name),
            significant(chosen.learning_rate),
            significant(chosen.dropout, 2),
            significant(chosen.input_dropout, 2),
            significant(chosen.weight_decay, 2),
        )
        for name, chosen in comparison.chosen.items()
    )
    header = ("Arm", "Learning rate", "Dropout", "Input dropout", "Weight decay")
    return Table(header, rows, caption="Hyperparameters used for the pairs")
