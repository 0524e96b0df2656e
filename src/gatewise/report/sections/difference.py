"""The comparison that decides, a baseline that leads, and every other pair compared."""

from collections.abc import Mapping

from gatewise.comparison.evidence import Evidence
from gatewise.names import baseline_kind
from gatewise.records import Comparison, Difference, Verdict
from gatewise.report.blocks import Block, Figure, Key, Section, Table, colours
from gatewise.report.figures.difference import difference_figure, probability_figure
from gatewise.report.metric_text import UNKNOWN, MetricText
from gatewise.report.numbers import count
from gatewise.report.summaries import arms_left, differences, leading_baseline, scores_by_replicate, shown_difference
from gatewise.titles import Titles
from gatewise.wording import counted, probability

__all__ = ["difference_section"]

TITLE = "The difference"


def difference_section(comparison: Comparison, verdict: Verdict) -> Section:
    """Return the section on the deciding difference against the band of practical equivalence."""
    difference = shown_difference(verdict)
    if difference is None:
        reason = "No difference can be shown: it takes complete replicates of two arms, and this run has none."
        return Section("difference", TITLE, (reason,))
    say = MetricText.of(comparison)
    scores = scores_by_replicate(comparison)
    paragraphs = [*_undeciding(comparison, verdict), _measured(difference, say)]
    if difference.conclusion == "undecided" and difference.further_replicates is not None:
        further = counted(difference.further_replicates, "further replicate")
        paragraphs.append(f"About {further} would probably decide.")
    blocks: list[Block] = _figures(comparison, difference, scores, say, "difference")
    shown = [difference]
    baseline = leading_baseline(verdict)
    if baseline is not None:
        paragraphs.append(f"A {baseline_kind(baseline.first)} is ahead: {_measured(baseline, say)}")
        blocks += _figures(comparison, baseline, scores, say, "baseline")
        shown.append(baseline)
    if len(comparison.arms) > 2:
        blocks.append(_matrix(comparison, verdict, say))
    in_matrix = verdict.costs if len(comparison.arms) > 2 else {}
    others = [
        one
        for one in verdict.comparisons
        if not any({one.first, one.second} == {other.first, other.second} for other in shown)
        and not {one.first, one.second} <= set(in_matrix)
    ]
    if others:
        blocks.append(_others(others, say))
    return Section("difference", TITLE, tuple(paragraphs), blocks)


def _figures(
    comparison: Comparison, difference: Difference, scores: Mapping[str, Mapping[int, float]], say: MetricText, identifier: str
) -> list[Block]:
    """The replicates with mean and interval; and the probabilities, where there are replicates enough to tell them."""
    first, second = say.title(difference.first), say.title(difference.second)
    shades = colours(comparison)
    sides = (shades.get(difference.first, "baseline"), shades.get(difference.second, "baseline"))
    values = differences(scores, difference.first, difference.second, say.metric)
    interval = f", the thick line its 95% interval{_widened(comparison, difference)}" if difference.is_known else ""
    replicates = Figure(
        difference_figure(difference, values, say, identifier),
        "Each dot is one replicate: the same split, seed, data order, initial embedding and head, and only "
        f"{_differs(comparison)}. The diamond is the mean{interval}.",
        (
            Key("dot", "one replicate"),
            Key("diamond", "mean and 95% interval" if difference.is_known else "mean"),
            Key("area", "practically equal"),
        ),
    )
    if not difference.is_known:
        return [replicates]
    outcomes = (difference.p_first, difference.p_equivalent, difference.p_second)
    labels = (f"{first} better", "practically equal", f"{second} better")
    keys = tuple(
        Key(shade, f"{label}: {probability(share)}")
        for shade, label, share in zip((sides[0], "equal", sides[1]), labels, outcomes, strict=True)
    )
    bar = Figure(
        probability_figure(difference, sides, say.title, f"{identifier}-probabilities"),
        "Posterior probability that the true difference lies above, inside or below the band. "
        f"{_asked_for(difference, comparison)}",
        keys,
    )
    return [replicates, bar]


