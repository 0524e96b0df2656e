"""Philox4x32-10 (Salmon et al. 2011) as the paper has it, and dropout drawn with it: what the compiled one is held to."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
MASK = np.uint64(0xFFFFFFFF)


def philox(counter: NDArray[np.uint32], key: tuple[int, int]) -> NDArray[np.uint32]:
    """Four random words for each counter of four words: [..., 4] -> [..., 4]."""
    words = [counter[..., place].astype(np.uint64) for place in range(4)]
    keys = list(key)
    for _ in range(10):
        left, right = words[0] * np.uint64(MULTIPLIERS[0]), words[2] * np.uint64(MULTIPLIERS[1])
        words = [
            (right >> np.uint64(32)) ^ words[1] ^ np.uint64(keys[0]),
            right & MASK,
            (left >> np.uint64(32)) ^ words[3] ^ np.uint64(keys[1]),
            left & MASK,
        ]
        keys = [(value + step) & 0xFFFFFFFF for value, step in zip(keys, WEYL, strict=True)]
    return np.stack(words, axis=-1).astype(np.uint32)


def words(seed: int, step: int, place: int, rows: int, width: int) -> NDArray[np.uint32]:
    """The random word of every column of every row: [rows, width]."""
    column = np.arange(width)
    counter = np.empty((rows, width, 4), dtype=np.uint32)
    counter[..., 0] = 16 * (column // 64) + column % 16
    counter[..., 1] = np.arange(rows)[:, np.newaxis]
    counter[..., 2], counter[..., 3] = step, place
    drawn = philox(counter, (seed & 0xFFFFFFFF, seed >> 32))
    return np.take_along_axis(drawn, np.broadcast_to((column % 64 // 16)[:, np.newaxis], (rows, width, 1)), axis=2)[..., 0]


def uniform(seed: int, step: int, place: int, rows: int, width: int) -> Tensor:
    """Numbers in [0, 1), float64: dropped is what lies below the probability."""
    return torch.from_numpy(words(seed, step, place, rows, width) / 2.0**32)


def factors(seed: int, step: int, place: int, rows: int, width: int, probability: float) -> Tensor:
    """0 where dropped, else 1 / (1 - probability): float32 [rows, width]."""
    kept = uniform(seed, step, place, rows, width) >= probability
    return kept.float() / (1 - probability)
