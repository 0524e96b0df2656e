"""A configuration file: read, refused with the line that is wrong, and overridden by the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatewise.errors import DataError, OptionError, RunError
from gatewise.options.configuration import build_config
from gatewise.options.schema import json_schema
from gatewise.options.table import OPTION, OPTIONS, SPELLINGS
from gatewise.records import Config
from gatewise.study.config_file import combined_options, read_config_file
from gatewise.study.config_template import config_template, write_template
from gatewise.study.folder import RunFolder

SOURCE = "builtin:parity?rows=60&length=10"
# What YAML makes values of: numbers of any length, lists, mappings, dates, tags.
VALUES = st.recursive(
    st.integers().map(hex) | st.floats().map(str) | st.dates().map(str) | st.sampled_from(["!!int x", "!!binary x", "*a", "~"]),
    lambda inner: st.lists(inner).map(lambda items: f"&a [{', '.join(items)}]") | inner.map("{{a: {}}}".format),
)


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write_one(content: str | bytes, name: str = "run.yaml") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_one


def test_options_are_read_by_any_of_their_names(write: Any, tmp_path: Path) -> None:
    path = write(
        "source: data/reviews.csv\n"
        "text: review\n"
        "target: [OT, HUFL]\n"
        "cells: gru,mingru\n"
        "budget: 90s\n"
        "max-size: 1MB\n"
        "max_latency_ms: 2\n"
        "split_column: part\n"
        "class_weights: balanced\n"
        "curve: [0.1, 1]\n"
        "bidirectional: yes\n"
        "out: runs/one\n"
        "hidden_size:\n"
        "test: null\n"
    )
    assert read_config_file(path) == {
        "source": str(tmp_path / "data" / "reviews.csv"),
        "text": "review",
        "target": ("OT", "HUFL"),
        "cells": ("gru", "min_gru"),
        "budget": 90.0,
        "max_size": 1_000_000,
        "max_latency": 2.0,
        "split": "part",
        "weigh_classes": "balanced",
        "curve": (0.1, 1.0),
        "bidirectional": True,
        "out": str(tmp_path / "runs" / "one"),
    }


def test_earlier_names_are_read_and_never_suggested(write: Any) -> None:
    assert read_config_file(write("pairs: 4\nseries: [x, y]")) == {"replicates": 4, "channels": ("x", "y")}
    with pytest.raises(OptionError, match="line 2: pairs is given a second time"):
        read_config_file(write("replicates: 4\npairs: 4"))
    with pytest.raises(OptionError, match="there is no option 'pair'; `gatewise init` writes"):
        read_config_file(write("pair: 4"))


@pytest.mark.parametrize(
    "source", ["builtin:digits", "hf:imdb", "-", "/data/reviews.csv", "<pandas DataFrame>", "https://a.org/b.csv"]
)
def test_sources_that_are_no_relative_paths_stay(write: Any, source: str) -> None:
    assert read_config_file(write(yaml.safe_dump({"source": source}))) == {"source": source}


@pytest.mark.parametrize("content", ["", "# nothing yet\n", "---\n", "{}"])
def test_an_empty_file_asks_for_the_defaults(write: Any, content: str) -> None:
    assert read_config_file(write(content)) == {}


# Aliases of aliases: a thousand million million million lists, and mappings.
BOMB = "a0: &a0 [x, y]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
MERGED = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}], k{n}: 1}}\n" for n in range(1, 30))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("seed: 1\nhiden_size: 64\n", "run.yaml, line 2: there is no option 'hiden_size'; did you mean hidden_size?"),
        ("max-latancy: 2ms", "line 1: there is no option 'max-latancy'; did you mean max_latency?"),
        ("colour: red", "there is no option 'colour'; `gatewise init` writes a file with all there are"),
        ("1: 2", "line 1: there is no option '1';"),
        ("[a, b]: 2", "line 1: there is no option ['a', 'b'];"),
        ("<<: {seed: 1}", "line 1: there is no option '<<';"),
        ("seed: 1\nseed: 2", "line 2: seed is given a second time"),
        ("budget: 10m\nreplicates: 5\nbudget_s: 600", "line 3: budget_s is given a second time"),
        ("seed: 1\n\nhidden_size: big", "run.yaml, line 3: hidden_size 'big' is not a whole number; write it like 64"),
        ("hidden_size: [64]", "line 1: hidden_size [64] is not a whole number"),
        ("hidden_size: 6.5", "line 1: hidden_size 6.5 is not a whole number"),
        ("bidirectional: maybe", "line 1: bidirectional 'maybe' is not a truth value; write true or false"),
        ("target: 1", "line 1: target 1 is not a column's name; put it in quotes"),
        ("time: 2020-01-01", "is not a column's name; put it in quotes"),
        ("metric: acuracy", "line 1: metric: unknown metric 'acuracy'; did you mean accuracy?"),
        ("cells: [gru, lstn]", "line 1: cells: unknown cell 'lstn'; did you mean lstm?"),
        ("budget: soon", "line 1: budget 'soon' is not a duration; write it like 90s, 10m or 1h30m"),
        ("max_size: large", "line 1: max_size 'large' is not a size"),
        ("max_latency: 2 minutes", "line 1: max_latency '2 minutes' is not a time above zero; write it like 2ms"),
        ("margin: .nan", "line 1: margin nan is not a number above zero"),
        ("curve: [1, 0.5]", "line 1: curve [1, 0.5] is not a list of fractions"),
        ("chrono: 1", "line 1: chrono 1 is too small; give at least 2"),
        ("- gru\n- lstm\n", "expected lines of `option: value`"),
        ("text,label\nfine,1\n", "expected lines of `option: value`"),
        ("seed: 1\ncells: [gru", "line 2: this is no YAML"),
        ("seed: 1\n\tlayers: 2", "line 2: this is no YAML"),
        ("text: !!python/object/apply:os.getcwd []", "line 1: this is no YAML"),
        ("time: 2020-13-45", "is no YAML (month must be in 1..12"),
        ("text: \x07", "is no YAML"),
        (b"\xff\xfe\x00", "is no text in UTF-8"),
        ("[" * 700, "is no YAML"),
        (b"text,label\n" * 100_000, "too many for a configuration"),
        # What damaged files found.
        (f"seed: 0x{'f' * 6000}", "line 1: seed of thousands of digits is outside 0 to 2147483647"),
        (f"text: 0x{'f' * 6000}", "line 1: text of thousands of digits is not a column's name; put it in quotes"),
        (f"layers: -0x{'f' * 6000}", "line 1: layers of thousands of digits is too small; give at least 1"),
        ("time: !!timestamp x", "is no YAML ("),
        ("layers: !!int ''", "is no YAML ("),
        ("skip: !!bool x", "is no YAML ("),
        (BOMB + "cells: *a29", "is no YAML (with its aliases written out it has more than 10,000 values)"),
        (MERGED + "cells: *a29", "is no YAML (with its aliases written out it has more than 10,000 values)"),
        ("cells: &a [*a]", "is no YAML (with its aliases written out it has more than 10,000 values)"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(write: Any, content: str | bytes, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        read_config_file(write(content))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"--config .*missing\.yaml cannot be read: No such file"):
        read_config_file(tmp_path / "missing.yaml")
    with pytest.raises(OptionError, match="cannot be read: Is a directory"):
        read_config_file(tmp_path)


def test_the_command_line_overrides_the_file(write: Any, tmp_path: Path) -> None:
    path = write("source: a.csv\nhidden_size: 32\nlayers: 2\nbidirectional: true\n")
    options = combined_options(path, {"layers": 1, "bidirectional": False, "source": "b.csv"})
    assert options == {"source": "b.csv", "hidden_size": 32, "layers": 1, "bidirectional": False}
    assert combined_options(path, {})["source"] == str(tmp_path / "a.csv")
    assert combined_options(None, {"source": "b.csv"}) == {"source": "b.csv"}


def test_a_missing_source_is_said(write: Any) -> None:
    with pytest.raises(OptionError, match="there is no SOURCE: give one"):
        combined_options(None, {"seed": 1})
    with pytest.raises(OptionError, match=r"run\.yaml names none; add `source: FILE`"):
        combined_options(write("seed: 1"), {})
    with pytest.raises(OptionError, match=r"source '<pandas DataFrame>' was data from Python"):
        combined_options(write("source: <pandas DataFrame>"), {})
    with pytest.raises(OptionError, match=r"test '<a b>' was data from Python"):
        combined_options(write("source: a.csv\ntest: <a b>"), {})
    assert combined_options(write("source: <pandas DataFrame>"), {"source": "a.csv"}) == {"source": "a.csv"}


def test_a_runs_own_configuration_asks_for_the_same_again(tmp_path: Path) -> None:
    asked = Config(
        str(tmp_path / "größe.csv"),
        channels=("x", "1"),
        target=("no",),
        task="forecast",
        split="part",
        margin="2%",
        max_latency_ms=0.3,
        max_size_bytes=1000,
        curve=(0.1, 1.0),
        replicates=4,
        budget_s=None,
        forget_bias=1.0,
        bidirectional=True,
        jobs=2,
    )
    folder = RunFolder(tmp_path / "run")
    folder.create(asked, {})
    options = read_config_file(folder.config)
    assert build_config(options.pop("source"), options) == asked


# ---------------------------------------------------------------- what `gatewise init` writes


def test_the_template_asks_for_the_defaults(write: Any) -> None:
    options = combined_options(write(config_template(SOURCE)), {})
    assert build_config(options.pop("source"), options) == Config(SOURCE)


def test_the_template_names_and_describes_every_option() -> None:
    text = config_template()
    assert list(yaml.safe_load(text)) == list(OPTION)
    for before, line in zip(text.splitlines(), text.splitlines()[1:], strict=False):
        if line and not line.startswith("#"):
            option = OPTION[line.partition(":")[0]]
            assert before.startswith(f"# {option.help}")
            assert all(choice in before for choice in option.choices)


TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "null": type(None),
}


def number(value: Any, keep: Callable[[float], bool]) -> bool:
    """Bounds speak of numbers alone."""
    return isinstance(value, bool) or not isinstance(value, (int, float)) or keep(value)


# The few words of JSON Schema that the schema uses: whether a value keeps what the word says.
WORDS: dict[str, Callable[[Any, Any], bool]] = {
    "type": lambda value, kind: isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool)),
    "enum": lambda value, choices: value in choices,
    "anyOf": lambda value, forms: any(matches(value, form) for form in forms),
    "minimum": lambda value, least: number(value, lambda found: found >= least),
    "maximum": lambda value, most: number(value, lambda found: found <= most),
    "exclusiveMinimum": lambda value, least: number(value, lambda found: found > least),
    "minLength": lambda value, least: not isinstance(value, str) or len(value) >= least,
    "items": lambda value, form: not isinstance(value, list) or all(matches(item, form) for item in value),
    "uniqueItems": lambda value, _: not isinstance(value, list) or len(set(value)) == len(value),
    "description": lambda _, text: bool(text),
    "default": lambda _, __: True,
    "deprecated": lambda _, __: True,
}


def matches(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value satisfies a schema; a word that is not known here is an error."""
    return all(WORDS[word](value, wanted) for word, wanted in schema.items())


