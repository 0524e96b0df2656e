"""An inspection on a terminal, and the sentences that page and terminal share."""

import io
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from gatewise.inspection.api import inspect
from gatewise.inspection.columns import closest_stretch, columns_of
from gatewise.inspection.inspection import Inspection
from gatewise.inspection.occlusion import Occlusion
from gatewise.inspection.sentences import dead_sentence, hangs_on, memory_sentences, sequence_title
from gatewise.inspection.terminal import inspection_view
from gatewise.inspection.units import by_octave
from tests.inspection.models import CLASSES, EVEN, FORECAST, NUMBERS, STEPS, TEXTS, dataset_of, make_model

LONG = " ".join(f"word{number % 40} kettle" for number in range(150))


def inspected(cell: str, source: str, input: Any = None, **changes: Any) -> Inspection:
    return inspect(make_model(cell, source, **changes), list(dataset_of(source).sequences) if input is None else input)


def with_effects(found: Inspection, effects: list[float], width: int = 1) -> Inspection:
    """The same with these effects of windows, and what is written of each without it."""
    steps = len(found.sequence)
    starts = np.arange(0, steps, width)
    stops = np.minimum(starts + width, steps)
    assert len(effects) == len(starts)
    occlusion = Occlusion(0.0, starts, stops, np.array(effects))
    without = tuple(f"{effect:g}" for effect in occlusion.per_step())
    return replace(found, importance=replace(found.importance, value="0", without=without, occlusion=occlusion, beside=0))


@pytest.mark.parametrize("width", [80, 60, 120])
@pytest.mark.parametrize(
    ("cell", "source", "changes"),
    [
        ("gru", TEXTS, {}),
        ("lstm", TEXTS, {"layers": 2, "bidirectional": True}),
        ("lstm", CLASSES, {"hidden_size": 64}),
        ("gru", NUMBERS, {}),
        ("rnn", FORECAST, {}),
        ("min_lstm", STEPS, {}),
    ],
)
def test_no_line_is_longer_than_the_terminal(cell: str, source: str, changes: dict[str, Any], width: int) -> None:
    found = inspected(cell, source, **changes)
    buffer = io.StringIO()
    Console(file=buffer, width=width, color_system=None).print(inspection_view(found))
    lines = buffer.getvalue().splitlines()
    # Nothing of a number is cut; a long word may be.
    assert not re.search(r"\.…|%…|\d…", buffer.getvalue())
    assert max(cell_len(line) for line in lines) <= width
    text = " ".join(" ".join(lines).split())
    assert found.prediction.said in text and "Memory" in text
    for block in found.subject.gates:
        assert f"{block.symbol}, the {block.name}" in text


def test_plain_text_says_as_much_as_colours_do() -> None:
    found = inspected("gru", TEXTS)
    shown = str(found)
    assert "\x1b" not in shown
    effects = found.importance.effects
    strongest = int(np.abs(effects).argmax())
    sign = "+" if effects[strongest] > 0 else "-"
    assert f"[{found.sequence.words[strongest]} {3 * sign}]" in " ".join(shown.split())
    assert repr(found).startswith("<gatewise.Inspection: GRU on row 1 of")


def test_a_long_text_is_shown_where_it_matters() -> None:
    found = inspected("gru", TEXTS, LONG)
    start, stop = closest_stretch(found, 24)
    assert stop - start == 24 and start <= int(np.abs(found.importance.effects).argmax()) < stop
    assert f"Words {start + 1} to {stop} of 300" in " ".join(str(found).split())


def test_the_stretch_holds_the_strongest_step_and_most_beside_it() -> None:
    found = inspected("gru", EVEN)
    assert len(found.sequence) == 12
    some = with_effects(found, [0, 3, 3, 0, 0, 0, 0, 0, 0, 4, 0, 1])
    assert closest_stretch(some, 3) == (9, 12)
    assert closest_stretch(some, 12) == (0, 12)
    assert closest_stretch(with_effects(found, [0.0] * 12), 4) == (0, 4)


