"""What is written is whole: the old content or the new one."""

import os
from pathlib import Path

import pytest

from gatewise.durable import new_folder, write_file, write_synced


def fail(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    path = tmp_path / "state"
    write_file(path, b"old")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail) if failing == "fsync" else patch.setattr(Path, "replace", fail)
        with pytest.raises(OSError, match="No space left"):
            write_file(path, b"new")
    assert [(item.name, item.read_bytes()) for item in tmp_path.iterdir()] == [("state", b"old")]


def test_a_folder_takes_its_place_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "model"
    for content in (b"old", b"new"):
        with new_folder(path) as folder:
            write_synced(folder / "weights", content)
        assert (path / "weights").read_bytes() == content
    with pytest.raises(KeyboardInterrupt), new_folder(path) as folder:
        write_synced(folder / "weights", b"half")
        raise KeyboardInterrupt
    assert [item.name for item in tmp_path.iterdir()] == ["model"]
    assert (path / "weights").read_bytes() == b"new"


def test_a_folder_that_cannot_take_its_place_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model"
    with new_folder(path) as folder:
        write_synced(folder / "weights", b"old")
    replace = Path.replace

    def fail_for_the_new(self: Path, target: Path) -> Path:
        if target == path and not self.name.startswith(".model.old"):
            fail()
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail_for_the_new)
        with pytest.raises(OSError, match="No space left"), new_folder(path) as folder:
            write_synced(folder / "weights", b"new")
    assert [item.name for item in tmp_path.iterdir()] == ["model"]
    assert (path / "weights").read_bytes() == b"old"
