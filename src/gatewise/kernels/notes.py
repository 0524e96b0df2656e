"""Notes: what a forward pass leaves for its backward pass, as bytes that only the kernels can read.

They begin with what they were written for: the process, the number of the instruction set, the cell and the sizes. The backward
pass goes by its own arguments, and refuses notes that were written for others.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gatewise.kernels import missing
from gatewise.kernels.signature import Sizes

if not missing():
    from gatewise.kernels import _compiled

__all__ = ["empty_notes", "note_size", "readable"]

POOLED_BYTES = 1 << 20
"""From this size on notes come from a pool: fresh pages cost more than is done in them."""

ALIGNMENT = 64


def note_size(float64: bool, kernel: int, sizes: Sizes) -> int:
    """Bytes of a call's notes."""
    start, each = _compiled.saved_layout(float64, kernel, sizes.hidden_size, sizes.directions)
    size: int = start + sizes.positions * each  # positions may be symbolic
    return size


def empty_notes(size: int) -> Tensor:
    """Memory for notes, not yet written."""
    if size < POOLED_BYTES:
        return torch.empty(size, dtype=torch.uint8)
    return torch.from_dlpack(_compiled.workspace_tensor(size))  # type: ignore[attr-defined]


def readable(saved: Tensor) -> Tensor:
    """The notes where the kernel can look at them; raises ValueError for what can be none."""
    if saved.dtype != torch.uint8 or saved.dim() != 1 or not saved.is_cpu:
        raise ValueError(
            f"saved is {saved.dtype} {list(saved.shape)} on {saved.device}, expected torch.uint8 of one dimension on the CPU"
        )
    saved = saved.contiguous()
    return saved.clone() if saved.data_ptr() % ALIGNMENT else saved
