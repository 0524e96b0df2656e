"""Tables as people export them are read as they would read them, or the two readings are named; and every hint is good."""

import io
import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import typer

from gatewise.cli import app, given_options
from gatewise.data.dataset.profile import fingerprint
from gatewise.data.sources import open_inputs, open_source
from gatewise.errors import DataError, GatewiseError
from gatewise.records import Dataset, Reading
from tests.arrays import series_of
from tests.data.odd_tables import TABLES


def read(folder: Path, name: str, **options: Any) -> Dataset:
    (folder / f"{name}.csv").write_text(TABLES[name]())
    return open_source(folder / f"{name}.csv", **options)


@pytest.mark.parametrize(
    ("name", "reading", "horizon", "inferred", "warnings"),
    [
        ("billing", {"time": "Usage Date", "date_format": "%m/%d/%Y"}, 7, ["'1/5/2021' is 2021-01-05", "A step is 1 day"], 0),
        ("billing_by_service", {"time": "Usage Date", "date_format": "%m/%d/%y", "id": "Service"}, 7, ["in 2 series"], 1),
        ("sensor", {"time": "timestamp_ms"}, 24, ["milliseconds since 1970", "A season is 1,440 steps"], 0),
        ("sensor_zoned", {"time": "time"}, 18, ["The rows were sorted by 'time'", "A step is 10 minutes"], 1),
        ("shops", {"time": "Datum", "date_format": "%d.%m.%Y", "id": "Filiale"}, 7, ["'50,13' is 50.13", "in 4 series"], 1),
        ("gaps", {"time": "day"}, 7, ["A step is 1 day"], 1),
        ("events", {}, 24, ["The times are in the column 'at'"], 1),
        ("prophet", {"time": "ds", "target": ("y",)}, 7, ["a forecast of y"], 0),
        ("stations", {"time": "month", "date_format": "%b %Y", "id": "station"}, 12, ["A step is 1 month", "in 3 series"], 1),
        ("money", {"time": "Date", "date_format": "%m/%d/%Y"}, 7, ["'$1,050.13' is 1050.13"], 0),
    ],
)
def test_a_time_with_numbers_is_a_forecast(
    tmp_path: Path, name: str, reading: dict[str, Any], horizon: int, inferred: list[str], warnings: int
) -> None:
    dataset = read(tmp_path, name)
    assert dataset.task == "forecast"
    assert dataset.forecast is not None
    assert dataset.forecast.horizon == horizon
    assert dataset.reading == Reading(task="forecast", **reading)
    said = " ".join(dataset.inferred)
    assert "is taken for a forecast: a row is a time with numbers." in said
    assert "To say otherwise, name the task with --task, or its columns with --text, --channels or --id." in said
    assert [words for words in inferred if words not in said] == []
    assert len(dataset.warnings) == warnings, dataset.warnings
    # What is named as it was inferred gives the same data.
    again = open_source(tmp_path / f"{name}.csv", task="forecast", **reading)
    assert fingerprint(again) == fingerprint(dataset)


def test_irregular_times_are_equal_steps_where_nobody_named_them(tmp_path: Path) -> None:
    dataset = read(tmp_path, "events")
    assert (
        "Rows are taken as equal steps, in the order of 'at': the times in the column 'at' are irregular" in dataset.warnings[0]
    )
    with pytest.raises(DataError, match=r"are irregular.*or leave out --time to take the rows as equal steps"):
        read(tmp_path, "events", task="forecast", time="at")
    assert fingerprint(read(tmp_path, "events", task="forecast")) == fingerprint(dataset)


def test_reviews_with_a_date_and_stars(tmp_path: Path) -> None:
    dataset = read(tmp_path, "reviews")
    assert (dataset.kind, dataset.task, dataset.classes) == ("text", "classification", ("1", "2", "3", "4", "5"))
    assert dataset.reading == Reading(text="review", target=("stars",))
    numbers, times = dataset.warnings
    assert "'stars' holds 5 different whole numbers, 1 to 5, read as classes in no order; --task regression predicts" in numbers
    assert "times in 'review_date' are not read, and rows are split at random" in times
    assert read(tmp_path, "reviews", task="regression").warnings == (times,)


