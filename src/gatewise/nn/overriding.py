"""Who has a say in a call beside the layer: autocast, and tensors that override what PyTorch's functions do to them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = ["in_autocast", "overridden"]


def in_autocast(device: str) -> bool:
    """Whether autocast is on for a type of device; it never is for one that has none, as `meta`."""
    return device != "meta" and torch.is_autocast_enabled(device)


def overridden(*values: Any) -> bool:
    """Whether one of the values is of a type with a `__torch_function__` of its own: PyTorch's implementation hands it the call.

    Subclasses that leave PyTorch's in place, fake tensors for one, are tensors like any other.
    """
    if torch.compiler.is_compiling() or not torch.overrides.has_torch_function(values):
        return False
    return any(_overrides(type(value)) for value in values if hasattr(type(value), "__torch_function__"))


def _overrides(kind: type) -> bool:
    handler: Any = kind.__torch_function__  # type: ignore[attr-defined]
    if handler is torch._C._disabled_torch_function_impl:
        return False
    return getattr(handler, "__func__", handler) is not Tensor.__torch_function__.__func__  # type: ignore[attr-defined]