def test_the_schema_accepts_the_template_and_refuses_what_reading_refuses() -> None:
    schema = json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["additionalProperties"] is False
    properties = schema["properties"]
    assert set(properties) == set(SPELLINGS)
    assert {name for name, one in properties.items() if one.get("deprecated")} == {one.earlier for one in OPTIONS} - {""}
    for name, value in yaml.safe_load(config_template(SOURCE)).items():
        assert matches(value, properties[name]), name
        assert matches(properties[name]["default"], properties[name]), name
    right: dict[str, list[Any]] = {
        "text": ["review"],
        "channels": ["x", ["x", "y"]],
        "cells": ["gru,lstm", ["mingru", "gru"]],
        "task": ["classify", "forecast", "next-step", "next_step"],
        "budget": ["10m", 600, 0.5],
        "margin": ["2%", 0.01],
        "curve": ["0.1,1", [0.1, 1]],
        "bidirectional": [True],
        "forget_bias": [1, -0.5],
        "max_size": ["1MB", 10],
        "split_column": ["part"],
    }
    wrong: dict[str, list[Any]] = {
        "text": [1, "", ["a"]],
        "channels": [1, ["x", "x"], [1]],
        "cells": [["gru", "lstn"], 2],
        "task": ["clasify"],
        "budget": [0, -1, ""],
        "curve": [[0, 1], [2], 0.5],
        "bidirectional": ["yes", 1],
        "hidden_size": [0, 1.5, "64", True],
        "seed": [-1, 2**31],
        "class_weights": ["even"],
        "forget_bias": ["one"],
        "chrono": [1],
    }
    for values, expected in ((right, True), (wrong, False)):
        for name, examples in values.items():
            for value in (*examples, *((None,) if expected else ())):
                assert matches(value, properties[name]) is expected, (name, value)