def test_every_format_holds_the_same_forecast(tmp_path: Path) -> None:
    """Dates as texts, as Arrow's dates and time stamps, as Python's and pandas' own."""
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    expected = read(tmp_path, "billing")
    table = pa.csv.read_csv(io.BytesIO(TABLES["billing"]().encode()))
    days = pandas.to_datetime(pandas.Series(table["Usage Date"].to_pylist()), format="%m/%d/%Y")
    amounts = table["Usage Amount"]
    pq.write_table(table, tmp_path / "a.parquet")
    rows = (json.dumps(dict(zip(table.column_names, row, strict=True))) for row in zip(*table.to_pydict().values(), strict=True))
    (tmp_path / "a.jsonl").write_text("\n".join(rows))
    stamps = pa.array(days.to_numpy().astype("datetime64[ms]"))
    frame = pandas.DataFrame({"Usage Date": days, "Usage Amount": amounts.to_pandas()})
    sources = [
        tmp_path / "a.parquet",
        tmp_path / "a.jsonl",
        pa.table({"Usage Date": stamps, "Usage Amount": amounts}),
        pa.table({"Usage Date": stamps.cast(pa.timestamp("ns", tz="UTC")), "Usage Amount": amounts}),
        pa.table({"Usage Date": stamps.cast(pa.date32()), "Usage Amount": amounts}),
        pa.table({"Usage Date": pa.array(table["Usage Date"].to_pylist()).dictionary_encode(), "Usage Amount": amounts}),
        table.to_pandas(),
        frame,
        frame.assign(**{"Usage Date": days.dt.tz_localize("UTC")}),
        polars.from_arrow(table),
        polars.DataFrame({"Usage Date": polars.Series(days.dt.date.tolist()), "Usage Amount": amounts.to_pylist()}),
    ]
    for source in sources:
        found = open_source(source)
        assert found.task == "forecast"
        assert fingerprint(found) == fingerprint(expected)


