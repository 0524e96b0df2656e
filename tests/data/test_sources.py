"""The same rows, whatever they are written in, become the same data set; what was inferred is said."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gatewise.data.sources import open_inputs, open_source
from gatewise.errors import DataError
from gatewise.records import Dataset
from tests.arrays import series_of

Reviews = dict[str, list[str]]


def write(path: Path, reviews: Reviews) -> None:
    rows = [dict(zip(reviews, cells, strict=True)) for cells in zip(*reviews.values(), strict=True)]
    table = pa.table(reviews)
    separator = "\t" if ".tsv" in path.name else ","
    delimited = "\n".join(separator.join(cells) for cells in [tuple(reviews), *(tuple(row.values()) for row in rows)])
    match path.name.removesuffix(".gz").rpartition(".")[2]:
        case "parquet":
            pq.write_table(table, path)
            return
        case "csv" | "tsv":
            content = delimited
        case "json":
            content = json.dumps(rows)
        case _:
            content = "\n".join(json.dumps(row) for row in rows)
    data = content.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


@pytest.mark.parametrize(
    "name", ["r.csv", "r.tsv", "r.jsonl", "r.ndjson", "r.json", "r.parquet", "r.csv.gz", "r.tsv.gz", "r.jsonl.gz", "R.CSV"]
)
def test_file(tmp_path: Path, reviews: Reviews, name: str) -> None:
    write(tmp_path / name.lower(), reviews)
    (tmp_path / name.lower()).rename(tmp_path / name)
    dataset = open_source(str(tmp_path / name))
    assert (dataset.name, dataset.kind, dataset.fixed_test) == (name[0], "text", None)
    assert dataset.sequences == tuple(reviews["text"])
    assert dataset.classes == ("negative", "positive")
    assert dataset.targets.tolist() == [0, 1] * 30
    assert dataset.groups.tolist() == list(range(60))
    assert dataset.inferred == (
        "The text is the column 'text', by its name.",
        "The target is the column 'label', by its name.",
        "The task is classification into 2 classes: negative, positive.",
    )
    assert dataset.warnings == ()


def test_tables_in_memory(reviews: Reviews) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(reviews, index=range(100, 160))
    for table in (pa.table(reviews), frame, frame.astype({"label": "category"})):
        dataset = open_source(table)
        assert dataset.name == "table"
        assert dataset.sequences == tuple(reviews["text"])
        assert dataset.targets.tolist() == [0, 1] * 30


def test_a_dataset_comes_back_as_it_is(reviews: Reviews) -> None:
    dataset = open_source(pa.table(reviews))
    assert open_source(dataset) is dataset


def test_byte_order_mark_semicolons_and_quoting(tmp_path: Path) -> None:
    rows = [f'"first; ""quoted"" {row}\nsecond line";{row % 2}' for row in range(30)]
    (tmp_path / "a.csv").write_bytes("\ufefftext;label\n".encode() + "\r\n".join(rows).encode())
    dataset = open_source(tmp_path / "a.csv")
    assert dataset.sequences[3] == 'first; "quoted" 3\nsecond line'
    assert "separated by a semicolon" in dataset.inferred[0]


def test_cells_stay_as_they_are_written(tmp_path: Path) -> None:
    texts = ["NA", "null", "007", "1e5", "True"]
    (tmp_path / "a.csv").write_text("text,label\n" + "\n".join(f"{texts[row % 5]},{['NA', '007'][row % 2]}" for row in range(40)))
    dataset = open_source(tmp_path / "a.csv", text="text")
    assert set(dataset.sequences) == set(texts)
    assert dataset.classes == ("007", "NA")
    assert dataset.warnings == ()


@pytest.mark.parametrize("ending", ['"it begins with a quotation mark', 'and this one ends with one"'])
def test_tsv_that_never_quotes(tmp_path: Path, ending: str) -> None:
    """Two texts that begin and end with a quotation mark must not swallow the rows between them."""
    texts = ['"Great', *(f"text {row}" for row in range(40)), ending, "last"]
    (tmp_path / "a.tsv").write_text("text\tlabel\n" + "\n".join(f"{text}\t{row % 2}" for row, text in enumerate(texts)))
    dataset = open_source(tmp_path / "a.tsv")
    assert dataset.sequences == tuple(texts)
    assert any("does not quote" in sentence for sentence in dataset.inferred)


def test_tsv_that_quotes(tmp_path: Path) -> None:
    rows = [f'"a ""quoted""\ttext {row}"\t{row % 2}' for row in range(30)]
    (tmp_path / "a.tsv").write_text("text\tlabel\n" + "\n".join(rows))
    dataset = open_source(tmp_path / "a.tsv")
    assert dataset.sequences[7] == 'a "quoted"\ttext 7'
    assert not any("does not quote" in sentence for sentence in dataset.inferred)


@pytest.mark.parametrize(
    ("columns", "text", "target"),
    [
        (("title", "Text", "label", "y"), "Text", "label"),
        (("TEXT", "text", "class"), "text", "class"),
        (("Review", "notes", "Sentiment"), "Review", "Sentiment"),
        (("short", "longest of all", "category"), "longest of all", "category"),
        (("words", "verdict"), "words", "verdict"),
        (("sentence", "number", "target"), "sentence", "target"),
    ],
)
def test_inference(columns: tuple[str, ...], text: str, target: str) -> None:
    table = {}
    for name in columns:
        plain = ["a", "b"] * 20 if name == target else [f"{name} {row}" for row in range(40)]
        table[name] = [str(row) for row in range(40)] if name == "number" else plain
    dataset = open_source(pa.table(table))
    assert dataset.sequences == tuple(table[text])
    assert dataset.classes == ("a", "b")
    assert f"'{text}'" in dataset.inferred[0]
    assert f"'{target}'" in dataset.inferred[1]


def test_named_columns_win_over_inferred_ones(reviews: Reviews) -> None:
    headlines = [f"headline {row}" for row in range(60)]
    other = {"headline": headlines, "rating": [1.0, 2.0, 3.0] * 20}
    dataset = open_source(pa.table(reviews | other), text="headline", target="rating")
    assert dataset.sequences == tuple(headlines)
    assert dataset.classes == ("1", "2", "3")


def test_the_split_column_is_said_to_be_unused(reviews: Reviews) -> None:
    dataset = open_source(pa.table(reviews | {"split": ["train"] * 60}))
    assert any("'split' is not used" in sentence for sentence in dataset.inferred)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([10, 9, 2], ("2", "9", "10")),
        ([True, False, True], ("False", "True")),
        ([1.0, 0.0, 2.0], ("0", "1", "2")),
        ([" b", "a ", "c"], ("a", "b", "c")),
        (["1.0", "0.0", "1.0"], ("0", "1")),
    ],
)
def test_targets_of_any_type(labels: list[object], classes: tuple[str, ...]) -> None:
    dataset = open_source(pa.table({"text": [f"text {row}" for row in range(60)], "label": labels * 20}))
    assert dataset.classes == classes
    assert [dataset.classes[target] for target in dataset.targets[:3]] == [
        str(int(label) if isinstance(label, float) else label).strip().removesuffix(".0") for label in labels
    ]


def test_missing_rows_are_dropped_and_counted() -> None:
    texts = [f"text {row}" for row in range(40)]
    labels: list[str | None] = ["a", "b"] * 20
    table = pa.table({"text": [None, *texts[1:]], "label": [*labels[:-2], None, "  "]})
    dataset = open_source(table)
    assert dataset.sequences == tuple(texts[1:-2])
    assert dataset.warnings == ("3 of 40 rows lack an input (1) or a target (2) and were dropped.",)


def test_texts_without_words_are_kept_and_counted() -> None:
    dataset = open_source(pa.table({"text": ["", " \n", *(f"text {row}" for row in range(38))], "label": ["a", "b"] * 20}))
    assert len(dataset) == 40
    assert dataset.warnings == ("2 texts without words are read as one unknown word.",)


def test_rare_classes_are_named() -> None:
    dataset = open_source(pa.table({"text": [f"text {row}" for row in range(43)], "label": ["a", "b"] * 20 + ["c"] * 3}))
    assert len(dataset.warnings) == 1
    assert "c (3)" in dataset.warnings[0]


def test_repeated_texts_share_a_group() -> None:
    texts = ["Good  film", "good film\n", "ｇｏｏｄ film", "good film!", *(f"text {row}" for row in range(36))]
    assert open_source(pa.table({"text": texts, "label": ["a", "b"] * 20})).groups[:5].tolist() == [0, 0, 0, 1, 2]


SERIES = [[row / 8, 1.0, float(row % 3)] for row in range(40)]


@pytest.mark.parametrize(
    "cells",
    [
        SERIES,
        [json.dumps(row) for row in SERIES],
        [" ".join(map(str, row)) for row in SERIES],
        [";".join(map(str, row)) for row in SERIES],
    ],
    ids=["lists", "JSON", "spaces", "semicolons"],
)
def test_series_in_a_table(cells: list[object]) -> None:
    table = pa.table({"x": cells, "z": [[1, 2, 3]] * 40, "label": ["a", "b"] * 20})
    dataset = open_source(table, channels=("x", "z"))
    assert (dataset.kind, dataset.channels) == ("series", ("x", "z"))
    assert series_of(dataset)[5].dtype == np.float32
    np.testing.assert_array_equal(dataset.sequences[5], np.stack([SERIES[5], [1, 2, 3]], axis=1))


def test_series_are_inferred_from_lists_of_numbers(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": [f"k{row}" for row in range(40)],
            "wave": [row[: 1 + number % 3] for number, row in enumerate(SERIES)],
            "y": [0, 1] * 20,
        }
    )
    dataset = open_source(table)
    assert dataset.channels == ("wave",)
    assert [len(sequence) for sequence in dataset.sequences[:3]] == [1, 2, 3]
    assert "wave" in dataset.inferred[0]


def test_repeated_series_share_a_group_and_missing_ones_are_dropped() -> None:
    cells: list[object] = [*SERIES[:38], SERIES[0], None]
    dataset = open_source(pa.table({"x": cells, "label": ["a", "b"] * 20}))
    assert len(dataset) == 39
    assert dataset.groups[-1] == 0
    assert len(np.unique(dataset.groups)) == 38
    assert "1 of 40 rows" in dataset.warnings[0]


def test_inputs_need_no_target(tmp_path: Path, reviews: Reviews, ragged: dict[str, Any]) -> None:
    del reviews["label"]
    write(tmp_path / "new.csv", reviews)
    assert open_inputs(tmp_path / "new.csv", kind="text").sequences == reviews["text"]
    arrays = open_inputs(pa.table({"x": [[1.0, 2.0], [3.0]]}), kind="series").sequences
    assert [array.tolist() for array in arrays] == [[[1.0], [2.0]], [[3.0]]]
    np.savez(tmp_path / "new.npz", **{key: value for key, value in ragged.items() if "labels" not in key})
    assert [len(array) for array in open_inputs(tmp_path / "new.npz", kind="series").sequences[40:]] == ragged[
        "test_lengths"
    ].tolist()


def test_names_of_sound_files_are_not_read_as_texts(tmp_path: Path) -> None:
    table = pa.table({"where": [f"digit_{row}.WAV" for row in range(40)], "label": ["a", "b"] * 20})
    with pytest.raises(DataError, match="40 of 40 sound files in the column 'where' do not exist"):
        open_source(table)


def test_sounds_to_predict_are_paths(tmp_path: Path) -> None:
    for name in ("b.wav", "a.ogg", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    expected = [tmp_path / "a.ogg", tmp_path / "b.wav"]
    (tmp_path / "index.csv").write_text("path,speaker\na.ogg,x\nb.wav,y\n")
    assert open_inputs(tmp_path, kind="audio").sequences == expected
    assert open_inputs(str(tmp_path / "b.wav"), kind="audio").sequences == expected[1:]
    assert open_inputs(tmp_path / "index.csv", kind="audio").sequences == expected
    assert open_inputs(tmp_path / "index.csv", kind="audio", audio="path").sequences == expected
    assert open_inputs(expected, kind="audio").sequences == expected
    with pytest.raises(DataError, match="the model reads sounds, the input holds none in 'speaker'"):
        open_inputs(tmp_path / "index.csv", kind="audio", text="speaker")
    with pytest.raises(DataError, match="the model reads texts"):
        open_inputs(tmp_path / "index.csv", kind="text")


def test_folders_of_sounds_go_with_each_other_alone(tmp_path: Path, reviews: Reviews) -> None:
    (tmp_path / "yes").mkdir()
    (tmp_path / "yes" / "a.wav").write_bytes(b"")
    with pytest.raises(DataError, match="is a folder of sounds, and the Table is none"):
        open_source(tmp_path, test=pa.table(reviews))
    with pytest.raises(DataError, match="is a folder of sounds, and the data is none"):
        open_source(pa.table(reviews), test=tmp_path)


def test_series_to_go_on_from() -> None:
    table = pa.table({"t": [3, 1, 2] * 2, "who": ["a"] * 3 + ["b"] * 3, "x": [3.0, 1, 2, 30, 10, 20], "z": [0.5] * 6})
    found = open_inputs(table, kind="series", task="forecast", id="who", time="t", channels=("z", "x")).sequences
    assert [series.tolist() for series in found] == [
        [[0.5, 1.0], [0.5, 2.0], [0.5, 3.0]],
        [[0.5, 10.0], [0.5, 20.0], [0.5, 30.0]],
    ]


def test_cells_that_arrow_stores_in_other_ways() -> None:
    """Views, dictionaries of views, fixed lists and half precision, as newer libraries hand them over."""
    texts = [f"text {row}" for row in range(40)]
    text = pa.array(texts).cast(pa.string_view())
    codes = pa.DictionaryArray.from_arrays(pa.array([0, 1] * 20), pa.array(["a", "b"]).cast(pa.string_view()))
    dataset = open_source(pa.table({"text": text, "label": codes}))
    assert (dataset.sequences, dataset.classes) == (tuple(texts), ("a", "b"))
    values = np.arange(120, dtype=np.float32).reshape(40, 3)
    fixed = pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), 3)
    dataset = open_source(pa.table({"x": fixed, "label": pa.array(np.arange(40) / 8, pa.float16())}))
    np.testing.assert_array_equal(np.stack(dataset.sequences)[..., 0], values)
    assert dataset.targets[3, 0] == 0.375


def test_text_data_hold_no_channels(reviews: Reviews) -> None:
    dataset = open_source(pa.table(reviews))
    assert isinstance(dataset, Dataset)
    assert dataset.channels == ()
