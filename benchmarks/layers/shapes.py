"""What is measured: sizes, and how many floating-point operations they take."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["GATES", "ODD", "QUICK", "SHAPES", "STEP_SIZES", "Shape", "operations"]

GATES = {"gru": 3, "lstm": 4}


@dataclass(frozen=True)
class Shape:
    """Sizes of one layer's call: rows of the batch, time steps, features of the input and of the state."""

    batch: int
    steps: int
    input_size: int
    hidden_size: int

    def __str__(self) -> str:
        return f"{self.batch},{self.steps},{self.input_size},{self.hidden_size}"

    @classmethod
    def parse(cls, text: str) -> Shape:
        """Read "batch,steps,input,hidden". Raises ValueError for anything else."""
        sizes = [int(part) for part in text.split(",")]
        if len(sizes) != 4 or min(sizes) < 1:
            raise ValueError(f"{text!r} is no shape; expected four whole numbers from 1: batch,steps,input,hidden")
        return cls(*sizes)


SHAPES = (
    Shape(1, 100, 64, 128),
    Shape(32, 50, 64, 64),
    Shape(32, 100, 128, 128),
    Shape(64, 100, 128, 256),
    Shape(32, 200, 128, 512),
    Shape(128, 28, 28, 128),
    Shape(16, 1000, 32, 64),
    Shape(256, 100, 64, 128),
)
ODD = tuple(Shape(batch, 50, inputs, hidden) for hidden in (1, 5, 17, 33, 100, 127) for inputs in (1, 3, 50) for batch in (1, 32))
QUICK = (Shape(2, 10, 8, 16), Shape(4, 12, 16, 32))
STEP_SIZES = (16, 32, 64, 128, 256)


def operations(shape: Shape, cell: str, mode: str) -> float:
    """Floating-point operations of the matrix products of one call; a multiplication and an addition are two.

    Forward is 2 B T (I + H) G H with G gates. Training adds the gradient of the state, 2 B T H G H, and of the weights,
    2 B T (I + H) G H; `train_input` also the gradient of the input, 2 B T I G H.
    """
    columns = GATES[cell] * shape.hidden_size
    positions = 2.0 * shape.batch * shape.steps
    forward = positions * (shape.input_size + shape.hidden_size) * columns
    if mode == "inference":
        return forward
    to_input = positions * shape.input_size * columns if mode == "train_input" else 0.0
    return 2 * forward + positions * shape.hidden_size * columns + to_input
