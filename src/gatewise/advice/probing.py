"""The probes done, within their time, and the timings after them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from gatewise.advice.plan import MOST_REPLICATES, Probes, further_units, replicate_units, size_probes
from gatewise.advice.speed import measure_speed
from gatewise.data.dataset.profile import describe
from gatewise.metrics import Metric
from gatewise.records import Config, Dataset, Epoch, Profile, Progress, Training
from gatewise.study.arms import arms_for
from gatewise.study.deadline import BudgetSpent
from gatewise.study.probe import Probed
from gatewise.study.resolved import resolved
from gatewise.study.runner import Runner
from gatewise.study.units import Context, Unit
from gatewise.study.view import View
from gatewise.study.work import Workload
from gatewise.titles import Titles
from gatewise.training.threads import limited_threads

__all__ = ["Probing", "probe_data"]

# Of the time: what the timed steps at the beginning take, what the timings at the end do, and what answering does.
STEPS_SHARE, SPEED_SHARE, ANSWER_SHARE = 0.025, 0.1, 0.05
# Trainings that turn out to be shorter than foretold are done again, so many times as long at least.
WORTH_LONGER = 1.5


@dataclass(eq=False)
class Probing:
    """What was measured. probes: their size. probed: seconds of an epoch and more, as a comparison's plan has them. trainings: by
    unit. speed: as `measure_speed` gives it. seconds: that all of it took."""

    config: Config
    workload: Workload
    profile: Profile
    probes: Probes
    probed: Probed
    trainings: dict[Unit, Training] = field(default_factory=dict)
    speed: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def names(self) -> tuple[str, ...]:
        """Of the arms."""
        return tuple(arm.name for arm in self.workload.arms)

    @property
    def metric(self) -> Metric:
        """What scores are."""
        return self.workload.trainer.metric

    def whole(self, name: str) -> dict[int, Training]:
        """Trainings of an arm on all that is seen with the default hyperparameters, or of a baseline, by number of the pair."""
        values = self.workload.trainer.default_hyperparameters if name in self.names else None
        fraction = self.probes.fraction
        return {
            unit.number: training
            for unit, training in self.trainings.items()
            if (unit.name, unit.context, unit.fraction, unit.hyperparameters) == (name, Context(), fraction, values)
        }

    @property
    def replicates(self) -> int:
        """Pairs of trainings, counted from the first."""
        found = [self.whole(name) for name in self.names]
        count = 0
        while all(count in one for one in found):
            count += 1
        return count


def probe_data(config: Config, dataset: Dataset, view: View, *, seconds: float, started: float) -> Probing:
    """Do as many probes as fit into `seconds` from `started`, on the monotonic clock, and time the cells.

    The first pair of trainings and the baselines beside it are done however long they take.
    """

    def elapsed() -> float:
        return time.monotonic() - started

    config = resolved(config, dataset)
    workload = Workload(config, dataset, arms_for(config, dataset))
    profile = describe(dataset, workload.prepared.lengths)
    title = Titles(workload.arms)
    # By then the probes are done, and at the latest by then.
    ends, latest = seconds * (1 - SPEED_SHARE - ANSWER_SHARE), seconds * (1 - SPEED_SHARE)

    def show(phase: str, replicates: int = 0) -> None:
        view.update(Progress(phase, replicates, MOST_REPLICATES, elapsed(), seconds, seconds - elapsed(), arms=workload.arms))

    with limited_threads(config.threads), Runner(workload, log=view.log) as runner:
        show("timing a few training steps")
        probed = runner.probe(workload.trainer.default_hyperparameters, STEPS_SHARE * seconds)
        found = Probing(config, workload, profile, _sized(workload, max(probed.epoch_s.values()), ends - elapsed()), probed)

        def run(units: Iterator[Unit], *, limited: bool) -> None:
            def check() -> None:
                if limited and elapsed() > latest:
                    raise BudgetSpent

            def on_progress(unit: Unit, epoch: Epoch | None) -> None:
                at = f", epoch {epoch.epoch}" if epoch else ""
                show(f"training {title(unit.name)}{_seen(unit)}{at}", found.replicates)

            for unit, training in runner.results(units, on_progress, check):
                found.trainings[unit] = training
                on_progress(unit, None)

        run(replicate_units(workload, found.probes, 0, workload.baselines), limited=False)
        longer = _sized(workload, _epoch_seconds(found), ends - elapsed())
        if longer.epochs * longer.fraction >= WORTH_LONGER * found.probes.epochs * found.probes.fraction:
            same_rows = longer.fraction == found.probes.fraction
            found.probes = longer
            run(replicate_units(workload, longer, 0, () if same_rows else workload.baselines), limited=False)
        with suppress(BudgetSpent):
            run(_while_there_is_time(found, lambda cost: elapsed() + cost <= ends), limited=True)
        show("timing the cells in turn", found.replicates)
        found.speed = measure_speed(workload, SPEED_SHARE * seconds)
    found.seconds = elapsed()
    return found


def _sized(workload: Workload, epoch_s: float, left: float) -> Probes:
    """The size of the probes for what is left of the time. epoch_s: seconds of an epoch on all training rows."""
    config = workload.config
    rows = len(workload.encode(0).split.train)
    room = max(left, epoch_s) * min(config.jobs, len(workload.arms))
    return size_probes(epoch_s, rows, config.max_epochs or 1, room, workload.dataset)


def _epoch_seconds(found: Probing) -> float:
    """Seconds of an epoch on all training rows, by the first pair."""
    pair = [found.whole(name)[0] for name in found.names]
    return max(one.seconds / max(len(one.history), 1) for one in pair) / found.probes.fraction


def _while_there_is_time(found: Probing, fits: Callable[[float], bool]) -> Iterator[Unit]:
    """Further probes until one does not fit; of a context that does not, a smaller one may."""
    for unit in further_units(found.workload, found.probes, _telling_baselines(found)):
        if fits(_foretold(found, unit)):
            yield unit
        elif unit.context == Context():
            return


def _foretold(found: Probing, unit: Unit) -> float:
    """Seconds of a probe, by those of the first pair or of the first fit of a baseline."""
    first = found.whole(unit.name)[0].seconds
    length = found.profile.length_median
    seen = 1.0 if unit.context.last is None else min(1.0, unit.context.last / length)
    return first * seen * unit.fraction / found.probes.fraction


def _telling_baselines(found: Probing) -> tuple[str, ...]:
    """Those that later pairs are trained beside: the best one, the simplest one, and what takes next to no time."""
    first = {name: found.whole(name)[0] for name in found.workload.baselines}
    if not first:
        return ()
    best = max(first, key=lambda name: found.metric.gain(first[name].test_score or 0.0))
    quick = 0.2 * min(found.whole(name)[0].seconds for name in found.names)
    kept = {best, found.workload.baselines[0], *(name for name, one in first.items() if one.seconds <= quick)}
    return tuple(name for name in first if name in kept)


def _seen(unit: Unit) -> str:
    """What a probe's model sees, where that is not all."""
    if unit.context.shuffled:
        return " with steps in random order"
    if unit.context.last is not None:
        return f" on the last {unit.context.last:,} steps"
    return ", to be tested on longer rows" if unit.context.longer else ""