def test_the_files_are_written_and_point_to_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf").mkdir()
    write_template(Path("conf/mine.yaml"), source=SOURCE, schema=Path("mine.schema.json"))
    text = (tmp_path / "conf" / "mine.yaml").read_text(encoding="utf-8")
    assert text.splitlines()[0] == "# yaml-language-server: $schema=../mine.schema.json"
    assert "gatewise compare --config mine.yaml" in text
    assert json.loads((tmp_path / "mine.schema.json").read_text(encoding="utf-8")) == json_schema()
    assert read_config_file(Path("conf/mine.yaml"))["source"] == SOURCE


def rows(count: int) -> str:
    return "\n".join(["review,label", *(f"film {row} was {('fine', 'poor')[row % 2]},{row % 2}" for row in range(count))])


def test_the_file_names_its_source_and_says_what_is_made_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "conf").mkdir()
    (tmp_path / "data" / "größe.csv").write_text(rows(60), encoding="utf-8")
    write_template(Path("conf/run.yaml"), source="data/größe.csv")
    text = (tmp_path / "conf" / "run.yaml").read_text(encoding="utf-8")
    assert "\nsource: ../data/größe.csv\n" in text
    assert "# - The text is the column 'review', by its name." in text
    assert Path(read_config_file(Path("conf/run.yaml"))["source"]).resolve() == tmp_path / "data" / "größe.csv"


