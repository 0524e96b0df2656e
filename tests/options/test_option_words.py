"""The command that repeats a run: its words ask for the same configuration again."""

from dataclasses import replace
from typing import Any

import pytest
import typer

from gatewise.cli import app, given_options
from gatewise.options.command import option_words
from gatewise.options.configuration import build_config
from gatewise.records import Config

FULL = Config(
    "/data/größe.csv",
    text="the text",
    target=("label",),
    id="id",
    time="time",
    group="speaker",
    split="part",
    weights="weight",
    date_format="%d/%m/%Y %H:%M",
    task="classification",
    cells=("min_gru", "gru"),
    metric="macro_f1",
    margin="2%",
    weigh_classes="balanced",
    match="both",
    max_latency_ms=0.3,
    max_size_bytes=1_500_000,
    max_memory_bytes=2_000_000_001,
    curve=(0.1, 0.25, 1.0),
    budget_s=90.5,
    replicates=8,
    tune=3,
    cost="latency",
    seed=3,
    jobs=2,
    threads=2,
    hidden_size=32,
    layers=2,
    bidirectional=True,
    pooling="attention",
    forget_bias=1.0,
    embedding_size=16,
    batch_size=8,
    max_length=99,
    max_vocabulary=500,
    max_epochs=4,
)
FORECAST = Config(
    "a.csv",
    task="forecast",
    channels=("x", "y"),
    target=("x", "y"),
    window=168,
    horizon=24,
    season=24,
    margin=0.02,
    chrono=99,
    skip=False,
)


def asked_by(words: list[str], source: str) -> Config:
    """The configuration that the command line makes of words."""
    command: Any = typer.main.get_command(app)
    context = command.commands["compare"].make_context("compare", [source, *words])
    given = given_options(context.params)
    return build_config(given.pop("source"), given)


@pytest.mark.parametrize(
    "config",
    [
        Config("a.csv"),
        FULL,
        FORECAST,
        replace(FORECAST, test="b.csv", skip=True, margin=1e-05, budget_s=None, replicates=4),
        Config("v1.0", text="v2.0", replicates=4),
        Config("a", audio="file", max_latency_ms=2.0, max_size_bytes=300_000, max_memory_bytes=7),
    ],
    ids=["plain", "full", "forecast", "no budget", "budget and replicates", "limits"],
)
def test_words_ask_for_the_same_again(config: Config) -> None:
    assert asked_by(option_words(config), config.source) == config


def test_earlier_words_ask_for_what_they_asked_for() -> None:
    assert asked_by(["--pairs", "4"], "a.csv") == Config("a.csv", replicates=4, budget_s=None)
    assert asked_by(["--series", "x", "--series", "y"], "a.csv") == Config("a.csv", channels=("x", "y"))


def test_words_are_those_that_differ_from_the_default() -> None:
    assert option_words(Config("a.csv")) == ["--cells", "gru,lstm", "--seed", "0"]
    words = option_words(replace(Config("a.csv"), split="part", max_latency_ms=2.0, max_size_bytes=1_000_000, bidirectional=True))
    assert words == [
        *("--cells", "gru,lstm", "--split-column", "part", "--bidirectional", "--max-latency", "2ms", "--max-size", "1MB"),
        *("--seed", "0"),
    ]
