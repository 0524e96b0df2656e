"""Reading what is to be compared, before anything heavy is loaded: what cannot be compared is said at once."""

from __future__ import annotations

import time
from dataclasses import fields
from typing import Any

from gatewise.comparison.task_checks import check_config, check_task
from gatewise.data.dataset.splits import folds_of, make_split
from gatewise.data.sources import open_source
from gatewise.records import Config, Dataset, Progress, Reading
from gatewise.study.cluster import join
from gatewise.study.processes import prepare_processes
from gatewise.study.view import View
from gatewise.tracking.tracking import check_places, given_places

__all__ = ["open_data", "read_data"]


def open_data(config: Config, data: Any, view: View, *, test: Any = None, started: float | None = None) -> Dataset:
    """Read the data of a new run and check that the comparison asked for can be made of them.

    data, test: whatever `open_source` reads; test only where `config.test` names no file. started: when the budget
    began to run. Raises DataError or OptionError where
    the input or an option is not acceptable.
    """
    check_config(config)
    check_places(given_places(config))
    dataset = read_data(config, data, view, test=test, started=started)
    check_task(config, dataset.task)
    for number in range(folds_of(dataset)):
        make_split(dataset, number, config.seed)
    return dataset


def read_data(config: Config, data: Any, view: View, *, test: Any = None, started: float | None = None) -> Dataset:
    """Read the data that a configuration asks for, telling the view how far a long reading is.

    Beside it the processes that will train begin to load what they need. Raises OptionError, before anything is read, where a
    device is not on this machine.
    """
    if config.device != ("cpu",):
        # PyTorch, which knows, takes a second to load: only where it is asked.
        from gatewise.training.devices import resolve_devices

        resolve_devices(config.device)
    if config.runner == "ray":
        join(config.address)
    else:
        prepare_processes(config.jobs)
    begun = time.monotonic() if started is None else started
    reading = {item.name: getattr(config, item.name) for item in fields(Reading)}
    if test is not None:
        reading["test"] = test

    def show(text: str) -> None:
        view.update(Progress(text, 0, config.replicates, time.monotonic() - begun, config.budget_s))

    return open_source(data, seed=config.seed, on_progress=show, on_disk=config.on_disk, jobs=config.jobs, **reading)
