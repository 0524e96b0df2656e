"""What the arms cost in the form they are to be shipped in, for constraints that are about what is shipped."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gatewise.errors import OptionError
from gatewise.export.formats import FORMATS, identifier
from gatewise.export.measuring import measure_artefact
from gatewise.records import Hyperparameters, to_json
from gatewise.runtime.model import model_of
from gatewise.runtime.scoring import truth_of
from gatewise.study.work import Workload
from gatewise.timing import percentiles
from gatewise.training.networks import array_network

__all__ = ["measure_shipped"]

ROWS = 200


def measure_shipped(workload: Workload, chosen: Mapping[str, Hyperparameters], form: str) -> dict[str, Any]:
    """Latency of every arm's artefact on raw test rows, in a process of its own, and its bytes; or why an arm has no such form.

    The networks are untrained: neither depends on what weights are. Of sounds the calls begin at energies.
    """
    encoded, dataset = workload.encode(0), workload.dataset
    test = encoded.split.test
    rows = np.sort(np.random.default_rng(workload.config.seed).permutation(test)[:ROWS])
    inputs = [dataset.sequences[row] for row in rows]
    truth = truth_of(dataset, encoded.split.validation, encoded.split.train)
    found: dict[str, dict[str, Any]] = {"latency_ms": {}, "bytes": {}, "refused": {}}
    for name, settings in chosen.items():
        arm = workload.arm(name)
        architecture = workload.architecture(arm, 0, settings, encoded.train.input_size)
        network = array_network(architecture, workload.network(arm, 0, settings, encoded.train.input_size))
        model = model_of(dataset, truth, workload.trainer.metric.name, name, encoded.encoder, network, {})
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as passed:
            path = Path(folder) / f"{identifier(name)}{FORMATS[form].suffix}"
            try:
                FORMATS[form].write(model, path)
            except OptionError as error:
                found["refused"][name] = str(error)
                continue
            measured = measure_artefact(FORMATS[form], path, inputs, Path(passed), sound=dataset.audio is None)
            found["bytes"][name] = FORMATS[form].bytes(path)
        found["latency_ms"][name] = {size: to_json(percentiles(times)) for size, times in measured.milliseconds.items()}
    return found
