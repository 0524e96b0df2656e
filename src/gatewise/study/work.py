"""The work of a run, unit by unit.

A unit depends on the run's configuration and its own name alone, never on other units' order, so it gives the same result in any
process, before or after a crash.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.splits import make_split
from gatewise.data.encoding.prepared import Prepared, prepare
from gatewise.nn import RIVALS, SequenceNetwork, build_network
from gatewise.options.config import DeviceName
from gatewise.records import Architecture, Arm, Config, Dataset, Encoded, Hyperparameters, Training
from gatewise.study.contexts import seen
from gatewise.study.encoded import EncodedSplit, encode_split, shortened_split
from gatewise.study.kept import KeptFolder
from gatewise.study.scoring import Scoring
from gatewise.study.trained import TrainedFolder
from gatewise.study.units import Context, Unit, seed_of
from gatewise.training.baselines import BASELINES
from gatewise.training.baselines.choice import Rivals, choose_rivals
from gatewise.training.examples import Baseline
from gatewise.training.fit import Fitted
from gatewise.training.schedule import Schedule
from gatewise.training.trainer import OnEpoch, OnStep, Trainer

__all__ = ["Workload"]


@dataclass(eq=False)
class Workload:
    """The data and configuration that units share inside one process.

    kept: where test predictions of replicates are kept. trained: where what tuning reached is kept.
    """

    config: Config
    dataset: Dataset
    arms: tuple[Arm, ...]
    kept: KeptFolder | None = None
    trained: TrainedFolder | None = None
    prepared: Prepared = field(init=False)
    _encoded: tuple[int, EncodedSplit] | None = field(init=False, default=None)
    _in_context: tuple[tuple[Context, int], Workload] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.prepared = prepare(self.dataset)

    @property
    def trainer(self) -> Trainer:
        """Trains what the configuration, as it stands, asks for."""
        return Trainer(self.config, self.dataset, self.prepared)

    @property
    def scoring(self) -> Scoring:
        """Scores what was trained."""
        return Scoring(self.trainer, self.kept)

    @cached_property
    def rivals(self) -> Rivals:
        """The baselines that the configuration asks for on this data."""
        first = make_split(self.dataset, 0, self.config.seed)
        return choose_rivals(self.dataset, first, self.config.rivals, self.config.budget_s)

    @cached_property
    def baselines(self) -> tuple[str, ...]:
        """Names of the baselines, the simplest first. A run that goes on has those that it began with."""
        return self.rivals.names

    @property
    def schedule(self) -> Schedule:
        """How long every arm may train by the configuration, in every replicate."""
        return self.trainer.schedule(self._first_rows)

    @cached_property
    def _first_rows(self) -> int:
        """Training rows of the first split."""
        return len(make_split(self.dataset, 0, self.config.seed).train)

    def in_context(self, context: Context, number: int) -> Workload:
        """The work of replicate `number` on what a context leaves to be seen.

        Without a forecast's linear part, which reads whole windows. The last one is kept: both cells ask for the same.
        """
        if self._in_context is None or self._in_context[0] != (context, number):
            dataset, prepared = seen(self.prepared, context, number, self.config)
            config = self.config if self.config.skip is None else replace(self.config, skip=False)
            narrowed = copy(self)
            narrowed.config, narrowed.dataset, narrowed.prepared = config, dataset, prepared
            narrowed._encoded = narrowed._in_context = None
            narrowed.__dict__.pop("_first_rows", None)
            self._in_context = (context, number), narrowed
        return self._in_context[1]

    def on(self, device: DeviceName) -> Workload:
        """The same work on another device, by its name."""
        if device == self.config.device[0]:
            return self
        elsewhere = copy(self)
        elsewhere.config = replace(self.config, device=(device,))
        return elsewhere

    def arm(self, name: str) -> Arm:
        """An arm by its name, or a network that is a rival of them, of their hidden size."""
        rivals = (Arm(rival, rival, len(self.arms) + place, self.config.hidden_size) for place, rival in enumerate(RIVALS))
        return next(arm for arm in (*self.arms, *rivals) if arm.name == name)

    def encode(self, number: int) -> EncodedSplit:
        """Split `number`, encoded. The last one is kept, because all units of a replicate ask for the same."""
        if self._encoded is None or self._encoded[0] != number:
            started = time.perf_counter()
            split = make_split(self.dataset, number, self.config.seed)
            self._encoded = number, encode_split(self.trainer, split, started)
        return self._encoded[1]

    def architecture(self, arm: Arm, number: int, hyperparameters: Hyperparameters, input_size: int) -> Architecture:
        """What an arm's network is built of.

        In replicate `number` every arm has the same embedding and head, and a cell of its own.
        """
        seed = self.config.seed
        return self.trainer.architecture(
            arm, hyperparameters, input_size, seed=seed_of(seed, number), cell_seed=seed_of(seed, number, arm.index)
        )

    def network(self, arm: Arm, number: int, hyperparameters: Hyperparameters, input_size: int) -> SequenceNetwork:
        """An arm's network as it starts, on the device that trains."""
        return self.trainer.device.take(build_network(self.architecture(arm, number, hyperparameters, input_size)))

    def fit_arm(
        self,
        arm: Arm,
        number: int,
        hyperparameters: Hyperparameters,
        parts: tuple[Encoded, Encoded],
        rows: tuple[NDArray[np.int64], NDArray[np.int64]],
        on_epoch: OnEpoch,
        on_step: OnStep = lambda: None,
        time_left: Callable[[], bool] = lambda: True,
        max_epochs: int | None = None,
    ) -> Fitted:
        """Train an arm. parts, rows: the training and the validation part, encoded and as rows. max_epochs: as in `Unit`."""
        return self.trainer.fit(
            self.network(arm, number, hyperparameters, parts[0].input_size),
            parts,
            rows,
            hyperparameters,
            self.schedule if max_epochs is None else self.trainer.schedule(self._first_rows, max_epochs=max_epochs),
            seed=seed_of(self.config.seed, number),
            on_epoch=on_epoch,
            on_step=on_step,
            time_left=time_left,
        )

    def fit_baseline(
        self, name: str, train: NDArray[np.int64], validation: NDArray[np.int64], *, shared: bool = False
    ) -> Baseline:
        """Fit a baseline on rows of the data. shared: as in `Trainer.examples`."""
        return self.trainer.fit_baseline(BASELINES[name], train, validation, shared=shared)

    def baseline_score(self, name: str) -> float:
        """Validation score of a baseline on the first split: what a cell must be measured against."""
        split = make_split(self.dataset, 0, self.config.seed)
        model = self.fit_baseline(name, split.train, split.validation)
        return self.trainer.score(model.predict(self.prepared.inputs(split.validation)), split.validation, split.train)

    def run(self, unit: Unit, on_epoch: OnEpoch = lambda _: None, on_step: OnStep = lambda: None) -> Training:
        """Do one unit of work.

        on_epoch, on_step: called while an arm trains, on_step also before a baseline is fitted and before it is scored; what they
        raise ends the unit without a result.
        """
        if unit.context != Context():
            return self.in_context(unit.context, unit.number).run(replace(unit, context=Context()), on_epoch, on_step)
        if unit.name in BASELINES:
            return self._run_baseline(unit, on_step)
        if unit.kind == "baseline":
            unit = replace(unit, hyperparameters=self.trainer.default_hyperparameters)
        return self._run_arm(unit, self.arm(unit.name), on_epoch, on_step)

    def _run_arm(self, unit: Unit, arm: Arm, on_epoch: OnEpoch, on_step: OnStep) -> Training:
        if unit.hyperparameters is None:
            raise ValueError(f"unit {unit.key} has no hyperparameters")
        started = time.perf_counter()
        # Every tuning trial uses the first split, whose test part it never sees.
        replicate = 0 if unit.kind == "tuning" else unit.number
        fresh = self._encoded is None or self._encoded[0] != replicate
        if unit.fraction == 1.0:
            encoded = self.encode(replicate)
        else:
            split = shortened_split(self.dataset, replicate, unit.fraction, self.config.seed)
            encoded = encode_split(self.trainer, split, started)
        found = self._adopted(unit, arm, encoded.train.input_size)
        if found is None:
            rows = encoded.split.train, encoded.split.validation
            parts = encoded.train, encoded.validation
            fitted = self.fit_arm(
                arm, replicate, unit.hyperparameters, parts, rows, on_epoch, on_step, max_epochs=unit.max_epochs
            )
            encoding = encoded.seconds if fresh or unit.fraction < 1.0 else 0.0
            cap = unit.max_epochs or self.schedule.max_epochs
            found = fitted.network, replace(_training_of(unit, fitted, encoding), max_epochs=cap)
        network, training = found
        if unit.kind == "tuning":
            training = replace(training, seconds=time.perf_counter() - started)
            if self.trained is not None:
                self.trained.write(training, network)
            return training
        return self._score_arm(training, network, encoded, replicate, started)

    def _score_arm(
        self, training: Training, network: SequenceNetwork, encoded: EncodedSplit, replicate: int, started: float
    ) -> Training:
        trainer, scoring, train = self.trainer, self.scoring, encoded.split.train
        scoring_began = time.perf_counter()
        sample = scoring.sample(trainer.rows_of_epoch(train, 1, seed_of(self.config.seed, replicate)), replicate)
        own = encoded.encoder.encode_rows(self.prepared, sample)
        training = replace(
            scoring.scored(training, trainer.objective.predict(network, encoded.test), encoded.split),
            train_score=trainer.score(trainer.objective.predict(network, own), sample, train),
        )
        ended = time.perf_counter()
        phases = {**training.phases, "evaluation": training.phases.get("evaluation", 0.0) + ended - scoring_began}
        return replace(training, phases=phases, seconds=training.seconds + ended - started)

    def _adopted(self, unit: Unit, arm: Arm, input_size: int) -> tuple[SequenceNetwork, Training] | None:
        """What tuning trained already, where this unit is the same training and its weights are still there."""
        tuned = unit.trained
        if tuned is None or tuned.hyperparameters is None or self.trained is None:
            return None
        network = self.network(arm, unit.number, tuned.hyperparameters, input_size)
        if not self.trained.load(tuned, network):
            return None
        return network, replace(tuned, kind=unit.kind, number=unit.number, adopted=tuned.number)

    def _run_baseline(self, unit: Unit, on_step: OnStep) -> Training:
        started = time.perf_counter()
        on_step()
        split = shortened_split(self.dataset, unit.number, unit.fraction, self.config.seed)
        learned = self.trainer.rows_of_baselines(split.train)
        model = self.fit_baseline(unit.name, split.train, split.validation, shared=True)
        fitted = time.perf_counter()
        on_step()
        scores = {
            part: self.trainer.score(model.predict(self.prepared.shared(rows)), rows, split.train)
            for part, rows in (("train", self.scoring.sample(learned, unit.number)), ("validation", split.validation))
        }
        _, arrays = model.state()
        training = Training(
            kind=unit.kind,
            name=unit.name,
            number=unit.number,
            hyperparameters=None,
            fraction=unit.fraction,
            validation_score=scores["validation"],
            validation_loss=None,
            train_score=scores["train"],
            parameters=sum(array.size for array in arrays.values()),
            size_bytes=sum(array.nbytes for array in arrays.values()),
        )
        training = self.scoring.scored(training, model.predict(self.prepared.shared(split.test)), split)
        ended = time.perf_counter()
        return replace(training, phases={"fitting": fitted - started, "evaluation": ended - fitted}, seconds=ended - started)


def _training_of(unit: Unit, fitted: Fitted, encoding: float) -> Training:
    """What is recorded of a training that knows nothing of the test part yet. encoding: seconds."""
    weights = list(fitted.network.parameters())
    return Training(
        kind=unit.kind,
        name=unit.name,
        number=unit.number,
        hyperparameters=unit.hyperparameters,
        validation_score=fitted.validation_score,
        validation_loss=fitted.validation_loss,
        best_epoch=fitted.best_epoch,
        history=fitted.history,
        phases={"encoding": encoding, **fitted.phases},
        parameters=sum(weight.numel() for weight in weights),
        size_bytes=sum(weight.numel() * weight.element_size() for weight in weights),
        fraction=unit.fraction,
        ended=fitted.ended,
    )
