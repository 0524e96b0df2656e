"""The folder `trained/` of a run: weights that tuning reached, kept until the first replicate has them.

The first replicate trains on tuning's split, from its seeds, to its cap: of the hyperparameters that are chosen it would come to
the weights that tuning came to, bit by bit. A file that is missing or damaged costs no more than that training.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import torch

from gatewise.nn import SequenceNetwork
from gatewise.records import Training, to_json
from gatewise.study.array_files import read_arrays, write_arrays

__all__ = ["TrainedFolder"]


@dataclass(frozen=True)
class TrainedFolder:
    """A folder of weights, one file a tuning trial."""

    path: Path

    def write(self, trial: Training, network: SequenceNetwork) -> None:
        """Keep what a tuning trial reached, before the trial enters the journal. Raises RunError where it cannot be written."""
        weights = {name: tensor.detach().cpu().numpy() for name, tensor in network.state_dict().items()}
        write_arrays(self.file(trial), weights, _result(trial))

    def load(self, trial: Training, network: SequenceNetwork) -> bool:
        """Give a network the weights of this very trial; whether they were there, whole, and fit."""
        arrays = read_arrays(self.file(trial), _result(trial))
        shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
        if arrays is None or shapes != {name: array.shape for name, array in arrays.items()}:
            return False
        network.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
        return True

    def keep(self, trials: Collection[tuple[str, int]]) -> None:
        """Delete the weights of all but some trials, given by name and number."""
        kept = {self._file(*trial) for trial in trials}
        for file in self.path.glob("*.safetensors"):
            if file not in kept:
                file.unlink(missing_ok=True)

    def remove(self) -> None:
        """Delete all of them."""
        shutil.rmtree(self.path, ignore_errors=True)

    def file(self, trial: Training) -> Path:
        """Where the weights of a trial are, if they are kept."""
        return self._file(trial.name, trial.number)

    def _file(self, name: str, number: int) -> Path:
        return self.path / f"{name}-{number}.safetensors"


def _result(trial: Training) -> str:
    return json.dumps(to_json(trial), sort_keys=True)
