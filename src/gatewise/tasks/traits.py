"""The form in which every task describes itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    # Records need numpy, and the command line reads the tasks before anything heavy is loaded.
    from gatewise.records import Forecast, Hyperparameters, Kind, Profile, Task

__all__ = ["Rivals", "TaskTraits"]


class Rivals(NamedTuple):
    """Names of baselines. simple: those that everything is measured against, the simplest, which takes next to no time, first.
    strong: those that a run has beside them where time allows. rest: those it has by name only."""

    simple: tuple[str, ...]
    strong: tuple[str, ...]
    rest: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class TaskTraits:
    """A task. No other module compares a task's name: what it wants to know stands here.

    name: in files. noun: in a sentence, "a forecast". title: on the page.
    predicts: a class of each row, numbers of each row, or every channel of every step that follows.
    in_time: whether rows are windows of time, which are split in its order. has_skip: whether networks have a linear part.
    metrics: names of those that fit, the default first. keeps: what is kept of test predictions, a class of `mistakes`.
    options: those that no other task has. refused: options that make no sense in it, each with the reason in a sentence.
    steps: training steps that epochs are chosen by; short: the share of these that is tried first. batch_size: None for one by
    the number of rows. highest_learning_rate: that tuning tries. defaults: what the first tuning trial uses, by the kind of data.
    rivals: the baselines for a kind of data, and for what is known of a forecast.
    rows: what rows are called; None for the word of their kind. asked: of a profile, what is asked for, "2 classes".
    loss: in the recipe; None where it depends on the metric.
    """

    name: Task
    noun: str
    title: str
    predicts: Literal["classes", "numbers", "steps"]
    metrics: tuple[str, ...]
    keeps: Literal["ClassPredictions", "NumberPredictions", "ForecastPredictions", "StepPredictions"]
    defaults: Callable[[Kind], Hyperparameters]
    rivals: Callable[[Kind, Forecast | None], Rivals]
    asked: Callable[[Profile], str]
    in_time: bool = False
    has_skip: bool = False
    options: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    steps: int = 2000
    short: float = 0.2
    batch_size: int | None = None
    highest_learning_rate: float = 2e-2
    rows: str | None = None
    loss: str | None = None

    @property
    def metric(self) -> str:
        """The default metric."""
        return self.metrics[0]

    @property
    def kept(self) -> type[Any]:
        """The class that `keeps` names."""
        from gatewise import mistakes

        kept: type[Any] = getattr(mistakes, self.keeps)
        return kept
