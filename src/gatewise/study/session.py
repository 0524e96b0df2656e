"""One process's turn at a run: the clock, the journal and the view in one place."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from gatewise.comparison.failed import failure_words
from gatewise.comparison.verdict import decide
from gatewise.interrupts import held_back
from gatewise.metrics import value_text
from gatewise.records import Comparison, Config, Failure, FailureCause, Hyperparameters, Progress, Training, Verdict, to_json
from gatewise.study.budget import BudgetPlan
from gatewise.study.failures import FAILED, Reckoning, read_failures, reckon
from gatewise.study.folder import RunFolder, append_json_line
from gatewise.study.gathered import (
    build_comparison,
    chosen_hyperparameters,
    counted_tuning,
    margin_of,
    read_profile,
    read_trainings,
)
from gatewise.study.journal import Journal
from gatewise.study.runner import Runner
from gatewise.study.tracked import tracked
from gatewise.study.units import Unit
from gatewise.study.view import View
from gatewise.study.work import Workload
from gatewise.titles import Titles
from gatewise.tracking.tracking import Tracking

__all__ = ["Session"]

# Rendering the report imports less than the start does, but on a slow or busy machine both take longer.
LEAST_REPORT_SECONDS = 0.4
REPORT_SHARE = 0.1


@dataclass(eq=False)
class Session:
    """elapsed: seconds the run has taken over all its sessions; time during which no process worked on it is not counted.

    started: when this session began, on the monotonic clock: before anything was imported or read. plan: what the budget can
    hold, None where there is none. whole_epochs: how long trainings are that a round of tuning tries beside shorter ones, None
    where none does. report_s: what the report will take, guessed from how long this session took to begin.
    replicates_ended: when each of this session's replicates ended, in seconds of the run. failures: what could not be done.
    """

    config: Config
    environment: Mapping[str, Any]
    folder: RunFolder
    journal: Journal
    workload: Workload
    runner: Runner
    view: View
    started: float
    tracking: Tracking = field(default_factory=Tracking)
    progress: Progress = field(init=False)
    found: dict[str, list[Training]] = field(init=False)
    failures: list[Failure] = field(init=False)
    plan: BudgetPlan | None = field(init=False, default=None)
    replicates_done: int = field(init=False, default=0)
    whole_epochs: int | None = field(init=False, default=None)
    replicates_ended: list[float] = field(init=False, default_factory=list)
    _reckoned: tuple[tuple[int, int, int], Reckoning] | None = field(init=False, default=None)
    _standing: tuple[tuple[int, int], Verdict] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.found, self.failures = read_trainings(self.journal), read_failures(self.journal)
        self._before = self.journal.elapsed_s()
        self.report_s = LEAST_REPORT_SECONDS + REPORT_SHARE * (time.monotonic() - self.started)
        self.progress = Progress(
            "starting", 0, self.config.replicates, self._before, self.config.budget_s, arms=self.workload.arms
        )

    @property
    def reckoning(self) -> Reckoning:
        """What counts by now."""
        known = len(self.found["replicate"]), len(self.found["baseline"]), len(self.failures)
        if self._reckoned is None or self._reckoned[0] != known:
            arms = [arm.name for arm in self.workload.arms]
            trainings = self.trainings("replicate", "baseline")
            self._reckoned = known, reckon(arms, self.workload.baselines, trainings, self.failures)
        return self._reckoned[1]

    @property
    def names(self) -> tuple[str, ...]:
        """The arms that are compared: all but those that cannot be trained."""
        return self.reckoning.arms

    def title(self, name: str) -> str:
        """What an arm or a baseline is called in front of people."""
        return Titles(self.workload.arms)(name)

    def score_text(self, value: float) -> str:
        """A score as people read it."""
        return value_text(self.workload.trainer.metric, value, margin_of(self.journal))

    def elapsed(self) -> float:
        """Seconds the run has taken so far."""
        return self._before + time.monotonic() - self.started

    def limit_epochs(self, most: int) -> None:
        """Let every training of the run have so many epochs at most; only before the first of them that count."""
        self.config = replace(self.config, max_epochs=most)
        self.workload.config = self.config
        self.folder.write_config(self.config)

    def left(self) -> float:
        """Seconds of the budget that are left; infinite where there is none."""
        return float("inf") if self.config.budget_s is None else self.config.budget_s - self.elapsed()

    def show(self, phase: str | None = None, **changes: Any) -> None:
        """Tell the view where the run stands."""
        changes |= {"elapsed_s": self.elapsed()} | ({"phase": phase} if phase else {})
        self.progress = replace(self.progress, **changes)
        self.view.update(self.progress)

    def record(self, key: str, kind: str, payload: dict[str, Any]) -> None:
        """Write one finished unit to the journal and to `units.jsonl`."""
        append_json_line(self.folder.units, self.journal.add(key, kind, payload, self.elapsed()))

    def once(self, key: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The payload of a unit, made and recorded now unless it is in the journal."""
        if key not in self.journal:
            self.record(key, key.partition(":")[0], make())
        payload: dict[str, Any] = self.journal.get(key)
        return payload

    def tuning(self) -> list[Training]:
        """The tuning trials that count."""
        return counted_tuning(self.journal, self.found["tuning"], self.names, self.config.max_epochs)

    def chosen(self) -> dict[str, Hyperparameters]:
        """What every arm is trained with in the replicates."""
        profile = read_profile(self.journal)
        every = [arm.name for arm in self.workload.arms]
        return chosen_hyperparameters(self.journal, self.tuning(), every, self.workload.trainer.metric, profile)

    def adoptable(self) -> dict[str, Training]:
        """Of each arm the tuning trial that is the first replicate's training, where there is one."""
        chosen = self.chosen()
        tuned = {(trial.name, trial.hyperparameters): trial for trial in self.tuning()}
        return {name: tuned[name, values] for name, values in chosen.items() if (name, values) in tuned}

    def add_training(self, unit: Unit, training: Training) -> None:
        """Record a finished training. An interrupt finds it recorded, or not at all."""
        with held_back():
            self.record(unit.key, unit.kind, to_json(training))
            self.found[unit.kind].append(training)
        # The journal has it: what goes wrong from here on is lost nowhere but there.
        self.tracking.add([tracked(self.journal, unit.key, training)])

    def add_failure(self, unit: Unit, cause: FailureCause) -> None:
        """Record that a unit cannot be done."""
        failure = Failure(unit.kind, unit.name, unit.number, cause, unit.fraction)
        with held_back():
            self.record(unit.key, FAILED, to_json(failure))
            self.failures.append(failure)
        self.view.log(f"{unit.key} {failure_words(failure)}: it is given up, and the rest goes on")

    def trainings(self, *kinds: str) -> list[Training]:
        """Finished trainings of some kinds."""
        return [training for kind in kinds for training in self.found[kind]]

    def comparison(self, stopped: str) -> Comparison:
        """All the evidence so far."""
        return build_comparison(
            self.config, self.environment, self.journal, self.found, elapsed_s=self.elapsed(), stopped=stopped
        )

    def verdict(self, stopped: str = "running") -> Verdict:
        """What the evidence so far says."""
        return decide(self.comparison(stopped))

    def standing(self) -> Verdict:
        """What the whole replicates say, reached once for each number of them; only the deciding comparison has foresight."""
        known = self.replicates_done, len(self.failures)
        if self._standing is None or self._standing[0] != known:
            self._standing = known, decide(self.comparison("running"), foresight=False)
        return self._standing[1]
