"""The learning curve: what the arms reach with fractions of the training part."""

from collections.abc import Sequence

from gatewise.comparison.curve import CurvePoint, Estimate, curve_points
from gatewise.comparison.evidence import Evidence
from gatewise.records import Comparison, Verdict
from gatewise.report.blocks import Figure, Section, Table, colours
from gatewise.report.figures.curve_by_data import curve_by_data_figure
from gatewise.report.metric_text import MetricText
from gatewise.report.numbers import count, percent
from gatewise.wording import capitalised, counted, joined

__all__ = ["learning_curve_section"]

TITLE = "Learning curve"


def learning_curve_section(comparison: Comparison, verdict: Verdict) -> Section | None:
    """Return the section on scores, differences and gaps by training rows; None where no curve was asked for."""
    if not comparison.curve_trainings:
        return None
    say, shades = MetricText.of(comparison), colours(comparison)
    arms = [arm.name for arm in comparison.arms]
    points = curve_points(
        (*comparison.trainings, *comparison.curve_trainings),
        arms,
        say.metric,
        train_rows=comparison.train_rows - comparison.validation_rows,
        test_rows=comparison.test_rows,
        resolution=Evidence(comparison).resolution,
    )
    if not points:
        return Section(
            "by-data", TITLE, ("No learning curve can be shown: no replicate on a fraction of the rows was finished.",)
        )
    blocks = (
        Figure(
            curve_by_data_figure(points, shades, say, "scores"),
            "Each dot is the mean of all replicates at that fraction, the bar its 95% interval, cut where it leaves the figure. "
            "The intervals of two arms may overlap and the arms still differ, because they share splits: the difference below is "
            "what tells.",
        ),
        _scores_table(points, arms, say),
        Figure(
            curve_by_data_figure(points, shades, say, "differences"),
            f"Above zero the {say.title(arms[0])} is better. The bar is the 95% interval of the paired difference, for one "
            "look at one fraction.",
        ),
        _differences_table(points, arms, say),
        Figure(
            curve_by_data_figure(points, shades, say, "gaps"),
            "By how much an arm does better on the rows it learned from than on the test rows. A gap that closes as rows are "
            "added is overfitting that more data cures.",
        ),
        _gaps_table(points, arms, say),
    )
    return Section("by-data", TITLE, tuple(_paragraphs(points, arms, say)), blocks)


def _paragraphs(points: Sequence[CurvePoint], arms: Sequence[str], say: MetricText) -> list[str]:
    fractions = joined(
        [
            f"{percent(point.fraction, 0)} ({counted(point.train_rows, 'row')}, {counted(point.replicates, 'replicate')})"
            for point in points
        ]
    )
    paragraphs = [f"The arms were trained on {fractions} of the training part."]
    first, last = points[0], points[-1]
    if len(points) > 1:
        ends = {name: (say.value(first.scores[name].mean), say.value(last.scores[name].mean)) for name in arms}
        moved = joined([f"from {low} to {high} for {say.title(name)}" for name, (low, high) in ends.items()])
        paragraphs.append(f"From the smallest fraction to the largest the test {say.label} goes {moved}.")
    paragraphs += _differing(points, arms, say)
    if len(points) > 1:
        paragraphs.append(_last_step(points[-2], last, arms, say))
    return paragraphs


def _differing(points: Sequence[CurvePoint], arms: Sequence[str], say: MetricText) -> list[str]:
    """At which fractions the first arm and another differ beyond the interval, and which arms it does not differ from at any."""
    first, *others = arms
    if all(point.replicates < 2 for point in points):
        return ["A single replicate at each fraction does not show whether the arms differ."]
    sentences, alike = [], []
    for other in others:
        ahead: dict[str, list[str]] = {}
        for point in points:
            interval = point.differences[other].ci95
            if interval is not None and not interval[0] <= 0 <= interval[1]:
                ahead.setdefault(first if interval[0] > 0 else other, []).append(percent(point.fraction, 0))
        if not ahead:
            alike.append(say.title(other))
            continue
        parts = joined([f"{say.title(name)} is ahead at {joined(fractions)}" for name, fractions in ahead.items()])
        rest = "" if sum(map(len, ahead.values())) == len(points) else "; the other fractions show no difference"
        sentences.append(f"Between {say.title(first)} and {say.title(other)}: {parts}{rest}.")
    if alike:
        sentences.append(
            f"Between {say.title(first)} and {joined(alike, 'or')} no fraction shows a difference: intervals hold zero."
        )
    return sentences


def _last_step(before: CurvePoint, last: CurvePoint, arms: Sequence[str], say: MetricText) -> str:
    gains = {name: say.metric.gain(last.scores[name].mean - before.scores[name].mean) for name in arms}
    steps = joined(
        [f"{say.title(name)} {'better' if gain >= 0 else 'worse'} by {say.size(gain)}" for name, gain in gains.items()]
    )
    growing = [say.title(name) for name, gain in gains.items() if gain > say.margin]
    outlook = (
        f"beyond the band of {say.band()} for {joined(growing)}, so more data of the same kind would probably help"
        if growing
        else f"not beyond the band of {say.band()}, so more data of the same kind would hardly help"
    )
    return f"The last step, from {percent(before.fraction, 0)} to {percent(last.fraction, 0)}, made {steps}: {outlook}."


def _scores_table(points: Sequence[CurvePoint], arms: Sequence[str], say: MetricText) -> Table:
    rows = tuple(
        (count(point.train_rows), count(point.replicates), *(_score(point.scores[name], say) for name in arms))
        for point in points
    )
    caption = f"Test {say.label}, with 95% intervals"
    return Table(("Training rows", "Replicates", *map(say.title, arms)), rows, caption=caption)


def _differences_table(points: Sequence[CurvePoint], arms: Sequence[str], say: MetricText) -> Table:
    rows = tuple((count(point.train_rows), *(_difference(point.differences[name], say) for name in arms[1:])) for point in points)
    header = ("Training rows", *(capitalised(say.versus(arms[0], name)) for name in arms[1:]))
    return Table(header, rows, caption=f"{capitalised(say.difference_axis())}, with 95% intervals")


def _gaps_table(points: Sequence[CurvePoint], arms: Sequence[str], say: MetricText) -> Table:
    rows = tuple((count(point.train_rows), *(_difference(point.gaps[name], say) for name in arms)) for point in points)
    caption = f"{capitalised(say.label)}, {say.ahead_on_training()}, with 95% intervals"
    return Table(("Training rows", *map(say.title, arms)), rows, caption=caption)


def _score(estimate: Estimate, say: MetricText) -> str:
    if estimate.ci95 is None:
        return say.value(estimate.mean)
    low, high = map(say.value, estimate.ci95)
    return f"{say.value(estimate.mean)} ({low} to {high})"


def _difference(estimate: Estimate, say: MetricText) -> str:
    if estimate.ci95 is None:
        return say.difference(estimate.mean, unit=False)
    low, high = (say.difference(bound, unit=False) for bound in estimate.ci95)
    return f"{say.difference(estimate.mean, unit=False)} ({low} to {high})"
