"""Which rivals are installed."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from benchmarks.layers.rivals import Prepare

__all__ = ["OTHERS", "Library", "find_libraries"]


@dataclass(frozen=True)
class Library:
    """A rival of PyTorch's that need not be installed. packages: those that it takes."""

    module: str
    function: str
    packages: tuple[str, ...]

    def missing(self) -> str:
        """Say which packages are absent; "" where none is."""
        absent = [name for name in self.packages if importlib.util.find_spec(name) is None]
        return f"not installed (needs {', '.join(absent)})" if absent else ""


OTHERS = {
    "onnxruntime": Library("benchmarks.layers.onnx_rival", "onnx_layer", ("onnxruntime", "onnx")),
    "flax": Library("benchmarks.layers.flax_rival", "flax_layer", ("flax", "jax")),
    "keras": Library("benchmarks.layers.keras_rival", "keras_layer", ("keras",)),
}


def find_libraries() -> tuple[dict[str, Prepare], Mapping[str, str]]:
    """Return what builds each rival's layer, and every library's version or the reason why it does not take part."""
    from benchmarks.layers.torch_rivals import gatewise_layer, torch_layer

    builders: dict[str, Prepare] = {"gatewise": gatewise_layer, "torch": torch_layer}
    states = {name: version(name) for name in builders}
    for name, library in OTHERS.items():
        states[name] = library.missing()
        if states[name]:
            continue
        try:
            builders[name] = cast("Prepare", getattr(importlib.import_module(library.module), library.function))
            states[name] = version(library.packages[0])
        except Exception as error:  # a library that is installed but broken must not end the benchmark of the others
            states[name] = f"cannot be imported: {error}"
    return builders, states
