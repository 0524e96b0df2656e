"""Every option of a comparison, declared once.

A field of `Config` carries what is said of its option. From there come the command line's help, the configuration file with its
comments, its JSON schema, the signature and docstring of `gatewise.compare` (`make signature` writes them), and the checks with
their messages. The module stays light on purpose: help must answer without loading numpy.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Annotated, Literal

from gatewise.cells import CELLS
from gatewise.options.option import Option

__all__ = ["PANELS", "Beside", "Config", "CostName", "DeviceName", "OnDisk", "Task"]

Task = Literal["classification", "regression", "forecast", "next_step"]
OnDisk = Literal["auto", "always", "never"]
CostName = Literal["training", "latency", "memory", "size"]
DeviceName = Literal["cpu", "cuda", "mps", "auto"]

FIRST = "What matters first"
DATA = "Say more of the data"
FORECAST = "Ask for a forecast"
COMPARISON = "Decide how to compare"
NETWORK = "Shape the networks and their training"
LIMITS = "Rule out what costs too much"
RUN = "Say how to run"
PANELS = (FIRST, DATA, FORECAST, COMPARISON, NETWORK, LIMITS, RUN)
"""What a person wants to do, as options are grouped. The first panel has the ten that most people need."""

_ONE_KIND = "were given; a data set is texts, sounds or series. Give one of them."


@dataclass(frozen=True)
class Config:
    """Everything that decides what a run does; rendered to `config.yaml` with every default.

    Beside what its fields say: metric and margin are None for the task's and the metric's own. rivals are names of baselines, or
    `none`, `simple`, `strong` or `all`. budget_s: seconds, None for no limit (then `replicates` is set). pooling is None in
    next-step prediction, which reads each state, and in runs of earlier versions, which did `summary`; skip is None where nothing
    is forecast, and in runs of earlier versions, which did. threads: results depend on it in the last bits, never on `jobs`.
    """

    source: Annotated[
        str,
        Option(
            FIRST,
            "source",
            "A file, a folder with a folder for each class, builtin:NAME, hf:NAME, or - for CSV on standard input.",
            unset="required",
        ),
    ]
    text: Annotated[
        str | None,
        Option(FIRST, "column", "Column of texts.", "inferred", excludes={"audio": _ONE_KIND, "channels": _ONE_KIND}),
    ] = None
    channels: Annotated[
        tuple[str, ...],
        Option(
            FIRST,
            "columns",
            "Columns of series, each a channel: lists of numbers, or with id or time one step a row.",
            "inferred",
        ),
    ] = field(default=(), metadata={"earlier": "series"})
    target: Annotated[
        tuple[str, ...], Option(FIRST, "columns", "Column to predict; several only in a forecast.", "inferred")
    ] = ()
    group: Annotated[
        str | None,
        Option(FIRST, "column", "Column whose equal values (a speaker, a subject) never straddle a split.", "none"),
    ] = None
    task: Annotated[
        Task | None,
        Option(
            FIRST,
            "choice",
            "What is asked of the sequences.",
            "inferred",
            spellings={"classify": "classification", "regress": "regression", "forecasting": "forecast"},
            noun="task",
        ),
    ] = None
    metric: Annotated[
        str | None,
        Option(
            FIRST,
            "choice",
            "What is compared.",
            "the task's own",
            spellings={"f1": "macro_f1", "f1_macro": "macro_f1", "roc_auc": "auroc", "auc": "auroc"},
            noun="metric",
        ),
    ] = None
    cells: Annotated[
        tuple[str, ...],
        Option(
            FIRST,
            "choices",
            "Cells to compare, at least two; one named twice is compared with itself.",
            spellings={name.replace("_", ""): name for name in CELLS if "_" in name},
            noun="cell",
        ),
    ] = ("gru", "lstm")
    budget_s: Annotated[
        float | None,
        Option(
            FIRST,
            "duration",
            "Time budget, like 90s, 10m or 1h30m, or seconds.",
            "10m, or no limit where replicates is given",
            name="budget",
            default=None,
            keyword_default=None,
        ),
    ] = 600.0
    cost: Annotated[CostName, Option(FIRST, "choice", "What decides between equivalent cells.", noun="cost")] = "training"

    audio: Annotated[
        str | None, Option(DATA, "column", "Column of paths of sound files.", "inferred", excludes={"channels": _ONE_KIND})
    ] = None
    id: Annotated[str | None, Option(DATA, "column", "Column that names the series a row belongs to.", "none")] = None
    time: Annotated[str | None, Option(DATA, "column", "Column that orders the steps of a series.", "none")] = None
    split: Annotated[
        str | None,
        Option(
            DATA,
            "column",
            "Column that says train, validation or test.",
            "none",
            other_flag="split_column",
            excludes={"test": "both say what the test part is; give one of them"},
        ),
    ] = None
    weights: Annotated[str | None, Option(DATA, "column", "Column of row weights.", "none")] = None
    date_format: Annotated[
        str | None,
        Option(
            DATA,
            "format",
            "How the times in the table are written, as strptime has it, like %d/%m/%Y or %m/%d/%Y %H:%M.",
            "inferred",
        ),
    ] = None
    on_disk: Annotated[
        OnDisk,
        Option(
            DATA,
            "choice",
            "Whether data are encoded onto disk and batches read from there: auto does so with tables of over 200 MB.",
            noun="choice",
        ),
    ] = "auto"
    test: Annotated[str | None, Option(DATA, "source", "A second source of the same form: the fixed test part.", "none")] = None

    window: Annotated[int | None, Option(FORECAST, "whole", "Steps that a forecast reads.", "by horizon and season", least=1)] = (
        None
    )
    horizon: Annotated[int | None, Option(FORECAST, "whole", "Steps that a forecast predicts.", "one season, or 24", least=1)] = (
        None
    )
    season: Annotated[
        int | None, Option(FORECAST, "whole", "Steps of one period in a forecast.", "by the time between steps", least=1)
    ] = None
    skip: Annotated[
        bool | None,
        Option(FORECAST, "flag", "Add a linear forecast, learned beside the cell, to what the cell says.", "added in forecasts"),
    ] = None

    rivals: Annotated[
        tuple[str, ...],
        Option(
            COMPARISON,
            "choices",
            "Baselines beside the cells: none; simple; strong, which adds those that are strong on such data and take little of "
            "the budget; all; or names.",
            noun="rival",
        ),
    ] = ("strong",)
    margin: Annotated[
        float | str | None,
        Option(
            COMPARISON,
            "margin",
            "Half width of the band of practical equivalence: in units of the metric, like 0.01, or like 2% of the best "
            "baseline's error.",
            "a point or a quarter of the best baseline's error, or 2% of it",
        ),
    ] = None
    replicates: Annotated[
        int | None,
        Option(
            COMPARISON,
            "whole",
            "Exact number of replicates (one split and seed, on which every cell and baseline is trained), instead of stopping "
            "when decided.",
            "until decided",
            least=2,
        ),
    ] = field(default=None, metadata={"earlier": "pairs"})
    tune: Annotated[
        int | None,
        Option(COMPARISON, "whole", "Tuning trials for each cell; 0 for the defaults.", "what the budget allows", least=0),
    ] = None
    match: Annotated[
        Literal["hidden", "parameters", "both"],
        Option(COMPARISON, "choice", "What the cells share: hidden size, number of parameters, or arms of both kinds."),
    ] = "hidden"
    curve: Annotated[
        tuple[float, ...],
        Option(
            COMPARISON,
            "fractions",
            "Fractions of the training data at which replicates are run, like 0.1,0.25,0.5,1.",
            "all of it only",
        ),
    ] = ()

    hidden_size: Annotated[int, Option(NETWORK, "whole", "Hidden size of every cell.", least=1)] = 64
    layers: Annotated[int, Option(NETWORK, "whole", "Stacked recurrent layers.", least=1)] = 1
    bidirectional: Annotated[bool, Option(NETWORK, "flag", "Read sequences in both directions.")] = False
    pooling: Annotated[
        Literal["last", "mean", "max", "summary", "attention"] | None,
        Option(
            NETWORK,
            "choice",
            "What every cell's head reads of its states: the last, the mean or maximum over the steps, these three side by side "
            "(summary), or a mean weighted by a learned query (attention).",
            "summary; in next-step prediction every state",
            noun="pooling",
        ),
    ] = None
    forget_bias: Annotated[
        float | None,
        Option(
            NETWORK,
            "number",
            "Initial bias of the gates that forget, often 1.",
            "drawn as the other biases are",
            excludes={"chrono": "both set the biases of the gates; give one of them"},
        ),
    ] = None
    chrono: Annotated[
        int | None,
        Option(
            NETWORK,
            "whole",
            "Longest memory, in steps, that the gates are initialised for (chrono initialisation, Tallec & Ollivier 2018).",
            "off",
            least=2,
        ),
    ] = None
    embedding_size: Annotated[int, Option(NETWORK, "whole", "Size of token embeddings.", least=1)] = 64
    weigh_classes: Annotated[
        Literal["balanced"] | None,
        Option(
            NETWORK,
            "choice",
            "balanced: every class has the same say in training, however few its rows.",
            "every row has the same",
            other_flag="class_weights",
        ),
    ] = None
    batch_size: Annotated[int | None, Option(NETWORK, "whole", "Rows a training step.", "by data size, 8 to 64", least=1)] = None
    max_length: Annotated[
        int | None, Option(NETWORK, "whole", "Cut longer sequences.", "512 tokens; no limit for series", least=1)
    ] = None
    max_vocabulary: Annotated[int, Option(NETWORK, "whole", "Most frequent tokens kept.", least=10)] = 20_000
    max_epochs: Annotated[
        int | None,
        Option(
            NETWORK, "whole", "Epochs at most.", "by data size, 20 to 300, or fewer where tuning finds fewer as good", least=1
        ),
    ] = None

    max_latency_ms: Annotated[
        float | None,
        Option(
            LIMITS,
            "latency",
            "Highest median latency at batch 1, like 2ms or 0.5s, or milliseconds.",
            "no limit",
            name="max_latency",
        ),
    ] = None
    max_size_bytes: Annotated[
        int | None,
        Option(LIMITS, "size", "Largest size of the weights, like 300kB or 1MB, or bytes.", "no limit", name="max_size"),
    ] = None
    max_memory_bytes: Annotated[
        int | None, Option(LIMITS, "size", "Highest peak memory, like 200MB, or bytes.", "no limit", name="max_memory")
    ] = None

    ship: Annotated[
        Literal["bundle", "onnx", "onnx-stream", "onnx-int8", "c", "c-int8", "wasm", "torch"] | None,
        Option(
            LIMITS,
            "choice",
            "The form that the model will be shipped in: latency and size are then those of the artefact, preprocessing "
            "included, and a cell that has no such form is out.",
            "latency and size of the network alone",
            noun="form",
        ),
    ] = None

    seed: Annotated[int, Option(RUN, "whole", "Seed of everything random.", least=0, most=2**31 - 1)] = 0
    jobs: Annotated[
        int, Option(RUN, "whole", "Processes that train at once.", "one a core", least=1, most=1024, default=None)
    ] = 1
    threads: Annotated[int, Option(RUN, "whole", "Threads of each process.", least=1, most=1024)] = 1
    device: Annotated[
        tuple[DeviceName, ...],
        Option(
            RUN,
            "choices",
            "Where networks are trained and timed; of several devices the first one trains, and costs are measured on each. "
            "auto: a GPU where there is one.",
            spellings={"gpu": "cuda"},
            noun="device",
        ),
    ] = ("cpu",)
    runner: Annotated[
        Literal["local", "ray"],
        Option(
            RUN,
            "choice",
            "Where is trained: on this machine, in `jobs` processes, or in as many as a Ray cluster has room for.",
            noun="runner",
        ),
    ] = "local"
    address: Annotated[
        str | None,
        Option(RUN, "address", "Of the Ray cluster.", "the one that this machine belongs to, or one on it alone"),
    ] = None
    tensorboard: Annotated[
        str | None, Option(RUN, "path", "Folder that TensorBoard shows: every training is written there too.", "none")
    ] = None
    mlflow: Annotated[
        str | None,
        Option(RUN, "store", "MLflow's tracking server, or a folder: every training is written there too.", "none"),
    ] = None


class Beside:
    """What is given beside a `Config`, and does not decide the results."""

    out: Annotated[str | os.PathLike[str] | None, Option(FIRST, "path", "The run's folder.", "runs/NAME-DATE")] = None
