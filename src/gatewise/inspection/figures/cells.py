"""The GRU and the LSTM drawn, with the numbers of a model's own step where it has that cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gatewise.cells import CELLS, Block
from gatewise.inspection.figures.diagram import Diagram

__all__ = ["DRAWINGS", "cell_figure", "shade"]

# Heights: the memory's line, where gates act, the gates, the two lines that feed them, the step.
MEMORY, ACT, GATES, STATE, STEP, ENTRY = 58, 120, 184, 228, 242, 282
BOX_TOP, BOX_FOOT = GATES - 23, GATES + 23
NODE = 13
LONGEST_STEP = 16


def cell_figure(name: str, values: Mapping[str, str], step: str, *, identifier: str) -> str:
    """Return the diagram of a cell that `DRAWINGS` knows.

    values: what is written into each block's box, by its symbol; a block without one shows its symbol. step: what comes in.
    """
    traits = CELLS[name]
    shown = {block.symbol: (block, values.get(block.symbol, block.symbol)) for block in traits.blocks}
    told = "; ".join(f"{block.turn} {block.name} {block.symbol}: {value}" for block, value in shown.values())
    diagram = Diagram(identifier, title=f"The {traits.title}", description=f"{traits.meaning} {told}")
    DRAWINGS[name](diagram, shown, step if len(step) <= LONGEST_STEP else f"{step[: LONGEST_STEP - 1]}…")
    return diagram.markup()


def shade(block: Block) -> str:
    """The colour class of a gate, or of a candidate."""
    return (block.role or "content").replace(" ", "-")


Shown = Mapping[str, tuple[Block, str]]


def _box(diagram: Diagram, shown: Shown, symbol: str, x: float) -> None:
    block, value = shown[symbol]
    name = block.name.removesuffix(" gate")
    diagram.box(x, GATES, shade(block), turn=block.turn, name=name, value=value)


def _gru(diagram: Diagram, shown: Shown, step: str) -> None:
    reset, content, update = 62.0, 178.0, 300.0
    keep, add = 118.0, 238.0
    turn = 88.0
    # The memory, from the step before to the step after.
    diagram.wire([(6, MEMORY), (keep - NODE, MEMORY)], "memory")
    diagram.wire([(keep + NODE, MEMORY), (add - NODE, MEMORY)], "memory")
    diagram.wire([(add + NODE, MEMORY), (354, MEMORY)], "memory")
    # What is known of the past, to the gates and through the reset gate to the content.
    diagram.wire([(14, MEMORY), (14, STATE), (update - 14, STATE), (update - 14, BOX_FOOT)], "state")
    diagram.wire([(reset - 14, STATE), (reset - 14, BOX_FOOT)], "state")
    diagram.wire([(reset, MEMORY), (reset, ACT - NODE)], "state")
    diagram.wire([(reset, BOX_TOP), (reset, ACT + NODE)], "look-back")
    diagram.wire([(reset + NODE, ACT), (reset + 58, ACT), (reset + 58, GATES), (content - 46, GATES)], "state")
    # The step, to all three.
    diagram.wire([(content, ENTRY - 12), (content, BOX_FOOT)], "step")
    diagram.wire([(content, STEP), (reset + 14, STEP), (reset + 14, BOX_FOOT)], "step")
    diagram.wire([(content, STEP), (update + 14, STEP), (update + 14, BOX_FOOT)], "step")
    # What is written.
    diagram.wire([(content, BOX_TOP), (content, ACT), (add - NODE, ACT)], "content")
    diagram.wire([(add, ACT - NODE), (add, MEMORY + NODE)], "content")
    # The update gate: what it keeps, and the rest of 1.
    diagram.wire([(update, BOX_TOP), (update, ACT), (add + NODE, ACT)], "keep")
    diagram.wire([(update, ACT), (update, turn), (keep, turn), (keep, MEMORY + NODE)], "keep")
    diagram.dot(update, ACT, "keep")
    diagram.text((add + update) / 2 + 6, ACT - 8, "1 − z", "middle small")
    for x in (14.0, reset):
        diagram.dot(x, MEMORY, "memory")
    diagram.dot(content, STEP, "step")
    diagram.dot(reset - 14, STATE, "state")
    for x, y, sign in ((keep, MEMORY, "×"), (add, MEMORY, "+"), (reset, ACT, "×"), (add, ACT, "×")):
        diagram.node(x, y, sign)
    diagram.text(keep, MEMORY - 22, "what stays", "middle small")
    diagram.text(add, MEMORY - 22, "what is new", "middle small")
    diagram.text(2, 16, "memory h before", "strong")
    diagram.text(358, 16, "memory h after, shown", "strong end")
    for symbol, x in (("r", reset), ("n", content), ("z", update)):
        _box(diagram, shown, symbol, x)
    diagram.pill(content, ENTRY, step)


def _lstm(diagram: Diagram, shown: Shown, step: str) -> None:
    forget, write, content, show = 48.0, 136.0, 224.0, 312.0
    add = (write + content) / 2
    # The memory, from the step before to the step after.
    diagram.wire([(6, MEMORY), (forget - NODE, MEMORY)], "memory")
    diagram.wire([(forget + NODE, MEMORY), (add - NODE, MEMORY)], "memory")
    diagram.wire([(add + NODE, MEMORY), (354, MEMORY)], "memory")
    # What was shown at the step before, and the step, to all four.
    diagram.wire([(4, STATE), (show - 14, STATE), (show - 14, BOX_FOOT)], "state")
    diagram.wire([(add, ENTRY - 12), (add, STEP), (forget + 14, STEP), (forget + 14, BOX_FOOT)], "step")
    diagram.wire([(add, STEP), (show + 14, STEP), (show + 14, BOX_FOOT)], "step")
    for x in (forget, write, content):
        diagram.wire([(x - 14, STATE), (x - 14, BOX_FOOT)], "state")
        diagram.dot(x - 14, STATE, "state")
    for x in (write, content):
        diagram.wire([(x + 14, STEP), (x + 14, BOX_FOOT)], "step")
        diagram.dot(x + 14, STEP, "step")
    diagram.dot(add, STEP, "step")
    diagram.wire([(forget, BOX_TOP), (forget, MEMORY + NODE)], "keep")
    diagram.wire([(write, BOX_TOP), (write, ACT), (add - NODE, ACT)], "write")
    diagram.wire([(content, BOX_TOP), (content, ACT), (add + NODE, ACT)], "content")
    diagram.wire([(add, ACT - NODE), (add, MEMORY + NODE)], "write")
    diagram.wire([(show, MEMORY), (show, ACT - NODE)], "memory")
    diagram.wire([(show, BOX_TOP), (show, ACT + NODE)], "show")
    diagram.wire([(show + NODE, ACT), (356, ACT)], "state")
    diagram.dot(show, MEMORY, "memory")
    for x, y, sign in ((forget, MEMORY, "×"), (add, MEMORY, "+"), (add, ACT, "×"), (show, ACT, "×")):
        diagram.node(x, y, sign)
    diagram.node(show, (MEMORY + ACT) / 2 - 3, "tanh")
    diagram.text(forget, MEMORY - 22, "what stays", "middle small")
    diagram.text(add, MEMORY - 22, "what is new", "middle small")
    diagram.text(2, 16, "memory c before", "strong")
    diagram.text(358, 16, "memory c after", "strong end")
    diagram.text(358, ACT + 26, "shown", "end small")
    diagram.text(2, STATE + 32, "shown", "small")
    diagram.text(2, STATE + 46, "before", "small")
    for symbol, x in (("f", forget), ("i", write), ("g", content), ("o", show)):
        _box(diagram, shown, symbol, x)
    diagram.pill(add, ENTRY, step)


DRAWINGS: Mapping[str, Callable[[Diagram, Shown, str], None]] = {"gru": _gru, "lstm": _lstm}
"""The cells that are drawn, by their names."""
