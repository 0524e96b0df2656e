"""Effects and verdicts in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gatewise.claims.records import Claim, Effect, Judgement, Outcome, Results, Verdict
from gatewise.report.numbers import MINUS, NOT_KNOWN
from gatewise.wording import capitalised, counted, joined

__all__ = ["effect_text", "interval_text", "leading_effects", "rerun_command", "summary_sentence", "value_text", "verdict_title"]

_MOST_DECIMALS = 3
_TITLES: dict[Verdict, str] = {"not told": "Cannot be told"}
_IN_SUMMARY: dict[Verdict, tuple[str, str]] = {
    "holds": ("holds", "hold"),
    "does not hold": ("does not hold", "do not hold"),
    "depends": ("depends on what is measured", "depend on what is measured"),
    "not told": ("cannot be told", "cannot be told"),
}


def value_text(effect: Effect, *, unit: bool = True) -> str:
    """The value: "0.84 times", "+0.3 points"."""
    return f"{_number(effect, effect.value)}{_unit(effect) if unit else ''}"


def interval_text(effect: Effect) -> str:
    """The 95% interval: "0.82 to 0.86"."""
    if effect.low is None or effect.high is None:
        return "not known"
    return f"{_number(effect, effect.low)} to {_number(effect, effect.high)}"


def effect_text(effect: Effect) -> str:
    """Value and interval: "0.84 times (95%: 0.82 to 0.86)"."""
    return f"{value_text(effect)} (95%: {interval_text(effect)})" if effect.is_told else value_text(effect)


def verdict_title(verdict: Verdict) -> str:
    """The verdict as a label."""
    return _TITLES.get(verdict) or capitalised(verdict)


def summary_sentence(outcomes: Sequence[Outcome]) -> str:
    """How many claims came out how: "Of 9 rules of thumb 4 hold, 3 depend on what is measured and 2 do not hold."."""
    verdicts = [outcome.judgement.verdict for outcome in outcomes]
    parts = [f"{verdicts.count(one)} {words[verdicts.count(one) > 1]}" for one, words in _IN_SUMMARY.items() if one in verdicts]
    return f"Of {counted(len(verdicts), 'rule')} of thumb {joined(parts)}." if parts else "No rule of thumb is measured yet."


def leading_effects(judgement: Judgement) -> tuple[Effect, ...]:
    """What the table of all claims shows: the first effect, or where it depends the least and the greatest of its unit."""
    alike = [effect for effect in judgement.effects if effect.unit == judgement.effects[0].unit]
    if judgement.verdict != "depends" or len(alike) < 2:
        return judgement.effects[:1]
    return min(alike, key=lambda effect: effect.value), max(alike, key=lambda effect: effect.value)


def rerun_command(claim: Claim, results: Results) -> str:
    """The command that measures a claim anew, in a folder of its own."""
    options = [
        *(["--quick"] if results.quick else []),
        *(["--data FOLDER"] if results.public_data else []),
        *([f"--device {results.device}"] if results.device != "cpu" else []),
    ]
    return " ".join(["gatewise claims", claim.name, *options, f"--out runs/{claim.name}"])


def _number(effect: Effect, value: float) -> str:
    """A number with so many decimals that the interval's width has two digits."""
    if not math.isfinite(value):
        return NOT_KNOWN
    width = abs(effect.high - effect.low) if effect.low is not None and effect.high is not None else abs(effect.value) / 10
    decimals = min(max(1 - math.floor(math.log10(width) + 1e-9), 0), _MOST_DECIMALS) if width > 0 else 2
    rounded = round(value, decimals) + 0.0
    return f"{rounded:{'+' if effect.is_signed else ''},.{decimals}f}".replace("-", MINUS)


def _unit(effect: Effect) -> str:
    return f" {effect.unit}" if effect.unit else ""
