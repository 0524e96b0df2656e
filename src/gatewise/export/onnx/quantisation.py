"""Weights in 8 bits: one scale a row, symmetric, so that zero stays zero."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["quantised"]

MOST = 127


def quantised(values: NDArray[np.float32], row: int | tuple[int, ...]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Integers from -127 to 127 and scales, whose product is within half a scale of every value.

    row: the axes along which a row lies. The scales have one element there, so that they broadcast. A row of zeros has scale 1.
    """
    greatest = np.abs(values).max(axis=row, keepdims=True)
    scales = np.where(greatest > 0, greatest / np.float32(MOST), np.float32(1)).astype(np.float32)
    # A row of the least float32 numbers has a scale that is none any more.
    scales = np.maximum(scales, np.finfo(np.float32).tiny)
    integers = np.clip(np.rint(values / scales), -MOST, MOST).astype(np.int8)
    return integers, scales
