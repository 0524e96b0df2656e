"""What an inspection found, as one record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.cells import CELLS, Block, CellTraits
from gatewise.inspection.gradients import Gradients
from gatewise.inspection.occlusion import Occlusion
from gatewise.inspection.units import LayerUse
from gatewise.records import Kind, Task

__all__ = ["Data", "Importance", "Inspected", "LayerSteps", "Prediction", "Sequence", "Subject"]


@dataclass(frozen=True)
class Subject:
    """The model. source: where it came from, as it was given."""

    cell: str
    title: str
    task: Task
    kind: Kind
    layers: int
    hidden_size: int
    bidirectional: bool
    source: str

    @property
    def traits(self) -> CellTraits:
        """What sets the cell apart."""
        return CELLS[self.cell]

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Gates and candidate in the order in which a step is told."""
        return tuple(sorted(self.traits.blocks, key=lambda block: block.turn))

    @property
    def gates(self) -> tuple[Block, ...]:
        """The gates alone, in that order."""
        return tuple(block for block in self.blocks if block.role is not None)

    @property
    def unit(self) -> str:
        """What a step is called."""
        return {"text": "word", "series": "step", "audio": "frame"}[self.kind]


@dataclass(frozen=True, eq=False)
class Sequence:
    """The sequence that was read. source: of the input. row: its number there, from 1, of `rows`; name: what else it is called
    there. words: of a text, else empty; unknown: those that are not in the vocabulary. foretold:
    channels that a forecast is about, as indices. values: float64 [steps, channels] in the units of the data, of a text
    [steps, 0]."""

    source: str
    row: int
    rows: int
    name: str
    words: tuple[str, ...]
    unknown: tuple[bool, ...]
    channels: tuple[str, ...]
    foretold: tuple[int, ...]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Prediction:
    """What the model says. said: in a clause. classes: probabilities by name, the highest first. numbers: by the name of each."""

    said: str
    classes: Mapping[str, float]
    numbers: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class LayerSteps:
    """One layer in one direction over the sequence. blocks: gates and candidate by their symbols, float64 [steps, H]; states: h,
    cells: c or None, float64 [steps, H]."""

    layer: int
    backward: bool
    blocks: Mapping[str, NDArray[np.float64]]
    states: NDArray[np.float64]
    cells: NDArray[np.float64] | None

    @property
    def norms(self) -> NDArray[np.float64]:
        """Euclidean norm of the state after each step."""
        return np.asarray(np.linalg.norm(self.states, axis=1))


@dataclass(frozen=True, eq=False)
class Importance:
    """Which steps the prediction hangs on. number: what it is explained by, in words; said: what its written values are called;
    value, without: as written, the number with all steps and without each step's window; replaced_by: what stands in their place;
    ways: what a step does that makes it larger, and smaller. beside: last steps that are not explained, because the number is
    about them."""

    number: str
    said: str
    value: str
    without: tuple[str, ...]
    replaced_by: str
    ways: tuple[str, str]
    occlusion: Occlusion
    gradients: Gradients
    beside: int

    @property
    def effects(self) -> NDArray[np.float64]:
        """What each step's window adds to the number, float64 [steps]; 0 for those beside."""
        return np.concatenate([self.occlusion.per_step(), np.zeros(self.beside)])

    @property
    def parts(self) -> NDArray[np.float64]:
        """The same by integrated gradients."""
        return np.concatenate([self.gradients.per_step, np.zeros(self.beside)])

    @property
    def order(self) -> NDArray[np.int64]:
        """The first step of every window, that which moves the number most first."""
        return self.occlusion.starts[np.argsort(-np.abs(self.occlusion.effects), kind="stable")]


@dataclass(frozen=True, eq=False)
class Data:
    """What the units do over many sequences. name: whose. rows: read, of how many; steps: of all rows read together; lengths:
    least, median and greatest of the rows read. note: why these, where they are not the input's."""

    name: str
    rows: int
    of_rows: int
    steps: int
    lengths: tuple[int, float, int]
    layers: tuple[LayerUse, ...]
    note: str = ""


@dataclass(frozen=True, eq=False)
class Inspected:
    """What a model's gates do on one sequence and over a data set, and what its prediction hangs on.

    memory: steps that the task needs to remember, where somebody measured it. folder: of the run, None where there is none.
    """

    subject: Subject
    sequence: Sequence
    prediction: Prediction
    layers: tuple[LayerSteps, ...]
    importance: Importance
    data: Data
    memory: int | None = None
    folder: Path | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types. Arrays [steps, H] are lists of steps; numbers have six significant digits, infinite ones are null."""
        found: dict[str, Any] = _plain(self)
        importance = found["importance"]
        importance["effects"], importance["parts"] = _plain(self.importance.effects), _plain(self.importance.parts)
        importance["gradients"] |= {"error": _plain(self.importance.gradients.error)}
        for shown, use in zip(found["data"]["layers"], self.data.layers, strict=True):
            shown |= {"time_constants": _plain(use.time_constants), "dead": _plain(use.dead)}
        return found


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_plain(one) for one in value.tolist()]
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.6g}") if np.isfinite(value) else None
    if isinstance(value, np.generic):
        return value.item()
    return str(value) if isinstance(value, Path) else value
