"""The network of every arm as a graph: embed -> recurrent -> pool -> head, over whole sequences or one step a call.

Whole sequences: `inputs` int64 [batch, steps] or float32 [batch, steps, channels] and `lengths` int64 [batch], from 1 to steps,
give `outputs` [batch, outputs], or where every step is answered [batch, steps, outputs].
Step by step: `inputs` int64 [batch] or float32 [batch, channels] and all that is carried give `outputs` [batch, outputs], the
answer if this is the last step, and the same carried on, under names with `next_` before them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gatewise import cells
from gatewise.export.onnx import recurrent
from gatewise.export.onnx.convolutions import Past, convolved, pasts
from gatewise.export.onnx.graph import Graph, Shape
from gatewise.export.onnx.pooling import CARRIED, POOLINGS, RUNNING, Real, Running
from gatewise.records import Architecture
from gatewise.runtime.network import ArrayNetwork

__all__ = ["State", "states_of", "step_graph", "whole_graph"]

Weights = Mapping[str, NDArray[np.float32]]


class State(NamedTuple):
    """What a stream carries on. shape: of one row."""

    name: str
    shape: tuple[int, ...]
    dtype: type[np.generic] = np.float32


def whole_graph(network: ArrayNetwork, *, int8: bool) -> Graph:
    """The graph over whole sequences. Raises OptionError for a cell without a form in ONNX."""
    built, weights, graph = network.architecture, network.weights, Graph(int8=int8)
    given = _input(graph, built, ["batch", "steps"])
    lengths = graph.input("lengths", np.int64, ["batch"])
    states = _states(graph, network, _vectors(graph, built, given, weights), lengths)
    read = POOLINGS[built.pooling](graph, states, _real(graph, built, given, lengths), weights)
    said = graph.linear("head", read, weights["head.weight"], weights["head.bias"])
    if built.skip is not None:
        said = graph.node("Add", said, _skip(graph, built, given, weights))
    shape: Shape = ["batch", "steps", built.outputs] if built.pooling == "steps" else ["batch", built.outputs]
    graph.output("outputs", said, np.float32, shape)
    return graph


def step_graph(network: ArrayNetwork, *, int8: bool) -> Graph:
    """The graph of one step, of a network that reads in one direction. Raises OptionError as `whole_graph` does."""
    built, weights, graph = network.architecture, network.weights, Graph(int8=int8)
    inputs = _input(graph, built, ["batch"])
    carried = states_of(network)
    before = {state.name: graph.input(state.name, state.dtype, ["batch", *state.shape]) for state in carried}
    after: dict[str, str] = {}
    state = _one_step(graph, network, _vectors(graph, built, inputs, weights), before, after)
    if CARRIED[built.pooling]:
        after["step"] = graph.node("Add", before["step"], graph.integer(1))
        is_first = graph.node("Equal", before["step"], graph.integer(0))
        count = graph.node("Cast", after["step"], to=1)
        state = RUNNING[built.pooling](state, Running(graph, weights, before, is_first, count, after))
    said = graph.linear("head", state, weights["head.weight"], weights["head.bias"])
    graph.output("outputs", said, np.float32, ["batch", built.outputs])
    for one in carried:
        graph.output(f"next_{one.name}", after[one.name], one.dtype, ["batch", *one.shape])
    return graph


def states_of(network: ArrayNetwork) -> list[State]:
    """All that a stream carries on, which is zeros before its first step."""
    return [*_layer_states(network), *_pooling_states(network.architecture)]


def _layer_states(network: ArrayNetwork) -> Iterator[State]:
    built = network.architecture
    if built.cell not in cells.CELLS:
        yield from (State(past.name, (past.channels, past.steps)) for past in pasts(network.weights, built.layers))
        return
    for layer in range(built.layers):
        for letter in _letters(built):
            yield State(f"{letter}_l{layer}", (built.hidden_size,))


def _pooling_states(built: Architecture) -> Iterator[State]:
    carried = CARRIED[built.pooling]
    if carried:
        yield State("step", (1,), np.int64)
    for name, is_wide in carried.items():
        yield State(name, (built.hidden_size if is_wide else 1,))


def _letters(built: Architecture) -> str:
    return "hc" if cells.CELLS[built.cell].cell_state else "h"


def _input(graph: Graph, built: Architecture, shape: Shape) -> str:
    if built.tokens:
        return graph.input("inputs", np.int64, shape)
    return graph.input("inputs", np.float32, [*shape, built.input_size])


def _vectors(graph: Graph, built: Architecture, given: str, weights: Weights) -> str:
    return graph.rows_of("embedding.weight", weights["embedding.weight"], given) if built.tokens else given


def _states(graph: Graph, network: ArrayNetwork, vectors: str, lengths: str) -> str:
    """The states [batch, steps, size] of vectors [batch, steps, I]."""
    built = network.architecture
    if built.cell not in cells.CELLS:
        turned = graph.node("Transpose", vectors, perm=[0, 2, 1])
        return graph.node("Transpose", convolved(graph, turned, network.weights, built.layers), perm=[0, 2, 1])
    equation = _equation(built)
    states = graph.node("Transpose", vectors, perm=[1, 0, 2])
    for number, directions in enumerate(network.directions):
        states = recurrent.layer(graph, equation, f"recurrent.l{number}", states, directions, lengths)
    return graph.node("Transpose", states, perm=[1, 0, 2])


def _one_step(graph: Graph, network: ArrayNetwork, inputs: str, before: Mapping[str, str], after: dict[str, str]) -> str:
    """The state [batch, H] behind a step [batch, I]; `after` gets what the layers carry on."""
    built = network.architecture
    if built.cell not in cells.CELLS:

        def with_past(past: Past, now: str) -> str:
            read = graph.node("Concat", before[past.name], now, axis=2)
            ends = graph.integers(1), graph.integers(past.steps + 1)
            after[past.name] = graph.node("Slice", read, *ends, graph.integers(2))
            return read

        now = graph.node("Unsqueeze", inputs, graph.integers(2))
        return graph.node("Squeeze", convolved(graph, now, network.weights, built.layers, with_past), graph.integers(2))
    for number, directions in enumerate(network.directions):
        names = [f"{letter}_l{number}" for letter in _letters(built)]
        states = [before[name] for name in names]
        made = recurrent.step(graph, _equation(built), f"recurrent.l{number}", inputs, directions[0], states)
        after.update(zip(names, made, strict=True))
        inputs = made[0]
    return inputs


def _equation(built: Architecture) -> str:
    equation = cells.CELLS[built.cell].equations[0]
    recurrent.require_node(equation)
    return equation


def _real(graph: Graph, built: Architecture, given: str, lengths: str) -> Real:
    steps = graph.node("Gather", graph.node("Shape", given), graph.integer(1))
    places = graph.node("Range", graph.integer(0), steps, graph.integer(1))
    column = graph.node("Unsqueeze", lengths, graph.integers(1))
    mask = graph.node("Unsqueeze", graph.node("Less", places, column), graph.integers(2))
    last = graph.node("Sub", column, graph.integer(1))
    return Real(mask, last, graph.node("Cast", column, to=1), built.hidden_size if built.bidirectional else None)


def _skip(graph: Graph, built: Architecture, given: str, weights: Weights) -> str:
    """What `nn.linear_skip.LinearSkip` adds, [batch, horizon * predicted channels]."""
    assert built.skip is not None
    channels = graph.keep("skip.channels", np.array(built.skip["channels"], dtype=np.int64))
    read = graph.node("Transpose", graph.node("Gather", given, channels, axis=2), perm=[0, 2, 1])
    ahead = graph.linear("skip.linear", read, weights["skip.linear.weight"], weights["skip.linear.bias"])
    return graph.node("Reshape", graph.node("Transpose", ahead, perm=[0, 2, 1]), graph.integers(0, -1))