def test_a_source_that_needs_options_is_named_with_the_reason(tmp_path: Path) -> None:
    source = tmp_path / "few.csv"
    source.write_text(rows(5), encoding="utf-8")
    write_template(tmp_path / "run.yaml", source=str(source))
    assert "# - It cannot be read without further options: there are 5 usable rows." in (tmp_path / "run.yaml").read_text()


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    path, schema = tmp_path / "run.yaml", tmp_path / "run.schema.json"
    path.write_text("mine")
    with pytest.raises(OptionError, match=r"run\.yaml exists; choose another name, or pass --force"):
        write_template(path, schema=schema)
    assert (path.read_text(), schema.exists()) == ("mine", False)
    write_template(path, schema=schema, force=True)
    assert schema.exists()
    with pytest.raises(OptionError, match=r"run\.schema\.json exists"):
        write_template(tmp_path / "other.yaml", schema=schema)
    with pytest.raises(OptionError, match="is the configuration file itself"):
        write_template(tmp_path / "new.yaml", schema=tmp_path / "new.yaml")
    with pytest.raises(RunError, match="cannot be written"):
        write_template(tmp_path / "missing" / "run.yaml")
    with pytest.raises(DataError, match="no file"):
        write_template(tmp_path / "new.yaml", source=str(tmp_path / "missing.csv"))
    assert not (tmp_path / "new.yaml").exists()


def test_every_option_has_a_form_in_the_schema_of_its_kind() -> None:
    properties = json_schema()["properties"]
    for option in OPTIONS:
        assert properties[option.name]["description"].startswith(option.help)
        assert {"type": "null"} in properties[option.name]["anyOf"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text() | st.builds("{}: {}".format, st.sampled_from(sorted(OPTION)), st.text() | VALUES))
def test_any_text_gives_options_or_one_message(write: Any, text: str) -> None:
    try:
        read_config_file(write(text.encode("utf-8", "surrogatepass")))
    except OptionError as error:
        assert "\n" not in str(error)
        assert len(str(error)) < 1300
