"""Shares in a grid: what each column reached in each row, shaded by how much it is."""

from collections.abc import Sequence

from gatewise.report.figures.svg import Drawing

__all__ = ["shares_figure"]

LINE, HEAD = 30, 26
CHARACTER = 6.6
# Full shade would hide the text.
STRONGEST = 0.6


def shares_figure(
    identifier: str,
    rows: Sequence[str],
    columns: Sequence[str],
    shares: Sequence[Sequence[float]],
    texts: Sequence[Sequence[str]],
    *,
    colours: Sequence[str],
    title: str,
) -> str:
    """Return a grid of at least one row. shares, texts: [row][column], from 0 to 1, and what stands in the cell. colours: a class
    for each column."""
    left = round(16 + CHARACTER * max(map(len, rows)))
    description = "; ".join(
        f"{row}: " + ", ".join(f"{column} {text}" for column, text in zip(columns, own, strict=True))
        for row, own in zip(rows, texts, strict=True)
    )
    drawing = Drawing(identifier, height=HEAD + LINE * len(rows) + 4, left=left, right=4, title=title, description=description)
    width = 100 / len(columns)
    for across, column in enumerate(columns):
        drawing.text(width * (across + 0.5), HEAD - 10, column, "tick middle")
    for down, row in enumerate(rows):
        top = HEAD + LINE * down
        drawing.text(0, top + LINE / 2 + 4, row, "tick end", shift=-8)
        for across, (share, text) in enumerate(zip(shares[down], texts[down], strict=True)):
            box = (width * across, width * (across + 1), top, top + LINE)
            drawing.rectangle(*box, "cell")
            drawing.rectangle(
                *box, f"fill {colours[across]}", opacity=STRONGEST * share, hint=f"{row}, {columns[across]}: {text}"
            )
            drawing.text(width * (across + 0.5), top + LINE / 2 + 4, text, "label middle through")
    return drawing.markup()
