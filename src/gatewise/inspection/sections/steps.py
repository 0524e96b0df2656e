"""Section: which steps the prediction hangs on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gatewise.inspection.columns import closest_stretch, columns_of
from gatewise.inspection.figures.steps import MOST_CHANNELS, importance_figure
from gatewise.inspection.record import Inspected
from gatewise.inspection.sentences import completeness, steps_text
from gatewise.report.blocks import Block, Figure, Key, Passage, Piece, Section, Table
from gatewise.report.numbers import MINUS, significant

__all__ = ["steps_section"]

# Words with bars and words at all; rows of the table.
MOST_BARS, MOST_WORDS, MOST_ROWS, MOST_UNKNOWN = 24, 400, 8, 6
# A word is marked from this share of the greatest effect on.
MARKED = 0.08


def steps_section(found: Inspected) -> Section:
    """The words marked, or the values, with bars for both ways of asking, and the leading steps in numbers."""
    importance, unit = found.importance, found.subject.unit
    width = importance.occlusion.width
    hidden = f"each {unit}" if width == 1 else f"each window of {width} {unit}s"
    blocks: list[Block] = [*([_passage(found)] if found.sequence.words else []), _figure(found), _table(found)]
    return Section(
        "steps",
        "What the prediction hangs on",
        (
            f"What is explained here is {importance.number}. There are two ways of asking. Hide {hidden} in turn, that is, put "
            f"{importance.replaced_by} in its place, and see how much of that number is gone (occlusion). Or add up the "
            "gradient on the way from a sequence of nothing but that to this one (integrated gradients). Where both agree, it is "
            "so; where they differ, steps work together, and no single number is the whole truth.",
            completeness(found),
            *_beside(found),
        ),
        blocks,
    )


def _beside(found: Inspected) -> tuple[str, ...]:
    """What is to be said of steps that cannot be explained as the others are."""
    said = []
    if found.importance.beside:
        said.append("The last step is what is foretold here, so it has no bar.")
    if any(found.sequence.unknown):
        unknown = [word for word, is_unknown in zip(found.sequence.words, found.sequence.unknown, strict=True) if is_unknown]
        named = ", ".join(f"“{word}”" for word in dict.fromkeys(unknown[:MOST_UNKNOWN]))
        others = " and others" if len(unknown) > MOST_UNKNOWN else ""
        said.append(
            f"Not in the model's vocabulary: {named}{others}. It reads them as the token of unknown words, so hiding them "
            "changes nothing."
        )
    return tuple(said)


def _passage(found: Inspected) -> Passage:
    start, stop = closest_stretch(found, MOST_WORDS)
    effects, importance = found.importance.effects, found.importance
    greatest = float(np.abs(effects).max()) or 1.0
    pieces = [Piece("…")] if start else []
    for step in range(start, stop):
        share = float(effects[step]) / greatest
        word = found.sequence.words[step]
        if abs(share) < MARKED:
            pieces.append(Piece(word))
        else:
            pieces.append(
                Piece(word, "speaks-for" if share > 0 else "speaks-against", abs(share), f"{importance.without[step]} without it")
            )
    if stop < len(found.sequence):
        pieces.append(Piece("…"))
    legend = (Key("speaks-for", _does(found, 0)), Key("speaks-against", f"{_does(found, 1)} (dashed)"))
    return Passage(tuple(pieces), legend, "The stronger a mark, the more is lost, or won, where the word is hidden.")


def _figure(found: Inspected) -> Figure:
    """The bars. Of words the stretch that the prediction hangs on, of values all steps and the channels that add most."""
    words, steps = found.sequence.words, len(found.sequence)
    columns = columns_of(found, MOST_BARS) if words else columns_of(found, steps)
    channels = [] if words else _channels(found)
    which = f"The {len(columns)} words in a row that it hangs on most. " if words and len(columns) < steps else ""
    several = len(channels) < len(found.sequence.channels) and found.subject.kind == "series" and not words
    which_channels = "what is foretold, and the" if found.sequence.foretold else "the"
    drawn = f"Drawn are {which_channels} channels whose parts are largest. " if several else ""
    return Figure(
        importance_figure(found, columns, channels),
        f"{which}{drawn}Bars upwards: the step {_does(found, 0)}; downwards: it {_does(found, 1)}. Each row has its own scale.",
        legend=(
            *(_channel_keys(found, channels) if found.subject.kind == "series" and len(found.sequence.channels) > 1 else ()),
            Key("speaks-for", _does(found, 0)),
            Key("speaks-against", _does(found, 1)),
        ),
    )


def _channels(found: Inspected) -> list[int]:
    """Those that are drawn: in a forecast what is foretold, then those whose parts are largest."""
    parts = np.abs(found.importance.gradients.parts).sum(0)
    order = [*found.sequence.foretold, *np.argsort(-parts, kind="stable").tolist()]
    return sorted(list(dict.fromkeys(order))[:MOST_CHANNELS])


def _does(found: Inspected, way: int) -> str:
    """What a step does for the number: "speaks for the prediction", "raises the number"."""
    word = found.importance.ways[way]
    return f"speaks {word} the prediction" if word in ("for", "against") else f"{word} the prediction"


def _channel_keys(found: Inspected, channels: Sequence[int]) -> list[Key]:
    return [Key(f"channel-{number}", found.sequence.channels[channel]) for number, channel in enumerate(channels)]


def _table(found: Inspected) -> Table:
    importance, rows = found.importance, []
    occlusion = importance.occlusion
    for window in np.argsort(-np.abs(occlusion.effects), kind="stable")[:MOST_ROWS]:
        start, stop = int(occlusion.starts[window]), int(occlusion.stops[window])
        rows.append(
            (
                steps_text(found, int(window)),
                *([str(start + 1)] if found.sequence.words else []),
                importance.without[start],
                _signed(float(occlusion.effects[window])),
                _signed(float(importance.parts[start:stop].sum())),
            )
        )
    header = ("word", "place") if found.sequence.words else (found.subject.unit,)
    return Table(
        (*header, f"{importance.said} without it", "lost without it", "part by gradients"),
        tuple(rows),
        caption=f"The {len(rows)} that move it most",
        note=f"With all {found.subject.unit}s: {importance.value}. The last two columns are of {importance.number}.",
    )


def _signed(value: float) -> str:
    text = significant(value, 3)
    return text if text.startswith(MINUS) or text == "0" else f"+{text}"
