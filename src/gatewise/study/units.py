"""Units of work by name: one model fitted once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gatewise.records import Hyperparameters, Training, TrainingKind

__all__ = ["Context", "Unit", "seed_of"]


@dataclass(frozen=True)
class Context:
    """What a model sees of every sequence, where that is less than all of it.

    last: its last steps alone; None for all. shuffled: its steps in random order. longer: rows longer than the median are what is
    tested, and none of them is learned from.
    """

    last: int | None = None
    shuffled: bool = False
    longer: bool = False


@dataclass(frozen=True)
class Unit:
    """A piece of work by name.

    number: of the tuning trial, or of the replicate. fraction: of the training part, for a learning curve. trained: of the first
    replicate, the tuning trial that had its hyperparameters: the same training, and the same result whether it is repeated or
    taken over. max_epochs: most of the training, None for the configuration's. context: what a probe's model sees.
    """

    kind: TrainingKind
    name: str
    number: int
    hyperparameters: Hyperparameters | None = None
    fraction: float = 1.0
    trained: Training | None = None
    max_epochs: int | None = None
    context: Context = Context()

    @property
    def key(self) -> str:
        fraction = f":{self.fraction:g}" if self.kind in ("curve", "probe") else ""
        probed = f":{self.context}:{self.hyperparameters}" if self.kind == "probe" else ""
        return f"{self.kind}:{self.name}:{self.number}{fraction}{probed}"


def seed_of(*parts: int) -> int:
    """One well mixed 32-bit seed from several whole numbers."""
    # A SeedSequence ignores trailing zeros: without their count, the first arm's cell would share the seed of the head.
    return int(np.random.SeedSequence((len(parts), *parts)).generate_state(1)[0])
