"""`gatewise.inspect`: from a model and an input to an `Inspection`."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from typing import Any

import torch

from gatewise.errors import OptionError
from gatewise.inspection.data import over_data
from gatewise.inspection.gradients import integrate_gradients
from gatewise.inspection.inspection import Inspection
from gatewise.inspection.occlusion import occlude
from gatewise.inspection.prediction import predict_one
from gatewise.inspection.reading import called, given_model, given_sequences, read_sequence
from gatewise.inspection.record import Importance, LayerSteps, Subject
from gatewise.inspection.targets import Question, only_row, question_of
from gatewise.inspection.trace import trace_layers
from gatewise.names import plain_title
from gatewise.nn import SequenceNetwork
from gatewise.nn.stack import Stack
from gatewise.records import Encoded
from gatewise.runtime.model import Model
from gatewise.training.networks import torch_network

__all__ = ["inspect"]


def inspect(
    run: Any,
    input: Any,
    *,
    row: int = 1,
    memory: int | None = None,
    text: str | None = None,
    audio: str | None = None,
    channels: Sequence[str] = (),
    id: str | None = None,
    time: str | None = None,
    date_format: str | None = None,
) -> Inspection:
    """Show what a recurrent model does with one sequence, and what its units do over many.

    run: the folder of a run or of a model, a Result, a Model, or a fitted estimator. input: a file like the one compared,
    `builtin:NAME`, one text where the model reads texts, or what `Model.predict` takes. row: of the input, from 1; of a forecast
    the series, whose last window is read. memory: steps that the task needs to remember, to be shown beside the time constants.
    text, audio, channels, id, time, date_format: columns of the input, as in `gatewise predict`.

    Gates come from the cell's own equations in float64. The units are measured on at most 500 sequences of the input, evenly
    spread; where the input is one sequence, on the run's own data, if it is still there.
    Raises OptionError for a model without a recurrent cell and a row that is not there, else what `Model.predict` raises.
    """
    model, config, folder = given_model(run)
    network, stack = _recurrent(model)
    columns = {"text": text, "audio": audio, "id": id, "time": time, "date_format": date_format}
    inputs = given_sequences(model, input, config, channels=tuple(channels), **columns)
    if not 1 <= row <= len(inputs.sequences):
        raise OptionError(f"row is {row}, and the input has {len(inputs.sequences):,}; give a number from 1 to that")
    if memory is not None and memory < 1:
        raise OptionError(f"memory is {memory}; expected a number of steps, at least 1")
    sequence = inputs.sequences[row - 1]
    encoded = model.encode([sequence])
    exact = _in_double(network)
    question = question_of(model, encoded)
    name = called(input)
    subject = Subject(
        cell=_cell(model),
        title=plain_title(_cell(model)),
        task=model.task,
        kind=model.kind,
        layers=stack.num_layers,
        hidden_size=stack.hidden_size,
        bidirectional=stack.bidirectional,
        source=str(run) if isinstance(run, (str, os.PathLike)) else model.name,
    )
    return Inspection(
        subject,
        read_sequence(model, inputs, name, row, encoded),
        predict_one(model, sequence),
        _layers(exact, stack, encoded),
        _importance(exact, question),
        over_data(model, network, inputs, name, config),
        memory,
        folder,
    )


def _recurrent(model: Model) -> tuple[SequenceNetwork, Stack]:
    network = torch_network(model)
    if network is not None and isinstance(network.recurrent, Stack):
        return network, network.recurrent
    raise OptionError(
        f"the model is a {plain_title(model.name)}, which has no recurrent cell, and so no gates to show. A comparison with "
        "--rivals none keeps the best cell as its model"
    )


def _cell(model: Model) -> str:
    assert model.architecture is not None
    return model.architecture.cell


def _in_double(network: SequenceNetwork) -> SequenceNetwork:
    """A copy whose rounding errors do not show, without gradients of the weights."""
    exact = copy.deepcopy(network).double().eval()
    for parameter in exact.parameters():
        parameter.requires_grad_(False)
    return exact


def _layers(network: SequenceNetwork, stack: Stack, encoded: Encoded) -> tuple[LayerSteps, ...]:
    inputs, lengths = only_row(encoded)
    with torch.no_grad():
        vectors = inputs if network.embedding is None else network.embedding(inputs)
    assert isinstance(network.recurrent, Stack)
    symbols = [block.symbol for block in stack.traits.blocks]
    return tuple(
        LayerSteps(
            trace.layer,
            trace.backward,
            {symbol: block[0].numpy() for symbol, block in zip(symbols, trace.blocks, strict=True)},
            trace.states[0].numpy(),
            None if trace.cells is None else trace.cells[0].numpy(),
        )
        for trace in trace_layers(network.recurrent, vectors, lengths)
    )


def _importance(network: SequenceNetwork, question: Question) -> Importance:
    occlusion = occlude(network, question)
    return Importance(
        question.name,
        question.said,
        question.write(occlusion.value),
        tuple(question.write(occlusion.value - effect) for effect in occlusion.per_step()),
        question.replaced_by,
        question.ways,
        occlusion,
        integrate_gradients(network, question),
        question.beside,
    )
