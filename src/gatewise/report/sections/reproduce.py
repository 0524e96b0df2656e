"""How to run the same comparison again, and in what environment it ran."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from gatewise.options.command import option_words
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
    return shlex.join(["gatewise", "compare", config.source, *option_words(config)])


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
