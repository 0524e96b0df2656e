"""What an inspection found, in sentences made from its numbers; terminal and page say the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gatewise.inspection.record import Inspected
from gatewise.inspection.units import DEAD, LayerUse
from gatewise.report.numbers import count, number, significant
from gatewise.wording import capitalised, counted, joined

__all__ = [
    "completeness",
    "dead_sentence",
    "direction",
    "hangs_on",
    "headline",
    "leading_windows",
    "memory_sentences",
    "model_title",
    "place",
    "read_of",
    "sequence_title",
    "spread_of",
    "steps_text",
    "time_constants_of",
    "time_text",
]

# Windows named in a sentence, and the share of the greatest effect that the others of them must have.
MOST_NAMED, LEAST_SHARE = 3, 0.4
LONGEST_WORD, MOST_UNITS = 24, 8
# Steps from which on a time constant is called without end.
ENDLESS = 1e6


def model_title(found: Inspected) -> str:
    """The model in a few words: "GRU, 2 layers of 64 units in both directions"."""
    subject = found.subject
    units = counted(subject.hidden_size, "unit")
    size = units if subject.layers == 1 else f"{subject.layers} layers of {units}"
    return f"{subject.title}, {size}{' in both directions' if subject.bidirectional else ''}"


def sequence_title(found: Inspected) -> str:
    """The sequence in a few words."""
    sequence, steps = found.sequence, counted(len(found.sequence), found.subject.unit)
    row = f"row {count(sequence.row)} of {sequence.source}" if sequence.rows > 1 else sequence.source
    name = f" ({sequence.name})" if sequence.name else ""
    return capitalised(f"{row}{name}, {steps}")


def direction(backward: bool) -> str:
    """Which way a layer reads."""
    return "backwards" if backward else "forwards"


def place(found: Inspected, use: LayerUse) -> str:
    """Which layer and direction, as far as there are several: "layer 2, backwards"."""
    subject = found.subject
    layer = [f"layer {use.layer}"] * (subject.layers > 1)
    return ", ".join([*layer, *[direction(use.backward)] * subject.bidirectional])


def headline(found: Inspected) -> str:
    """What the model says."""
    return f"The {found.subject.title} {found.prediction.said}."


def leading_windows(found: Inspected) -> NDArray[np.int64]:
    """Numbers of the windows that the prediction hangs on most, the first first; empty where none moves it."""
    effects = np.abs(found.importance.occlusion.effects)
    order = np.argsort(-effects, kind="stable")[:MOST_NAMED]
    first = order[0]
    if found.importance.without[found.importance.occlusion.starts[first]] == found.importance.value:
        return np.asarray(order[:0])
    return np.asarray(order[effects[order] >= LEAST_SHARE * effects[first]])


def steps_text(found: Inspected, window: int) -> str:
    """What the steps of a window are called: a word in quotes, "step 3", "steps 4 to 6"."""
    occlusion = found.importance.occlusion
    start, stop = int(occlusion.starts[window]), int(occlusion.stops[window])
    words, unit = found.sequence.words, found.subject.unit
    if words and stop == start + 1:
        word = words[start]
        return f"“{word if len(word) <= LONGEST_WORD else word[: LONGEST_WORD - 1] + '…'}”"
    return f"{unit} {start + 1}" if stop == start + 1 else f"{unit}s {start + 1} to {stop}"


def hangs_on(found: Inspected) -> tuple[str, ...]:
    """Which steps the prediction hangs on, and what it would be without the first of them."""
    leading = leading_windows(found)
    importance = found.importance
    if not len(leading):
        return (f"No {found.subject.unit} by itself moves {importance.said} from {importance.value}.",)
    named = joined(list(dict.fromkeys(steps_text(found, window) for window in leading)))
    without = importance.without[int(importance.occlusion.starts[leading[0]])]
    # What the model expects beyond the end is not what can be explained: nobody knows yet what will come.
    what = "How well it foretold the last step" if importance.beside else "That"
    return (
        f"{what} hangs most on {named}.",
        f"Without {steps_text(found, leading[0])} {importance.said} would be {without} instead of {importance.value}.",
    )


def completeness(found: Inspected) -> str:
    """How well the parts of the gradients add up."""
    gradients = found.importance.gradients
    verdict = (
        f"the parts add up to that within {significant(abs(gradients.error), 2)}"
        if gradients.is_complete
        else f"the parts miss that by {significant(abs(gradients.error), 2)}, more than they should: read them with care"
    )
    return (
        f"Between the sequence and one of nothing but {found.importance.replaced_by} lie {significant(gradients.difference)} of "
        f"{found.importance.number}; {verdict}."
    )


def read_of(found: Inspected) -> str:
    """Which rows the units were measured on."""
    data = found.data
    rows = (
        f"{counted(data.rows, 'sequence')}"
        if data.rows == data.of_rows
        else f"{count(data.rows)} of {counted(data.of_rows, 'sequence')}, evenly spread,"
    )
    return f"{rows} of {data.name} with {counted(data.steps, found.subject.unit)}"


def time_constants_of(found: Inspected) -> NDArray[np.float64]:
    """The time constants of all units of all layers; none where no gate keeps the state."""
    return np.concatenate([use.time_constants for use in found.data.layers if use.time_constants is not None] or [np.empty(0)])


def spread_of(constants: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Least, median, what one in ten is above, and greatest of time constants."""
    # Between two that are infinite there is nothing to interpolate.
    finite = np.minimum(constants, 2 * ENDLESS)
    least, median, tenth, most = np.quantile(finite, [0, 0.5, 0.9, 1]).tolist()
    return least, median, tenth, most


