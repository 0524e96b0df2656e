"""Notes: what a forward pass leaves for its backward pass, as bytes that only the kernels can read.

They begin with the address of the instruction set that wrote them, which the backward pass follows. So notes are read only
where a forward pass of this process has written such ones, and where they are as long as that instruction set lays them out.
"""

from __future__ import annotations

import ctypes

import torch
from torch import Tensor

from gatewise.kernels import missing
from gatewise.kernels.signature import Sizes

if not missing():
    from gatewise.kernels import _compiled

__all__ = ["empty_notes", "note_size", "readable", "remember_writer"]

POOLED_BYTES = 1 << 20
"""From this size on notes come from a pool: fresh pages cost more than is done in them."""

ALIGNMENT = 64

_writers: dict[tuple[int, bool, int, int, int], tuple[int, int]] = {}
"""Bytes at the start, and for each position, of notes by (writer, float64, kernel, hidden size, directions)."""


def _layout(float64: bool, kernel: int, sizes: Sizes) -> tuple[int, int]:
    start = _compiled.saved_bytes(float64, kernel, sizes.hidden_size, sizes.directions, 0)
    return start, _compiled.saved_bytes(float64, kernel, sizes.hidden_size, sizes.directions, 1) - start


def note_size(float64: bool, kernel: int, sizes: Sizes) -> int:
    """Bytes of a call's notes."""
    start, each = _layout(float64, kernel, sizes)
    size: int = start + sizes.positions * each  # positions may be symbolic
    return size


def empty_notes(size: int) -> Tensor:
    """Memory for notes, not yet written."""
    if size < POOLED_BYTES:
        return torch.empty(size, dtype=torch.uint8)
    return torch.from_dlpack(_compiled.workspace_tensor(size))  # type: ignore[attr-defined]


def _writer(saved: Tensor) -> int:
    return ctypes.c_uint64.from_address(saved.data_ptr()).value


def remember_writer(saved: Tensor, float64: bool, kernel: int, sizes: Sizes) -> None:
    """Take down who has just written these notes."""
    key = (_writer(saved), float64, kernel, sizes.hidden_size, sizes.directions)
    if key not in _writers:
        _writers[key] = _layout(float64, kernel, sizes)


def readable(saved: Tensor, float64: bool, kernel: int, sizes: Sizes) -> Tensor:
    """The notes, where the kernel may read them; else raises ValueError."""
    if saved.dtype != torch.uint8 or saved.dim() != 1:
        raise ValueError(f"saved is {saved.dtype} {list(saved.shape)}, expected torch.uint8 of one dimension")
    saved = saved.contiguous()
    if saved.data_ptr() % ALIGNMENT:
        saved = saved.clone()
    layout = None
    if saved.numel() >= ALIGNMENT and saved.data_ptr():
        layout = _writers.get((_writer(saved), float64, kernel, sizes.hidden_size, sizes.directions))
    if layout is None:
        raise ValueError(
            "saved holds no notes of a forward pass of this process with these sizes; an empty one has them made anew"
        )
    start, each = layout
    if saved.numel() < start + sizes.positions * each:
        raise ValueError(
            f"saved holds {saved.numel()} bytes, and this call's notes are {start + sizes.positions * each}; "
            "an empty one has them made anew"
        )
    return saved
