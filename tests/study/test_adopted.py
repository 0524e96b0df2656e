"""The first replicate has the trainings of tuning: the same result as training again, and no training twice."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import gatewise
from gatewise.nn import SequenceNetwork, build_network
from gatewise.records import Architecture, Training
from gatewise.report.sections.training import time_section
from gatewise.study.api import Result
from gatewise.study.scoring import Scoring
from gatewise.study.trained import TrainedFolder
from gatewise.study.work import Workload
from gatewise.training import trainer
from gatewise.training.fit import fit as train

SOURCE = "builtin:parity?rows=80&length=10"
OPTIONS: dict[str, Any] = {
    "replicates": 2,
    "tune": 2,
    "hidden_size": 4,
    "max_epochs": 2,
    "rivals": "none",
    "seed": 3,
    "budget": "10m",
}
Of = Callable[[Result], Any]


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each kind of unit trained a network."""
    times: Counter[str] = Counter()
    run = Workload.run
    kinds = ["final"]

    def fit(*arguments: Any, **options: Any) -> Any:
        times[kinds[-1]] += 1
        return train(*arguments, **options)

    def run_unit(self: Workload, unit: Any, *rest: Any) -> Training:
        kinds.append(unit.kind)
        try:
            return run(self, unit, *rest)
        finally:
            kinds.pop()

    monkeypatch.setattr(trainer, "fit", fit)
    monkeypatch.setattr(Workload, "run", run_unit)
    return times


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A run whose first replicate is trained again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TrainedFolder, "load", lambda *_: False)
        return gatewise.compare(SOURCE, **OPTIONS, out=tmp_path_factory.mktemp("again") / "run")


def test_the_first_replicate_is_what_training_again_gives_with_one_training_fewer_an_arm(
    again: Result, trained: Counter[str], outcome: Of, tmp_path: Path
) -> None:
    result = gatewise.compare(SOURCE, **OPTIONS, out=tmp_path / "run")
    assert trained == {"tuning": 4, "replicate": 2, "final": 1}
    assert outcome(result) == outcome(again)
    chosen = result.comparison.chosen
    for training in result.comparison.trainings:
        (tuned,) = (
            one for one in result.comparison.tuning if (one.name, one.hyperparameters) == (training.name, chosen[training.name])
        )
        assert training.adopted == (tuned.number if training.number == 0 else None)
        if training.number == 0:
            assert training.history == tuned.history
            # Its cost is that of a training, which whoever foresees further replicates must know.
            assert training.seconds > tuned.seconds
    assert {training.adopted for training in again.comparison.trainings} == {None}
    model = tmp_path / "run" / "model" / "model.safetensors"
    assert model.read_bytes() == (again.path / "model" / "model.safetensors").read_bytes()
    assert not (tmp_path / "run" / "trained").exists()
    comparison = result.comparison
    twice = replace(comparison, trainings=tuple(replace(training, adopted=None) for training in comparison.trainings))
    assert time_section(comparison, result.verdict).paragraphs != time_section(twice, result.verdict).paragraphs


def test_what_was_tuned_before_a_crash_is_not_trained_again_if_it_is_whole(
    again: Result, trained: Counter[str], outcome: Of, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr("gatewise.study.run.measure", crash)
        with pytest.raises(MemoryError):
            gatewise.compare(SOURCE, **OPTIONS, out=tmp_path / "run")
    files = sorted((tmp_path / "run" / "trained").iterdir())
    assert [file.name.partition("-")[0] for file in files] == ["gru", "lstm"]
    content = files[0].read_bytes()
    files[0].write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    trained.clear()
    result = gatewise.resume(tmp_path / "run")
    assert trained == {"replicate": 3, "final": 1}
    assert [training.name for training in result.comparison.trainings if training.adopted is not None] == ["lstm"]
    assert outcome(result) == outcome(again)


def test_the_test_part_is_scored_for_what_was_chosen_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Scoring.scored
    scored: list[str] = []

    def record(self: Scoring, training: Training, *rest: Any) -> Training:
        scored.append(f"{training.kind} {training.name} {training.number}")
        return own(self, training, *rest)

    monkeypatch.setattr(Scoring, "scored", record)
    gatewise.compare(SOURCE, **OPTIONS | {"rivals": "none"}, out=tmp_path / "run")
    assert sorted(scored) == ["replicate gru 0", "replicate gru 1", "replicate lstm 0", "replicate lstm 1"]


def test_weights_are_those_of_one_trial_and_one_shape(tmp_path: Path) -> None:
    folder = TrainedFolder(tmp_path / "trained")
    trial = Training("tuning", "gru", 1, None, 0.7, 0.5)

    def network(hidden_size: int, seed: int) -> SequenceNetwork:
        return build_network(
            Architecture(
                "gru",
                input_size=3,
                tokens=False,
                outputs=2,
                pooling="summary",
                embedding_size=4,
                hidden_size=hidden_size,
                layers=1,
                bidirectional=False,
                dropout=0.0,
                input_dropout=0.0,
                seed=seed,
                cell_seed=seed,
            )
        )

    folder.write(trial, network(4, 0))
    other = network(4, 1)
    assert not folder.load(replace(trial, validation_loss=0.4), other)
    assert not folder.load(replace(trial, number=0), other)
    assert not folder.load(trial, network(5, 0))
    assert folder.load(trial, other)
    for one, expected in zip(other.parameters(), network(4, 0).parameters(), strict=True):
        assert (one == expected).all()
    folder.keep({("gru", 1)})
    assert folder.load(trial, other)
    folder.keep({("lstm", 1)})
    assert not folder.load(trial, other)
