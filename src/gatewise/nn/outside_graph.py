"""What torch.compile leaves out of its graph: PyTorch's own implementation, as for torch.nn's layers, and layers of eight bits.

Traced, the former would be unrolled over the steps into thousands of operators; the latter are none. Imported only while
compiling, because torch.compiler.disable loads the compiler.
"""

from __future__ import annotations

import torch

from gatewise.nn.quantized import QuantizedLayer
from gatewise.nn.torch_forward import call_torch_eagerly

__all__ = ["call_torch", "run_quantized"]

call_torch = torch.compiler.disable(call_torch_eagerly, reason="no compiled kernel runs on this input")
run_quantized = torch.compiler.disable(QuantizedLayer.run_eagerly, reason="layers of eight bits are no operators")
