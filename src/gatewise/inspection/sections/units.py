"""Sections: how long the units remember, and which gates are stuck or units idle."""

from __future__ import annotations

from gatewise.inspection.figures.memory import memory_figure
from gatewise.inspection.record import Inspected
from gatewise.inspection.sentences import dead_sentence, memory_sentences, place, read_of, spread_of, time_constants_of, time_text
from gatewise.report.blocks import Block, Figure, Section, Table
from gatewise.report.numbers import percent

__all__ = ["memory_section", "use_section"]


def memory_section(found: Inspected) -> Section:
    """The distribution of time constants, beside the length of the sequences and the memory that is needed."""
    constants, unit = time_constants_of(found), found.subject.unit
    note = (found.data.note,) if found.data.note else ()
    if not len(constants):
        return Section("memory", "How long the units remember", (*memory_sentences(found), *note))
    marks = {"median length": found.data.lengths[1]} | ({} if found.memory is None else {"needed": float(found.memory)})
    blocks: list[Block] = [
        Figure(
            memory_figure(constants, marks, unit),
            f"How many units have which time constant, over {read_of(found)}. Every bar reaches twice as far as the one before.",
        )
    ]
    if len(found.data.layers) > 1:
        rows = []
        for use in found.data.layers:
            own = use.time_constants
            assert own is not None
            rows.append((place(found, use), *map(time_text, spread_of(own))))
        header = ("layer", "least", "median", "one in ten above", "most")
        blocks.append(Table(header, tuple(rows), caption=f"Time constants in {unit}s"))
    return Section(
        "memory",
        "How long the units remember",
        (
            "A unit whose gates keep the share k of its memory at a step, in the mean, has lost two thirds of what it held after "
            f"−1 / ln k {unit}s: its time constant. Here k is the mean of {found.subject.traits.kept}.",
            *memory_sentences(found),
            "That is the direct path alone. What a cell writes anew from its own state may last longer, and a prediction that "
            "reads the mean or the maximum over all steps asks for less memory than one that reads the last state.",
            *note,
        ),
        blocks,
    )


def use_section(found: Inspected) -> Section:
    """How far the gates are open over the data, and the units that never move."""
    several = len(found.data.layers) > 1
    sentences = []
    for use in found.data.layers:
        where = place(found, use)
        sentences.append(f"{where[0].upper()}{where[1:]}: {dead_sentence(use)}" if where else dead_sentence(use))
    if not found.subject.gates:
        return Section("use", "Units that never move", tuple(sentences))
    rows = [
        (
            f"{block.symbol} {block.name}{f' ({place(found, use)})' if several else ''}",
            f"{gate.mean.mean():.2f}",
            percent(float(gate.shut.mean())),
            percent(float(gate.open.mean())),
            str(len(gate.always_shut)),
            str(len(gate.always_open)),
        )
        for use in found.data.layers
        for block in found.subject.gates
        for gate in [use.gates[block.symbol]]
    ]
    return Section(
        "use",
        "Gates that are stuck, units that never move",
        (
            "A gate that is always shut or always open decides nothing, and learns little: its gradient is near zero there. Some "
            "of that is a switch at work; a gate that is nearly always one of both is not.",
            *sentences,
        ),
        (
            Table(
                ("gate", "mean", "shut, below 0.05", "open, above 0.95", "units always shut", "units always open"),
                tuple(rows),
                caption=f"Gates over {read_of(found)}",
            ),
        ),
    )
