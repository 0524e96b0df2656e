"""The difference of the two arms that decide, and every other pair compared."""

from gatewise.names import display_name
from gatewise.records import Comparison, Difference, Verdict
from gatewise.report.blocks import Block, Figure, Key, Section, Table, colours
from gatewise.report.evidence import differences, scores_by_pair
from gatewise.report.figures.difference import difference_figure, probability_figure
from gatewise.report.numbers import count, interval, pairs_text, points, probability

__all__ = ["difference_section"]

TITLE = "The difference"


def difference_section(comparison: Comparison, verdict: Verdict) -> Section:
    """Return the section on the deciding difference against the band of practical equivalence."""
    difference = verdict.difference
    if difference is None:
        reason = "No difference can be shown: it takes complete pairs of two arms, and this run has none."
        return Section("difference", TITLE, (reason,))
    first, second = display_name(difference.first), display_name(difference.second)
    shades = colours(comparison)
    sides = (shades.get(difference.first, "baseline"), shades.get(difference.second, "baseline"))
    values = differences(scores_by_pair(comparison), difference.first, difference.second)
    paragraphs = [
        f"{first} minus {second}: {points(difference.mean)} in test {verdict.metric}, 95% interval {interval(difference.ci95)}, "
        f"over {pairs_text(difference.pairs)}. Up to ±{100 * verdict.margin:.3g} points count as practically equal.",
    ]
    if difference.conclusion == "undecided" and difference.further_pairs is not None:
        paragraphs.append(f"About {count(difference.further_pairs)} further pairs would probably decide.")
    blocks: list[Block] = [
        Figure(
            difference_figure(difference, values, verdict.margin),
            "Each dot is one pair: the same split, seed, data order, initial embedding and head, and only the cell differs. The "
            f"diamond is the mean, the thick line its 95% interval{_widened(comparison, difference)}.",
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
        blocks.append(_others(others))
    return Section("difference", TITLE, tuple(paragraphs), blocks)


def _widened(comparison: Comparison, difference: Difference) -> str:
    if difference.ci95_sequential == difference.ci95:
        return ""
    reasons = []
    if comparison.config.pairs is None:
        reasons.append("looking at the result after every pair")
    if len(comparison.arms) > 2:
        reasons.append("comparing several arms")
    return f", and the thin line the interval widened for {' and '.join(reasons)}"


def _others(others: list[Difference]) -> Table:
    rows = tuple(
        (
            f"{display_name(other.first)} minus {display_name(other.second)}",
            points(other.mean),
            interval(other.ci95),
            probability(other.p_first),
            probability(other.p_equivalent),
            probability(other.p_second),
        )
        for other in others
    )
    header = ("Compared", "Mean", "95% interval", "P(first better)", "P(equal)", "P(second better)")
    return Table(header, rows, caption="The other comparisons")
