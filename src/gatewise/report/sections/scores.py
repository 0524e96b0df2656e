"""Scores on the test part: every arm and baseline, and by sequence length."""

from gatewise.records import Comparison, LengthScore, Verdict
from gatewise.report.blocks import Figure, Section, Table, colours, unit_of_length
from gatewise.report.figures.lines import length_range, lengths_figure
from gatewise.report.figures.strips import Strip, strips_figure
from gatewise.report.metric_text import MetricText
from gatewise.report.numbers import NOT_KNOWN, count
from gatewise.report.summaries import scores_by_replicate, shown_difference, train_test_gaps
from gatewise.wording import capitalised, counted

__all__ = ["lengths_section", "scores_section"]

FAR_POINTS = 0.1
FAR_MARGINS = 10
# Their score is the plain mean of what the rows add, so that some of the rows have a score of their own. (Rows weigh by their
# steps in the likelihood of steps, and in the others by what the rest of the rows holds.)
MEAN_OVER_ROWS = ("accuracy", "log_loss", "mae", "mse", "mase")


def scores_section(comparison: Comparison, verdict: Verdict) -> Section:
    """Return the section on the test scores of all arms and baselines."""
    title = "Scores"
    say = MetricText.of(comparison)
    scores = {
        name: by_replicate
        for name, by_replicate in scores_by_replicate(comparison).items()
        if by_replicate and name in verdict.scores
    }
    arms = [arm.name for arm in comparison.arms if arm.name in scores]
    if not arms:
        return Section("scores", title, ("No scores can be shown: no replicate was finished.",))
    gaps, shades = train_test_gaps(comparison), colours(comparison)
    worst_arm = min(say.metric.gain(verdict.scores[name].mean) for name in arms)
    rows = []
    strips = []
    for name, by_replicate in scores.items():
        summary = verdict.scores[name]
        gap = say.difference(gaps[name]) if name in gaps else "not measured"
        rows.append(
            (
                say.title(name),
                say.value(summary.mean),
                say.size(summary.sd) if summary.n > 1 else NOT_KNOWN,
                count(summary.n),
                gap,
            )
        )
        near = say.metric.gain(summary.mean) > worst_arm - _far(say, worst_arm)
        strips.append(
            Strip(
                say.title(name),
                shades.get(name, "baseline"),
                tuple(by_replicate.values()),
                summary.mean,
                say.summary(summary),
                sets_scale=near or name in arms,
            )
        )
    figure = Figure(
        strips_figure("scores-figure", strips, say, title=f"Test {say.label} of every replicate", axis=say.axis("test")),
        "Each dot is one replicate, the diamond their mean; mean ± standard deviation over the splits stands at the right. Arms "
        "and baselines share splits, so compare them by the difference of each replicate, not by how far the rows overlap.",
    )
    header = ("Arm or baseline", "Mean", "Standard deviation", "Splits", capitalised(say.ahead_on_training()))
    over = f"over {counted(comparison.replicates, 'replicate')} of {counted(comparison.test_rows, 'test row')} each"
    tested = f"{capitalised(say.axis('test'))}, {over}."
    return Section("scores", title, (tested,), (figure, Table(header, tuple(rows))))


def lengths_section(comparison: Comparison, verdict: Verdict) -> Section | None:
    """Return the section on the score by length; None where all are of one length, or rows have no score of their own."""
    title = "Score by sequence length"
    profile = comparison.profile
    if comparison.metric not in MEAN_OVER_ROWS or profile.length_min == profile.length_max:
        return None
    bins = [item for item in comparison.by_length if item.scores]
    if not bins:
        return Section("lengths", title, ("Scores by length are not shown: no replicate was finished.",))
    say, unit = MetricText.of(comparison), unit_of_length(profile)
    if len(bins) == 1:
        only = ", ".join(f"{say.title(name)} {say.value(score)}" for name, score in bins[0].scores.items())
        return Section("lengths", title, (f"All test rows fall into one bin of {length_range(bins[0])} {unit}: {only}.",))
    names = [arm.name for arm in comparison.arms if any(arm.name in item.scores for item in bins)]
    difference = shown_difference(verdict)
    deciding = (difference.first, difference.second) if difference is not None and difference.first in names else None
    header = (f"Length in {unit}", "Test rows", *map(say.title, names))
    if deciding is not None:
        header = (*header, capitalised(say.versus(*deciding)))
    table = Table(header, tuple(_length_row(item, names, deciding, say) for item in bins))
    figure = Figure(
        lengths_figure(bins, colours(comparison), say, unit),
        "Mean over the test rows of each bin, all replicates together. Bins with few rows scatter, so a gap there is no finding.",
    )
    return Section("lengths", title, (), (figure, table))


def _far(say: MetricText, worst_arm: float) -> float:
    """By how much a baseline may be worse than the worst arm before it would squeeze the arms together."""
    return FAR_POINTS if say.metric.in_percent else max(FAR_MARGINS * say.margin, abs(worst_arm) / 5)


def _length_row(item: LengthScore, names: list[str], deciding: tuple[str, str] | None, say: MetricText) -> tuple[str, ...]:
    cells = tuple(say.value(item.scores[name]) if name in item.scores else NOT_KNOWN for name in names)
    row = (length_range(item), count(item.rows), *cells)
    if deciding is None:
        return row
    if not all(name in item.scores for name in deciding):
        return (*row, NOT_KNOWN)
    lead = say.metric.gain(item.scores[deciding[0]] - item.scores[deciding[1]])
    return (*row, say.difference(lead, unit=False))
