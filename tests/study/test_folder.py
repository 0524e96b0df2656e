"""A run's folder: whose it is, what is written into it whole, and who may work in it."""

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from gatewise.errors import OptionError, RunError
from gatewise.records import Config
from gatewise.study.finish import remove_leftovers
from gatewise.study.folder import RunFolder, write_atomic, write_json, write_json_lines

CONFIG = Config("/data/größe.csv", text="review", channels=("x", "y"), replicates=4, budget_s=None)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_config_comes_back_with_every_default_rendered(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "runs" / "one")
    folder.create(CONFIG, {"cores": 2})
    assert names(folder.path) == ["config.yaml", "environment.json"]
    assert folder.open() == CONFIG
    assert folder.read_environment() == {"cores": 2}
    rendered = yaml.safe_load(folder.config.read_text(encoding="utf-8"))
    assert set(rendered) == {field.name for field in fields(Config)}
    assert rendered["hidden_size"] == 64
    assert "größe" in folder.config.read_text(encoding="utf-8")


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    RunFolder(tmp_path).create(CONFIG, {})
    assert RunFolder(tmp_path).open() == CONFIG


def test_another_runs_folder_is_refused(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.create(CONFIG, {})
    before = folder.config.read_text(encoding="utf-8")
    with pytest.raises(OptionError, match="holds another run; continue it with `gatewise resume"):
        folder.create(Config("other.csv"), {})
    assert folder.config.read_text(encoding="utf-8") == before


def test_a_folder_with_anything_in_it_and_a_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    for path in (tmp_path, tmp_path / "thesis.txt"):
        with pytest.raises(OptionError, match="not an empty folder"):
            RunFolder(path).create(CONFIG, {})
    with pytest.raises(OptionError, match="cannot be written"):
        RunFolder(tmp_path / "thesis.txt" / "run").create(CONFIG, {})
    assert names(tmp_path) == ["thesis.txt"]


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(RunError, match="holds no run"):
            RunFolder(path).open()


DAMAGED = [
    *("[", "- a list", "text: only", "a: b: c", "", b"\xff\xfe\x00"),
    # What damaged files found: an error that is none of YAML's, aliases of aliases, more than any configuration has.
    *(
        "source: x\ntime: !!timestamp x",
        "source: x\n" + "".join(f"a{n}: &a [{'*a, ' * (n and 9)}]\n" for n in range(40)),
        "x\n" * 200_000,
    ),
]


@pytest.mark.parametrize("content", DAMAGED, ids=lambda content: repr(content)[:30])
def test_a_damaged_config_is_refused(tmp_path: Path, content: str | bytes) -> None:
    (tmp_path / "config.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(RunError, match="is damaged"):
        RunFolder(tmp_path).open()


def test_a_damaged_environment_is_refused_and_a_missing_one_is_empty(tmp_path: Path) -> None:
    assert RunFolder(tmp_path).read_environment() == {}
    (tmp_path / "environment.json").write_text("{")
    with pytest.raises(RunError, match=r"environment\.json"):
        RunFolder(tmp_path).read_environment()


HOLD = """
import sys
from pathlib import Path
from gatewise.study.folder import RunFolder
with RunFolder(Path(sys.argv[1])).locked():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_process_at_a_time_works_on_a_run(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(RunError, match="worked on by another process"), folder.locked():
            pytest.fail("two processes held one run")
        holder.kill()
        holder.wait()
    with folder.locked():
        pass


def test_atomic_writes_leave_no_parts(tmp_path: Path) -> None:
    path = tmp_path / "verdict.json"
    write_json(path, {"score": 1.0, "name": "größe"})
    write_json(path, {"score": 2.0})
    write_json_lines(tmp_path / "units.jsonl", [{"a": 1}, {"a": 2}])
    assert path.read_text(encoding="utf-8") == '{\n  "score": 2.0\n}\n'
    assert (tmp_path / "units.jsonl").read_text(encoding="utf-8") == '{"a": 1}\n{"a": 2}\n'
    assert names(tmp_path) == ["units.jsonl", "verdict.json"]


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_write_that_fails_keeps_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    path = tmp_path / "verdict.json"
    write_atomic(path, "old")

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail) if failing == "fsync" else patch.setattr(Path, "replace", fail)
        with pytest.raises(KeyboardInterrupt):
            write_atomic(path, "new")
    assert path.read_text(encoding="utf-8") == "old"
    remove_leftovers(tmp_path)
    assert names(tmp_path) == ["verdict.json"]


def test_a_file_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"missing.report\.html cannot be written: No such file"):
        write_atomic(tmp_path / "missing" / "report.html", "text")


def test_a_number_that_is_not_finite_never_reaches_a_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "verdict.json", {"score": float("nan")})
    assert names(tmp_path) == []


def test_leftovers_of_a_killed_process_are_removed(tmp_path: Path) -> None:
    (tmp_path / ".verdict.json.123.part").write_text("{")
    (tmp_path / ".model.123.part").mkdir()
    (tmp_path / ".model.123.part" / "model.json").write_text("{")
    (tmp_path / "model").mkdir()
    remove_leftovers(tmp_path)
    assert names(tmp_path) == ["model"]