def memory_sentences(found: Inspected) -> tuple[str, ...]:
    """How long the units remember, beside how long the sequences are and what the task needs."""
    constants, unit = time_constants_of(found), found.subject.unit
    if not len(constants):
        return (f"The {found.subject.title} has no gate that keeps its state, so its units have no time constants.",)
    least, median, tenth, most = spread_of(constants)
    short, typical, long = found.data.lengths
    lengths = (
        f"The sequences have {short} to {counted(long, unit)}, in the median {number(typical)}"
        if short < long
        else f"Every sequence has {counted(long, unit)}"
    )
    said = [
        f"Half of the {count(len(constants))} units have lost two thirds of what they held after {_steps(median, unit)}; one in "
        f"ten holds it for {_steps(tenth, unit)} or longer (least {significant(least, 2)}, most {time_text(most)}).",
        f"{lengths}: {_enough(constants, typical)} as long a time constant.",
    ]
    if found.memory is not None:
        needed = counted(found.memory, unit)
        said.append(f"The task needs a memory of about {needed}: {_enough(constants, found.memory)} such a time constant.")
    return tuple(said)


def _enough(constants: NDArray[np.float64], steps: float) -> str:
    enough = int((constants >= steps).sum())
    return "no unit has" if not enough else f"{count(enough)} of {count(len(constants))} units {'has' if enough == 1 else 'have'}"


def time_text(steps: float) -> str:
    """A time constant in steps."""
    return significant(steps, 2) if steps < ENDLESS else "without end"


def _steps(steps: float, unit: str) -> str:
    text = time_text(steps)
    return text if text == "without end" else f"{text} {unit if text == '1' else f'{unit}s'}"


def dead_sentence(use: LayerUse) -> str:
    """Which units never move."""
    units = len(use.span)
    if not len(use.dead):
        return f"All {count(units)} units move." if units > 1 else "The unit moves."
    verb, unit = ("never moves", "unit") if len(use.dead) == 1 else ("never move", "units")
    named = [str(number + 1) for number in use.dead[:MOST_UNITS]]
    rest = len(use.dead) - len(named)
    who = joined([*named, f"{rest} more"] if rest else named)
    return (
        f"{count(len(use.dead))} of {count(units)} units {verb}: the state of {unit} {who} stays within a span of {DEAD} over "
        "all steps read."
    )
