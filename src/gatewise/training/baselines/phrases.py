"""What followed the same last steps before: an n-gram of whole steps, smoothed as Witten & Bell (1991) do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gatewise.training.baselines.steps import RepeatStep
from gatewise.training.examples import Examples
from gatewise.training.size import Size

__all__ = ["Phrases"]

ORDERS = (1, 2, 3, 4)

Rolls = Sequence[NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Phrases:
    """Probabilities of each key after the last 1, 2, ... steps, blended from short to long contexts.

    A context that was followed by `kinds` different steps in `times` steps keeps times / (times + kinds) of its own shares, and
    takes the rest from the context that is one step shorter; the shortest of all is whether the key sounded a step before.
    contexts: uint8 [contexts, bytes], the steps of a context packed into bits, latest first, with its length behind them.
    times, kinds: float64 [contexts]. sums: float32 [contexts, keys], how often each key sounded. base: shares of `RepeatStep`.
    """

    name: ClassVar[str] = "phrases"
    order: int
    contexts: NDArray[np.uint8]
    times: NDArray[np.float64]
    kinds: NDArray[np.float64]
    sums: NDArray[np.float32]
    base: NDArray[np.float64]

    @classmethod
    def fit(cls, train: Examples, validation: Examples) -> Phrases:
        """The longest context is the best of one to four steps on the validation part."""
        base = RepeatStep.fit(train, validation).shares
        weights = np.ones(len(train)) if train.weights is None else train.weights
        steps = np.array([len(one) - 1 for one in train.inputs])
        own = np.repeat(weights.astype(np.float64), steps)
        after = np.concatenate([one[1:] for one in train.inputs])
        following = _packed([after])
        counted = [_count(_contexts(train.inputs, order), following, after, own) for order in ORDERS]
        candidates = []
        for number, order in enumerate(ORDERS):
            parts = [np.concatenate(part) for part in zip(*counted[: number + 1], strict=True)]
            model = cls(order, parts[0], parts[1], parts[2], parts[3], base)
            candidates.append((validation.merit(model.predict(validation.inputs)), model))
        return max(candidates, key=lambda candidate: candidate[0])[1]

    @cached_property
    def _places(self) -> dict[bytes, int]:
        return {context.tobytes(): place for place, context in enumerate(self.contexts)}

    def predict(self, inputs: Rolls) -> NDArray[np.float32]:
        """Probabilities of every step but the first of every row, float32 [sum of (steps - 1), keys]."""
        said = RepeatStep(self.base).predict(inputs).astype(np.float64)
        for order in ORDERS[: self.order]:
            places = np.array([self._places.get(context.tobytes(), -1) for context in _contexts(inputs, order)], dtype=np.int64)
            known = np.flatnonzero(places >= 0)
            found = places[known]
            kinds = self.kinds[found, np.newaxis]
            said[known] = (self.sums[found] + kinds * said[known]) / (self.times[found, np.newaxis] + kinds)
        return said.astype(np.float32)

    @staticmethod
    def foreseen(size: Size) -> float:
        """Seconds in a replicate, scores included."""
        return 0.2 + size.values * 2.5e-7

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        names = ("contexts", "times", "kinds", "sums", "base")
        return {"order": self.order}, {name: getattr(self, name) for name in names}

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Phrases:
        names = ("contexts", "times", "kinds", "sums", "base")
        return cls(values["order"], *(arrays[name] for name in names))


def _packed(rolls: Rolls) -> NDArray[np.uint8]:
    """Steps as bits, end to end: uint8 [steps, bytes]."""
    return np.packbits(np.concatenate(rolls) != 0, axis=1)


def _contexts(rolls: Rolls, order: int) -> NDArray[np.uint8]:
    """What is known before every step but the first of each row: its last `order` steps, fewer at the beginning of a row.

    The last byte is how many there are at most, the one before how many there are, so that no two contexts are taken for one.
    """
    packed = [np.packbits(one[:-1] != 0, axis=1) for one in rolls]
    width = packed[0].shape[1] if packed else 0
    result = np.zeros((sum(map(len, packed)), order * width + 2), dtype=np.uint8)
    result[:, -1] = order
    start = 0
    for steps in packed:
        end = start + len(steps)
        for back in range(min(order, len(steps))):
            result[start + back : end, back * width : (back + 1) * width] = steps[: len(steps) - back]
        result[start:end, -2] = np.minimum(np.arange(len(steps)) + 1, order)
        start = end
    # All orders have one width, so that they can be kept together.
    return np.pad(result, ((0, 0), ((max(ORDERS) - order) * width, 0)))


def _count(
    contexts: NDArray[np.uint8], following: NDArray[np.uint8], after: NDArray[np.float32], weights: NDArray[np.float64]
) -> tuple[NDArray[np.uint8], NDArray[np.float64], NDArray[np.float64], NDArray[np.float32]]:
    """Each different context, the weight of its steps, how many different steps followed, and how often each key sounded."""
    _, first, member = np.unique(_whole(contexts), return_index=True, return_inverse=True)
    order = np.argsort(member, kind="stable")
    starts = np.searchsorted(member[order], np.arange(len(first)))
    sums = np.add.reduceat(weights[order, np.newaxis] * after[order], starts)
    _, together = np.unique(_whole(np.concatenate([contexts, following], axis=1)), return_index=True)
    kinds = np.bincount(member[together], minlength=len(first)).astype(np.float64)
    times = np.asarray(np.bincount(member, weights=weights, minlength=len(first)), dtype=np.float64)
    return contexts[first], times, kinds, sums.astype(np.float32)


def _whole(rows: NDArray[np.uint8]) -> NDArray[Any]:
    """Rows as single values, which can be told apart at once."""
    return np.ascontiguousarray(rows).view(np.dtype((np.void, rows.shape[1]))).ravel()
