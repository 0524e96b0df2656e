"""The number that a prediction is explained by: one for each thing that a task predicts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gatewise.data.encoding.text import UNKNOWN
from gatewise.errors import DataError
from gatewise.records import Encoded
from gatewise.report.numbers import percent, significant
from gatewise.runtime.batches import pad
from gatewise.runtime.model import Model
from gatewise.tasks import traits_of

__all__ = ["Question", "only_row", "question_of"]

MOST_DIGITS = 6


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of a network about one sequence.

    name: of the number, in a sentence. inputs: int64 [1, steps] or float [1, steps, channels]. lengths: int64 [1].
    number: the network's outputs [batch, ...] -> [batch]. neutral: what a step is replaced by, as a token's id or a value of
    every channel; replaced_by: the same in words. write: a value of the number as people read it, and said: what it is called
    there. ways: what a step does that makes it larger, and smaller. beside: steps at the end of the sequence that are not among
    the inputs, because the number is about them.
    """

    name: str
    said: str
    inputs: Tensor
    lengths: Tensor
    number: Callable[[Tensor], Tensor]
    write: Callable[[float], str]
    neutral: int | float
    replaced_by: str
    ways: tuple[str, str] = ("for", "against")
    beside: int = 0


def question_of(model: Model, encoded: Encoded) -> Question:
    """What a network is asked about the one row of `encoded`, in float64.

    Classes: the log-odds of the predicted class against all others together. Numbers: the number, in a forecast the mean over
    the steps ahead; of several channels each in units of its deviation. Next steps: the log-likelihood of the last step, given
    the others. Raises DataError where a sequence of next steps has no second one.
    """
    inputs, lengths = only_row(encoded)
    match traits_of(model.task).predicts:
        case "classes":
            return _class_question(model, encoded, inputs, lengths)
        case "numbers":
            return _number_question(model, encoded, inputs, lengths)
        case "steps":
            return _step_question(inputs, lengths)


def only_row(encoded: Encoded) -> tuple[Tensor, Tensor]:
    """The first row, as a network in float64 reads it: int64 [1, steps] or float64 [1, steps, channels], and its length [1]."""
    batch = pad(encoded, np.zeros(1, dtype=np.int64))
    inputs = torch.from_numpy(batch.inputs)
    return inputs.double() if inputs.is_floating_point() else inputs, torch.from_numpy(batch.lengths)


def _class_question(model: Model, encoded: Encoded, inputs: Tensor, lengths: Tensor) -> Question:
    predicted = int(model.predict_encoded(encoded)[0].argmax())
    others = [number for number in range(len(model.classes)) if number != predicted]
    name = model.class_names[predicted]
    neutral, replaced_by = _neutral(inputs)
    against = f"against “{model.class_names[others[0]]}”" if len(others) == 1 else "against all other classes together"
    return Question(
        name=f"the log-odds of the class “{name}” {against}",
        said=f"the probability of “{name}”",
        inputs=inputs,
        lengths=lengths,
        number=lambda outputs: outputs[:, predicted] - outputs[:, others].logsumexp(1),
        write=_probability,
        neutral=neutral,
        replaced_by=replaced_by,
    )


def _probability(log_odds: float) -> str:
    """The probability as a percentage; close to 0% and 100% with as many digits as it takes to see what a step does."""
    rarer = 1 / (1 + math.exp(min(abs(log_odds), 700.0)))
    digits = 1 if rarer >= 0.01 else min(math.ceil(-math.log10(100 * rarer)) + 1, MOST_DIGITS)
    return percent(rarer if log_odds < 0 else 1 - rarer, digits)


def _number_question(model: Model, encoded: Encoded, inputs: Tensor, lengths: Tensor) -> Question:
    assert encoded.base is not None and encoded.scale is not None
    base, scale = (torch.tensor(values, dtype=torch.float64) for values in (encoded.base[0], encoded.scale))
    neutral, replaced_by = _neutral(inputs)
    name, several = f"the predicted {model.outputs[0]}", False
    if model.forecast is not None:
        horizon, channels = model.forecast.horizon, model.forecast.targets
        several = len(channels) > 1
        what = f"{len(channels)} channels, each in units of its deviation," if several else model.channels[channels[0]]
        ahead = f"over the next {horizon} steps" if horizon > 1 else "at the next step"
        name = f"the {'mean ' if several or horizon > 1 else ''}forecast of {what} {ahead}"
    return Question(
        name=name,
        said=name,
        inputs=inputs,
        lengths=lengths,
        number=(lambda outputs: outputs.mean(1)) if several else (lambda outputs: (base + outputs * scale).mean(1)),
        write=significant,
        neutral=neutral,
        replaced_by="the last value of the window" if model.forecast is not None else replaced_by,
        ways=("raises", "lowers"),
    )


def _step_question(inputs: Tensor, lengths: Tensor) -> Question:
    steps = int(lengths[0])
    if steps < 2:
        raise DataError("the sequence has 1 step, and nothing before it that it could be predicted from; give a longer one")
    came = inputs[0, -1]

    def number(outputs: Tensor) -> Tensor:
        last = outputs[:, -1]
        return -torch.nn.functional.binary_cross_entropy_with_logits(last, came.expand_as(last), reduction="none").sum(1)

    return Question(
        name="the log-likelihood of the last step, given those before it",
        said="the log-likelihood of the last step",
        inputs=inputs[:, :-1],
        lengths=lengths - 1,
        number=number,
        write=lambda value: f"{significant(value)} nats",
        neutral=0.0,
        replaced_by="silence (0 in every channel)",
        beside=1,
    )


def _neutral(inputs: Tensor) -> tuple[int | float, str]:
    """What stands for "nothing was there" among tokens, or values of which the mean of a channel is encoded as 0."""
    if inputs.dtype == torch.int64:
        return UNKNOWN, "the token of unknown words"
    return 0.0, "the mean of every channel in the training data"
