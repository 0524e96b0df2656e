"""Data on which trainings are followed epoch by epoch, each with a target fixed beforehand, and the configurations tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gatewise.claims.bench import Bench
    from gatewise.claims.pairs import Setting

__all__ = ["TARGETS", "Target", "search_settings"]


@dataclass(frozen=True)
class Target:
    """One data set. score: on the validation part, at which a training has arrived. max_epochs: of every training. longest:
    steps, for chrono initialisation. options: of `Config`. quick: whether a quick run has it. searched: whether configurations
    are compared by its accuracy."""

    data: str
    title: str
    score: float
    max_epochs: int
    longest: int
    options: Mapping[str, Any] = field(default_factory=dict)
    quick: bool = True
    searched: bool = True

    @property
    def condition(self) -> str:
        """The target in words."""
        return f"MSE of {self.score:g}" if self.options.get("metric") == "mse" else f"accuracy of {self.score:.0%}"


TARGETS = (
    Target("digits", "digits", 0.95, 30, 8),
    Target("reviews?rows=2000", "reviews", 0.80, 25, 30),
    Target("adding?length=50&rows=1000", "adding, 50 steps", 0.01, 20, 50, {"metric": "mse"}, searched=False),
    Target("JapaneseVowels", "JapaneseVowels", 0.90, 40, 20, quick=False),
    Target("mr", "mr", 0.73, 6, 40, quick=False),
)
"""Built-in ones first; the others where their folder is at hand."""


def search_settings(bench: Bench, target: Target, options: Mapping[str, Any], trials: int) -> list[Setting]:
    """GRU and LSTM with the first hyperparameters of a search, the same for both: the default ones, then random draws of the
    space that tuning searches. options: of `Config`, beside the target's own."""
    from gatewise.claims.pairs import Setting
    from gatewise.training.tune import suggest

    dataset = bench.data(target.data).dataset
    return [
        Setting(
            target.data,
            hyperparameters=suggest(dataset.kind, bench.seed, number, dataset.task),
            max_epochs=target.max_epochs,
            options={**target.options, **options},
        )
        for number in range(trials)
    ]
