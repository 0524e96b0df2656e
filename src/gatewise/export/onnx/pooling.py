"""The poolings of `gatewise.nn.pooling` as nodes: over whole sequences, and carried on from step to step.

What is carried begins as zeros. `step`, int64 [batch, 1], counts the steps read before, so that a first one is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gatewise.export.onnx.graph import Graph

__all__ = ["CARRIED", "POOLINGS", "RUNNING", "Real"]

Weights = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Real:
    """Which steps are real. mask: bool [batch, steps, 1]. last: int64 [batch, 1], the place of the last one. count: float32
    [batch, 1]. forward_size: how much of a state is the forward direction's, None for all of it."""

    mask: str
    last: str
    count: str
    forward_size: int | None


def _last(graph: Graph, states: str, real: Real, weights: Weights) -> str:
    last = _at_the_end(graph, states, real)
    if real.forward_size is None:
        return last
    first = graph.node("Gather", states, graph.integer(0), axis=1)
    ends = graph.integers(real.forward_size), graph.integers(2 * real.forward_size)
    forward = graph.node("Slice", last, graph.integers(0), ends[0], graph.integers(1))
    backward = graph.node("Slice", first, *ends, graph.integers(1))
    return graph.node("Concat", forward, backward, axis=1)


def _mean(graph: Graph, states: str, real: Real, weights: Weights) -> str:
    known = graph.node("Where", real.mask, states, graph.number(0.0))
    return graph.node("Div", graph.node("ReduceSum", known, graph.integers(1), keepdims=0), real.count)


def _maximum(graph: Graph, states: str, real: Real, weights: Weights) -> str:
    known = graph.node("Where", real.mask, states, graph.number(-np.inf))
    return graph.node("ReduceMax", known, axes=[1], keepdims=0)


def _summary(graph: Graph, states: str, real: Real, weights: Weights) -> str:
    parts = _at_the_end(graph, states, real), *(pool(graph, states, real, weights) for pool in (_mean, _maximum))
    return graph.node("Concat", *parts, axis=1)


def _attention(graph: Graph, states: str, real: Real, weights: Weights) -> str:
    known = graph.node("Where", real.mask, states, graph.number(0.0))
    scores = graph.node("Where", real.mask, _scores(graph, known, weights), graph.number(-np.inf))
    shares = graph.node("Softmax", scores, axis=1)
    return graph.node("ReduceSum", graph.node("Mul", shares, known), graph.integers(1), keepdims=0)


def _steps(graph: Graph, states: str, real: Real, weights: Weights) -> str:
    return states


POOLINGS: Mapping[str, Callable[[Graph, str, Real, Weights], str]] = {
    "last": _last,
    "mean": _mean,
    "max": _maximum,
    "summary": _summary,
    "attention": _attention,
    "steps": _steps,
}
"""From states [batch, steps, size] to what the head reads, by their names in `Architecture.pooling`."""


def _at_the_end(graph: Graph, states: str, real: Real) -> str:
    # Not the node's own final state: there are runtimes that do not heed its lengths.
    return graph.node("GatherND", states, real.last, batch_dims=1)


def _scores(graph: Graph, states: str, weights: Weights) -> str:
    """One number for each state, [..., 1]."""
    keys = graph.node("Tanh", graph.linear("pool.key", states, weights["pool.key.weight"], weights["pool.key.bias"]))
    return graph.node("MatMul", keys, graph.keep("pool.query", weights["pool.query"][:, np.newaxis]))


# ---------------------------------------------------------------- step by step


@dataclass(frozen=True)
class Running:
    """One step of a pooling. carried: what came of the steps before, by name. is_first: bool [batch, 1]. count: float32
    [batch, 1], steps with this one. after: what is carried on, which each pooling adds to."""

    graph: Graph
    weights: Weights
    carried: Mapping[str, str]
    is_first: str
    count: str
    after: dict[str, str]

    def unless_first(self, otherwise: str, value: str) -> str:
        """`value`, and `otherwise` at a first step."""
        return self.graph.node("Where", self.is_first, otherwise, value)


def _running_mean(state: str, at: Running) -> str:
    # The mean itself is carried, not the sum: that would lose digits in a long stream.
    graph, before = at.graph, at.carried["mean"]
    at.after["mean"] = graph.node("Add", before, graph.node("Div", graph.node("Sub", state, before), at.count))
    return at.after["mean"]


def _running_maximum(state: str, at: Running) -> str:
    at.after["max"] = at.unless_first(state, at.graph.node("Max", at.carried["max"], state))
    return at.after["max"]


def _running_summary(state: str, at: Running) -> str:
    return at.graph.node("Concat", state, _running_mean(state, at), _running_maximum(state, at), axis=1)


def _running_attention(state: str, at: Running) -> str:
    """The softmax as far as it is known: greatest score, the sum of exponentials less it, and the states weighted by those."""
    graph, before = at.graph, at.carried
    score = _scores(graph, state, at.weights)
    top = at.unless_first(score, graph.node("Max", before["top"], score))
    kept = at.unless_first(graph.number(0.0), graph.node("Exp", graph.node("Sub", before["top"], top)))
    share = graph.node("Exp", graph.node("Sub", score, top))
    total = graph.node("Add", graph.node("Mul", before["total"], kept), share)
    weighted = graph.node("Add", graph.node("Mul", before["weighted"], kept), graph.node("Mul", state, share))
    at.after.update(top=top, total=total, weighted=weighted)
    return graph.node("Div", weighted, total)


def _now(state: str, at: Running) -> str:
    return state


RUNNING: Mapping[str, Callable[[str, Running], str]] = {
    "last": _now,
    "mean": _running_mean,
    "max": _running_maximum,
    "summary": _running_summary,
    "attention": _running_attention,
    "steps": _now,
}
"""From the state behind a step [batch, size] to what the head reads [batch, read] if this is the last step."""

CARRIED: Mapping[str, Mapping[str, bool]] = {
    "last": {},
    "mean": {"mean": True},
    "max": {"max": True},
    "summary": {"mean": True, "max": True},
    "attention": {"top": False, "total": False, "weighted": True},
    "steps": {},
}
"""What each of them carries on, float32, and whether that is of the states' size or one number a row."""
