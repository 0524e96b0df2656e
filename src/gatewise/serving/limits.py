"""How much a server takes on."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from gatewise.errors import OptionError

__all__ = ["Limits"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What is beyond a limit is refused, and how is said in docs/serving.md.

    connections: open at once, those of streams among them. streams: of these. queue: sequences that wait for their prediction.
    batch: sequences computed at once. gather: seconds that the first of a batch waits for others. body: bytes of a request, and
    of a message of a stream. rows: sequences of a request. length: steps, characters or samples of a sequence. steps: messages
    of a stream. patience: seconds for a client to send what it has begun, and to take its answer. idle: seconds between a
    stream's messages. drain: seconds at the end for what has been accepted.
    Raises OptionError for a limit that is no limit.
    """

    connections: int = 512
    streams: int = 256
    queue: int = 1024
    batch: int = 64
    gather: float = 0.001
    body: int = 4 * 2**20
    rows: int = 256
    length: int = 1_000_000
    steps: int = 1_000_000
    patience: float = 10.0
    idle: float = 300.0
    drain: float = 10.0

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            least = 0 if item.name in ("gather", "drain") else 1 if isinstance(item.default, int) else 0.001
            if not (math.isfinite(value) and value >= least):
                raise OptionError(f"the limit {item.name} is {value!r}; expected a number of at least {least}")
        if self.rows > self.queue:
            raise OptionError(f"a request may have {self.rows} sequences and the queue holds {self.queue}; let it hold as many")
