"""From a finished run to a study of the evidence base."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gatewise.advice.base import Study
from gatewise.advice.findings import facts_of
from gatewise.advice.outcomes import outcome_of
from gatewise.advice.probing import probe_data
from gatewise.comparison.cheapest import ratio_of
from gatewise.data.dataset.drawn import in_memory
from gatewise.data.dataset.stored import StoredDataset
from gatewise.errors import RunError
from gatewise.records import Comparison
from gatewise.study.folder import RunFolder
from gatewise.study.opening import read_data
from gatewise.study.run import read_run
from gatewise.study.view import View

__all__ = ["study_of"]

BUILTIN = "builtin:"


def study_of(run: Path, view: View, *, seconds: float, data: Any = None, jobs: int | None = None) -> Study:
    """What a run found, beside what the probes say of its data, which are done now and take about so many seconds.

    data: needed where the run was started on an object of Python. jobs: processes, None for as many as the run had. Raises
    RunError where the run did not compare two cells of one size, found nothing, or its data is gone or has changed.
    """
    started = time.monotonic()
    folder = RunFolder(run)
    finished = read_run(folder)
    comparison, config = finished.comparison, finished.comparison.config
    if len(comparison.arms) != 2 or len({arm.hidden_size for arm in comparison.arms}) > 1:
        sizes = ", ".join(f"{arm.name} of {arm.hidden_size}" for arm in comparison.arms)
        raise RunError(f"{run} compared {sizes}; a study of the evidence base is of two cells of one hidden size")
    if not comparison.replicates:
        raise RunError(f"{run} has no whole replicate yet; continue it with `gatewise resume {run}`")
    if data is None and config.source.startswith("<"):
        raise RunError(
            f"{run} was started on {config.source} from Python; add it there with gatewise.add_evidence(run, data=...)"
        )
    asked = replace(config, budget_s=None, max_epochs=None, jobs=jobs or config.jobs)
    dataset = read_data(asked, config.source if data is None else data, view, started=started)
    found = probe_data(asked, in_memory(dataset, asked.seed), view, seconds=seconds, started=started)
    fingerprint = dataset.facts.fingerprint if isinstance(dataset, StoredDataset) else found.profile.fingerprint
    if fingerprint != comparison.profile.fingerprint:
        raise RunError(f"the data of {run} is not what it was ({config.source} has changed); put the old data back")
    facts, _, _ = facts_of(found)
    return Study(
        facts,
        outcome_of(comparison, finished.verdict),
        source=config.source if config.source.startswith(BUILTIN) else "",
        costs=_costs(comparison),
        versions=_versions(comparison.environment),
    )


def _costs(comparison: Comparison) -> Mapping[str, float]:
    first, second = (arm.name for arm in comparison.arms)
    ratios = {"training_step": comparison.training_time_ratios, "latency": comparison.latency_ratios}
    found = {what: ratio_of(first, second, of) for what, of in ratios.items()}
    return {what: ratio.median for what, ratio in found.items() if ratio is not None}


def _versions(environment: Mapping[str, Any]) -> Mapping[str, str]:
    kernels = environment.get("kernels", {})
    processor = {"processor": str(environment["processor"])} if "processor" in environment else {}
    return {**environment.get("versions", {}), **processor, **{f"kernel of {name}": str(one) for name, one in kernels.items()}}
