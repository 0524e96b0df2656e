"""Values as people write them: what is read, and how what cannot be is refused."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewise.errors import OptionError
from gatewise.options.quantities import parse_duration, parse_fractions, parse_latency, parse_margin, parse_size
from gatewise.options.table import OPTION, OPTIONS
from gatewise.options.values import read_value


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("text", "review", "review"),
        ("channels", "x", ("x",)),
        ("channels", ["x", "y"], ("x", "y")),
        ("target", ("OT", "HUFL"), ("OT", "HUFL")),
        ("hidden_size", 32, 32),
        ("hidden_size", np.int64(32), 32),
        ("seed", 0, 0),
        ("bidirectional", True, True),
        ("forget_bias", -1, -1.0),
        ("task", "classify", "classification"),
        ("task", "regress", "regression"),
        ("task", "Forecast", "forecast"),
        ("task", "next-step", "next_step"),
        ("metric", "macro-F1", "macro_f1"),
        ("metric", "roc_auc", "auroc"),
        ("cells", "mingru, MinLSTM,gru", ("min_gru", "min_lstm", "gru")),
        ("cells", ["gru", "gru"], ("gru", "gru")),
        ("match", "both", "both"),
        ("pooling", "Last", "last"),
        ("skip", False, False),
        ("weigh_classes", "balanced", "balanced"),
        ("curve", "0.1, 0.25,1", (0.1, 0.25, 1.0)),
        ("test", "test.csv", "test.csv"),
        ("max_latency", "0.5s", 500.0),
        ("max_size", "1MB", 1_000_000),
        ("budget", "1h30m", 5400.0),
        ("margin", "2 %", "2%"),
    ],
)
def test_values_are_read_and_stay_what_they_are(name: str, written: Any, value: Any) -> None:
    found = read_value(OPTION[name], written)
    assert found == value
    assert type(found) is type(value)
    assert read_value(OPTION[name], found) == value


@pytest.mark.parametrize(
    ("name", "written", "message"),
    [
        ("text", "", "--text '' is not a column's name; write one name"),
        ("target", 1, "--target 1 is not a column's name; put it in quotes"),
        ("id", False, "--id False is not a column's name; put it in quotes"),
        ("channels", ["x", "x"], "--channels names the column 'x' twice"),
        ("channels", {"x": 1}, "--channels {'x': 1} is not a column's name"),
        ("hidden_size", "big", "--hidden-size 'big' is not a whole number; write it like 64"),
        ("hidden_size", 64.5, "--hidden-size 64.5 is not a whole number"),
        ("hidden_size", True, "--hidden-size True is not a whole number"),
        ("chrono", 1, "--chrono 1 is too small; give at least 2"),
        ("window", 0, "--window 0 is too small; give at least 1"),
        ("horizon", 0, "--horizon 0 is too small"),
        ("season", -24, "--season -24 is too small"),
        ("seed", 2**31, "--seed 2147483648 is outside 0 to 2147483647"),
        ("bidirectional", "yes", "--bidirectional 'yes' is not a truth value; write true or false"),
        ("forget_bias", float("nan"), "--forget-bias nan is not a finite number"),
        ("forget_bias", float("inf"), "--forget-bias inf is not a finite number"),
        ("forget_bias", "one", "--forget-bias 'one' is not a finite number"),
        ("cost", "trainning", "--cost: unknown cost 'trainning'; did you mean training? Known costs: training, latency"),
        ("cost", 3, "--cost: unknown cost 3. Known costs"),
        ("metric", "acuracy", "--metric: unknown metric 'acuracy'; did you mean accuracy? Known metrics: accuracy"),
        ("task", "clasify", "did you mean classify? Known tasks: classification, regression"),
        ("pooling", "first", "--pooling: unknown pooling 'first'. Known poolings: last, mean, max, summary, attention"),
        ("pooling", "attenton", "did you mean attention?"),
        ("skip", "no", "--skip 'no' is not a truth value; write true or false"),
        ("match", "size", "--match: unknown value 'size'. Known values: hidden, parameters, both"),
        ("weigh_classes", "even", "--class-weights: unknown value 'even'. Known values: balanced"),
        ("cells", ["gru", "lstn"], "--cells: unknown cell 'lstn'; did you mean lstm? Known cells: gru"),
        ("cells", 2, "--cells 2 is not a list of cells; write it like gru,lstm"),
        ("out", 3, "--out 3 is not a path"),
        ("test", ["a", "b"], "--test ['a', 'b'] is not a path; write it like data.csv"),
    ],
)
def test_what_cannot_be_read_is_refused(name: str, written: Any, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        read_value(OPTION[name], written)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_messages_name_the_option_as_they_are_told() -> None:
    with pytest.raises(OptionError, match=r"^run\.yaml, line 3: max_size 'much' is not a size"):
        read_value(OPTION["max_size"], "much", "run.yaml, line 3: max_size")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("90s", 90), ("10m", 600), ("1.5h", 5400), ("1h30m", 5400), ("1h 30m 5s", 5405), ("45", 45), (" 2.5 ", 2.5)),
        *(("10M", 600), (45, 45), (0.5, 0.5)),
    ],
)
def test_durations(text: Any, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "10 minutes", "m", "-5m", "10d", "1h30", "5m5", "nan", "inf", "0", "0m", "1e3", "٣m"),
        *(0, -1, float("nan"), float("inf"), True, ["10m"]),
    ],
)
def test_what_is_no_duration_is_refused_with_an_example(text: Any) -> None:
    with pytest.raises(OptionError, match="10m") as caught:
        parse_duration(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("2ms", 2), ("0.5s", 500), ("300us", 0.3), ("300µs", 0.3), ("2", 2), (".5 MS", 0.5), (2, 2), (0.25, 0.25)],
)
def test_latencies(text: Any, milliseconds: float) -> None:
    assert parse_latency(text) == pytest.approx(milliseconds)


@pytest.mark.parametrize("text", ["", "fast", "2m", "-2ms", "2ms2", "0", "0ms", 0, -1, float("inf"), float("nan"), True, None])
def test_what_is_no_latency_is_refused_with_an_example(text: Any) -> None:
    with pytest.raises(OptionError, match="write it like 2ms or") as caught:
        parse_latency(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        *(
            ("300kB", 300_000),
            ("1MB", 1_000_000),
            ("1.5 mb", 1_500_000),
            ("2G", 2_000_000_000),
            ("1MiB", 2**20),
            ("512KiB", 2**19),
        ),
        *(("800", 800), ("800 B", 800), (800, 800), (1e6, 1_000_000), (np.int64(5), 5)),
    ],
)
def test_sizes(text: Any, size: int) -> None:
    found = parse_size(text)
    assert found == size
    assert type(found) is int


@pytest.mark.parametrize(
    "text", ["", "small", "1 megabyte", "-1MB", "1iB", "1TB", "0", "0.4B", 0, -5, 2.5, float("inf"), True, [1]]
)
def test_what_is_no_size_is_refused_with_an_example(text: Any) -> None:
    with pytest.raises(OptionError, match="write it like 300kB or 1MB") as caught:
        parse_size(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "margin"),
    [(0.01, 0.01), ("0.01", 0.01), ("1e-3", 0.001), (2, 2.0), ("2%", "2%"), (" 0.50 % ", "0.5%"), ("150%", "150%")],
)
def test_margins(text: Any, margin: float | str) -> None:
    assert parse_margin(text) == margin
    assert parse_margin(margin) == margin


@pytest.mark.parametrize(
    "text", ["", "small", "2 points", "%", "0", "0%", "-1%", "1e999", 0, -0.1, float("nan"), float("inf"), True]
)
def test_what_is_no_margin_is_refused_with_an_example(text: Any) -> None:
    with pytest.raises(OptionError, match="like 2%") as caught:
        parse_margin(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "fractions"),
    [("0.1,0.25,0.5,1", (0.1, 0.25, 0.5, 1.0)), ([0.5, 1], (0.5, 1.0)), ((), ()), ([], ()), ((".5", "1.0"), (0.5, 1.0))],
)
def test_fractions(text: Any, fractions: tuple[float, ...]) -> None:
    assert parse_fractions(text) == fractions


@pytest.mark.parametrize(
    "text",
    [
        *("", "half", "0.5,0.25,1", "0.5,0.5,1", "0.1,0.5", "0,1", "0.5,2", "0.5,,1", "1", "10%,100%", "nan,1"),
        *([0.5], [0.1, True], [None, 1], [[0.5], 1], 0.5, True),
    ],
)
def test_what_is_no_curve_is_refused_with_an_example(text: Any) -> None:
    with pytest.raises(OptionError, match="write it like 0") as caught:
        parse_fractions(text)
    assert repr(text) in str(caught.value)


PLAIN = st.text() | st.integers() | st.floats() | st.booleans() | st.binary() | st.decimals() | st.dates() | st.none()
ANYTHING = PLAIN | st.lists(PLAIN, max_size=4) | st.dictionaries(st.text(), PLAIN, max_size=2)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(OPTIONS), ANYTHING | st.text(alphabet="0123456789.eE+-,%:smhkMGiB "))
def test_anything_is_a_value_or_one_message(option: Any, value: Any) -> None:
    try:
        found = read_value(option, value)
    except OptionError as error:
        assert "\n" not in str(error)
        assert len(str(error)) < 1300
    else:
        # What was read stands in a configuration, which is read again.
        assert read_value(option, found) == found


@pytest.mark.parametrize("name", ["seed", "jobs", "layers", "hidden_size", "text", "budget", "max_size", "cells", "skip"])
@pytest.mark.parametrize("value", [10**6000, -(10**6000), np.zeros((40, 40)), "x" * 10**6], ids=["+", "-", "array", "text"])
def test_a_value_that_cannot_be_written_out_is_refused_in_a_line(name: str, value: Any) -> None:
    if name == "text" and isinstance(value, str):
        return
    with pytest.raises(OptionError) as refused:
        read_value(OPTION[name], value)
    assert len(str(refused.value)) < 700
    assert "\n" not in str(refused.value)
