"""How to run the same comparison again, and in what environment it ran."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from gatewise.options.command import option_arguments, option_words
from gatewise.records import Comparison, Config, Verdict
from gatewise.report.blocks import Command, Section, Table
from gatewise.report.numbers import bytes_text, duration

__all__ = ["as_it_was", "command_line", "reproduce_section"]

FEWEST_REPLICATES = 2
STOPPED = {
    "decided": "It stopped because the comparison was decided.",
    "replicates": "It stopped after the number of replicates asked for.",
    "most_replicates": "It stopped undecided after as many replicates as such a run is planned for at most.",
    "failed": "It stopped because none of the cells could be trained.",
    "budget": "It stopped because the budget left no time for a further replicate.",
    "interrupted": "It was interrupted and can be resumed.",
    "running": "It is not finished: this is the state so far.",
}


def reproduce_section(comparison: Comparison, verdict: Verdict) -> Section:
    """Return the section on the command that repeats the run, and on the environment it ran in."""
    config = comparison.config
    budget = "" if verdict.budget_s is None else f" of a budget of {duration(verdict.budget_s)}"
    done = as_it_was(comparison)
    repeated = f"With the same seed ({config.seed}) and versions the scores repeat; times depend on the machine."
    if config.device[0] != "cpu":
        repeated = (
            f"With the same seed ({config.seed}), versions and device the scores repeat, but for last digits where "
            "the device adds up in another order; times depend on the machine."
        )
    if done != config:
        repeated += (
            " The command says how many rounds of tuning and replicates it came to, for another machine would come to others in "
            "the same time."
        )
    paragraphs = (
        f"The run took {duration(verdict.elapsed_s)}{budget}. {STOPPED.get(comparison.stopped, comparison.stopped)}",
        repeated,
    )
    rows = tuple(_flat(comparison.environment))
    table = Table(("Environment", "Value"), rows, words=True)
    return Section("reproduce", "How to reproduce this", paragraphs, (Command(command_line(done)), *((table,) if rows else ())))


def as_it_was(comparison: Comparison) -> Config:
    """Return the configuration that repeats what was done: its rounds of tuning, replicates and baselines in place of a budget.

    A run without a whole replicate is repeated as it was asked for. One of a single replicate is repeated with two, the fewest
    that can be asked for.
    """
    config = comparison.config
    rounds = min(sum(trial.name == arm.name for trial in comparison.tuning) for arm in comparison.arms)
    if not comparison.replicates:
        return config
    # Which baselines there was time for depended on the budget.
    rivals = comparison.baselines if {"simple", "strong"} & {*config.rivals} else config.rivals
    return replace(config, budget_s=None, replicates=max(comparison.replicates, FEWEST_REPLICATES), tune=rounds, rivals=rivals)


def command_line(config: Config) -> str:
    """Return the `gatewise compare` command of a configuration: cells and seed always, other options where not the default.

    Data that came from Python takes a call in Python.
    """
    if config.source.startswith("<"):
        return f"gatewise.compare(data, {', '.join(option_arguments(config))})"
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
