"""What the sections of several studies show alike: effects as a figure and as a table."""

from __future__ import annotations

from collections.abc import Sequence

from gatewise.claims.records import Effect
from gatewise.claims.text import interval_text, value_text
from gatewise.report.blocks import Figure, Table
from gatewise.report.figures.intervals import IntervalRow, intervals_figure
from gatewise.report.numbers import count

__all__ = ["effects_figure", "effects_table"]


def effects_figure(
    identifier: str,
    effects: Sequence[Effect],
    *,
    title: str,
    axis: str,
    caption: str,
    sides: tuple[str, str] = ("", ""),
    band: tuple[float, float] | None = None,
    headings: Sequence[str] = (),
) -> Figure:
    """Effects of one unit as a figure; ratios are on a logarithmic scale. headings: of each effect, "" for that of the one before
    it. The rest is as in `report.figures.intervals.intervals_figure`; at least one effect."""
    rows = [
        IntervalRow(
            effect.label,
            effect.value,
            effect.low,
            effect.high,
            f"{value_text(effect, unit=False)} ({interval_text(effect)})" if effect.is_told else value_text(effect, unit=False),
            heading=headings[place] if headings else "",
        )
        for place, effect in enumerate(effects)
    ]
    drawn = intervals_figure(
        identifier,
        rows,
        title=title,
        axis=axis,
        even=effects[0].even,
        sides=sides,
        band=band,
        logarithmic=effects[0].even == 1.0,
    )
    return Figure(drawn, caption)


def effects_table(effects: Sequence[Effect], *, what: str, caption: str, counted: str = "pairs", note: str = "") -> Table:
    """Effects as a table. what: heads the first column; counted: the last."""
    rows = tuple((effect.label, value_text(effect), interval_text(effect), count(effect.n)) for effect in effects)
    return Table((what, "effect", "95% interval", counted), rows, caption, note)
