"""A study whose findings are made up, or measured in no time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gatewise.claims.bench import Bench
from gatewise.claims.blocks import effects_figure, effects_table
from gatewise.claims.records import Claim, Effect, Findings, Judgement, Literature
from gatewise.claims.study import Study
from gatewise.records import Difference
from gatewise.report.blocks import Block

__all__ = ["claim", "difference", "study"]


def difference(mean: float, half: float, *, margin: float = 0.01, replicates: int = 10) -> Difference:
    """A difference whose 95% interval reaches so far to either side; it is concluded from where that lies to the band."""
    low, high = mean - half, mean + half
    inside = -margin < low and high < margin
    conclusion: Any = "first" if low > margin else "second" if high < -margin else "equivalent" if inside else "undecided"
    return Difference("gru", "lstm", mean, (low, high), (low, high), 0.0, 0.0, 0.0, replicates, conclusion)


def claim(number: int = 1, name: str = "sweetness") -> Claim:
    return Claim(
        number,
        name,
        "Sweetness",
        "Apples are sweeter than pears.",
        "How much sweeter is an apple than a pear?",
        ("Both are weighed.", "The rule holds where the interval of the ratio lies above 1."),
        "20% sweeter in one orchard",
        (Literature("20% sweeter", "Orchard 1990", True), Literature("no difference", "Pear 1991", False)),
    )


def measure(bench: Bench) -> dict[str, Any]:
    return dict(bench.once(f"{bench.study}:ratio", lambda: {"ratio": 1.2, "low": 1.1, "high": 1.3, "n": 12}))


def effect(findings: Findings) -> Effect:
    return Effect("apple over pear", findings["ratio"], findings["low"], findings["high"], "times", findings["n"])


def judge(findings: Findings) -> Judgement:
    found = effect(findings)
    holds = found.low is not None and found.low > 1
    return Judgement("holds" if holds else "does not hold", f"The ratio is {found.value}.", (found,))


def show(findings: Findings) -> Sequence[Block]:
    figure = effects_figure("sweetness", [effect(findings)], title="Sweetness", axis="ratio", caption="One fruit each.")
    return figure, effects_table([effect(findings)], what="fruit", caption="Sweetness")


def study(number: int = 1, name: str = "sweetness", measured: Callable[[Bench], dict[str, Any]] = measure) -> Study:
    return Study(claim(number, name), 1.0, measured, judge, show)
