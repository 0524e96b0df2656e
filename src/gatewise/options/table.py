"""Every option of a comparison, described once.

The command line's help, the configuration file with its comments, its JSON schema, the checks and their messages are all made
from this table. It stays light on purpose: help must answer without loading numpy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from gatewise.metrics import METRICS
from gatewise.names import BASELINES, CELLS
from gatewise.tasks import TASKS

__all__ = ["OPTION", "OPTIONS", "PANELS", "SPELLINGS", "Option"]

Kind = Literal[
    "source",
    "column",
    "columns",
    "format",
    "path",
    "whole",
    "number",
    "flag",
    "choice",
    "choices",
    "duration",
    "latency",
    "size",
    "margin",
    "fractions",
]

_DATA, _TASK, _COMPARISON = "Data", "Task", "Comparison"
_CELLS, _LIMITS, _RUN = "Cells and training", "Constraints", "Run"
PANELS = (_DATA, _TASK, _COMPARISON, _CELLS, _LIMITS, _RUN)


@dataclass(frozen=True)
class Option:
    """One option.

    name: keyword of `gatewise.compare` and key of a configuration file. kind: decides how a value is read (`read_value`).
    default: as in `Config`; where it says nothing by itself, `unset` says in words what is done. choices: the only values.
    spellings: other ways of writing a choice. noun: what a choice is called. least, most: bounds of a number.
    other_flag, other_field: on the command line and in `Config`, where these differ from the name. earlier: its name in files and
    commands of before, read everywhere and shown nowhere.
    in_config: False for what does not decide the results.
    """

    name: str
    panel: str
    kind: Kind
    help: str
    default: Any = None
    unset: str = ""
    choices: tuple[str, ...] = ()
    spellings: Mapping[str, str] = field(default_factory=dict)
    noun: str = "value"
    least: int | None = None
    most: int | None = None
    other_flag: str = ""
    other_field: str = ""
    earlier: str = ""
    in_config: bool = True

    @property
    def flag(self) -> str:
        """How the command line spells it."""
        return "SOURCE" if self.name == "source" else f"--{(self.other_flag or self.name).replace('_', '-')}"

    @property
    def off_flag(self) -> str:
        """How the command line says no to a flag."""
        return f"--no-{self.flag[2:]}"

    @property
    def flags(self) -> tuple[str, ...]:
        """All its spellings on the command line, the one that messages use first."""
        return (self.flag, f"--{self.name.replace('_', '-')}") if self.other_flag else (self.flag,)

    @property
    def config_field(self) -> str:
        """The field of `Config` that holds it."""
        return self.other_field or self.name

    @property
    def keys(self) -> tuple[str, ...]:
        """Spellings in Python and in a configuration file: the name, the flag's, the field's, so that a run's own is one, and the
        earlier one."""
        names = (self.name, self.other_flag or self.name, self.config_field, self.earlier or self.name)
        return tuple(dict.fromkeys(names))

    @property
    def earlier_flag(self) -> str:
        """How the command line spelled it before."""
        return f"--{self.earlier.replace('_', '-')}" if self.earlier else ""

    @property
    def default_text(self) -> str:
        """What is done where the option is not given, in words."""
        if self.unset:
            return self.unset
        if isinstance(self.default, tuple):
            return ",".join(map(str, self.default))
        return str(self.default).lower() if isinstance(self.default, bool) else str(self.default)

    @property
    def help_text(self) -> str:
        """What the option is, and its choices."""
        # A single choice is named by the help itself.
        which = "Any" if self.kind == "choices" else "One"
        return f"{self.help} {which} of {', '.join(self.choices)}." if len(self.choices) > 1 else self.help


OPTIONS: tuple[Option, ...] = (
    Option(
        "source",
        _DATA,
        "source",
        "A file, a folder with a folder for each class, builtin:NAME, hf:NAME, or - for CSV on standard input.",
        unset="required",
    ),
    Option("text", _DATA, "column", "Column of texts.", unset="inferred"),
    Option("audio", _DATA, "column", "Column of paths of sound files.", unset="inferred"),
    Option(
        "channels",
        _DATA,
        "columns",
        "Columns of series, each a channel: lists of numbers, or with id or time one step a row.",
        default=(),
        unset="inferred",
        earlier="series",
    ),
    Option("target", _DATA, "columns", "Column to predict; several only in a forecast.", default=(), unset="inferred"),
    Option("id", _DATA, "column", "Column that names the series a row belongs to.", unset="none"),
    Option("time", _DATA, "column", "Column that orders the steps of a series.", unset="none"),
    Option("group", _DATA, "column", "Column whose equal values (a speaker, a subject) never straddle a split.", unset="none"),
    Option(
        "split",
        _DATA,
        "column",
        "Column that says train, validation or test.",
        unset="none",
        other_flag="split_column",
    ),
    Option("weights", _DATA, "column", "Column of row weights.", unset="none"),
    Option(
        "date_format",
        _DATA,
        "format",
        "How the times in the table are written, as strptime has it, like %d/%m/%Y or %m/%d/%Y %H:%M.",
        unset="inferred",
    ),
    Option("test", _DATA, "source", "A second source of the same form: the fixed test part.", unset="none"),
    Option(
        "task",
        _TASK,
        "choice",
        "What is asked of the sequences.",
        unset="inferred",
        choices=tuple(TASKS),
        spellings={spelling: task.name for task in TASKS.values() for spelling in task.spellings},
        noun="task",
    ),
    Option("window", _TASK, "whole", "Steps that a forecast reads.", unset="by horizon and season", least=1),
    Option("horizon", _TASK, "whole", "Steps that a forecast predicts.", unset="one season, or 24", least=1),
    Option("season", _TASK, "whole", "Steps of one period in a forecast.", unset="by the time between steps", least=1),
    Option(
        "metric",
        _TASK,
        "choice",
        "What is compared.",
        unset="the task's own",
        choices=tuple(METRICS),
        spellings={"f1": "macro_f1", "f1_macro": "macro_f1", "roc_auc": "auroc", "auc": "auroc"},
        noun="metric",
    ),
    Option(
        "weigh_classes",
        _TASK,
        "choice",
        "balanced: every class has the same say in training, however few its rows.",
        unset="every row has the same",
        choices=("balanced",),
        other_flag="class_weights",
    ),
    Option(
        "cells",
        _COMPARISON,
        "choices",
        "Cells to compare, at least two; one named twice is compared with itself.",
        default=("gru", "lstm"),
        choices=tuple(CELLS),
        spellings={"mingru": "min_gru", "minlstm": "min_lstm"},
        noun="cell",
    ),
    Option(
        "rivals",
        _COMPARISON,
        "choices",
        "Baselines beside the cells: none; simple; strong, which adds those that are strong on such data and take little of the "
        "budget; all; or names.",
        default=("strong",),
        choices=("none", "simple", "strong", "all", *BASELINES),
        noun="rival",
    ),
    Option(
        "budget",
        _COMPARISON,
        "duration",
        "Time budget, like 90s, 10m or 1h30m, or seconds.",
        unset="10m, or no limit where replicates is given",
        other_field="budget_s",
    ),
    Option(
        "replicates",
        _COMPARISON,
        "whole",
        "Exact number of replicates (one split and seed, on which every cell and baseline is trained), instead of stopping when "
        "decided.",
        unset="until decided",
        least=2,
        earlier="pairs",
    ),
    Option(
        "margin",
        _COMPARISON,
        "margin",
        "Half width of the band of practical equivalence: in units of the metric, like 0.01, or like 2% of the best "
        "baseline's error.",
        unset="a point or a quarter of the best baseline's error, or 2% of it",
    ),
    Option(
        "tune", _COMPARISON, "whole", "Tuning trials for each cell; 0 for the defaults.", unset="what the budget allows", least=0
    ),
    Option(
        "cost",
        _COMPARISON,
        "choice",
        "What decides between equivalent cells.",
        default="training",
        choices=("training", "latency", "memory", "size"),
        noun="cost",
    ),
    Option(
        "match",
        _COMPARISON,
        "choice",
        "What the cells share: hidden size, number of parameters, or arms of both kinds.",
        default="hidden",
        choices=("hidden", "parameters", "both"),
    ),
    Option(
        "curve",
        _COMPARISON,
        "fractions",
        "Fractions of the training data at which replicates are run, like 0.1,0.25,0.5,1.",
        default=(),
        unset="all of it only",
    ),
    Option("hidden_size", _CELLS, "whole", "Hidden size of every cell.", default=64, least=1),
    Option("layers", _CELLS, "whole", "Stacked recurrent layers.", default=1, least=1),
    Option("bidirectional", _CELLS, "flag", "Read sequences in both directions.", default=False),
    Option(
        "pooling",
        _CELLS,
        "choice",
        "What every cell's head reads of its states: the last, the mean or maximum over the steps, these three side by side "
        "(summary), or a mean weighted by a learned query (attention).",
        unset="summary; in next-step prediction every state",
        choices=("last", "mean", "max", "summary", "attention"),
        noun="pooling",
    ),
    Option(
        "skip",
        _CELLS,
        "flag",
        "Add a linear forecast, learned beside the cell, to what the cell says.",
        unset="added in forecasts",
    ),
    Option(
        "forget_bias", _CELLS, "number", "Initial bias of the gates that forget, often 1.", unset="drawn as the other biases are"
    ),
    Option(
        "chrono",
        _CELLS,
        "whole",
        "Longest memory, in steps, that the gates are initialised for (chrono initialisation).",
        unset="off",
        least=2,
    ),
    Option("embedding_size", _CELLS, "whole", "Size of token embeddings.", default=64, least=1),
    Option("batch_size", _CELLS, "whole", "Rows a training step.", unset="by data size, 8 to 64", least=1),
    Option("max_length", _CELLS, "whole", "Cut longer sequences.", unset="512 tokens; no limit for series", least=1),
    Option("max_vocabulary", _CELLS, "whole", "Most frequent tokens kept.", default=20_000, least=10),
    Option("max_epochs", _CELLS, "whole", "Epochs at most.", unset="by data size, 20 to 300", least=1),
    Option(
        "max_latency",
        _LIMITS,
        "latency",
        "Highest median latency at batch 1, like 2ms or 0.5s, or milliseconds.",
        unset="no limit",
        other_field="max_latency_ms",
    ),
    Option(
        "max_size",
        _LIMITS,
        "size",
        "Largest size of the weights, like 300kB or 1MB, or bytes.",
        unset="no limit",
        other_field="max_size_bytes",
    ),
    Option(
        "max_memory",
        _LIMITS,
        "size",
        "Highest peak memory, like 200MB, or bytes.",
        unset="no limit",
        other_field="max_memory_bytes",
    ),
    Option("out", _RUN, "path", "The run's folder.", unset="runs/NAME-DATE", in_config=False),
    Option("seed", _RUN, "whole", "Seed of everything random.", default=0, least=0, most=2**31 - 1),
    Option("jobs", _RUN, "whole", "Processes that train at once.", unset="one a core", least=1, most=1024),
    Option("threads", _RUN, "whole", "Threads of each process.", default=1, least=1, most=1024),
)

OPTION: dict[str, Option] = {option.name: option for option in OPTIONS}
"""The options by name."""

SPELLINGS: dict[str, Option] = {key: option for option in OPTIONS for key in option.keys}
"""The options by every spelling of their names."""
