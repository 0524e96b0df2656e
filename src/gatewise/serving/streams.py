"""Streams of many connections in one: their steps are computed together, each on the state of its own."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Executor
from typing import Any

import numpy as np

from gatewise.errors import GatewiseError
from gatewise.runtime.answers import answer
from gatewise.runtime.model import Model
from gatewise.runtime.streaming.stream import ModelStream
from gatewise.serving.errors import Refusal
from gatewise.serving.limits import Limits
from gatewise.serving.metrics import Metrics

__all__ = ["Streams"]

_Step = tuple[int, Any, bool, asyncio.Future[dict[str, Any]]]


class Streams:
    """Places in one `ModelStream`, made when the first is asked for. `run` is its work, a task of the event loop."""

    def __init__(self, model: Model, limits: Limits, metrics: Metrics, executor: Executor) -> None:
        self._model, self._limits, self._metrics, self._executor = model, limits, metrics, executor
        self._stream: ModelStream | None = None
        self._free = list(range(limits.streams))[::-1]
        self._waiting: deque[_Step] = deque()
        self._under_way: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._arrived = asyncio.Event()
        metrics.gauges["streams"] = ("Streams that are open.", lambda: limits.streams - len(self._free))

    def open(self) -> int:
        """A place that is free, its state begun anew. Raises Refusal where there is none, OptionError for a model that cannot."""
        if self._stream is None:
            self._stream = self._model.stream(self._limits.streams)
        if not self._free:
            raise Refusal(503, f"{self._limits.streams} streams are open, and no more may be; try again", 1)
        return self._free.pop()

    def close(self, place: int) -> None:
        """Nobody has the place any longer. Another gets it once the step under way, if there is one, is done."""
        under_way = self._under_way.pop(place, None)
        if under_way is None or under_way.done():
            self._free.append(place)
        else:
            under_way.add_done_callback(lambda _: self._free.append(place))

    async def step(self, place: int, arrival: Any, reset: bool) -> dict[str, Any]:
        """The answer to what arrived. Raises Refusal; the state is then as before, unless a prediction is not finite."""
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting.append((place, arrival, reset, future))
        self._under_way[place] = future
        self._arrived.set()
        # It is done even if the client has gone: until then the place is nobody else's.
        return await asyncio.shield(future)

    def end(self) -> None:
        """Nobody streams any longer: the kernels give back what they hold before the interpreter ends."""
        self._stream = None

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self._arrived.wait()
            batch = [self._waiting.popleft() for _ in range(min(self._limits.batch, len(self._waiting)))]
            if not self._waiting:
                self._arrived.clear()
            loop = asyncio.get_running_loop()
            try:
                answers = await loop.run_in_executor(self._executor, self._computed, batch)
            except Exception as error:
                answers = [error] * len(batch)
            self._metrics.steps += len(batch)
            for (_, _, _, future), found in zip(batch, answers, strict=True):
                if isinstance(found, Exception):
                    future.set_exception(found)
                    # Its client may have gone.
                    future.exception()
                else:
                    future.set_result(found)

    def _computed(self, batch: list[_Step]) -> list[dict[str, Any] | Exception]:
        stream = self._stream
        assert stream is not None
        if anew := [place for place, _, reset, _ in batch if reset]:
            stream.reset(anew)
        steps = [(place, arrival) for place, arrival, _, _ in batch if arrival is not None]
        wrong = self._stepped(stream, steps)
        said, read = stream.said, stream.steps
        return [wrong.get(place) or self._answer(said[place], int(read[place])) for place, *_ in batch]

    def _stepped(self, stream: ModelStream, steps: list[tuple[int, Any]]) -> dict[int, Exception]:
        """What went wrong, by place."""
        places = [place for place, _ in steps]
        before = stream.steps
        try:
            if steps:
                stream.step([arrival for _, arrival in steps], places)
        except GatewiseError as error:
            if (stream.steps != before).any():
                infinite = np.any(np.isinf(stream.said).reshape(stream.streams, -1), axis=1).tolist()
                return {place: Refusal(422, str(error)) for place in places if infinite[place]}
            if len(steps) == 1:
                return {places[0]: Refusal(422, str(error))}
            # Of one of them, and nothing has changed.
            return {place: wrong for one in steps for place, wrong in self._stepped(stream, [one]).items()}
        return {}

    def _answer(self, said: Any, steps: int) -> dict[str, Any]:
        found = None if np.isnan(said).any() else answer(self._model, said)
        return {"steps": steps, **(found or {"prediction": None})}
