"""How much of the loss's gradient reaches the states of long ago."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from gatewise.claims.solving import Course, Learner, learner
from gatewise.data.sources import open_source

__all__ = ["gradient_logarithms", "measure_gradients"]

ROWS = 64
COURSE = Course(1000, settled=0.99)


def measure_gradients(cell: str, options: dict[str, Any], length: int, seed: int) -> dict[str, Any]:
    """`gradient_logarithms` of a cell's network on temporal order of so many steps, as first drawn and after training, and the
    accuracy that it reached. options: of `Config`, for the gates' first biases."""
    source = f"builtin:temporal-order?length={length}&rows=1500"
    own = learner(open_source(source, seed=seed), cell, seed, metric="accuracy", options=options)
    first = gradient_logarithms(own, length)
    learned = own.learn(COURSE)
    return {"first": first, "trained": gradient_logarithms(own, length), "accuracy": learned["score"], "steps": learned["steps"]}


def gradient_logarithms(own: Learner, length: int) -> dict[str, list[float]]:
    """The logarithm to base 10 of the norm of d loss / d h_t, and of d loss / d c_t where there is a cell state, against the lag.

    Entry k is of the state k steps before the last one, with respect to which the state is taken as free: h_t and c_t of one step
    are both inputs of the next. The norm is that of each row's own loss, the logarithms' mean is over up to 64 rows of the test
    part, and entry 0 is taken as 0, so that what remains is how much of it arrives. Computed in double precision, in which it
    does not vanish before e^-700.
    """
    rows = range(min(ROWS, len(own.encoded.test)))
    network = own.network.double()
    try:
        states = _states(network.recurrent, _inputs(own, rows, length))
        scores = network.head(states[-1][0][-1])
        cross_entropy(scores, torch.from_numpy(own.encoded.test.targets[rows.start : rows.stop]), reduction="sum").backward()
        names = ("h", "c")[: len(states[0])]
        return {name: _logarithms([state[place] for state in states]) for place, name in enumerate(names)}
    finally:
        network.float()


def _inputs(own: Learner, rows: range, length: int) -> torch.Tensor:
    """The first `length` steps of some test rows, [rows, length, channels]."""
    test = own.encoded.test
    starts = [int(test.offsets[row]) for row in rows]
    return torch.from_numpy(np.stack([test.values[start : start + length] for start in starts]).astype(np.float64))


def _states(layer: Any, inputs: torch.Tensor) -> list[tuple[torch.Tensor, ...]]:
    """h (and c) after each step, each [1, rows, hidden], that keep their gradients."""
    states: list[tuple[torch.Tensor, ...]] = []
    given: Any = None
    for step in range(inputs.shape[1]):
        _, given = layer(inputs[:, step : step + 1], given)
        states.append(given if isinstance(given, tuple) else (given,))
        for state in states[-1]:
            state.retain_grad()
    return states


def _logarithms(states: list[torch.Tensor]) -> list[float]:
    # The last cell state has no part in the loss but through h, whose own gradient is counted there.
    gradients = [state.grad for state in reversed(states) if state.grad is not None]
    norms: NDArray[np.float64] = torch.stack([one[0] for one in gradients]).norm(dim=2).clamp_min(1e-300).log10().mean(1).numpy()
    return [round(float(value), 4) for value in norms - norms[0]]
