"""What every study works with: data by name, paired trainings, interleaved timing, a clock, and a journal that all share."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.claims.pairs import Pairs, Setting, config_of, key_of, pairs_of, units_of, workload_of
from gatewise.claims.queue import Plan, Queue, foresee
from gatewise.claims.sets import PUBLIC_SETS
from gatewise.data.builtin.dataset import BUILTIN_NAMES
from gatewise.data.sources import open_source
from gatewise.errors import OptionError
from gatewise.interrupts import held_back
from gatewise.names import plain_title
from gatewise.options.config import DeviceName
from gatewise.records import Config, Dataset, Progress, Reading, Training, from_json, to_json
from gatewise.study.journal import Journal
from gatewise.study.runner import Runner
from gatewise.study.units import Unit
from gatewise.study.view import View
from gatewise.study.work import Workload
from gatewise.timing import interleave
from gatewise.wording import nearest

__all__ = ["AGAIN", "FEWEST_REPLICATES", "Bench", "Material"]

AGAIN = "the same command"
"""How an interrupted study goes on."""

FEWEST_REPLICATES = 3
"""Fewer leave an interval that says nothing."""


@dataclass(frozen=True, eq=False)
class Material:
    """A data set, and the options of a comparison that read it."""

    dataset: Dataset
    config: Config


@dataclass(eq=False)
class Bench:
    """The place where one study is done.

    study: its name. quick: whether a rough answer in little time is wanted. seconds: what the study may take in all. jobs:
    processes that train at once. device: where arms are trained. data_folder: of public data sets, None where only built-in ones
    are at hand. place, studies: which of how many studies this is; later_s: what those after it may take.

    Whatever was finished once, by this study or another, is taken from the journal and not done again. A study's clock counts the
    time that it took in earlier sessions.
    """

    study: str
    quick: bool
    seconds: float
    journal: Journal
    view: View
    jobs: int = 1
    seed: int = 0
    device: DeviceName = "cpu"
    data_folder: Path | None = None
    place: int = 1
    studies: int = 1
    earlier_s: float = 0.0
    later_s: float = 0.0
    _began: float = field(init=False)
    _materials: dict[str, Material] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        before = [row["elapsed_s"] for row in self.journal.rows() if row["kind"] == self.study]
        self._began = time.monotonic() - max(before, default=0.0)

    # ---------------------------------------------------------------- clock

    def elapsed(self) -> float:
        """Seconds that the study has taken, over all sessions."""
        return time.monotonic() - self._began

    def left(self) -> float:
        """Seconds of its allotment that are left, at least 0."""
        return max(self.seconds - self.elapsed(), 0.0)

    def show(self, what: str) -> None:
        """Tell whoever watches what is being done now."""
        self.view.update(
            Progress(
                f"{self.study}: {what}",
                self.place - 1,
                self.studies,
                self.earlier_s + self.elapsed(),
                None,
                remaining_s=self.left() + self.later_s,
                counted="claim",
            )
        )

    # ---------------------------------------------------------------- data

    def has(self, name: str) -> bool:
        """Whether a data set is at hand: built-in ones are, public ones where the folder holds their file."""
        if name.partition("?")[0] in BUILTIN_NAMES:
            return True
        return self.data_folder is not None and name in PUBLIC_SETS and PUBLIC_SETS[name].source(self.data_folder).exists()

    def data(self, name: str) -> Material:
        """A data set by its name: a built-in one, with options as in `adding?length=100`, or one of `sets.PUBLIC_SETS`.

        Raises OptionError where it is not at hand, DataError where it cannot be read.
        """
        if name not in self._materials:
            self.show(f"reading {name}")
            self._materials[name] = self._read(name)
        return self._materials[name]

    def _read(self, name: str) -> Material:
        if name.partition("?")[0] in BUILTIN_NAMES:
            config = Config(f"builtin:{name}", seed=self.seed, device=(self.device,))
            return Material(open_source(config.source, seed=self.seed), config)
        if name not in PUBLIC_SETS:
            raise OptionError(f"there is no data set {name!r} for the claims.{nearest(name, [*PUBLIC_SETS, *BUILTIN_NAMES])}")
        if not self.has(name) or self.data_folder is None:
            raise OptionError(f"the data set {name} is not in {self.data_folder}; give its folder with --data FOLDER")
        known = PUBLIC_SETS[name]
        config = Config(str(known.source(self.data_folder)), seed=self.seed, device=(self.device,), **known.reading)
        reading = {item.name: getattr(config, item.name) for item in fields(Reading)}
        return Material(open_source(config.source, seed=self.seed, **reading), config)

    # ---------------------------------------------------------------- work that is done once

    def once(self, key: str, compute: Callable[[], dict[str, Any]]) -> Any:
        """What `compute` gave, now or before. key: of this piece among those of all studies."""
        if key not in self.journal:
            self._record(key, compute())
        return self.journal.get(key)

    def _record(self, key: str, payload: dict[str, Any]) -> None:
        with held_back():
            self.journal.add(key, self.study, payload, self.elapsed())

    def timed(
        self,
        key: str,
        actions: Callable[[], Mapping[str, Callable[[int], object]]],
        *,
        rounds: int,
        seconds: float,
        least: int = 6,
        warm_up: int = 5,
    ) -> dict[str, NDArray[np.float64]]:
        """Milliseconds of rival actions, taken in turn, float64 [rounds counted] by name; see `timing.interleave`.

        actions: makes them, where they are to be timed at all. least: rounds that are counted however long they take; of fewer
        than 6 pairs there is no 95% interval of a median ratio.
        """

        def compute() -> dict[str, Any]:
            times = interleave(actions(), rounds=rounds, warm_up=warm_up, seconds=seconds, least=least)
            return {"milliseconds": {name: np.round(values, 5).tolist() for name, values in times.items()}}

        found = self.once(key, compute)["milliseconds"]
        return {name: np.array(values, dtype=np.float64) for name, values in found.items()}

    # ---------------------------------------------------------------- trainings

    def workload(self, setting: Setting) -> Workload:
        """The arms of a setting on its data, for whatever is measured of untrained or single networks."""
        material = self.data(setting.data)
        return workload_of(config_of(setting, material.config, self.jobs), material.dataset)

    def pairs(
        self, settings: Sequence[Setting], *, replicates: int, seconds: float, least: int = FEWEST_REPLICATES
    ) -> tuple[Pairs, ...]:
        """Train the arms of every setting in up to so many replicates, and return them setting by setting.

        All of them get equally many, as far as can be foreseen from the first ones; settings on the same networks and data (which
        differ in hyperparameters, fraction or epochs alone) are trained replicate by replicate. seconds: for all settings
        together; after it no replicate begins, except that each setting gets `least`. Trainings in the journal cost nothing and
        count. Raises RunError if a process dies.
        """
        groups: dict[str, list[int]] = {}
        for place, setting in enumerate(settings):
            alike = replace(setting, hyperparameters=None, fraction=1.0, max_epochs=None)
            groups.setdefault(repr(alike), []).append(place)
        ends = time.monotonic() + seconds
        queues = [self._lacking([settings[place] for place in places], replicates, least) for places in groups.values()]
        plan = Plan([1.0], replicates)
        if len(queues) > 1:
            for queue in queues:
                self._train(replace(queue, replicates=min(least, replicates)))
            plan = foresee(queues, seconds=ends - time.monotonic(), jobs=self.jobs)
        found: dict[int, Pairs] = {}
        for number, (queue, places) in enumerate(zip(queues, groups.values(), strict=True)):
            own = max(ends - time.monotonic(), 0.0) * plan.share(number)
            whole = self._train(replace(queue, replicates=plan.replicates, seconds=own))
            found |= {place: self._pairs(settings[place], queue.workload, whole, replicates) for place in places}
        return tuple(found[place] for place in range(len(settings)))

    def _lacking(self, settings: Sequence[Setting], replicates: int, least: int) -> Queue:
        return Queue(settings, self.workload(settings[0]), self.journal, replicates, least, 0.0)

    def _train(self, queue: Queue) -> int:
        """Train what a queue hands out; returns how many replicates are whole then."""
        workload = queue.workload

        def on_progress(unit: Unit, _: object) -> None:
            self.show(f"{queue.settings[0].data}, {plain_title(workload.arm(unit.name).cell)}, replicate {unit.number + 1}")

        with Runner(workload, AGAIN, self.view.log) as runner:
            for _, training in runner.results(queue.units(), on_progress):
                self._record(queue.waiting.popleft(), to_json(training))
        return queue.whole

    def _pairs(self, setting: Setting, workload: Workload, whole: int, asked: int) -> Pairs:
        return pairs_of(setting, workload, self._trainings(setting, workload, whole), whole, asked)

    def _trainings(self, setting: Setting, workload: Workload, replicates: int) -> list[Training]:
        """Those of the first replicates, from the journal. They are named as this setting's arms are."""
        units = [unit for number in range(replicates) for unit in units_of(setting, workload, number)]
        found = [(unit, self.journal.get(key_of(setting, workload, unit))) for unit in units]
        return [replace(from_json(Training, payload), name=unit.name) for unit, payload in found]
