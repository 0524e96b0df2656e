"""How to run the same comparison again, and in what environment it ran."""

import dataclasses
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from gatewise.records import Comparison, Config, Verdict
from gatewise.report.blocks import Command, Section, Table
from gatewise.report.numbers import bytes_text, duration

__all__ = ["command_line", "reproduce_section"]

STOPPED = {
    "decided": "It stopped because the comparison was decided.",
    "pairs": "It stopped after the number of pairs asked for.",
    "horizon": "It stopped undecided after as many pairs as such a run is planned for at most.",
    "budget": "It stopped because the budget left no time for a further pair.",
    "interrupted": "It was interrupted and can be resumed.",
    "running": "It is not finished: this is the state so far.",
}


def reproduce_section(comparison: Comparison, verdict: Verdict) -> Section:
    """Return the section on the command that repeats the run, and on the environment it ran in."""
    config = comparison.config
    budget = "" if verdict.budget_s is None else f" of a budget of {duration(verdict.budget_s)}"
    paragraphs = (
        f"The run took {duration(verdict.elapsed_s)}{budget}. {STOPPED.get(comparison.stopped, comparison.stopped)}",
        f"With the same seed ({config.seed}), versions and number of pairs the scores repeat; times depend on the machine.",
    )
    rows = tuple(_flat(comparison.environment))
    table = Table(("Environment", "Value"), rows, words=True)
    return Section("reproduce", "How to reproduce this", paragraphs, (Command(command_line(config)), *((table,) if rows else ())))


def command_line(config: Config) -> str:
    """Return the `gatewise compare` command of a configuration: cells and seed always, other options where not the default."""
    words = ["gatewise", "compare", config.source]
    for field in dataclasses.fields(Config):
        value = getattr(config, field.name)
        if field.name != "source" and (field.name in ("cells", "seed") or value != field.default):
            words += _option(field.name, value)
    return shlex.join(words)


def _option(name: str, value: Any) -> list[str]:
    """Return the words of one option. No budget is what an exact number of pairs implies, so it needs no option."""
    if name == "budget_s":
        whole_minutes = value is not None and value % 60 == 0
        return [] if value is None else ["--budget", f"{value / 60:.0f}m" if whole_minutes else f"{value:g}s"]
    option = f"--{name.replace('_', '-')}"
    if name == "cells":
        return [option, ",".join(value)]
    if isinstance(value, bool):
        return [option]
    if isinstance(value, tuple):
        return [word for item in value for word in (option, str(item))]
    return [option, str(value)]


def _flat(environment: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in environment.items():
        name = f"{prefix}{key}".replace("_", " ")
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}: ")
        elif key.endswith("_bytes"):
            yield name.removesuffix(" bytes"), bytes_text(value)
        elif isinstance(value, (list, tuple)):
            yield name, ", ".join(map(str, value))
        else:
            yield name, str(value)
