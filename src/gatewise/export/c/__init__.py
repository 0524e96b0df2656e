"""A model as C99 source for small devices, with its preprocessing inside: no library, no allocation, all state in one struct."""

from __future__ import annotations

from gatewise.export.c.load import CModel, load_c
from gatewise.export.c.wasm import write_wasm
from gatewise.export.c.wasm_load import load_wasm
from gatewise.export.c.write import write_c

__all__ = ["CModel", "load_c", "load_wasm", "write_c", "write_wasm"]
