"""From rows to what one wants to know: ratios over shapes, and whether the goals are met."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.layers.libraries import OTHERS
from benchmarks.layers.results import Row, Run
from benchmarks.layers.shapes import SHAPES

__all__ = ["MODES", "RATIOS", "Summary", "rows_of", "summarise"]

MODES = {"train": "training", "train_input": "training with the input's gradient", "inference": "inference"}

RATIOS = {
    "GRU over torch GRU": ("torch gru", "gatewise gru"),
    "GRU over torch LSTM": ("torch lstm", "gatewise gru"),
    "LSTM over torch LSTM": ("torch lstm", "gatewise lstm"),
    "GRU over our LSTM": ("gatewise lstm", "gatewise gru"),
    **{
        f"{cell.upper()} over {name} {cell.upper()}": (f"{name} {cell}", f"gatewise {cell}")
        for name in OTHERS
        for cell in ("gru", "lstm")
    },
}
"""Name of a ratio: the rival whose time is divided, and the one whose time divides."""

# (mode, ratio, threads): (geometric mean, smallest shape), None where nothing is asked.
GOALS: dict[tuple[str, str, int], tuple[float | None, float | None]] = {
    ("train", "GRU over torch GRU", 1): (4.2, 2.5),
    ("train", "GRU over torch GRU", 2): (5.5, 2.5),
    ("train", "GRU over torch LSTM", 1): (2.1, 1.5),
    ("train", "GRU over torch LSTM", 2): (2.5, 1.5),
    ("train", "LSTM over torch LSTM", 1): (1.6, 1.2),
    ("train", "LSTM over torch LSTM", 2): (1.9, 1.2),
    ("inference", "GRU over torch GRU", 1): (3.4, None),
    ("inference", "GRU over torch GRU", 2): (4.0, None),
    ("inference", "GRU over torch LSTM", 1): (1.5, None),
    ("inference", "GRU over torch LSTM", 2): (1.7, None),
    ("inference", "LSTM over torch LSTM", 1): (None, 1.0),
    ("inference", "LSTM over torch LSTM", 2): (None, 1.0),
    ("inference", "GRU over onnxruntime GRU", 1): (1.5, None),
    ("inference", "GRU over onnxruntime GRU", 2): (1.5, None),
}
GOALS_AVX2: dict[tuple[str, str, int], tuple[float | None, float | None]] = {
    ("train", "GRU over torch LSTM", threads): (1.5, None) for threads in (1, 2)
}


@dataclass(frozen=True)
class Summary:
    """One ratio over all shapes. goals: of the geometric mean and of the smallest, None where there is none."""

    mode: str
    name: str
    mean: float
    smallest: float
    shapes: int
    goal_mean: float | None = None
    goal_smallest: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether both goals are reached; None where there is no goal."""
        pairs = [(self.mean, self.goal_mean), (self.smallest, self.goal_smallest)]
        asked = [value >= goal for value, goal in pairs if goal is not None]
        return all(asked) if asked else None


def summarise(run: Run) -> list[Summary]:
    """Geometric mean and minimum of every ratio that was measured, over the shapes of full batches."""
    # Goals are set for the eight shapes as a whole and for the default setting.
    comparable = run.plan.setting == "default" and set(run.plan.shapes) == set(SHAPES)
    goals = {"": GOALS, "avx2": GOALS_AVX2}.get(run.plan.instruction_set, {}) if comparable else {}
    found = []
    for mode in MODES:
        for name, (slower, faster) in RATIOS.items():
            values = _ratios(rows_of(run, "train" if mode != "inference" else mode, mode), slower, faster)
            if values:
                asked = goals.get((mode, name, run.plan.threads), (None, None))
                found.append(Summary(mode, name, statistics.geometric_mean(values), min(values), len(values), *asked))
    return found + _peaks(run)


def _peaks(run: Run) -> list[Summary]:
    """Share of the FMA peak that our GRU's training reaches where the processor, not memory, is the limit."""
    found = []
    for hidden, batch, goal in ((256, 1, 0.85), (128, 32, 0.75)):
        timings = [
            row.timings["gatewise gru"]
            for row in rows_of(run, "train", "train")
            if row.shape.hidden_size == hidden and row.shape.batch >= batch and "gatewise gru" in row.timings
        ]
        shares = [timing.peak_share for timing in timings if timing.peak_share is not None]
        if shares:
            name = f"GRU, share of the FMA peak, H={hidden}" + (f", B>={batch}" if batch > 1 else "")
            asked = goal if run.plan.threads == 1 and not run.plan.instruction_set else None
            found.append(Summary("train", name, statistics.geometric_mean(shares), min(shares), len(shares), None, asked))
    return found


def rows_of(run: Run, part: str, mode: str) -> list[Row]:
    """Return the rows of one part and mode."""
    return [row for row in run.rows if (row.part, row.mode) == (part, mode)]


def _ratios(rows: Iterable[Row], slower: str, faster: str) -> Sequence[float]:
    def known() -> Iterator[float]:
        for row in rows:
            ratio = row.ratio(slower, faster)
            if ratio is not None:
                yield ratio

    return list(known())
