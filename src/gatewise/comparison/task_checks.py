"""Whether a configuration makes sense, before any data is read, and whether it fits the task that the data turned out to be."""

from __future__ import annotations

from gatewise.comparison.plan import resolve_margin
from gatewise.errors import OptionError
from gatewise.metrics import METRICS
from gatewise.options.checks import check_options
from gatewise.options.config import Config, Task
from gatewise.tasks import TASKS, in_time, traits_of

__all__ = ["check_config", "check_task"]


def check_config(config: Config) -> None:
    """Raise OptionError for the first value that cannot work, saying what is allowed."""
    check_options(config)
    _check_task_options(config)
    if config.task is not None:
        check_task(config, config.task)


def check_task(config: Config, task: Task) -> None:
    """Raise OptionError where an option does not fit the task that the data turned out to be."""
    traits = traits_of(task)
    if config.metric is not None and config.metric not in traits.metrics:
        raise OptionError(
            f"--metric {config.metric} does not fit {task.replace('_', '-')}; choose one of {', '.join(traits.metrics)}"
        )
    for option, reason in traits.refused.items():
        if getattr(config, option) is not None:
            raise OptionError(reason)
    metric = METRICS[config.metric or traits.metric]
    if config.margin is not None and metric.in_percent and not 0 < resolve_margin(config.margin, metric, 0.0) < 0.5:
        raise OptionError(
            f"--margin {config.margin} is outside (0, 0.5); it is a difference in {metric.label}, such as 0.01 for one point"
        )


def _check_task_options(config: Config) -> None:
    task = config.task
    for one in TASKS.values():
        asked = next((name for name in one.options if getattr(config, name) is not None), None)
        if asked is not None and one.name != task:
            raise OptionError(f"--{asked} belongs to {one.noun}; add --task {one.name}, or leave it out")
    if len(config.target) > 1 and not in_time(task):
        raise OptionError(
            f"--target names {len(config.target)} columns, and only a forecast predicts several; add --task forecast"
        )