def test_values_share_columns_and_the_strongest_step_speaks_for_them() -> None:
    found = with_effects(inspected("gru", EVEN), [0, 0, -5, 0, 1, 0, 0, 0, 0, 0, 2, 0])
    columns = columns_of(found, 4)
    assert [(column.label, column.strongest) for column in columns] == [("1–3", 2), ("4–6", 4), ("7–9", 6), ("10–12", 10)]
    assert [column.label for column in columns_of(found, 50)] == [str(step) for step in range(1, 13)]


def test_the_sentences_follow_the_numbers() -> None:
    found = inspected("gru", EVEN)
    said = found.importance.said
    one = with_effects(found, [0, 0, -5, 0, 1, 0, 0, 0, 0, 0, 2, 0])
    assert hangs_on(one) == ("That hangs most on step 3 and step 11.", f"Without step 3 {said} would be -5 instead of 0.")
    other = with_effects(found, [9, 0, -5, 0, 1, 0, 0, 0, 0, 0, 2, 0])
    assert hangs_on(other)[0] == "That hangs most on step 1 and step 3."
    windows = with_effects(found, [0, 7, 0], width=4)
    assert hangs_on(windows)[0] == "That hangs most on steps 5 to 8."
    assert hangs_on(with_effects(found, [0.0] * 12)) == (f"No step by itself moves {said} from 0.",)


def test_memory_is_set_against_length_and_need() -> None:
    found = inspected("gru", EVEN)
    (use,) = found.data.layers
    for kept, enough in ((0.5, "no unit has"), (0.999, "7 of 7 units have")):
        changed = replace(found, data=replace(found.data, layers=(replace(use, kept=np.full(7, kept)),)), memory=40)
        sentences = memory_sentences(changed)
        assert sentences[1] == f"Every sequence has 12 steps: {enough} as long a time constant."
        assert sentences[2] == f"The task needs a memory of about 40 steps: {enough} such a time constant."
    one = np.full(7, 0.5)
    one[3] = 0.999
    changed = replace(found, data=replace(found.data, layers=(replace(use, kept=one),)))
    assert "1 of 7 units has as long" in memory_sentences(changed)[1]
    assert "no gate that keeps" in memory_sentences(inspected("rnn", EVEN))[0]
    endless = replace(found, data=replace(found.data, layers=(replace(use, kept=np.ones(7)),)))
    assert "without end" in memory_sentences(endless)[0]


def test_of_next_steps_it_is_said_what_is_explained() -> None:
    assert hangs_on(inspected("gru", STEPS))[0].startswith("How well it foretold the last step hangs most on step")


def test_units_that_never_move_are_named() -> None:
    (use,) = inspected("gru", EVEN).data.layers
    assert dead_sentence(use) == "All 7 units move."
    span = use.span.copy()
    span[[2]] = 0.01
    assert "1 of 7 units never moves: the state of unit 3 stays" in dead_sentence(replace(use, span=span))
    many = replace(use, span=np.zeros(20))
    assert "units 1, 2, 3, 4, 5, 6, 7, 8 and 12 more stays" in dead_sentence(many)


def test_bars_of_time_constants_count_every_unit_once() -> None:
    constants = np.array([0.2, 1.0, 1.9, 2.0, 700.0, 5000.0, np.inf])
    bars = by_octave(constants)
    assert sum(units for *_, units in bars) == len(constants)
    assert bars[0] == (0.0, 1.0, 1) and bars[1] == (1.0, 2.0, 2) and bars[-1] == (4096.0, np.inf, 2)
    assert by_octave(np.array([1.5]), 30.0)[-1] == (16.0, 32.0, 0)


def test_a_row_is_called_by_its_names() -> None:
    found = inspected("gru", EVEN)
    named = replace(found, sequence=replace(found.sequence, source="x.csv", name="file a.wav"))
    assert sequence_title(named) == "Row 1 of x.csv (file a.wav), 12 steps"