def _undeciding(comparison: Comparison, verdict: Verdict) -> list[str]:
    """What is said first where the difference that is shown decides nothing."""
    if verdict.difference is not None:
        return []
    left = arms_left(comparison, verdict)
    whom = f"only the {Titles(comparison.arms)(left[0])}" if left else "no arm"
    return [f"The constraints leave {whom}, so that no difference between arms decides; it is shown all the same."]


def _measured(difference: Difference, say: MetricText) -> str:
    turned = "" if say.metric.higher_is_better else ", where lower is better"
    interval = f"95% interval {say.interval(difference)}" if difference.is_known else "how far that may be off is not known yet"
    return (
        f"{say.leads(difference)} in test {say.label}{turned}; {interval}, over {counted(difference.replicates, 'replicate')}. "
        f"Up to {say.band()} counts as practically equal."
    )


def _differs(comparison: Comparison) -> str:
    sizes = {arm.hidden_size for arm in comparison.arms}
    return "the cell differs" if len(sizes) == 1 else "the cell and its hidden size differ"


def _widened(comparison: Comparison, difference: Difference) -> str:
    if difference.ci95_sequential == difference.ci95:
        return ""
    reasons = []
    if comparison.config.replicates is None:
        reasons.append("looking at the result after every replicate")
    if len(comparison.arms) > 2:
        reasons.append("comparing several arms")
    return f", and the thin line the interval widened for {' and '.join(reasons)}"


def _matrix(comparison: Comparison, verdict: Verdict, say: MetricText) -> Table:
    """Every arm against every other: the lead of the arm of the row over that of the column."""
    found = {(one.first, one.second): one for one in verdict.comparisons}
    found |= {(one.second, one.first): one.turned() for one in verdict.comparisons}
    names = [arm.name for arm in comparison.arms]
    rows = tuple((say.title(name), *(_cell(found.get((name, other)), say) for other in names)) for name in names)
    unit = " in points" if say.metric.in_percent else ""
    return Table(
        ("Row over column", *map(say.title, names)),
        rows,
        caption=f"Every pair of arms: the lead of the row's arm over the column's, in test {say.label}{unit}",
        note="Each cell has the mean, the 95% interval, the probability that the arm of the row is the better one by more than "
        f"{say.band()}, and the probability that the two are practically equal.",
    )


def _cell(difference: Difference | None, say: MetricText) -> str:
    if difference is None:
        return ""
    mean = say.difference(difference.mean, unit=False)
    if not difference.is_known:
        return f"{mean}\n{UNKNOWN}"
    low, high = (say.difference(bound, unit=False) for bound in difference.ci95)
    chances = f"better {probability(difference.p_first)}\nequal {probability(difference.p_equivalent)}"
    return f"{mean}\n{low} to {high}\n{chances}"


def _others(others: list[Difference], say: MetricText) -> Table:
    """The comparisons that no figure shows, the better one first."""
    rows = []
    for one in (other.better_first() for other in others):
        first, second = say.title(one.first), say.title(one.second)
        chances = (
            f"{first} better {probability(one.p_first)}\nequal {probability(one.p_equivalent)}\n"
            f"{second} better {probability(one.p_second)}"
        )
        leader = f"{first} over {second}"
        rows.append((leader, say.size(one.mean), say.interval(one), chances if one.is_known else UNKNOWN, count(one.replicates)))
    header = ("Lead of", "Mean", "95% interval", "Probability", "Replicates")
    return Table(header, tuple(rows), caption="The other comparisons")


def _asked_for(difference: Difference, comparison: Comparison) -> str:
    """How probable a statement must be at one look."""
    evidence = Evidence(comparison)
    rule = evidence.rule(difference.first, difference.second)
    least = probability(1.0 - float(rule.inside))
    if not evidence.adaptive:
        return f"A verdict takes {least}."
    return (
        f"Because every replicate is looked at, a verdict takes {least}; over all looks together it is then right in 95% of runs."
    )
