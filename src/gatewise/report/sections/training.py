"""How the arms trained: scores by epoch, tuning, and where the time went."""

import math
from collections.abc import Sequence
from statistics import median

from gatewise.comparison.unfinished import used_all_epochs
from gatewise.records import Comparison, Training, Verdict
from gatewise.report.blocks import Figure, Section, Table, colours
from gatewise.report.figures.lines import curves_figure
from gatewise.report.figures.strips import Strip, strips_figure
from gatewise.report.metric_text import MetricText
from gatewise.report.numbers import duration, percent, significant
from gatewise.report.summaries import (
    near_best,
    phase_seconds,
    shown_difference,
    training_curves,
    tuning_by_arm,
    without_far_epochs,
)
from gatewise.titles import Titles
from gatewise.wording import counted, joined

__all__ = ["curves_section", "time_section", "tuning_section"]

STEP_PHASES = ("forward", "backward", "optimiser", "steps")


def curves_section(comparison: Comparison, verdict: Verdict) -> Section:
    """Return the section on the validation score by epoch."""
    title = "Training curves"
    say = MetricText.of(comparison)
    whole = training_curves(comparison)
    curves = without_far_epochs(whole, say.metric, say.margin)
    if not curves:
        return Section("curves", title, ("No training curves can be shown: no replicate was finished.",))
    caption = (
        "Mean over the replicates; the shaded area is one standard deviation either way. Early stopping ends replicates at "
        "different epochs, so a curve ends where fewer than half of its replicates were still training."
    )
    if curves != whole:
        caption += " Epochs far worse than the best, mostly the first ones, are left out."
    cap = comparison.config.max_epochs
    if cap is not None:
        caption += f" {_capped(comparison.trainings, cap)}"
    figure = Figure(curves_figure(curves, colours(comparison), comparison.target_score, say, cap), caption)
    return Section("curves", title, (), (figure,))


def tuning_section(comparison: Comparison, verdict: Verdict) -> Section:
    """Return the section on tuning: every trial, what was chosen, and its effect beside the effect of the cell."""
    title = "Tuning"
    say = MetricText.of(comparison)
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
    all_scores = [trial.validation_score for trials in tuned.values() for trial in trials]
    is_near = near_best(all_scores, say.metric, say.margin)
    strips = []
    for name, trials in tuned.items():
        scores = [trial.validation_score for trial in trials]
        best = max(scores, key=say.metric.gain)
        chosen = _chosen_score(trials, comparison, name)
        text = f"{counted(len(scores), 'trial')}, median {say.value(median(scores))}" if len(scores) > 1 else say.value(scores[0])
        marked = best if chosen is None else chosen
        strips.append(Strip(say.title(name), shades[name], tuple(filter(is_near, scores)), marked, text, is_near(marked)))
    caption = (
        "Each dot is one trial on the tuning split, the diamond the one chosen. Every arm has the same search space and the same "
        "number of trials, and none of them saw the test part."
    )
    if not all(map(is_near, all_scores)):
        caption += " Trials far worse than the best are left out."
    figure = Figure(
        strips_figure(
            "tuning-figure", strips, say, title=f"Validation {say.label} of every tuning trial", axis=say.axis("validation")
        ),
        caption,
    )
    lead = _effects(tuned, verdict, say) + _tried_length(comparison, say)
    return Section("tuning", title, (lead,), (figure, table) if table.rows else (figure,))


def time_section(comparison: Comparison, verdict: Verdict) -> Section:
    """Return the section on the wall time of training by phase, over tuning and replicates."""
    title = "Where the time went"
    # The trainings of the first replicate are often those of tuning, and then took their time once.
    adopted = {(training.name, training.adopted) for training in comparison.trainings}
    tuning = [trial for trial in comparison.tuning if (trial.name, trial.number) not in adopted]
    seconds = phase_seconds((*tuning, *comparison.trainings, *comparison.curve_trainings))
    names = [arm.name for arm in comparison.arms if arm.name in seconds]
    if not names:
        return Section("time", title, ("Time by phase was not recorded: no training was finished.",))
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
    all_of = f"All trainings of tuning{', replicates and learning curve' if comparison.curve_trainings else ' and replicates'}"
    lead = f"{all_of} took {duration(total)}, {share} of it in forward, backward and optimiser steps."
    called = Titles(comparison.arms)
    table = Table(("Phase", *map(called, names)), tuple(rows), highlighted=(len(rows) - 1,))
    return Section("time", title, (lead,), (table,))


def _capped(trainings: Sequence[Training], cap: int) -> str:
    """How many trainings of the replicates were ended by the limit of epochs, not by early stopping."""
    ended = sum(used_all_epochs(training, cap) for training in trainings)
    if not ended:
        return f"No training was ended by the cap of {counted(cap, 'epoch')} (--max-epochs)."
    return f"{counted(ended, 'training')} of {len(trainings):,} ended at the cap of {counted(cap, 'epoch')} (--max-epochs)."


def _tried_length(comparison: Comparison, say: MetricText) -> str:
    """What longer trainings were worth."""
    tried = comparison.length
    if tried is None:
        return ""
    better = "better" if tried.gain >= 0 else "worse"
    few = "too few validation rows are there to tell, and " if tried.is_untold else ""
    kept = f"{few}all others have {counted(tried.chosen, 'epoch')} at most"
    return (
        f" Trainings with the default hyperparameters and up to {counted(tried.whole, 'epoch')} were {say.size(abs(tried.gain))} "
        f"{better} in the mean of the arms' validation {say.label} than those with up to {tried.short:,}, where "
        f"{say.size(tried.needed)} would count: {kept}."
    )


def _effects(tuned: dict[str, list[Training]], verdict: Verdict, say: MetricText) -> str:
    if all(len(trials) == 1 for trials in tuned.values()):
        return "Nothing was tuned: a single trial had the default hyperparameters."
    spreads = []
    for name, trials in tuned.items():
        scores = [trial.validation_score for trial in trials]
        spreads.append(f"{say.size(max(scores) - min(scores))} for {say.title(name)}")
    sentence = f"From the worst to the best trial the validation {say.label} moved by {joined(spreads)}"
    difference = shown_difference(verdict)
    if difference is None:
        return f"{sentence}."
    arms = f"{say.title(difference.first)} and {say.title(difference.second)}"
    return f"{sentence}; between {arms} the test {say.label} differs by {say.size(difference.mean)}."


def _chosen_score(trials: list[Training], comparison: Comparison, name: str) -> float | None:
    chosen = comparison.chosen.get(name)
    return next((trial.validation_score for trial in trials if chosen is not None and trial.hyperparameters == chosen), None)


def _chosen_table(comparison: Comparison) -> Table:
    called = Titles(comparison.arms)
    rows = tuple(
        (
            called(name),
            significant(chosen.learning_rate),
            significant(chosen.dropout, 2),
            significant(chosen.input_dropout, 2),
            significant(chosen.weight_decay, 2),
        )
        for name, chosen in comparison.chosen.items()
    )
    header = ("Arm", "Learning rate", "Dropout", "Input dropout", "Weight decay")
    return Table(header, rows, caption="Hyperparameters used for the replicates")
