"""An inspection as a terminal shows it, in 80 columns or fewer, with colours or without."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gatewise.cells import Block
from gatewise.inspection.columns import Column, closest_stretch, columns_of
from gatewise.inspection.record import Inspected, LayerSteps
from gatewise.inspection.sentences import (
    completeness,
    dead_sentence,
    hangs_on,
    headline,
    memory_sentences,
    model_title,
    place,
    read_of,
    sequence_title,
    time_constants_of,
)
from gatewise.inspection.units import LayerUse, by_octave
from gatewise.report.numbers import MINUS, percent, significant
from gatewise.report.plain_text import plain_text, printable

__all__ = [
    "inspection_view",
]

MOST_ROWS, MOST_WORDS = 24, 80
WORD_WIDTH, BAR, EFFECT_BAR = 13, 6, 5
FOR, AGAINST = "blue", "dark_orange3"
# A word is marked from this share of the greatest effect on.
MARKED = 0.25
# A bar is drawn from this share on.
LEAST_SHOWN = 0.05
EIGHTHS = " ▏▎▍▌▋▊▉█"


def inspection_view(found: Inspected, page: Path | None = None) -> RenderableType:
    """Return an inspection for a rich console: answer, words, gates step by step, memory, saturation, units that never move.

    page: the file it was written to, left out where there is none.
    """
    last = plain_text(f"Page: {page}") if page is not None else Text()
    last.overflow = "fold"
    parts: list[list[RenderableType]] = [
        [Text(printable(model_title(found)), "bold"), plain_text(sequence_title(found), "dim")],
        [plain_text(headline(found), "bold green"), *map(_said, hangs_on(found))],
        [Padding(_passage(found), (0, 0, 0, 2))] if found.sequence.words else [],
        [StepsTable(found), *_legend(found)],
        [*_memory(found)],
        [*_use(found)],
        [_said(completeness(found))] if not found.importance.gradients.is_complete else [],
        [last] if page is not None else [],
    ]
    return Group(*(line for part in parts if part for line in (Text(), *part)))


def _said(sentence: str) -> Text:
    return plain_text(sentence.replace(MINUS, "-"))


def _passage(found: Inspected) -> Text:
    """The words, those that the prediction hangs on between brackets: with + they speak for it, with - against it."""
    start, stop = closest_stretch(found, MOST_WORDS)
    effects = found.importance.effects
    greatest = float(np.abs(effects).max()) or 1.0
    text = Text("… " if start else "")
    for step in range(start, stop):
        share = effects[step] / greatest
        word = printable(found.sequence.words[step])
        if abs(share) < MARKED:
            text.append(word, "dim" if found.sequence.unknown[step] else "")
        else:
            marks = ("+" if share > 0 else "-") * (1 + (abs(share) > 0.5) + (abs(share) > 0.8))
            text.append(f"[{word} {marks}]", f"bold {FOR if share > 0 else AGAINST}")
        text.append(" ")
    return text.append("…" if stop < len(found.sequence) else "")


def _shown(found: Inspected) -> LayerSteps:
    """The layer whose gates are shown: the last one, forwards."""
    return next(layer for layer in reversed(found.layers) if not layer.backward)


@dataclass(frozen=True)
class StepsTable:
    """Renderable of a row a step: what it does for the prediction, its gates in the mean of the units, and the size of the state.

    Where the console is narrow bars and words are shorter, and below that it says no longer what the prediction would be without
    a step; where even that is too wide, the last gates are left out.
    """

    found: Inspected

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        gates, widest = list(self.found.subject.gates), max(map(len, self.found.importance.without))
        columns = columns_of(self.found, MOST_ROWS)
        label = max(*(cell_len(column.label) for column in columns), len(self.found.subject.unit))
        up, down = self.found.importance.ways
        effect = len(down) + 1 + max(EFFECT_BAR, len(up))
        number = len(str(columns[-1].stop)) if self.found.sequence.words else 0
        while True:
            for bar, word, without in (*((bar, WORD_WIDTH, True) for bar in range(BAR, 2, -1)), (3, 9, True), (3, 9, False)):
                fixed = number + 2 + min(word, label) + 2 + effect + 2 + (max(widest, 7) + 2 if without else 0) + 4
                heads = sum(max(bar + 5, len(_head(block))) + 2 for block in gates)
                if fixed + heads <= options.max_width or (not gates and not without):
                    yield _steps_table(self.found, gates, bar, word, without=without)
                    return
            gates.pop()


def _head(block: Block) -> str:
    return f"{block.symbol} {block.role or ''}"


def _steps_table(found: Inspected, gates: Sequence[Block], bar: int, word: int, *, without: bool) -> Table:
    shown = _shown(found)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True, header_style="dim", padding=(0, 1))
    table.add_column("", justify="right", no_wrap=True)
    table.add_column(found.subject.unit, max_width=word, no_wrap=True, overflow="ellipsis")
    table.add_column("│".join(reversed(found.importance.ways)), no_wrap=True)
    if without:
        table.add_column("without", justify="right", no_wrap=True)
    for block in gates:
        table.add_column(_head(block), no_wrap=True)
    table.add_column("|h|", justify="right", no_wrap=True)
    effects = found.importance.effects
    greatest = float(np.abs(effects).max()) or 1.0
    for column in columns_of(found, MOST_ROWS):
        steps = slice(column.start, column.stop)
        table.add_row(
            *_names(found, column),
            _signed(effects[column.strongest] / greatest, len(found.importance.ways[1])),
            *([_without(found, column)] if without else []),
            *(_gate_bar(float(shown.blocks[block.symbol][steps].mean()), bar) for block in gates),
            significant(float(shown.norms[steps].mean()), 2),
        )
    return table


def _without(found: Inspected, column: Column) -> str:
    """What the prediction would be without a step; nothing for one that is not explained."""
    written = found.importance.without
    return written[column.strongest].replace(MINUS, "-") if column.strongest < len(written) else ""


def _names(found: Inspected, column: Column) -> tuple[str, Text]:
    if found.sequence.words:
        return str(column.start + 1), plain_text(column.label)
    return "", plain_text(column.label)


def _signed(share: float, before: int) -> Text:
    """A bar from a line behind so many characters: to the right what speaks for the prediction, or raises it."""
    width = math.ceil(abs(share) * EFFECT_BAR - 0.5) if abs(share) >= LEAST_SHOWN else 0
    left, right = ("█" * width, "") if share < 0 else ("", "█" * width)
    return Text.assemble((left.rjust(before), AGAINST), ("│", "dim"), (right.ljust(EFFECT_BAR), FOR))


def _gate_bar(value: float, width: int) -> Text:
    """A bar of eighths and the value."""
    eighths = round(value * width * 8)
    bar = ("█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()).ljust(width)
    return Text.assemble((bar, "cyan"), f" {value:.2f}".replace(" 0.", " ."))


def _legend(found: Inspected) -> Iterator[Text]:
    subject, shown, words = found.subject, _shown(found), found.sequence.words
    several = subject.layers > 1 or subject.bidirectional
    which = f", layer {shown.layer} forwards" if several else ""
    importance = found.importance
    yield _dim(f"without: {importance.said} with {importance.replaced_by} in the place of the {subject.unit}.")
    gates = f"Gates: mean of the {subject.hidden_size} units{which}. " if subject.gates else ""
    yield _dim(f"{gates}|h|: size of the state, its Euclidean norm{'' if gates else which}.")
    start, stop = closest_stretch(found, MOST_ROWS)
    if words and stop - start < len(words):
        yield _dim(f"Words {start + 1} to {stop} of {len(words)}, the stretch that the prediction hangs on most.")
    for block in subject.gates:
        first = block.meaning.split(". ")[0].rstrip(".")
        yield _dim(f"{block.symbol}, the {block.name}: {first[0].lower()}{first[1:]}.")


def _dim(sentence: str) -> Text:
    return plain_text(sentence.replace(MINUS, "-"), "dim")


def _called(found: Inspected, use: LayerUse) -> str:
    where = place(found, use)
    return f"{where[0].upper()}{where[1:]}: " if where else ""


def _memory(found: Inspected) -> Iterator[RenderableType]:
    yield Text("Memory", "bold")
    yield from (_said(sentence) for sentence in memory_sentences(found))
    constants = time_constants_of(found)
    if len(constants):
        yield Padding(_histogram(constants, found.subject.unit), (0, 0, 0, 2))
    if found.data.note:
        yield _said(found.data.note)


def _histogram(constants: NDArray[np.float64], unit: str) -> Table:
    """Units by their time constants, every row twice as far as the one before."""
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    bars = by_octave(constants)
    most = max(units for _, _, units in bars)
    for low, high, units in bars:
        name = f"under {high:.0f} {unit}" if not low else f"over {low:,.0f}" if math.isinf(high) else f"{low:,.0f} to {high:,.0f}"
        table.add_row(name, Text.assemble(("█" * round(30 * units / most), "cyan"), f" {units}" if units else "-"))
    return table


def _use(found: Inspected) -> Iterator[RenderableType]:
    if found.subject.gates:
        yield Text(printable(f"Gates over {read_of(found)}"), "bold")
        yield _use_table(found)
        yield Text()
    for use in found.data.layers:
        yield _said(f"{_called(found, use)}{dead_sentence(use)}")


def _use_table(found: Inspected) -> Table:
    """How far the gates are open, over the data."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True, header_style="dim")
    several = len(found.data.layers) > 1
    for name in ["gate", "mean", "shut\n<0.05", "open\n>0.95", "units always\nshut / open"]:
        table.add_column(name, justify="left" if name == "gate" else "right", no_wrap=name != "gate")
    for use in found.data.layers:
        for block in found.subject.gates:
            gate = use.gates[block.symbol]
            table.add_row(
                f"{block.symbol} {block.name}" + (f" ({place(found, use)})" if several else ""),
                f"{gate.mean.mean():.2f}",
                percent(float(gate.shut.mean())),
                percent(float(gate.open.mean())),
                f"{len(gate.always_shut)} / {len(gate.always_open)}",
            )
    return table
