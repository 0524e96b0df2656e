"""Units of work: independent of order and process, the same data for every arm, and the test part kept out of tuning."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gatewise.comparison.plan import arms_of
from gatewise.data.encoding.encoders import encode_raw
from gatewise.data.sources import open_source
from gatewise.errors import GatewiseError, RunError
from gatewise.mistakes import ClassPredictions
from gatewise.nn import SequenceNetwork
from gatewise.records import Config, Dataset, Encoded, Hyperparameters, Training
from gatewise.runtime.batches import iterate_batches
from gatewise.runtime.scoring import unpack_rows
from gatewise.study import measure, scoring
from gatewise.study.kept import KeptFolder
from gatewise.study.local_pool import LocalPool
from gatewise.study.memory import MemoryMeasurement
from gatewise.study.runner import Runner
from gatewise.study.units import Unit, seed_of
from gatewise.study.work import Workload
from gatewise.training import fit as training
from gatewise.training.baselines import linear
from gatewise.training.objectives import to_tensors
from gatewise.training.step import training_step
from tests.arrays import series_of

HYPERPARAMETERS = Hyperparameters(3e-3, 0.1, 0.1, 0.01)
CONFIG = Config("data", hidden_size=8, embedding_size=4, max_epochs=2, batch_size=16)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return open_source("builtin:temporal-order?rows=60&length=20")


def workload(dataset: Dataset, **changes: Any) -> Workload:
    return Workload(replace(CONFIG, **changes), dataset, arms_of(("gru", "lstm"), 8))


def unit(kind: Any, name: str, number: int) -> Unit:
    return Unit(kind, name, number, None if kind == "baseline" else HYPERPARAMETERS)


UNITS = [
    unit("replicate", "gru", 1),
    unit("baseline", "linear_features", 0),
    unit("replicate", "gru", 0),
    unit("tuning", "lstm", 2),
    unit("replicate", "lstm", 1),
]


def timeless(training: Training) -> Training:
    history = tuple(replace(epoch, seconds=0.0) for epoch in training.history)
    return replace(training, phases={}, seconds=0.0, history=history)


def test_units_do_not_depend_on_their_order(dataset: Dataset) -> None:
    one, other = workload(dataset), workload(dataset)
    forwards = [timeless(one.run(unit)) for unit in UNITS]
    backwards = [timeless(other.run(unit)) for unit in reversed(UNITS)]
    assert forwards == backwards[::-1]


def test_units_do_not_depend_on_the_process(dataset: Dataset) -> None:
    here = workload(dataset)
    there = Workload(replace(here.config, jobs=2), dataset, here.arms)

    def ignore(*_: object) -> None:
        return None

    with Runner(there) as runner:
        elsewhere = [*runner.results(iter(UNITS[:2]), ignore), *runner.results(iter(UNITS[2:]), ignore)]
    assert [unit for unit, _ in elsewhere] == UNITS
    assert [timeless(training) for _, training in elsewhere] == [timeless(here.run(unit)) for unit in UNITS]


def kill_processes_of(runner: Runner) -> None:
    assert isinstance(runner._pool, LocalPool) and runner._pool._executor is not None
    for process in list(runner._pool._executor._processes.values()):
        process.kill()


def test_what_a_process_was_at_that_died_is_begun_anew(dataset: Dataset) -> None:
    told: list[str] = []
    bench = workload(dataset)
    with Runner(Workload(replace(bench.config, jobs=2), dataset, bench.arms), log=told.append) as runner:
        results = runner.results(iter(UNITS), lambda *_: None)
        found = [next(results)]
        kill_processes_of(runner)
        found += results
    assert [unit for unit, _ in found] == UNITS
    assert [timeless(training) for _, training in found] == [timeless(bench.run(unit)) for unit in UNITS]
    # Those that were done already are not done again, and perhaps all were.
    assert set(told) <= {"a training process ended by itself, perhaps for want of memory: what it was at is begun anew"}


def test_a_unit_whose_process_dies_again_and_again_is_reported(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    bench = workload(dataset)
    with Runner(Workload(replace(bench.config, jobs=2), dataset, bench.arms), log=told.append) as runner:
        assert isinstance(runner._pool, LocalPool)
        executor = runner._pool._started

        def begun(config: Config, unit: Unit) -> Any:
            return executor().submit(os._exit, 1) if unit == UNITS[1] else executor().submit(abs, unit.number)

        monkeypatch.setattr(runner._pool, "run", begun)
        results = runner.results(iter(UNITS), lambda *_: None)
        with pytest.raises(RunError, match="gatewise resume"):
            list(results)
    assert len(told) == 3


def test_arms_of_a_replicate_read_the_same_batches(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[bytes]] = []

    def recording(encoded: Encoded, plan: Any) -> Any:
        for batch in iterate_batches(encoded, plan):
            seen[-1].append(batch.inputs.tobytes())
            yield batch

    monkeypatch.setattr(training, "iterate_batches", recording)
    bench = workload(dataset)
    for name, number in (("gru", 0), ("lstm", 0), ("gru", 1)):
        seen.append([])
        bench.run(unit("replicate", name, number))
    assert seen[0] == seen[1] != seen[2]


def test_arms_of_a_replicate_start_from_the_same_embedding_and_head(dataset: Dataset) -> None:
    bench = workload(dataset)
    gru, lstm = (bench.network(arm, 3, HYPERPARAMETERS, 8) for arm in bench.arms)
    assert (gru.head.weight == lstm.head.weight).all()
    other = bench.network(bench.arms[0], 4, HYPERPARAMETERS, 8)
    assert (gru.head.weight != other.head.weight).any()


def test_tuning_never_touches_the_test_part(dataset: Dataset) -> None:
    test = workload(dataset).encode(0).split.test
    poisoned = [
        np.full_like(sequence, np.nan) if row in set(test.tolist()) else sequence
        for row, sequence in enumerate(series_of(dataset))
    ]
    clean, other = workload(dataset), workload(replace(dataset, sequences=tuple(poisoned)))
    tuned = timeless(clean.run(unit("tuning", "gru", 1)))
    assert tuned == timeless(other.run(unit("tuning", "gru", 1)))
    assert (tuned.test_score, tuned.train_score, tuned.row_scores, tuned.test_rows) == (None, None, "", 0)


def test_everything_fitted_saw_the_training_part_only(dataset: Dataset) -> None:
    split = workload(dataset).encode(0).split
    outside = set(split.test.tolist()) | set(split.validation.tolist())
    changed = tuple(sequence + 100 if row in outside else sequence for row, sequence in enumerate(series_of(dataset)))
    clean, other = workload(dataset).encode(0), workload(replace(dataset, sequences=changed)).encode(0)
    assert clean.encoder == other.encoder
    np.testing.assert_array_equal(clean.train.values, other.train.values)


@pytest.mark.parametrize("name", ["gru", "linear_features"])
def test_a_scored_training_says_what_was_right_row_by_row(dataset: Dataset, name: str) -> None:
    bench = workload(dataset)
    training = bench.run(unit("baseline" if name == "linear_features" else "replicate", name, 0))
    correct = unpack_rows(training.row_scores, training.test_rows)
    assert training.test_rows == len(bench.encode(0).split.test) == 12
    assert training.test_score == pytest.approx(correct.mean())
    assert sum(rows for rows, _ in training.by_length) == training.test_rows
    assert sum(right for _, right in training.by_length) == correct.sum()
    assert len(training.by_length) == len(bench.scoring.length_edges)
    assert training.size_bytes >= 4 * training.parameters > 0
    assert sum(training.phases.values()) <= training.seconds
    assert training.train_score is not None
    assert training.ended == (None if name == "linear_features" else "epochs")


def test_length_edges_cover_every_row(dataset: Dataset) -> None:
    bench = workload(dataset)
    assert bench.scoring.length_edges[-1] == bench.prepared.lengths.max()
    assert (np.diff(bench.scoring.length_edges) > 0).all()


def test_text_is_encoded_from_the_training_vocabulary() -> None:
    texts = tuple(f"film {'good' if row % 2 else 'bad'} word{row}" for row in range(40))
    targets = np.arange(40) % 2
    dataset = Dataset("texts", "text", texts, targets, ("bad", "good"), np.arange(40))
    bench = workload(dataset)
    encoded = bench.encode(0)
    assert encoded.train.input_size == encoded.test.input_size == encoded.encoder.input_size
    again = encode_raw(encoded.encoder, [texts[row] for row in encoded.split.test])
    np.testing.assert_array_equal(again.values, encoded.test.values)
    training = bench.run(unit("baseline", "tfidf_logistic", 0))
    assert training.test_score == 1.0


def test_the_training_score_is_of_a_fixed_sample(monkeypatch: pytest.MonkeyPatch, dataset: Dataset) -> None:
    bench = workload(dataset)
    rows = np.arange(100, 130)
    np.testing.assert_array_equal(bench.scoring.sample(rows, 0), rows)
    monkeypatch.setattr(scoring, "TRAIN_SCORE_ROWS", 7)
    sample = bench.scoring.sample(rows, 0)
    assert len(set(sample.tolist())) == 7
    assert set(sample) <= set(rows)
    np.testing.assert_array_equal(sample, bench.scoring.sample(rows, 0))
    assert sample.tolist() != bench.scoring.sample(rows, 1).tolist()


def test_seeds_differ_in_every_part() -> None:
    seeds = [seed_of(*parts) for parts in ((0,), (1,), (0, 0), (0, 1), (1, 0), (0, 0, 1), (0, 1, 1), (1, 0, 0))]
    assert len(set(seeds)) == 8
    assert all(0 <= seed < 2**32 for seed in seeds)
    assert seed_of(3, 4) == seed_of(3, 4)


def test_costs_are_measured_on_the_same_batches(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "STEP_ROUNDS", 6)
    monkeypatch.setattr(measure, "LATENCY_ROUNDS", {"batch1": 6, "batch32": 6})
    shapes: dict[str, list[NDArray[Any]]] = {"gru": [], "lstm": []}

    def recording(network: SequenceNetwork, *arguments: Any, **options: Any) -> Callable[[Any], float]:
        step = training_step(network, *arguments, **options)

        def call(batch: Any) -> float:
            shapes[type(network.recurrent).__name__.lower()].append(batch.inputs.numpy().copy())
            return step(batch)

        return call

    monkeypatch.setattr(measure, "training_step", recording)
    bench, chosen = workload(dataset), dict.fromkeys(("gru", "lstm"), HYPERPARAMETERS)
    milliseconds = measure.measure_steps(bench, chosen, 60)["milliseconds"]
    assert {name: len(values) for name, values in milliseconds.items()} == {"gru": 6, "lstm": 6}
    for one, other in zip(shapes["gru"], shapes["lstm"], strict=True):
        np.testing.assert_array_equal(one, other)
    latency = measure.measure_latency(bench, chosen, 60)["latency_ms"]
    assert {name: set(value) for name, value in latency.items()} == {name: {"batch1", "batch32"} for name in ("gru", "lstm")}


def test_few_large_requests_are_padded_before_latency_is_measured(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def counted(batch: Any) -> Any:
        sizes.append(len(batch.lengths))
        return to_tensors(batch)

    monkeypatch.setattr(measure, "to_tensors", counted)
    measure.measure_latency(workload(dataset), dict.fromkeys(("gru", "lstm"), HYPERPARAMETERS), 0.0)
    assert sizes.count(1) == measure.LATENCY_ROUNDS["batch1"]
    assert len(sizes) - sizes.count(1) == measure.REQUESTS["batch32"] < 50


def test_a_memory_measurement_that_fails_says_why(dataset: Dataset, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    failing = tmp_path / "python"
    failing.write_text("#!/bin/sh\necho out of memory >&2\nexit 1\n")
    failing.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(failing))
    with (
        MemoryMeasurement(workload(dataset), dict.fromkeys(("gru", "lstm"), HYPERPARAMETERS)) as measurement,
        pytest.raises(GatewiseError, match="measurement of the memory of training failed: out of memory"),
    ):
        measurement.result(60.0)


def nine_to_one(rows: int = 400) -> Dataset:
    """Series whose mean says the class, faintly; one row in ten is of the second class."""
    generator = np.random.default_rng(0)
    labels = (np.arange(rows) % 10 == 0).astype(int)
    series = [generator.normal(0.4 * label, 1.0, (12, 1)) for label in labels]
    return open_source((series, labels))


def test_class_weights_reach_the_baselines() -> None:
    dataset = nine_to_one(3000)
    plain, balanced = (
        workload(dataset, metric="balanced_accuracy", weigh_classes=weigh).run(unit("baseline", "linear_features", 0))
        for weigh in (None, "balanced")
    )
    assert plain.test_score is not None
    assert balanced.test_score is not None
    assert balanced.test_score > plain.test_score + 0.08


def test_the_regularisation_is_what_the_metric_prefers_on_the_validation_part() -> None:
    dataset = nine_to_one()
    split = workload(dataset).encode(0).split
    for metric in ("accuracy", "balanced_accuracy", "log_loss"):
        bench = workload(dataset, metric=metric)
        held = bench.trainer.examples(split.validation, split.train)
        chosen = held.merit(bench.fit_baseline("linear_features", split.train, split.validation).predict(held.inputs))
        for strength in linear.REGULARISATION:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(linear, "REGULARISATION", (strength,))
                alone = bench.fit_baseline("linear_features", split.train, split.validation)
            assert chosen >= held.merit(alone.predict(held.inputs))


@pytest.mark.parametrize(("kind", "name"), [("replicate", "gru"), ("baseline", "linear_features")])
def test_row_weights_weigh_the_scores_of_cells_and_baselines_alike(kind: str, name: str, tmp_path: Path) -> None:
    plain = nine_to_one(120)
    weights = np.where(plain.targets == 1, 5.0, 1.0)
    dataset = replace(plain, weights=weights, fixed_test=np.arange(120) >= 90)
    folder = KeptFolder(tmp_path)
    bench = Workload(CONFIG, dataset, arms_of(("gru", "lstm"), 8), folder)
    training = bench.run(unit(kind, name, 0))
    split = bench.encode(0).split
    kept = folder.read([training], "classification")[name][0]
    assert isinstance(kept, ClassPredictions)
    right = kept.predicted == dataset.targets[split.test]
    expected = np.average(right, weights=weights[split.test])
    assert training.test_score == pytest.approx(expected)
    assert training.test_score != pytest.approx(right.mean())
    rows = unpack_rows(training.row_scores, training.test_rows)
    assert rows.mean() == pytest.approx(expected, rel=1e-6)
    shares = weights[split.test] / weights[split.test].mean()
    np.testing.assert_allclose(rows, expected + shares * (right - expected), rtol=1e-5)
    # One length bin holds all.
    ((rows_of_bin, total),) = training.by_length
    assert rows_of_bin == 30
    assert total == pytest.approx(30 * expected)


@pytest.mark.parametrize("name", ["majority", "linear_features", "minirocket"])
def test_a_baseline_is_fitted_and_timed_on_raw_rows(dataset: Dataset, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "BASELINE_ROUNDS", {"batch1": 4, "batch32": 3})
    cost = measure.measure_baseline(workload(dataset, rivals=("simple", "minirocket")), name, 60)
    assert cost["fit_s"] > 0
    assert set(cost["latency_ms"]) == {"batch1", "batch32"}
    assert 0 < cost["latency_ms"]["batch1"]["p50"] <= cost["latency_ms"]["batch1"]["p99"]
