"""PyTorch's own implementation under torch.compile: a graph break, as for torch.nn's layers.

Traced, it would be unrolled over the steps into thousands of operators. Imported only while compiling, because
torch.compiler.disable loads the compiler.
"""

from __future__ import annotations

import torch

from gatewise.nn.torch_forward import call_torch_eagerly

__all__ = ["call_torch"]

call_torch = torch.compiler.disable(call_torch_eagerly, reason="no compiled kernel runs on this input")
