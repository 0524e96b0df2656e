"""Runs on data that are read from disk."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import gatewise
from gatewise.data.dataset import drawn
from gatewise.data.dataset.stored import StoredDataset
from gatewise.data.sources import open_source
from gatewise.errors import OptionError
from gatewise.records import Config, Encoded
from gatewise.study.arms import arms_for
from gatewise.study.resolved import resolved
from gatewise.study.work import Workload
from gatewise.training.drawn_part import DrawnPart

EPOCH = 60


@pytest.fixture
def reviews(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of 900 rows, of which an epoch is 60 in this process: fewer than the validation part has."""
    monkeypatch.setenv("GATEWISE_STORE", str(tmp_path / "stores"))
    monkeypatch.setattr(drawn, "EPOCH_ROWS", EPOCH)
    monkeypatch.setattr(drawn, "BASELINE_ROWS", 300)
    generator = np.random.default_rng(0)
    lines = []
    for row in range(900):
        label = generator.choice(["up", "down"])
        words = generator.choice(["plot", "film", "cast", "good" if label == "up" else "bad"], 6)
        lines.append(f"{' '.join(words)} {' '.join(str(row))},{label}")
    path = tmp_path / "reviews.csv"
    path.write_text("text,label\n" + "\n".join(lines))
    return path


def options(path: Path) -> dict[str, object]:
    return {"on_disk": "always", "replicates": 3, "max_epochs": 3, "tune": 0, "hidden_size": 8, "embedding_size": 8}


def test_every_epoch_reads_the_next_rows(reviews: Path) -> None:
    dataset = open_source(reviews, on_disk="always")
    config = resolved(Config(str(reviews), on_disk="always"), dataset)
    assert config.on_disk == "always"
    workload = Workload(config, dataset, arms_for(config, dataset))
    encoded = workload.encode(0)
    part = encoded.train
    assert isinstance(part, DrawnPart) and len(part) == EPOCH
    assert workload.schedule.max_epochs == workload.trainer.schedule(EPOCH).max_epochs
    assert len(encoded.validation) == len(encoded.split.validation) > EPOCH
    whole = encoded.encoder.encode_rows(workload.prepared, encoded.split.train)
    known = {_row(whole, row): row for row in range(len(whole))}
    turns = len(encoded.split.train) // EPOCH
    epochs = [part.epoch(number, 7) for number in range(1, 2 * turns + 1)]
    seen = [known[_row(epoch, row)] for epoch in epochs for row in range(len(epoch))]
    # No row comes twice before nearly all came once, and the second time in another order.
    assert len(set(seen[: EPOCH * turns])) == EPOCH * turns == len(set(seen[EPOCH * turns :]))
    assert [_row(epochs[0], row) for row in range(EPOCH)] != [_row(epochs[turns], row) for row in range(EPOCH)]
    again = part.epoch(2, 7)
    assert np.array_equal(again.values, epochs[1].values)
    assert not np.array_equal(part.epoch(2, 8).values, epochs[1].values)


def _row(encoded: Encoded, row: int) -> bytes:
    start, length = encoded.offsets[row], encoded.lengths[row]
    return bytes(encoded.values[start : start + length].tobytes())


def test_a_run_and_its_model(reviews: Path, tmp_path: Path) -> None:
    asked = options(reviews) | {"max_epochs": 10, "rivals": "none"}
    result = gatewise.compare(reviews, out=tmp_path / "run", **asked)  # type: ignore[arg-type]
    assert result.comparison.config.on_disk == "always"
    said = " ".join(result.comparison.profile.inferred)
    assert "The 900 rows are read from disk: each replicate draws its own" in said
    assert "An epoch is 60 rows at most" in said
    assert result.verdict.scores["gru"].n == 3
    assert result.model.details["trained_on_rows"] == 10 * EPOCH
    assert result.model.predict(["good good plot", "bad bad film"]) == ["up", "down"]
    predicted = result.predictions()
    tested = {(one["replicate"], one["row"]) for one in predicted}
    assert len({row for _, row in tested}) > 90 and all(0 <= row < 900 for _, row in tested)
    assert gatewise.reproduce(result.path).outcome == "equal"


def test_processes_side_by_side_share_what_is_on_disk(reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Which these processes have as it is.
    monkeypatch.undo()
    monkeypatch.setenv("GATEWISE_STORE", str(tmp_path / "stores"))
    runs = [
        gatewise.compare(reviews, out=tmp_path / f"run{jobs}", jobs=jobs, **options(reviews))  # type: ignore[arg-type]
        for jobs in (1, 2)
    ]
    assert runs[0].verdict.scores == runs[1].verdict.scores


def test_a_run_goes_on_where_the_encoded_data_are_gone(reviews: Path, tmp_path: Path) -> None:
    first = gatewise.compare(reviews, out=tmp_path / "run", **options(reviews))  # type: ignore[arg-type]
    shutil.rmtree(tmp_path / "stores")
    (tmp_path / "run" / "verdict.json").unlink()
    again = gatewise.resume(tmp_path / "run")
    assert again.verdict.scores == first.verdict.scores
    assert isinstance(open_source(reviews, on_disk="always"), StoredDataset)


def test_what_is_in_memory_already_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="--on-disk always does not apply to builtin:digits, which is no table in a file"):
        gatewise.compare("builtin:digits", on_disk="always", out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
