"""The difference of the two arms that decide, and every other pair compared."""

from gatewise.counting import counted
from gatewise.names import display_name
from gatewise.records import Comparison, Difference, Verdict
from gatewise.report.blocks import Block, Figure, Key, Section, Table, colours
from gatewise.report.evidence import arms_left, differences, scores_by_pair, shown_difference
from gatewise.report.figures.difference import difference_figure, probability_figure
from gatewise.report.metric_text import MetricText
from gatewise.report.numbers import count, probability
from gatewise.report.words import capitalised

__all__ = ["difference_section"]

TITLE = "The difference"


def difference_section(comparison: Comparison, verdict: Verdict) -> Section:
    """Return the section on the deciding difference against the band of practical equivalence."""
    difference = shown_difference(verdict)
    if difference is None:
        reason = "No difference can be shown: it takes complete pairs of two arms, and this run has none."
        return Section("difference", TITLE, (reason,))
    say = MetricText.of(comparison)
    first, second = display_name(difference.first), display_name(difference.second)
    shades = colours(comparison)
    sides = (shades.get(difference.first, "baseline"), shades.get(difference.second, "baseline"))
    values = differences(scores_by_pair(comparison), difference.first, difference.second, say.metric)
    paragraphs = [*_undeciding(comparison, verdict), _measured(difference, say)]
    if difference.conclusion == "undecided" and difference.further_pairs is not None:
        paragraphs.append(f"About {count(difference.further_pairs)} further pairs would probably decide.")
    blocks: list[Block] = [
        Figure(
            difference_figure(difference, values, say),
            "Each dot is one pair: the same split, seed, data order, initial embedding and head, and only "
            f"{_differs(comparison)}. The diamond is the mean, the thick line its 95% "
            f"interval{_widened(comparison, difference)}.",
            (Key("dot", "one pair"), Key("diamond", "mean and 95% interval"), Key("area", "practically equal")),
        ),
        Figure(
            probability_figure(difference, sides),
            "Posterior probability that the true difference lies above, inside or below the band. A verdict takes 95%.",
            (
                Key(sides[0], f"{first} better: {probability(difference.p_first)}"),
                Key("equal", f"practically equal: {probability(difference.p_equivalent)}"),
                Key(sides[1], f"{second} better: {probability(difference.p_second)}"),
            ),
        ),
    ]
    others = [other for other in verdict.comparisons if (other.first, other.second) != (difference.first, difference.second)]
    if others:
        blocks.append(_others(others, say))
    return Section("difference", TITLE, tuple(paragraphs), blocks)


def _undeciding(comparison: Comparison, verdict: Verdict) -> list[str]:
    """What is said first where the difference that is shown decides nothing."""
    if verdict.difference is not None:
        return []
    left = arms_left(comparison, verdict)
    whom = f"only the {display_name(left[0])}" if left else "no arm"
    return [f"The constraints leave {whom}, so that no difference between arms decides; it is shown all the same."]


def _measured(difference: Difference, say: MetricText) -> str:
    turned = "" if say.metric.higher_is_better else ", where lower is better"
    return (
        f"{capitalised(say.versus(difference.first, difference.second))}: {say.difference(difference.mean)} in test "
        f"{say.label}{turned}; 95% interval {say.interval(difference)}, over {counted(difference.pairs, 'pair')}. Up to "
        f"{say.band()} counts as practically equal."
    )


def _differs(comparison: Comparison) -> str:
    sizes = {arm.hidden_size for arm in comparison.arms}
    return "the cell differs" if len(sizes) == 1 else "the cell and its hidden size differ"


def _widened(comparison: Comparison, difference: Difference) -> str:
    if difference.ci95_sequential == difference.ci95:
        return ""
    reasons = []
    if comparison.config.pairs is None:
        reasons.append("looking at the result after every pair")
    if len(comparison.arms) > 2:
        reasons.append("comparing several arms")
    return f", and the thin line the interval widened for {' and '.join(reasons)}"


def _others(others: list[Difference], say: MetricText) -> Table:
    rows = tuple(
        (
            capitalised(say.versus(other.first, other.second)),
            say.difference(other.mean),
            say.interval(other),
            probability(other.p_first),
            probability(other.p_equivalent),
            probability(other.p_second),
        )
        for other in others
    )
    header = ("Compared", "Mean", "95% interval", "P(first better)", "P(equal)", "P(second better)")
    return Table(header, rows, caption="The other comparisons")