@pytest.mark.parametrize("name", ["billing", "sensor", "sensor_zoned", "gaps", "stations"])
def test_times_are_never_texts(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.csv").write_text(TABLES[name]())
    for task in ("classification", "regression"):
        with pytest.raises(DataError, match="no text column could be inferred"):
            open_source(tmp_path / "a.csv", task=task)
    with pytest.raises(DataError, match=r"no target column could be inferred.*None of them holds classes or numbers"):
        open_source(
            pa.table({"text": [f"text {row}" for row in range(40)], "when": [f"2021-01-{row % 28 + 1:02}" for row in range(40)]})
        )


def test_steps_of_a_long_table_are_in_the_order_of_its_times() -> None:
    days = [f"{row % 4 + 1}/{row // 4 % 28 + 1}/2021" for row in range(160)]
    table: dict[str, Any] = {
        "id": [row // 4 for row in range(160)],
        "on": days,
        "x": range(160),
        "label": ["a", "b"] * 40 + ["b", "a"] * 40,
    }
    table["label"] = [("a", "b")[row // 4 % 2] for row in range(160)]
    mixed = np.random.default_rng(0).permutation(160)
    shuffled = {name: [list(cells)[row] for row in mixed] for name, cells in table.items()}
    plain, sorted_ = open_source(pa.table(table), id="id"), open_source(pa.table(shuffled), id="id")
    assert plain.reading == Reading(id="id", time="on", target=("label",), date_format="%m/%d/%Y")
    assert "The steps are in the order of 'on'." in plain.inferred
    own = {int(sequence[0, 0]): sequence.tolist() for sequence in series_of(sorted_)}
    assert [own[int(sequence[0, 0])] for sequence in series_of(plain)] == [sequence.tolist() for sequence in series_of(plain)]
    twice = open_source(pa.table(table | {"on": ["1/1/2021", "1/1/2021", "1/2/2021", "1/13/2021"] * 40}), id="id")
    assert "Those rows stay in their order." in twice.warnings[0]
    assert twice.reading is not None
    assert twice.reading.time is None


def test_single_words_are_doubted_as_texts(tmp_path: Path) -> None:
    codes = {"code": [f"A{row}" for row in range(60)], "price": HALVES}
    assert "'code' is taken for the text, though most of its cells are single words" in open_source(pa.table(codes)).warnings[0]
    words = {"words": [f"文字{row}" for row in range(60)], "price": HALVES}
    assert open_source(pa.table(words)).warnings == ()
    quarters = {"quarter": [f"{1990 + row // 4}Q{row % 4 + 1}" for row in range(120)], "sales": [row / 2 for row in range(120)]}
    dataset = open_source(pa.table(quarters))
    assert dataset.task == "forecast"
    assert "A step is 3 months." in dataset.inferred


TEXTS = [f"text number {row}" for row in range(60)]
DAYS = [str(day) for day in np.arange("2021-01-01", "2021-03-02", dtype="datetime64[D]")]
HALVES = [row / 2 for row in range(60)]
# A table, how it is asked for, and how the message begins; every option that the message names is then taken.
HINTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "two texts": (
        {"pros": TEXTS, "cons": [f"note number {row}" for row in range(60)], "again": ["y", "n"] * 30},
        "",
        "about as long",
    ),
    "two targets": (
        {"text": TEXTS, "stars": [1, 2, 3] * 20, "helpful": ["y", "n"] * 30},
        "",
        "no target column could be inferred",
    ),
    "two targets among others": (
        {
            "id": range(60),
            "text": TEXTS,
            "stars": [1, 2] * 30,
            "kind": ["a", "b", "c"] * 20,
            "split": ["train"] * 40 + ["test"] * 20,
            "day": DAYS,
            "lang": ["en"] * 60,
        },
        "",
        "add --target stars or --target kind.",
    ),
    "a name with a space": ({"text": TEXTS, "my stars": [1, 2] * 30, "it's": ["y", "n"] * 30}, "", "no target column"),
    "text or forecast": ({"day": DAYS, "note": TEXTS, "amount": HALVES}, "", "may be two things"),
    "label or forecast": ({"date": DAYS, "wind": HALVES, "label": ["a", "b"] * 30}, "", "may be two things"),
    "label of series": (
        {
            "date": DAYS * 40,
            "who": [row // 60 for row in range(2400)],
            "wind": [float(row) for row in range(2400)],
            "label": [("a", "b")[row // 60 % 2] for row in range(2400)],
        },
        "",
        "may be two things",
    ),
    "classes or numbers": (
        {"text": TEXTS * 2, "age": [row % 40 for row in range(120)]},
        "",
        "may be classes in no order, or numbers",
    ),
    "ids of two kinds": (
        {
            "day": sorted(DAYS * 4),
            "shop": ["a", "b", "c", "d"] * 60,
            "till": [1, 2, 3, 4] * 60,
            "sold": [float(row) for row in range(240)],
        },
        "",
        "more than one column tells series apart",
    ),
    "numbers alone": ({"x": HALVES, "z": HALVES[::-1]}, "", "no text column could be inferred"),
    "times of no regular step": (
        {"at": np.cumsum(np.arange(60.0) ** 2).tolist(), "x": HALVES},
        "--task forecast --time at",
        "irregular",
    ),
    "a time without an id": ({"at": DAYS, "text": TEXTS, "label": ["y", "n"] * 30}, "--time at", "--time orders the steps"),
    "steps without a task": ({"at": list(range(60)), "x": HALVES}, "--horizon 2", "belong to a forecast"),
    "an unknown column": ({"text": TEXTS, "stars": ["y", "n"] * 30}, "--target star", "Did you mean 'stars'"),
    "dates in another format": (
        {"day": DAYS, "x": HALVES},
        "--task forecast --time day --date-format %d/%m/%Y",
        "no time as --date-format",
    ),
    "fractions as classes": ({"text": TEXTS, "label": HALVES}, "--task classification", "Leave out --task classification"),
    "two inputs": ({"text": TEXTS, "note": TEXTS, "label": ["y", "n"] * 30}, "--text text --channels note", "Give one of them"),
    "a window too long": ({"day": DAYS, "x": HALVES}, "--task forecast --window 90", "shorter --window or --horizon"),
    "a step in each row": (
        {
            "who": [f"w{row // 5}" for row in range(300)],
            "x": [float(row) for row in range(300)],
            "label": [("a", "b")[row // 5 % 2] for row in range(300)],
        },
        "--channels x",
        "name the column that says of which with --id",
    ),
}


def follow(message: str, asked: list[str], columns: dict[str, Any]) -> list[list[str]]:
    """The words of the commands that a message leads to: options taken as they stand, left out, or with every fitting name."""
    if "Leave out" in message or "leave out" in message or "leave it out" in message:
        named = re.search(r"[Ll]eave out (--[a-z-]+)", message) or re.search(r"--date-format", message)
        assert named is not None
        option = named[1] if named.re.groups else named[0]
        at = asked.index(option)
        return [asked[:at] + asked[at + 2 :]]
    if "Give one of them" in message:
        return [asked[:2]]
    if "shorter --window" in message:
        return [[*asked[:-1], "9"]]
    if (near := re.search(r"Did you mean ('.*?')\?", message)) is not None:
        return [[*asked[:-1], near[1].strip("'")]]
    choices = []
    if "with --id" in message and "dd --" not in message:
        return [[*asked, "--id", next(iter(columns))]]
    for found in re.finditer(r"(?:Add|add|or) (--[^.;]+?)(?=, or|, where| or --|\.(?: |$)|;| to predict| where)", message):
        words = shlex.split(found[1])
        if len(words) % 2 == 0:
            choices.append([*asked, *words])
    return choices


@pytest.mark.parametrize("name", HINTS)
def test_every_hint_is_good(tmp_path: Path, name: str) -> None:
    columns, options, begins = HINTS[name]
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    asked = shlex.split(options)

    def run(words: list[str]) -> Dataset:
        command: Any = typer.main.get_command(app)
        given = given_options(command.commands["compare"].make_context("compare", [str(tmp_path / "a.parquet"), *words]).params)
        del given["source"]
        return open_source(tmp_path / "a.parquet", **given)

    with pytest.raises(GatewiseError) as caught:
        run(asked)
    message = str(caught.value)
    assert begins in message
    commands = follow(message, asked, columns)
    assert commands, message
    for words in commands:
        assert len(run(words)), words


def test_a_run_names_the_columns_that_it_inferred(tmp_path: Path) -> None:
    """Predictions are made from the same columns, whatever else the new table has."""
    dataset = read(tmp_path, "reviews")
    assert dataset.reading is not None
    usual = Reading(text=dataset.reading.text)
    wider = pa.table(
        {"remark": [f"a much longer remark than any of the texts {row}" * 3 for row in range(5)], "review": TEXTS[:5]}
    )
    assert open_inputs(wider, kind="text", usual=usual).sequences == TEXTS[:5]
    with pytest.raises(DataError, match=r"had the column 'review' \(--text\), and the input has: note\. .* name it with --text"):
        open_inputs(pa.table({"note": TEXTS}), kind="text", usual=usual)
    assert open_inputs(pa.table({"note": TEXTS}), kind="text", usual=usual, text="note").sequences == TEXTS


def test_predictions_have_the_order_of_day_and_month_of_the_run() -> None:
    usual = Reading(channels=("x",), time="day", date_format="%d/%m/%Y")
    days = [f"{day}/4/2021" for day in range(1, 10)]
    found = open_inputs(pa.table({"day": days, "x": HALVES[:9]}), kind="series", usual=usual, task="forecast")
    assert found.future is not None
    assert found.future.origin == ["2021-04-09"]
    iso = open_inputs(pa.table({"day": DAYS, "x": HALVES}), kind="series", usual=usual, task="forecast")
    assert iso.future is not None
    assert iso.future.origin == ["2021-03-01"]


@pytest.mark.parametrize(
    ("part", "cells"),
    [("hour", [row % 24 for row in range(240)]), ("at", [f"{row % 24:02}:00" for row in range(240)])],
)
def test_a_time_in_two_columns_is_no_series_for_each_hour(part: str, cells: list[Any]) -> None:
    days = [f"2021-01-{row // 24 + 1:02}" for row in range(240)]
    load = [row / 2 for row in range(240)]
    with pytest.raises(
        DataError, match=f"'{part}' looks like a part of the time. Write both into one column, like 2016-07-01 13:00"
    ):
        open_source(pa.table({"date": days, part: cells, "load": load}))
    joined = [f"{day} {row % 24:02}:00" for row, day in enumerate(days)]
    assert "A step is 1 hour." in open_source(pa.table({"date": joined, "load": load})).inferred
