"""Data sets of the hub, with the library's place taken by a module of the same calls."""

import sys
import types
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gatewise.data.sources import open_inputs, open_source
from gatewise.errors import DataError, OptionError


class ClassLabel:
    def __init__(self, names: list[str]) -> None:
        self.names = names


class Split:
    """What the library returns for a split: an Arrow table, and features that name the classes."""

    def __init__(self, table: pa.Table, features: Mapping[str, object]) -> None:
        self._table = table
        self.features = {name: features.get(name) for name in table.column_names}

    def with_format(self, name: str) -> "Split":
        assert name == "arrow"
        return self

    def __getitem__(self, rows: slice) -> pa.Table:
        return self._table[rows] if rows != slice(None) else self._table


def split(name: str, rows: int, *, labelled: bool = True) -> Split:
    labels = [row % 2 if labelled else -1 for row in range(rows)]
    table = pa.table({"text": [f"{name} text {row}" for row in range(rows)], "label": pa.array(labels, pa.int64())})
    return Split(table, {"label": ClassLabel(["bad", "good"])})


class OfflineModeIsEnabled(ConnectionError):
    pass


class HfHubHTTPError(Exception):
    pass


HfHubHTTPError.__module__ = "huggingface_hub.errors"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str | None], Any]:
    """The data sets there are, by name and configuration; an exception is raised."""
    sets: dict[tuple[str, str | None], Any] = {}

    def load_dataset(path: str, name: str | None = None, *, split: str | None = None) -> Any:
        found = sets.get((path, name), FileNotFoundError(f"Dataset '{path}' doesn't exist on the Hub\nor cannot be accessed."))
        if isinstance(found, Exception):
            raise found
        if split is None:
            return found
        if split not in found:
            raise ValueError(f'Unknown split "{split}". Should be one of {list(found)}.')
        return found[split]

    module = types.ModuleType("datasets")
    module.load_dataset = load_dataset  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "datasets", module)
    return sets


def test_train_and_test_are_kept(hub: dict[tuple[str, str | None], Any]) -> None:
    hub["films", None] = {
        "train": split("train", 40),
        "test": split("test", 20),
        "unsupervised": split("other", 9, labelled=False),
    }
    dataset = open_source("hf:films")
    assert (dataset.name, dataset.classes, len(dataset)) == ("films", ("bad", "good"), 60)
    assert dataset.sequences[40] == "test text 0"
    assert dataset.targets.tolist() == [0, 1] * 30
    assert dataset.fixed_test is not None
    assert dataset.fixed_test.tolist() == [False] * 40 + [True] * 20
    assert dataset.fixed_validation is None
    assert dataset.inferred[:2] == (
        "The data set's own splits are kept: train (40 rows) to train on, test (20 rows) to test.",
        "The split 'unsupervised' is not used; hf:films@unsupervised reads it.",
    )


def test_validation_is_kept_too(hub: dict[tuple[str, str | None], Any]) -> None:
    hub["films", None] = {"train": split("a", 40), "validation": split("b", 10), "test": split("c", 20)}
    dataset = open_source("hf:films")
    assert dataset.fixed_validation is not None
    assert np.flatnonzero(dataset.fixed_validation).tolist() == list(range(40, 50))


@pytest.mark.parametrize("tests", [{}, {"test": split("c", 20, labelled=False)}], ids=["no test part", "test without labels"])
def test_validation_stands_in_for_the_test_part(hub: dict[tuple[str, str | None], Any], tests: dict[str, Split]) -> None:
    hub["nyu/glue", "sst2"] = {"train": split("a", 40), "validation": split("b", 10), **tests}
    dataset = open_source("hf:nyu/glue/sst2")
    assert (dataset.name, len(dataset), dataset.fixed_validation) == ("sst2", 50, None)
    assert dataset.fixed_test is not None
    assert np.flatnonzero(dataset.fixed_test).tolist() == list(range(40, 50))
    assert any("has no labels" in sentence for sentence in dataset.inferred) == bool(tests)


def test_one_split(hub: dict[tuple[str, str | None], Any]) -> None:
    hub["films", None] = {"train": split("a", 40), "test": split("b", 30)}
    dataset = open_source("hf:films@test")
    assert (len(dataset), dataset.fixed_test) == (30, None)
    hub["single", None] = {"full": split("a", 40)}
    assert open_source("hf:single").fixed_test is None
    assert len(open_inputs("hf:films@train", kind="text").sequences) == 40


def test_owner_and_configuration(hub: dict[tuple[str, str | None], Any]) -> None:
    hub["me/films", None] = hub["glue", "sst2"] = hub["me/glue", "sst2"] = {"train": split("a", 40)}
    assert [open_source(f"hf:{name}").name for name in ("me/films", "glue/sst2", "me/glue/sst2")] == ["films", "sst2", "sst2"]


BAD: dict[str, tuple[str, Any, type[Exception], str]] = {
    "unknown": ("nothing", None, DataError, "there is no data set 'nothing' on the hub.*doesn't exist on the Hub\\)"),
    "unknown owner": ("me/nothing", None, DataError, "there is no data set 'me/nothing'"),
    "no name": ("", None, DataError, "is no data set's name. Expected hf:NAME"),
    "too many slashes": ("a/b/c/d", None, DataError, "hf:a/b/c/d is no data set's name"),
    "offline": ("films", OfflineModeIsEnabled("offline mode is enabled"), DataError, "not on this machine.*HF_HUB_OFFLINE"),
    "no connection": ("films", HfHubHTTPError("503"), DataError, r"the hub cannot be reached \(503\)"),
    "configurations": ("films", ValueError("Config name is missing.\nmore"), DataError, r"\(Config name is missing\.\).*/CONFIG"),
    "unknown split": ("films@dev", {"train": split("a", 40)}, DataError, 'Unknown split "dev"'),
    "no train split": ("films", {"en": split("a", 40), "de": split("a", 40)}, DataError, "no split 'train'; it has: en, de"),
    "other columns": (
        "films",
        {"train": split("a", 40), "test": Split(pa.table({"text": [1, 2]}), {})},
        DataError,
        "different columns",
    ),
}


@pytest.mark.parametrize(("name", "found", "kind", "expected"), BAD.values(), ids=BAD)
def test_bad_request(hub: dict[tuple[str, str | None], Any], name: str, found: Any, kind: type[Exception], expected: str) -> None:
    if found is not None:
        hub["films", None] = found
    with pytest.raises(kind, match=expected):
        open_source(f"hf:{name}")


@pytest.mark.parametrize(
    "options", [{"split": "label"}, {"test": pa.table({"text": ["a"], "label": ["good"]})}], ids=["split", "test"]
)
def test_one_split_is_enough(hub: dict[tuple[str, str | None], Any], options: dict[str, Any]) -> None:
    hub["films", None] = {"train": split("a", 40), "test": split("b", 20)}
    with pytest.raises(OptionError, match="the source's own split both say what the test part is"):
        open_source("hf:films", **options)


def test_the_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DataError, match=r"package datasets.*pip install 'gatewise\[hub\]'"):
        open_source("hf:films")
