"""A model whose functions were compiled, and run from Python: for measuring and checking what is shipped."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from gatewise.data.audio.energies import waveforms
from gatewise.data.encoding.encoders import raw_inputs
from gatewise.errors import DataError
from gatewise.export.metadata import architecture_of, checked_metadata, model_from
from gatewise.runtime.model import Model
from gatewise.tasks import predicts

__all__ = ["CompiledModel", "Content", "Description", "Program"]

Content: TypeAlias = bytes | NDArray[np.float32]
"""What a program reads: a text in UTF-8, steps [steps, channels], or samples."""

_ERRORS = {
    1: "too few steps for a prediction",
    -1: "a value that is not finite, or out of range",
    -2: "numbers so far from what the model learned from that its prediction is not finite. Check their units",
    -3: "no steps",
    -4: "a text that is no UTF-8",
}


class Program(ABC):
    """The functions of a model. name: in messages. outputs: numbers that it says. stepwise: whether after every step."""

    def __init__(self, name: str, outputs: int, *, stepwise: bool) -> None:
        self.name, self.outputs, self.stepwise = name, outputs, stepwise

    @abstractmethod
    def read(self, content: Content, said: NDArray[np.float32]) -> int:
        """Read one input whole and write what is said of it into `said`, [1, outputs] or stepwise [steps, outputs]. Returns the
        code of the function: 0, or one of `_ERRORS`."""

    def run(self, value: str | NDArray[np.float32]) -> NDArray[np.float32]:
        """What it says of one input: a text, steps [steps, channels], or samples. float32 [outputs], or stepwise [steps,
        outputs]. Raises DataError where it returns an error."""
        content: Content
        if isinstance(value, str):
            content = value.encode("utf-8", "surrogatepass")
        else:
            content = np.ascontiguousarray(value, dtype=np.float32)
        said = np.empty((len(content) if self.stepwise else 1, self.outputs), dtype=np.float32)
        code = self.read(content, said)
        if code:
            raise DataError(f"the {self.name} says of an input: {_ERRORS.get(code, f'error {code}')}.")
        return said if self.stepwise else said[0]

    def predict(self, inputs: Sequence[Any]) -> NDArray[np.float32]:
        """What it says of several, float32 [rows, outputs], or [steps, outputs] end to end."""
        found = [self.run(value) for value in inputs]
        return np.concatenate(found) if self.stepwise else np.stack(found)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Raises ValueError: an artefact is no model to be saved."""
        raise ValueError(f"an artefact of {self.name} is no model to be saved")


class CompiledModel(Model):
    """A model that computes in its program from the raw inputs on; Python only checks them, and loads and resamples sounds."""

    @property
    def program(self) -> Program:
        """The functions."""
        assert isinstance(self.predictor, Program)
        return self.predictor

    def _predict(self, sequences: Sequence[Any]) -> NDArray[np.float32]:
        if self.audio is not None:
            return self._checked(self.program.predict(list(waveforms(sequences, self.audio))))
        # What stands in its place is discarded: the check is wanted.
        checked = raw_inputs(self.encoder, sequences)
        return self._checked(self.program.predict(sequences if self.kind == "text" else checked))

    def _next_steps(self, sequences: Sequence[Any]) -> list[NDArray[np.float32]]:
        checked = raw_inputs(self.encoder, sequences)
        return [self._checked(self.program.run(values)) for values in checked]


Compiled = TypeVar("Compiled", bound=CompiledModel)


@dataclass(frozen=True, eq=False)
class Description:
    """All of a model but its program, as an artefact says it."""

    model: Model
    outputs: int

    @classmethod
    def of(cls, metadata: Any, place: str) -> Description:
        """Raises RunError for metadata of another format, and what a damaged record raises: KeyError, TypeError, ValueError,
        DataError."""
        metadata = checked_metadata(metadata, place)
        built = architecture_of(metadata)
        if built is None:
            raise ValueError("it is of a baseline, which has no program")
        return cls(model_from(metadata, _Nothing()), built.outputs)

    @property
    def stepwise(self) -> bool:
        """Whether every step is predicted."""
        return predicts(self.model.task) == "steps"

    def running(self, program: Program, kind: type[Compiled]) -> Compiled:
        """The model with its program."""
        return kind(**{field.name: getattr(self.model, field.name) for field in fields(Model)} | {"predictor": program})


class _Nothing:
    """Stands where the program will."""

    def predict(self, inputs: Sequence[Any]) -> NDArray[Any]:
        raise NotImplementedError

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        raise NotImplementedError
