"""The folder of predictions: what is written comes back, and nothing that is damaged or another training's."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from gatewise.errors import RunError
from gatewise.mistakes import ClassPredictions, NumberPredictions
from gatewise.records import Training
from gatewise.study.kept import KeptFolder

TRAINING = Training("replicate", "gru", 3, None, 0.7, 0.5, test_score=0.123456789012345, test_rows=4)


def kept() -> ClassPredictions:
    return ClassPredictions(
        np.arange(4, dtype=np.int32),
        np.array([0, 1, 0, 1], dtype=np.int32),
        np.array([0, 1, 1, 1], dtype=np.int32),
        np.array([0.9, 0.8, 0.7, 0.6], dtype=np.float32),
        np.array([0.9, 0.8, 0.3, 0.6], dtype=np.float32),
    )


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    folder = KeptFolder(tmp_path / "predictions")
    folder.write(TRAINING, kept())
    found = folder.read([TRAINING, replace(TRAINING, name="lstm")], "classification")
    assert set(found) == {"gru"}
    for item in fields(ClassPredictions):
        came, expected = getattr(found["gru"][3], item.name), getattr(kept(), item.name)
        np.testing.assert_array_equal(came, expected)
        assert came.dtype == expected.dtype
    assert [path.name for path in folder.path.iterdir()] == ["gru-3.safetensors"]


def test_the_same_predictions_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        KeptFolder(tmp_path / name).write(TRAINING, kept())
    one, other = ((tmp_path / name / "gru-3.safetensors").read_bytes() for name in ("one", "other"))
    assert one == other


def test_a_flipped_bit_anywhere_is_as_if_the_file_were_not_there(tmp_path: Path) -> None:
    folder = KeptFolder(tmp_path / "predictions")
    folder.write(TRAINING, kept())
    file = folder.path / "gru-3.safetensors"
    whole = file.read_bytes()
    for place in range(len(whole)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        held = folder.read([TRAINING], "classification").get("gru", {}).get(3)
        # White space in the header may change without a change of what it says.
        assert held is None or all(
            np.array_equal(getattr(held, item.name), getattr(kept(), item.name)) for item in fields(ClassPredictions)
        )
    for end in range(0, len(whole), 7):
        file.write_bytes(whole[:end])
        assert folder.read([TRAINING], "classification") == {}


def test_predictions_of_another_result_or_task_do_not_count(tmp_path: Path) -> None:
    folder = KeptFolder(tmp_path / "predictions")
    folder.write(TRAINING, kept())
    assert folder.read([replace(TRAINING, test_score=0.5)], "classification") == {}
    assert folder.read([TRAINING], "regression") == {}
    one = np.zeros(1, dtype=np.float32)
    folder.write(TRAINING, NumberPredictions(np.zeros(1, dtype=np.int32), one, one))
    assert folder.read([TRAINING], "classification") == {}


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "predictions").write_text("")
    with pytest.raises(RunError, match="predictions cannot be made"):
        KeptFolder(tmp_path / "predictions").write(TRAINING, kept())
