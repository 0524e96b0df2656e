"""A finished run done again, unit by unit, and held against what it found then."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from gatewise.data.dataset.profile import describe
from gatewise.errors import RunError
from gatewise.records import Epoch, Profile, Progress, Training
from gatewise.study.arms import arms_for
from gatewise.study.environment import describe_environment
from gatewise.study.folder import RunFolder
from gatewise.study.gathered import margin_of, read_profile, read_trainings
from gatewise.study.identity import open_config
from gatewise.study.journal import read_journal
from gatewise.study.opening import read_data
from gatewise.study.runner import Runner
from gatewise.study.units import Unit
from gatewise.study.view import View
from gatewise.study.work import Workload
from gatewise.titles import Titles
from gatewise.training.threads import limited_threads
from gatewise.wording import counted

__all__ = ["Outcome", "Reproduction", "reproduce_run"]

Outcome = Literal["equal", "within tolerance", "different", "other data", "interrupted"]

# What clocks say, and whether a training was taken over from tuning, which gives the same.
_NOT_COMPARED = frozenset({"seconds", "phases", "history", "adopted"})
# Of the margin of equivalence: what no verdict depends on.
TOLERANCE = 0.1
# Of what describes a machine, what may change results.
_DECISIVE = ("versions", "processor", "instruction_set", "compiled_kernels", "kernels", "platform", "threads", "device")


@dataclass(frozen=True)
class Reproduction:
    """What came of doing a run again.

    units, done: units of work that the run had, and those that were done again. equal: of these, to the last bit. differences: of
    each other one, by its key, how far a score is from what it was. tolerance: differences that change no verdict, a
    tenth of the run's margin of equivalence. changed: what is not as it was then, by name: (then, now).
    """

    units: int
    done: int
    equal: int
    differences: Mapping[str, float]
    tolerance: float
    data: str
    changed: Mapping[str, tuple[str, str]]

    @property
    def outcome(self) -> Outcome:
        """What all of it comes to."""
        if self.data:
            return "other data"
        if any(difference > self.tolerance for difference in self.differences.values()):
            return "different"
        if self.done < self.units:
            return "interrupted"
        return "within tolerance" if self.differences else "equal"

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        if self.data:
            yield f"Nothing was done again: {self.data}"
        else:
            yield self._said()
        for name, (then, now) in self.changed.items():
            yield f"· {name}: {then} then, {now} now"
        if not self.changed:
            yield "The versions, the processor and the kernels are those of the run."

    def _said(self) -> str:
        begun = f"{self.done} of {counted(self.units, 'unit')} of work were done again"
        if not self.differences:
            return f"{begun}, and {'all' if self.done > 1 else 'it'} came out equal to the last bit."
        key, farthest = max(self.differences.items(), key=lambda item: item[1])
        beyond = sum(difference > self.tolerance for difference in self.differences.values())
        how_many = f"{beyond} by more" if beyond else "and all by less"
        return (
            f"{begun}: {self.equal} came out equal to the last bit, {len(self.differences)} did not. The scores of the farthest, "
            f"{key}, are off by {farthest:.2g}, {how_many} than {self.tolerance:.2g}, a tenth of the margin of equivalence."
        )


def reproduce_run(folder: RunFolder, view: View, *, data: Any = None, changes: Mapping[str, Any] | None = None) -> Reproduction:
    """Do every training of a run again, by its configuration and its name, and compare. Nothing in the run's folder is written.

    data: needed where the run was started on an object of Python. changes: where is trained (jobs, runner, address). An interrupt
    ends it with what was compared so far. Raises RunError where there is no run, or its data cannot be read again.
    """
    config = replace(open_config(folder), budget_s=None, **(changes or {}))
    if data is None and (config.source.startswith("<") or config.source == "-"):
        raise RunError(f"{folder.path} was started on data that no file holds; reproduce it in Python with data=...")
    journal = read_journal(folder.journal)
    if "data" not in journal:
        raise RunError(f"{folder.path} has not begun its work: there is nothing to reproduce")
    then = [training for kind, each in read_trainings(journal).items() if kind != "probe" for training in each]
    dataset = read_data(config, config.source if data is None else data, view)
    workload = Workload(config, dataset, arms_for(config, dataset))
    workload.baselines = tuple(journal.get("data")["baselines"])
    other = _other_data(read_profile(journal), describe(dataset, workload.prepared.lengths))
    with limited_threads(config.threads):
        changed = _changed(folder.read_environment(), describe_environment(config.device) | {"threads": config.threads})
        found: dict[str, float | None] = {}
        if not other:
            found = _done_again(workload, then, view)
    differences = {key: difference for key, difference in found.items() if difference is not None}
    tolerance = TOLERANCE * margin_of(journal)
    return Reproduction(len(then), len(found), len(found) - len(differences), differences, tolerance, other, changed)


def _done_again(workload: Workload, then: Sequence[Training], view: View) -> dict[str, float | None]:
    """How far every unit is from what it was, by its key; None for not at all."""
    found: dict[str, float | None] = {}
    title, began = Titles(workload.arms), time.monotonic()
    left = sum(training.seconds for training in then)
    remaining = {_unit(training).key: training.seconds for training in then}

    def on_progress(unit: Unit, _: Epoch | None) -> None:
        elapsed = time.monotonic() - began
        share = sum(remaining.values()) / left if left else 0.0
        rest = elapsed * share / (1 - share) if share < 1 else None
        phase = f"{unit.kind} {unit.number + 1}: {title(unit.name)}"
        view.update(Progress(phase, len(found), len(then), elapsed, None, remaining_s=rest, arms=workload.arms, counted="unit"))

    by_key = {_unit(training).key: training for training in then}
    try:
        with Runner(workload, "the same command") as runner:
            for note in runner.notes:
                view.log(note)
            for unit, now in runner.results(iter([_unit(training) for training in then]), on_progress):
                found[unit.key] = _difference(by_key[unit.key], now)
                remaining.pop(unit.key)
    except KeyboardInterrupt:
        if not found:
            raise
    return found


def _unit(training: Training) -> Unit:
    return Unit(
        training.kind,
        training.name,
        training.number,
        training.hyperparameters,
        fraction=training.fraction,
        max_epochs=training.max_epochs,
    )


def _difference(then: Training, now: Training) -> float | None:
    """None where all that does not tell of time is equal; else how far a score is off, infinite where it is no number now."""
    names = [item.name for item in fields(Training) if item.name not in _NOT_COMPARED]
    same = all(getattr(then, name) == getattr(now, name) for name in names)
    if same and _timeless(then.history) == _timeless(now.history):
        return None
    scores = [(getattr(then, name), getattr(now, name)) for name in ("validation_score", "test_score")]
    off = [abs(one - other) for one, other in scores if one is not None and other is not None]
    return max((math.inf if math.isnan(each) else each for each in off), default=math.inf)


def _timeless(history: Sequence[Epoch]) -> list[Epoch]:
    return [replace(epoch, seconds=0.0) for epoch in history]


def _other_data(then: Profile, now: Profile) -> str:
    if then.fingerprint == now.fingerprint:
        return ""
    rows = f", {then.rows:,} rows then and {now.rows:,} now" if then.rows != now.rows else f", still {counted(now.rows, 'row')}"
    return f"the data are not those of the run (fingerprint {then.fingerprint[:12]} then, {now.fingerprint[:12]} now{rows})."


def _changed(then: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    flat_then, flat_now = _flat(then), _flat(now)
    names = [name for name in flat_now if name in flat_then and flat_then[name] != flat_now[name]]
    return {name: (flat_then[name], flat_now[name]) for name in names}


def _flat(environment: Mapping[str, Any]) -> dict[str, str]:
    """Everything that may change a result, under one name each."""
    found: dict[str, str] = {}
    for name in _DECISIVE:
        value = environment.get(name)
        if isinstance(value, Mapping):
            found |= {str(inner): str(each) for inner, each in value.items()}
        elif value is not None:
            found[name.replace("_", " ")] = str(value)
    return found
