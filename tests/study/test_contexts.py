"""Probes: a unit of work on a part of what there is to be seen."""

import numpy as np

from gatewise.options.configuration import build_config
from gatewise.records import Training
from gatewise.report.live import NullView
from gatewise.study.arms import arms_for
from gatewise.study.opening import open_data
from gatewise.study.resolved import resolved
from gatewise.study.units import Context, Unit
from gatewise.study.work import Workload


def workload_of(source: str, **options: object) -> Workload:
    config = build_config(source, {"jobs": 1, **options})
    dataset = open_data(config, source, NullView())
    config = resolved(config, dataset)
    return Workload(config, dataset, arms_for(config, dataset))


def probed(workload: Workload, context: Context, *, name: str = "gru", fraction: float = 1.0, epochs: int = 4) -> Training:
    values = None if name not in ("gru", "lstm") else workload.trainer.default_hyperparameters
    return workload.run(Unit("probe", name, 0, values, fraction, max_epochs=epochs, context=context))


def test_a_probe_of_everything_is_the_replicate() -> None:
    workload = workload_of("builtin:temporal-order?length=12&rows=200")
    values = workload.trainer.default_hyperparameters
    replicate = workload.run(Unit("replicate", "lstm", 0, values, max_epochs=4))
    assert probed(workload, Context(), name="lstm").test_score == replicate.test_score


def test_what_lies_before_the_last_steps_is_not_seen() -> None:
    # The marked symbol stands sixteen steps before the end.
    workload = workload_of("builtin:spans?length=20&span=16&classes=2&rows=600")
    whole, part = (probed(workload, context, epochs=60).test_score or 0.0 for context in (Context(), Context(last=8)))
    assert whole > 0.95
    assert part < 0.7


def test_a_forecast_is_probed_on_part_of_its_window() -> None:
    workload = workload_of("builtin:seasonal?rows=600", task="forecast", window=48, horizon=6)
    scores = {last: probed(workload, Context(last=last)).test_score for last in (None, 12)}
    assert all(score is not None and np.isfinite(score) for score in scores.values())
    assert scores[None] != scores[12]


def test_only_longer_rows_are_tested() -> None:
    workload = workload_of("builtin:reviews?rows=300")
    lengths = workload.prepared.lengths
    training = probed(workload, Context(longer=True))
    assert training.test_rows == (lengths > np.median(lengths)).sum()
    # Nothing of the context stays behind.
    assert probed(workload, Context()).test_rows < training.test_rows


def test_a_baseline_is_probed_on_a_fraction_of_the_rows() -> None:
    workload = workload_of("builtin:digits")
    part, whole = (probed(workload, Context(), name="linear_features", fraction=fraction) for fraction in (0.05, 1.0))
    assert (part.kind, part.fraction) == ("probe", 0.05)
    assert (part.test_score or 0.0) < (whole.test_score or 0.0)
