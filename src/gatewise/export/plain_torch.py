"""A model as plain PyTorch: a bundle's folder with `network.py` in it, a module that needs torch and safetensors alone."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.durable import new_folder, write_synced
from gatewise.errors import OptionError, RunError
from gatewise.export.bundle import load_model, write_model
from gatewise.names import plain_title
from gatewise.records import Encoded
from gatewise.runtime.batches import in_batches
from gatewise.runtime.model import Model
from gatewise.runtime.network import ArrayNetwork

__all__ = ["CELLS", "load_torch", "write_torch"]

CODE = "network.py"
CELLS = ("gru", "lstm", "rnn")
"""The cells that PyTorch has layers of."""


def write_torch(model: Model, path: Path) -> None:
    """Write the folder.

    Raises OptionError for a model whose cell PyTorch has no layer of, RunError where it cannot be written.
    """
    if model.architecture is None or model.architecture.cell not in CELLS:
        raise OptionError(
            f"the model is a {plain_title(model.name)}, which PyTorch has no layer of; expected one of "
            f"{', '.join(map(plain_title, CELLS))}. `--to bundle` ships every model"
        )
    try:
        with new_folder(path) as folder:
            write_model(model, folder)
            write_synced(folder / CODE, files("gatewise.export").joinpath("plain_network.py").read_bytes())
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror or error}; choose a place you may write to") from error


def load_torch(path: Path) -> Model:
    """The model, computed by the module in its folder. The module is run: load only what was just written."""
    model = load_model(path)
    specification = importlib.util.spec_from_file_location("gatewise_plain_network", path / CODE)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    assert isinstance(model.predictor, ArrayNetwork)
    return replace(model, predictor=_TorchNetwork(module.load(path), model.predictor))


@dataclass(frozen=True, eq=False)
class _TorchNetwork:
    module: Any
    arrays: ArrayNetwork

    def run(self, encoded: Encoded) -> NDArray[np.float32]:
        """As `ArrayNetwork.run`."""
        import torch

        built = self.arrays.architecture

        def said(inputs: NDArray[Any], lengths: NDArray[np.int64]) -> NDArray[np.float32]:
            with torch.inference_mode():
                outputs: NDArray[np.float32] = self.module(torch.from_numpy(inputs), torch.from_numpy(lengths)).numpy()
                return outputs

        return in_batches(said, encoded, built.outputs, stepwise=built.pooling == "steps")
