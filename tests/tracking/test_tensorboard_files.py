"""A run in TensorBoard's folder, read back with TensorBoard's own reader."""

from pathlib import Path
from typing import Any

import pytest

from gatewise.records import Config
from gatewise.tracking.tensorboard_files import TensorBoardFiles
from gatewise.tracking.tracker import TrackedRun
from tests.tracking.trained import ENDED, FINDINGS, unit, verdict


@pytest.fixture
def run(tmp_path: Path) -> TrackedRun:
    return TrackedRun(tmp_path / "run", "run-00000001", Config("data.csv"))


def scalars(folder: Path) -> dict[str, list[tuple[int, float, float]]]:
    """Step, value and time of every scalar."""
    reader = read(folder)
    return {tag: [(one.step, one.value, one.wall_time) for one in reader.Scalars(tag)] for tag in reader.Tags()["scalars"]}


def read(folder: Path) -> Any:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    reader = EventAccumulator(str(folder))
    reader.Reload()
    return reader


def test_a_training_is_a_run_with_its_epochs(tmp_path: Path, run: TrackedRun) -> None:
    files = TensorBoardFiles(str(tmp_path / "board"), run)
    assert not files.has("replicate:gru:0")
    files.add(unit())
    found = scalars(tmp_path / "board" / "run-00000001" / "replicate" / "gru" / "0")
    began = ENDED - 8.0
    assert found["train_loss"] == [(1, 0.5, began + 2), (2, 0.25, began + 4), (3, pytest.approx(0.5 / 3), began + 6)]
    assert [value for _, value, _ in found["validation_loss"]] == [0.75, 0.375, 0.25]
    assert [value for _, value, _ in found["validation_score"]] == [0.25, 0.5, 0.75]
    assert found["test_score"] == [(3, 0.875, ENDED)]
    assert found["seconds"] == [(3, 8.0, ENDED)]


def test_its_hyperparameters_are_those_of_the_tab(tmp_path: Path, run: TrackedRun) -> None:
    from tensorboard.plugins.hparams.metadata import parse_session_start_info_plugin_data

    TensorBoardFiles(str(tmp_path), run).add(unit())
    content = read(tmp_path / "run-00000001" / "replicate" / "gru" / "0").PluginTagToContent("hparams")[
        "_hparams_/session_start_info"
    ]
    given = parse_session_start_info_plugin_data(content).hparams
    assert given["learning_rate"].number_value == 0.01
    assert given["name"].string_value == "gru"


def test_what_is_there_is_known_to_whoever_goes_on(tmp_path: Path, run: TrackedRun) -> None:
    TensorBoardFiles(str(tmp_path), run).add(unit())
    again = TensorBoardFiles(str(tmp_path), run)
    assert again.has("replicate:gru:0")
    assert not again.has("replicate:gru:1")
    assert not TensorBoardFiles(str(tmp_path), TrackedRun(run.folder, "run-00000002", run.config)).has("replicate:gru:0")


def test_a_name_cannot_lead_out_of_the_folder(tmp_path: Path, run: TrackedRun) -> None:
    TensorBoardFiles(str(tmp_path / "board"), run).add(unit("../../../gru"))
    assert [item.name for item in tmp_path.iterdir()] == ["board"]


def test_what_was_found(tmp_path: Path, run: TrackedRun) -> None:
    files = TensorBoardFiles(str(tmp_path), run)
    files.finish(verdict(), ())
    files.finish(verdict(), ())
    found = scalars(tmp_path / "run-00000001" / "comparison")
    assert {name: [value for _, value, _ in values] for name, values in found.items()} == {
        name: [pytest.approx(value)] for name, value in FINDINGS.items()
    }
    (text,) = read(tmp_path / "run-00000001" / "comparison").Tensors("verdict")
    assert text.tensor_proto.string_val == [b"Undecided after 5 replicates.\n\nThe GRU leads."]
