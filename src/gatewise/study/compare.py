"""The comparison as a function. Written by `make signature` from `options.config`: change it there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from gatewise.options.configuration import by_name
from gatewise.study.api import Result, start
from gatewise.study.view import View

__all__ = ["compare"]


def compare(
    data: Any,
    *,
    text: str | None = None,
    channels: str | Sequence[str] = (),
    target: str | Sequence[str] = (),
    group: str | None = None,
    task: str | None = None,
    metric: str | None = None,
    cells: str | Sequence[str] = ("gru", "lstm"),
    budget: str | float | None = None,
    cost: str = "training",
    out: str | os.PathLike[str] | None = None,
    audio: str | None = None,
    id: str | None = None,
    time: str | None = None,
    split: str | None = None,
    split_column: str | None = None,
    weights: str | None = None,
    date_format: str | None = None,
    on_disk: str = "auto",
    test: Any = None,
    window: int | None = None,
    horizon: int | None = None,
    season: int | None = None,
    skip: bool | None = None,
    rivals: str | Sequence[str] = ("strong",),
    margin: str | float | None = None,
    replicates: int | None = None,
    tune: int | None = None,
    match: str = "hidden",
    curve: str | Sequence[float] = (),
    hidden_size: int = 64,
    layers: int = 1,
    bidirectional: bool = False,
    pooling: str | None = None,
    forget_bias: float | None = None,
    chrono: int | None = None,
    embedding_size: int = 64,
    weigh_classes: str | None = None,
    class_weights: str | None = None,
    batch_size: int | None = None,
    max_length: int | None = None,
    max_vocabulary: int = 20000,
    max_epochs: int | None = None,
    max_latency: str | float | None = None,
    max_size: str | int | None = None,
    max_memory: str | int | None = None,
    ship: str | None = None,
    seed: int = 0,
    jobs: int = 1,
    threads: int = 1,
    device: str | Sequence[str] = ("cpu",),
    runner: str = "local",
    address: str | None = None,
    tensorboard: str | os.PathLike[str] | None = None,
    mlflow: str | os.PathLike[str] | None = None,
    view: View | None = None,
    verbose: bool | None = None,
    started: float | None = None,
    # What options were called before.
    series: str | Sequence[str] | None = None,
    pairs: int | None = None,
) -> Result:
    """Compare recurrent cells on your own sequences, fairly paired, and say which to ship.

    data: a path, `builtin:NAME`, `hf:NAME`, `-` for CSV on standard input, a table (pandas, polars, pyarrow), arrays with
        targets as `(X, y)`, or a Dataset.

    What matters first:
        text: Column of texts. Default: inferred.
        channels: Columns of series, each a channel: lists of numbers, or with id or time one step a row. Default: inferred.
        target: Column to predict; several only in a forecast. Default: inferred.
        group: Column whose equal values (a speaker, a subject) never straddle a split.
        task: What is asked of the sequences. One of classification, regression, forecast, next_step. Default: inferred.
        metric: What is compared. One of accuracy, balanced_accuracy, macro_f1, auroc, log_loss, mae, mse, rmse, r2, rse, mase,
            nll. Default: the task's own.
        cells: Cells to compare, at least two; one named twice is compared with itself. Any of gru, lstm, rnn, min_gru,
            min_lstm. Default: gru,lstm.
        budget: Time budget, like 90s, 10m or 1h30m, or seconds. Default: 10m, or no limit where replicates is given.
        cost: What decides between equivalent cells. One of training, latency, memory, size. Default: training.
        out: The run's folder. Default: runs/NAME-DATE.

    Say more of the data:
        audio: Column of paths of sound files. Default: inferred.
        id: Column that names the series a row belongs to.
        time: Column that orders the steps of a series.
        split or split_column: Column that says train, validation or test.
        weights: Column of row weights.
        date_format: How the times in the table are written, as strptime has it, like %d/%m/%Y or %m/%d/%Y %H:%M. Default:
            inferred.
        on_disk: Whether data are encoded onto disk and batches read from there: auto does so with tables of over 200 MB. One of
            auto, always, never. Default: auto.
        test: A second source of the same form: the fixed test part.

    Ask for a forecast:
        window: Steps that a forecast reads. Default: by horizon and season.
        horizon: Steps that a forecast predicts. Default: one season, or 24.
        season: Steps of one period in a forecast. Default: by the time between steps.
        skip: Add a linear forecast, learned beside the cell, to what the cell says. Default: added in forecasts.

    Decide how to compare:
        rivals: Baselines beside the cells: none; simple; strong, which adds those that are strong on such data and take little
            of the budget; all; or names. Any of none, simple, strong, all, majority, tfidf_logistic, nbsvm, character_logistic,
            linear_features, minirocket, nearest_dtw, boosted_features, mean_value, tfidf_ridge, ridge_features,
            minirocket_ridge, boosted_numbers, last_value, last_season, linear_window, theta, exponential_smoothing,
            step_frequency, repeat_step, linear_step, phrases, tcn. Default: strong.
        margin: Half width of the band of practical equivalence: in units of the metric, like 0.01, or like 2% of the best
            baseline's error. Default: a point or a quarter of the best baseline's error, or 2% of it.
        replicates: Exact number of replicates (one split and seed, on which every cell and baseline is trained), instead of
            stopping when decided. Default: until decided.
        tune: Tuning trials for each cell; 0 for the defaults. Default: what the budget allows.
        match: What the cells share: hidden size, number of parameters, or arms of both kinds. One of hidden, parameters, both.
            Default: hidden.
        curve: Fractions of the training data at which replicates are run, like 0.1,0.25,0.5,1. Default: all of it only.

    Shape the networks and their training:
        hidden_size: Hidden size of every cell. Default: 64.
        layers: Stacked recurrent layers. Default: 1.
        bidirectional: Read sequences in both directions. Default: false.
        pooling: What every cell's head reads of its states: the last, the mean or maximum over the steps, these three side by
            side (summary), or a mean weighted by a learned query (attention). One of last, mean, max, summary, attention.
            Default: summary; in next-step prediction every state.
        forget_bias: Initial bias of the gates that forget, often 1. Default: drawn as the other biases are.
        chrono: Longest memory, in steps, that the gates are initialised for (chrono initialisation, Tallec & Ollivier 2018).
            Default: off.
        embedding_size: Size of token embeddings. Default: 64.
        weigh_classes or class_weights: balanced: every class has the same say in training, however few its rows. Default: every
            row has the same.
        batch_size: Rows a training step. Default: by data size, 8 to 64.
        max_length: Cut longer sequences. Default: 512 tokens; no limit for series.
        max_vocabulary: Most frequent tokens kept. Default: 20000.
        max_epochs: Epochs at most. Default: by data size, 20 to 300, or fewer where tuning finds fewer as good.

    Rule out what costs too much:
        max_latency: Highest median latency at batch 1, like 2ms or 0.5s, or milliseconds. Default: no limit.
        max_size: Largest size of the weights, like 300kB or 1MB, or bytes. Default: no limit.
        max_memory: Highest peak memory, like 200MB, or bytes. Default: no limit.
        ship: The form that the model will be shipped in: latency and size are then those of the artefact, preprocessing
            included, and a cell that has no such form is out. One of bundle, onnx, onnx-stream, onnx-int8, c, c-int8, wasm,
            torch. Default: latency and size of the network alone.

    Say how to run:
        seed: Seed of everything random. Default: 0.
        jobs: Processes that train at once. Default: 1.
        threads: Threads of each process. Default: 1.
        device: Where networks are trained and timed; of several devices the first one trains, and costs are measured on each.
            auto: a GPU where there is one. Any of cpu, cuda, mps, auto. Default: cpu.
        runner: Where is trained: on this machine, in `jobs` processes, or in as many as a Ray cluster has room for. One of
            local, ray. Default: local.
        address: Of the Ray cluster. Default: the one that this machine belongs to, or one on it alone.
        tensorboard: Folder that TensorBoard shows: every training is written there too.
        mlflow: MLflow's tracking server, or a folder: every training is written there too.

    verbose: show progress on standard error, or in the cell of a notebook; by default in notebooks and at a prompt, and not in
    scripts. view: show it to an object of your own instead. started: `time.monotonic()` at which the budget began to run, for a
    program whose own start counts; now, where None.

    More than one of jobs needs the usual `if __name__ == "__main__":` guard in a script. A fixed test part may be whatever data
    may be.

    Raises DataError, OptionError or RunError (all GatewiseError), each with one message that says what to do.
    """
    return start(data, by_name(locals()), view=view, verbose=verbose, started=started)
