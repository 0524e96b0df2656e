"""The weights that an architecture has: what a file of them is held against before it is run."""

from __future__ import annotations

from collections.abc import Iterator

from gatewise.cells import CELLS
from gatewise.records import Architecture

__all__ = ["weight_shapes"]

# Taps of the temporal convolutional network's kernels.
_TAPS = 3
_PARTS = {"last": 1, "mean": 1, "max": 1, "summary": 3, "attention": 1, "steps": 1}

Shape = tuple[int, ...]


def weight_shapes(built: Architecture) -> dict[str, Shape]:
    """Shapes by the names of `SequenceNetwork.state_dict`. Raises KeyError for a pooling, ValueError for a size below 1."""
    sizes = {name: getattr(built, name) for name in ("input_size", "outputs", "hidden_size", "layers")}
    sizes |= {"embedding_size": built.embedding_size} if built.tokens else {}
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise ValueError(f"{name} is {size!r}; expected a whole number of at least 1")
    width = built.embedding_size if built.tokens else built.input_size
    size = built.hidden_size * (2 if built.bidirectional else 1)
    shapes: dict[str, Shape] = {"embedding.weight": (built.input_size, width)} if built.tokens else {}
    shapes |= dict(_recurrent(built, width) if built.cell in CELLS else _convolutional(built, width))
    if built.pooling == "attention":
        shapes |= {"pool.key.weight": (size, size), "pool.key.bias": (size,), "pool.query": (size,)}
    shapes |= {"head.weight": (built.outputs, _PARTS[built.pooling] * size), "head.bias": (built.outputs,)}
    if built.skip is not None:
        window, horizon = built.skip["window"], built.skip["horizon"]
        shapes |= {"skip.linear.weight": (horizon, window), "skip.linear.bias": (horizon,)}
    return shapes


def _recurrent(built: Architecture, width: int) -> Iterator[tuple[str, Shape]]:
    traits = CELLS[built.cell]
    rows = traits.gates * built.hidden_size
    ends = ("", "_reverse") if built.bidirectional else ("",)
    for layer in range(built.layers):
        for end in ends:
            at = f"l{layer}{end}"
            yield f"recurrent.weight_ih_{at}", (rows, built.hidden_size * len(ends) if layer else width)
            yield f"recurrent.bias_ih_{at}", (rows,)
            if traits.recurrent:
                yield f"recurrent.weight_hh_{at}", (rows, built.hidden_size)
                yield f"recurrent.bias_hh_{at}", (rows,)


def _convolutional(built: Architecture, width: int) -> Iterator[tuple[str, Shape]]:
    if built.cell != "tcn":
        raise ValueError(f"cell is {built.cell!r}; expected tcn or one of {', '.join(CELLS)}")
    size = built.hidden_size
    for block in range(built.layers):
        read = size if block else width
        at = f"recurrent.blocks.{block}"
        for name, inputs in (("first", read), ("second", size)):
            yield f"{at}.{name}.weight", (size, inputs, _TAPS)
            yield f"{at}.{name}.bias", (size,)
        if read != size:
            yield f"{at}.around.weight", (size, read, 1)
            yield f"{at}.around.bias", (size,)
