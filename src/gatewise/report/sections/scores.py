"""Scores on the test part: every arm and baseline, and by sequence length."""

from gatewise.names import display_name
from gatewise.records import Comparison, LengthScore, Verdict
from gatewise.report.blocks import Figure, Section, Table, arm_keys, colours
from gatewise.report.evidence import scores_by_pair, train_test_gaps
from gatewise.report.figures.lines import length_range, lengths_figure
from gatewise.report.figures.strips import Strip, strips_figure
from gatewise.report.numbers import count, pairs_text, percent, points, signed

__all__ = ["lengths_section", "scores_section"]

FAR_BELOW = 0.1


def scores_section(comparison: Comparison, verdict: Verdict) -> Section:
    """Return the section on the test scores of all arms and baselines."""
    title = "Scores"
    scores = {name: by_pair for name, by_pair in scores_by_pair(comparison).items() if by_pair and name in verdict.scores}
    if not scores:
        return Section("scores", title, ("No scores can be shown: no pair was finished.",))
    gaps, shades = train_test_gaps(comparison), colours(comparison)
    rows = []
    strips = []
    weakest_arm = min((verdict.scores[arm.name].mean for arm in comparison.arms if arm.name in scores), default=0.0)
    for name, by_pair in scores.items():
        summary = verdict.scores[name]
        gap = points(gaps[name]) if name in gaps else "not measured"
        rows.append((display_name(name), percent(summary.mean), f"{100 * summary.sd:.1f} points", count(summary.n), gap))
        strips.append(
            Strip(
                display_name(name),
                shades.get(name, "baseline"),
                tuple(by_pair.values()),
                summary.mean,
                f"{percent(summary.mean)} ± {100 * summary.sd:.1f}",
                sets_scale=summary.mean > weakest_arm - FAR_BELOW,
            )
        )
    metric = comparison.metric
    figure = Figure(
        strips_figure("scores-figure", strips, title=f"Test {metric} of every pair", axis=f"test {metric}"),
        "Each dot is one pair, the diamond their mean; mean ± standard deviation over the splits stands at the right. Arms and "
        "baselines share splits, so compare them by the difference of each pair, not by how far the rows overlap.",
    )
    table = Table(("Arm or baseline", "Mean", "Standard deviation", "Splits", "Train minus test"), tuple(rows))
    tested = f"Test {metric} over {pairs_text(comparison.pairs)}, {count(comparison.test_rows)} test rows each."
    return Section("scores", title, (tested,), (figure, table))


def lengths_section(comparison: Comparison, verdict: Verdict) -> Section:
    """Return the section on the score by sequence length."""
    title = "Score by sequence length"
    bins = [item for item in comparison.by_length if item.scores]
    if not bins:
        return Section("lengths", title, ("Scores by length are not shown: no pair was finished.",))
    unit = "tokens" if comparison.profile.kind == "text" else "steps"
    if len(bins) == 1:
        only = ", ".join(f"{display_name(name)} {percent(score)}" for name, score in bins[0].scores.items())
        return Section("lengths", title, (f"All test rows fall into one bin of {length_range(bins[0])} {unit}: {only}.",))
    names = [arm.name for arm in comparison.arms if any(arm.name in item.scores for item in bins)]
    difference = verdict.difference
    deciding = (difference.first, difference.second) if difference is not None else None
    header = (f"Length in {unit}", "Test rows", *map(display_name, names))
    if deciding is not None:
        header = (*header, f"{display_name(deciding[0])} minus {display_name(deciding[1])}")
    table = Table(header, tuple(_length_row(item, names, deciding) for item in bins))
    figure = Figure(
        lengths_figure(bins, colours(comparison), comparison.metric, unit),
        "Mean over the test rows of each bin, all pairs together. Bins with few rows scatter, so a gap there is no finding.",
        arm_keys(comparison),
    )
    return Section("lengths", title, (), (figure, table))


def _length_row(item: LengthScore, names: list[str], deciding: tuple[str, str] | None) -> tuple[str, ...]:
    cells = tuple(percent(item.scores[name]) if name in item.scores else "–" for name in names)
    row = (length_range(item), count(item.rows), *cells)
    if deciding is None:
        return row
    both = all(name in item.scores for name in deciding)
    return (*row, signed(item.scores[deciding[0]] - item.scores[deciding[1]]) if both else "–")
