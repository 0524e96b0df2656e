"""Sequences of many requests computed together: what arrives while one batch computes is the next one."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

from gatewise.errors import GatewiseError
from gatewise.runtime.answers import say
from gatewise.runtime.model import Model
from gatewise.serving.errors import Refusal
from gatewise.serving.limits import Limits
from gatewise.serving.metrics import Metrics

__all__ = ["Batcher"]

# Steps that a batch may have with its padding: sequences of very different lengths are not padded to the longest.
_PADDED_STEPS = 2**15


@dataclass(eq=False)
class _Job:
    """The sequences of one request. left: how many have no prediction yet."""

    sequences: Sequence[Any]
    answered: asyncio.Future[list[Any]]
    said: list[Any] = field(init=False)
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.said, self.left = [None] * len(self.sequences), len(self.sequences)


class Batcher:
    """Predicts with `model` on `executor`, one batch at a time. `run` is its work, a task of the event loop."""

    def __init__(self, model: Model, limits: Limits, metrics: Metrics, executor: Executor) -> None:
        self._model, self._limits, self._metrics, self._executor = model, limits, metrics, executor
        self._waiting: deque[tuple[_Job, int]] = deque()
        self._arrived = asyncio.Event()
        metrics.gauges["queue_sequences"] = ("Sequences that wait for their prediction.", lambda: len(self._waiting))

    async def predict(self, sequences: Sequence[Any]) -> list[Any]:
        """What the model says of each of checked sequences, as `runtime.answers.say`. Raises Refusal."""
        if not sequences:
            return []
        if len(self._waiting) + len(sequences) > self._limits.queue:
            raise Refusal(503, f"{len(self._waiting)} sequences wait already, and {self._limits.queue} may; try again", 1)
        job = _Job(sequences, asyncio.get_running_loop().create_future())
        self._waiting.extend((job, row) for row in range(len(sequences)))
        self._arrived.set()
        return await job.answered

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self._arrived.wait()
            if len(self._waiting) < self._limits.batch:
                await asyncio.sleep(self._limits.gather)
            batch = [self._waiting.popleft() for _ in range(min(self._limits.batch, len(self._waiting)))]
            if not self._waiting:
                self._arrived.clear()
            # Nobody waits for what was given up.
            batch = [(job, row) for job, row in batch if not job.answered.done()]
            for part in self._parts(batch):
                await self._answer(part)

    def _parts(self, batch: list[tuple[_Job, int]]) -> Iterator[list[tuple[_Job, int]]]:
        """Cut into parts of nearly equal length."""
        batch = sorted(batch, key=lambda one: _length(one[0].sequences[one[1]]))
        start = 0
        for end in range(1, len(batch) + 1):
            more = end < len(batch) and (end + 1 - start) * _length(batch[end][0].sequences[batch[end][1]]) <= _PADDED_STEPS
            if not more:
                yield batch[start:end]
                start = end

    async def _answer(self, part: list[tuple[_Job, int]]) -> None:
        sequences = [job.sequences[row] for job, row in part]
        compute = asyncio.get_running_loop().run_in_executor
        try:
            said: Sequence[Any] = await compute(self._executor, say, self._model, sequences)
        except Exception as error:
            if len(part) > 1:
                # Of one of them, which the others are not to pay for.
                for one in part:
                    await self._answer([one])
                return
            job, row = part[0]
            if not job.answered.done():
                job.answered.set_exception(_refusal(error, row))
            return
        self._metrics.batches += 1
        self._metrics.predictions += len(part)
        for (job, row), one in zip(part, said, strict=True):
            job.said[row] = one
            job.left -= 1
            if not job.left and not job.answered.done():
                job.answered.set_result(job.said)


def _refusal(error: Exception, row: int) -> Exception:
    return Refusal(422, f"input {row + 1}: {error}") if isinstance(error, GatewiseError) else error


def _length(sequence: Any) -> int:
    """Steps, roughly: a token has some four characters, and a frame of sound some hundred samples."""
    if isinstance(sequence, str):
        return math.ceil(len(sequence) / 4)
    return math.ceil(len(sequence[0]) / 100) if isinstance(sequence, tuple) else len(sequence)
