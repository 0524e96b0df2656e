"""A damaged journal: what is sound of it is kept, and what rests on a lost unit is done again."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gatewise
from gatewise.errors import RunError
from gatewise.study.api import Result
from gatewise.study.folder import RunFolder, write_json_lines
from gatewise.study.journal import open_journal, read_journal
from gatewise.study.mending import mend_journal

PLAN = 4


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of a run, with its lines for other tools: four units that all rest on, then replicates."""
    path = tmp_path / "journal.sqlite"
    with open_journal(path) as journal:
        for place, key in enumerate(("config", "data", "tuning:gru:0", "plan"), 1):
            journal.add(key, key.partition(":")[0], {"kind": key.partition(":")[0], "number": place}, 0.1 * place)
        for number in range(40):
            scores = [number / 7] * 20
            journal.add(f"replicate:gru:{number}", "replicate", {"kind": "replicate", "scores": scores}, 1.0 + number)
        write_json_lines(tmp_path / "units.jsonl", journal.rows())
    return path


def lines(path: Path) -> Path:
    return path.with_name("units.jsonl")


def rows(path: Path) -> list[dict[str, Any]]:
    return [row for row in read_journal(path).rows() if row["kind"] != "damage"]


def spoil(path: Path, *keys: str) -> None:
    """Change what the rows of some units say."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for key in keys:
            connection.execute("UPDATE units SET payload = '{}' WHERE key = ?", (key,))


def test_what_is_whole_is_left_alone(path: Path) -> None:
    before = path.read_bytes()
    assert mend_journal(path, lines(path), "plan") == ""
    assert path.read_bytes() == before
    assert mend_journal(path.with_name("none.sqlite")) == ""


def test_rows_that_the_lines_still_have_are_not_lost(path: Path) -> None:
    whole = rows(path)
    spoil(path, "data", "plan", "replicate:gru:7")
    assert "44 units in it are sound, 0 will be done again" in mend_journal(path, lines(path), "plan")
    assert rows(path) == whole


def test_a_unit_on_which_nothing_rests_is_lost_alone(path: Path) -> None:
    whole = rows(path)
    spoil(path, "replicate:gru:7")
    assert "43 units in it are sound, 1 will be done again" in mend_journal(path, None, "plan")
    assert rows(path) == [row for row in whole if row["key"] != "replicate:gru:7"]
    assert read_journal(path).get("damage:0") == {"kept": 43, "lost": 1}
    assert path.with_name("journal.sqlite.damaged").exists()


@pytest.mark.parametrize(("lost", "kept"), [("tuning:gru:0", 2), ("plan", 3)])
def test_what_rests_on_a_lost_unit_is_lost_with_it(path: Path, lost: str, kept: int) -> None:
    whole = rows(path)
    spoil(path, lost)
    assert f"{kept} units in it are sound" in mend_journal(path, None, "plan")
    assert rows(path) == whole[:kept]


def test_where_units_rest_on_no_other_each_is_lost_alone(path: Path) -> None:
    spoil(path, "tuning:gru:0")
    assert "43 units" in mend_journal(path)


def test_without_its_beginning_it_is_refused(path: Path) -> None:
    spoil(path, "config")
    before = path.read_bytes()
    with pytest.raises(RunError, match="beginning cannot be read; put a copy back"):
        mend_journal(path, None, "plan")
    assert path.read_bytes() == before


def test_a_journal_that_is_no_database_any_more_comes_back_from_its_lines(path: Path) -> None:
    whole = rows(path)
    path.write_bytes(b"\0" * 5000)
    mend_journal(path, lines(path), "plan")
    assert rows(path) == whole


def test_a_separator_of_lines_inside_a_text_is_none(path: Path) -> None:
    with open_journal(path) as journal:
        journal.add("replicate:gru:40", "replicate", {"kind": "replicate", "class": "one\u2028two\x85three"}, 50.0)
        journal.add("replicate:gru:41", "replicate", {"kind": "replicate"}, 51.0)
        write_json_lines(lines(path), journal.rows())
    whole = rows(path)
    spoil(path, "replicate:gru:40", "replicate:gru:41")
    assert "46 units in it are sound, 0 will be done again" in mend_journal(path, lines(path), "plan")
    assert rows(path) == whole


def test_a_row_without_its_checksum_is_lost(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE units SET checksum = NULL WHERE key = 'replicate:gru:7'")
    spoil(path, "replicate:gru:3")
    assert "42 units in it are sound, 2 will be done again" in mend_journal(path, None, "plan")


def test_lines_of_another_run_are_not_mixed_in(path: Path) -> None:
    other = lines(path).read_text(encoding="utf-8").splitlines(keepends=True)
    lines(path).write_text("".join([*other[:20], other[25], *other[21:]]), encoding="utf-8")
    spoil(path, "replicate:gru:16")
    before = path.read_bytes()
    with pytest.raises(RunError, match=r"units\.jsonl is not of the same run"):
        mend_journal(path, lines(path), "plan")
    assert path.read_bytes() == before


def test_a_changed_line_is_not_believed(path: Path) -> None:
    path.write_bytes(b"\0" * 5000)
    changed = lines(path).read_text().splitlines()
    row = json.loads(changed[10])
    row["scores"][0] = 1.0
    lines(path).write_text("\n".join([*changed[:10], json.dumps(row), *changed[11:]]) + '\n{"key": "cut sh')
    # Of the last line, which was cut short, nothing is known but that it was there.
    assert "43 units in it are sound, 2 will be done again" in mend_journal(path, lines(path), "plan")
    assert row["key"] not in read_journal(path)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_overwritten_nothing_wrong_is_kept(path: Path, seed: int) -> None:
    """A page, a sector, a few bytes, the end: every unit is as it was, or gone."""
    generator = np.random.default_rng(seed)
    content, known = path.read_bytes(), {row["key"]: row for row in rows(path)}
    survived = []
    for _ in range(60):
        damaged = bytearray(content)
        size = int(generator.choice([1, 16, 512, 4096]))
        start = int(generator.integers(0, len(damaged)))
        damaged[start : start + size] = generator.bytes(min(size, len(damaged) - start))
        if generator.random() < 0.2:
            del damaged[start:]
        path.write_bytes(damaged)
        try:
            mend_journal(path, None, "plan")
        except RunError:
            survived.append(0)
            continue
        found = rows(path)
        assert all(known[row["key"]] == row for row in found)
        survived.append(len(found))
    assert max(survived) >= 40
    assert np.mean(np.array(survived) > 0) > 0.4


def test_a_run_goes_on_with_what_is_sound_and_says_the_same(whole: Result, tmp_path: Path) -> None:
    import shutil

    run = tmp_path / "run"
    shutil.copytree(whole.path, run)
    folder = RunFolder(run)
    replicate = next(row["key"] for row in read_journal(folder.journal).rows() if row["kind"] == "replicate")
    spoil(folder.journal, replicate)
    folder.units.unlink()
    with pytest.raises(RunError, match=r"is damaged .* go on with `gatewise resume .*`, which keeps what is sound"):
        gatewise.open_run(run)
    again = gatewise.resume(run)
    assert again.verdict.decision == whole.verdict.decision
    assert [one.test_score for one in again.comparison.trainings] == [one.test_score for one in whole.comparison.trainings]
    assert any(
        "journal was found damaged" in warning and "1 lost and done again" in warning for warning in again.comparison.warnings
    )
