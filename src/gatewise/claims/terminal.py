"""The claims in the terminal: a table of all verdicts, in 80 columns or more."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table

from gatewise.claims.records import Results, Verdict
from gatewise.claims.study import Study
from gatewise.claims.text import effect_text, leading_effects, summary_sentence, verdict_title
from gatewise.report.numbers import MINUS
from gatewise.report.plain_text import plain_text

__all__ = ["claims_view", "questions_view"]

_STYLES: dict[Verdict, str] = {"holds": "green", "does not hold": "red", "depends": "yellow", "not told": "dim"}


def claims_view(results: Results, page: Path) -> RenderableType:
    """Every rule with its verdict, effect and interval, and where the page is."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim", expand=True)
    table.add_column("rule of thumb", ratio=5)
    table.add_column("verdict here", ratio=2, min_width=9)
    table.add_column("effect (95% interval)", ratio=4)
    for outcome in results.outcomes:
        effects, verdict = leading_effects(outcome.judgement), outcome.judgement.verdict
        # Output that is redirected may go to an encoding without the typographic minus.
        shown = "\n".join(f"{effect.label}: {effect_text(effect)}" for effect in effects).replace(MINUS, "-") or "-"
        table.add_row(
            plain_text(f"{outcome.claim.number}. {outcome.claim.rule}"),
            plain_text(verdict_title(verdict), _STYLES[verdict]),
            plain_text(shown),
        )
        table.add_row("", "", "")
    where = plain_text(f"The page: {page}")
    where.no_wrap, where.overflow = True, "ignore"
    return Group(plain_text(summary_sentence(results.outcomes), "bold"), "", table, where)


def questions_view(studies: tuple[Study, ...]) -> RenderableType:
    """Names and questions of the studies."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column()
    for study in studies:
        table.add_row(plain_text(study.claim.name, "bold"), plain_text(study.claim.question))
    return table
