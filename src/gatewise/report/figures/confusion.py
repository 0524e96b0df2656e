"""Who is taken for whom: a matrix of counts, shaded by the share of each true class."""

from collections.abc import Sequence

from gatewise.report.figures.svg import Drawing
from gatewise.report.numbers import count, percent

__all__ = ["confusion_figure"]

# Above this many classes cells are small and names of columns stand upright.
ROOMY = 4
LABEL_CHARACTERS = 13
CHARACTER = 7.2
# Characters that a small cell has room for.
ACROSS = 2
# Full shade would hide the number.
STRONGEST = 0.6


def confusion_figure(identifier: str, counts: Sequence[Sequence[int]], labels: Sequence[str], colour: str, *, title: str) -> str:
    """Return the matrix of one model. counts: [true class][predicted class]; labels: names of the classes."""
    classes = len(labels)
    roomy = classes <= ROOMY
    cell = 44 if roomy else 26
    short = [_short(label) for label in labels]
    widest = max(map(len, short))
    left = round(24 + CHARACTER * widest)
    foot = 34 + cell * classes
    upright = roomy or widest <= ACROSS
    below = 26 if upright else round(20 + CHARACTER * widest)
    description = "; ".join(
        f"{label}: " + ", ".join(f"{count(held)} as {other}" for held, other in zip(row, labels, strict=True) if held)
        for label, row in zip(labels, counts, strict=True)
    )
    drawing = Drawing(identifier, height=foot + below, left=left, right=4, title=title, description=description)
    drawing.text(0, 14, "true class, down", "tick", shift=-left)
    drawing.text(100, 14, "taken for, across", "tick end")
    width = 100 / classes
    for down, row in enumerate(counts):
        top, total = 28 + cell * down, max(1, sum(row))
        drawing.text(0, top + cell / 2 + 4, short[down], "label end", shift=-8)
        for across, held in enumerate(row):
            box = (width * across, width * (across + 1), top, top + cell)
            drawing.rectangle(*box, "cell")
            hint = f"{count(held)} of {labels[down]} taken for {labels[across]}: {percent(held / total)}"
            drawing.rectangle(*box, f"fill {colour}", opacity=STRONGEST * held / total, hint=hint)
            if held:
                text = count(held) if roomy or held < 1000 else f"{held / 1000:.0f}k"
                drawing.text(width * (across + 0.5), top + cell / 2 + 4, text, "label middle through")
    for across, label in enumerate(short):
        place = width * (across + 0.5)
        if upright:
            drawing.text(place, foot + 12, label, "tick middle")
        else:
            drawing.text(place, foot, label, "tick end", turned=True)
    return drawing.markup()


def _short(label: str) -> str:
    return label if len(label) <= LABEL_CHARACTERS else f"{label[: LABEL_CHARACTERS - 1]}…"
