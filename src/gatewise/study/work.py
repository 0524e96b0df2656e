"""Units of work: one model fitted once. A unit depends on the run's configuration and its own name alone, never on other units'
order, so it gives the same result in any process, before or after a crash."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.splits import make_split
from gatewise.data.encoding.encoders import Encoder, fit_encoder
from gatewise.data.encoding.prepared import Prepared, prepare
from gatewise.metrics import METRICS, Metric
from gatewise.nn import RIVALS, Architecture, SequenceNetwork
from gatewise.nn.linear_skip import skip_of
from gatewise.nn.tcn import levels_for
from gatewise.records import Arm, Config, Dataset, Encoded, Epoch, Hyperparameters, Split, Training, TrainingKind
from gatewise.study.arms import outputs_of, pooling_of
from gatewise.study.kept import KeptFolder
from gatewise.study.trained import TrainedFolder
from gatewise.tasks import traits_of
from gatewise.training.baselines import BASELINES
from gatewise.training.baselines.choice import Rivals, choose_rivals
from gatewise.training.examples import Baseline, Examples
from gatewise.training.fit import Fitted, fit
from gatewise.training.kept import kept_of
from gatewise.training.objectives import Objective, objective_of
from gatewise.training.schedule import Schedule, default_schedule
from gatewise.training.scoring import pack_rows, score, score_rows, sums_by_bin, truth_of
from gatewise.training.tune import default_hyperparameters

__all__ = ["TRAIN_SCORE_ROWS", "EncodedSplit", "Unit", "Workload", "seed_of"]

TRAIN_SCORE_ROWS = 2000
LENGTH_BINS = 5

OnEpoch = Callable[[Epoch], None]
OnStep = Callable[[], None]


@dataclass(frozen=True)
class Unit:
    """A piece of work by name.

    number: of the tuning trial, or of the replicate. fraction: of the training part, for a learning curve. trained: of the first
    replicate, the tuning trial that had its hyperparameters: the same training, and the same result whether it is repeated or
    taken over.
    """

    kind: TrainingKind
    name: str
    number: int
    hyperparameters: Hyperparameters | None = None
    fraction: float = 1.0
    trained: Training | None = None

    @property
    def key(self) -> str:
        fraction = f":{self.fraction:g}" if self.kind == "curve" else ""
        return f"{self.kind}:{self.name}:{self.number}{fraction}"


@dataclass(frozen=True, eq=False)
class EncodedSplit:
    """One split as numbers; everything fitted saw its training part only."""

    split: Split
    encoder: Encoder
    train: Encoded
    validation: Encoded
    test: Encoded
    seconds: float


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

    def __post_init__(self) -> None:
        self.prepared = prepare(self.dataset)

    @property
    def metric(self) -> Metric:
        """What the arms are judged by."""
        return METRICS[self.config.metric or traits_of(self.dataset.task).metric]

    @property
    def objective(self) -> Objective:
        """What the arms are trained for."""
        return objective_of(self.dataset.task, self.metric.name)

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
    def length_edges(self) -> NDArray[np.int64]:
        """Upper bounds of the length bins: quantiles of all lengths, so that bins hold about equally many rows."""
        quantiles = np.quantile(self.prepared.lengths, np.linspace(0, 1, LENGTH_BINS + 1)[1:], method="higher")
        return np.unique(quantiles.astype(np.int64))

    def run(self, unit: Unit, on_epoch: OnEpoch = lambda _: None, on_step: OnStep = lambda: None) -> Training:
        """Do one unit of work.

        on_epoch, on_step: called while an arm trains, on_step also before a baseline is fitted and before it is scored; what they
        raise ends the unit without a result.
        """
        if unit.kind == "baseline" and unit.name not in RIVALS:
            return self._run_baseline(unit, on_step)
        if unit.kind == "baseline":
            unit = replace(unit, hyperparameters=self.settings_of_rivals)
        return self._run_arm(unit, self.arm(unit.name), on_epoch, on_step)

    @property
    def settings_of_rivals(self) -> Hyperparameters:
        """What a network that is a rival is trained with: nothing is tuned for it."""
        return default_hyperparameters(self.dataset.kind, self.dataset.task)

    def arm(self, name: str) -> Arm:
        """An arm by its name, or a network that is a rival of them, of their hidden size."""
        rivals = (Arm(rival, rival, len(self.arms) + place, self.config.hidden_size) for place, rival in enumerate(RIVALS))
        return next(arm for arm in (*self.arms, *rivals) if arm.name == name)

    def encode(self, number: int) -> EncodedSplit:
        """Split `number`, encoded. The last one is kept, because all units of a replicate ask for the same."""
        if self._encoded is None or self._encoded[0] != number:
            started = time.perf_counter()
            split = make_split(self.dataset, number, self.config.seed)
            self._encoded = number, self._encode(split, started)
        return self._encoded[1]

    def _encode(self, split: Split, started: float) -> EncodedSplit:
        encoder = self.fit_encoder(split.train)
        train, validation, test = (
            encoder.encode_rows(self.prepared, rows) for rows in (split.train, split.validation, split.test)
        )
        return EncodedSplit(split, encoder, self.weighed(train), self.weighed(validation), test, time.perf_counter() - started)

    def weighed(self, encoded: Encoded) -> Encoded:
        """With rows of rare classes weighing more, where that is asked for: every class then has the same say."""
        if self.config.weigh_classes is None:
            return encoded
        return replace(encoded, weights=_balanced(encoded.targets, encoded.weights).astype(np.float32))

    def fit_encoder(self, rows: NDArray[np.int64]) -> Encoder:
        """Vocabulary or scaling from these rows alone."""
        return fit_encoder(self.prepared, rows, max_vocabulary=self.config.max_vocabulary, max_length=self.config.max_length)

    @property
    def schedule(self) -> Schedule:
        """How long every arm may train, in every replicate."""
        config = self.config
        return default_schedule(
            self._first_rows, batch_size=config.batch_size, max_epochs=config.max_epochs, task=self.dataset.task
        )

    @cached_property
    def _first_rows(self) -> int:
        """Training rows of the first split."""
        return len(make_split(self.dataset, 0, self.config.seed).train)

    def architecture(self, arm: Arm, number: int, hyperparameters: Hyperparameters, input_size: int) -> Architecture:
        """What an arm's network is built of.

        In replicate `number` every arm has the same embedding and head, and a cell of its own.
        """
        config = self.config
        rival = arm.cell in RIVALS
        return Architecture(
            arm.cell,
            input_size=input_size,
            tokens=self.dataset.kind == "text",
            outputs=outputs_of(self.dataset),
            pooling=pooling_of(config, self.dataset),
            embedding_size=config.embedding_size,
            hidden_size=arm.hidden_size,
            layers=levels_for(self._longest) if rival else config.layers,
            bidirectional=config.bidirectional and not rival,
            dropout=hyperparameters.dropout,
            input_dropout=hyperparameters.input_dropout,
            skip=None if config.skip is False else skip_of(self.dataset.forecast),
            forget_bias=config.forget_bias,
            chrono=config.chrono,
            seed=seed_of(config.seed, number),
            cell_seed=seed_of(config.seed, number, arm.index),
        )

    @cached_property
    def _longest(self) -> int:
        """Steps of the longest sequence, as it is read."""
        longest = int(self.prepared.lengths.max())
        return longest if self.config.max_length is None else min(longest, self.config.max_length)

    def network(self, arm: Arm, number: int, hyperparameters: Hyperparameters, input_size: int) -> SequenceNetwork:
        """An arm's network as it starts."""
        return self.architecture(arm, number, hyperparameters, input_size).build()

    def fit_arm(
        self,
        arm: Arm,
        number: int,
        hyperparameters: Hyperparameters,
        train: Encoded,
        validation: Encoded,
        rows: tuple[NDArray[np.int64], NDArray[np.int64]],
        on_epoch: OnEpoch,
        on_step: OnStep = lambda: None,
        time_left: Callable[[], bool] = lambda: True,
    ) -> Fitted:
        """Train an arm. rows: those of the training and the validation part."""
        truth = truth_of(self.dataset, rows[1], rows[0])
        return fit(
            self.network(arm, number, hyperparameters, train.input_size),
            train,
            validation,
            self.objective,
            lambda predictions: score(self.metric.name, predictions, truth),
            hyperparameters,
            self.schedule,
            seed=seed_of(self.config.seed, number),
            on_epoch=on_epoch,
            on_step=on_step,
            time_left=time_left,
        )

    def examples(self, rows: NDArray[np.int64], train: NDArray[np.int64]) -> Examples:
        """Some rows as baselines read them: weighed as they are for the cells, and judged by the same metric.

        train: the rows of the training part, from which the scales of errors come.
        """
        dataset = self.dataset
        targets = dataset.targets[rows]
        weights = None if dataset.weights is None else dataset.weights[rows]
        if self.config.weigh_classes is not None:
            weights = _balanced(targets, weights)
        return Examples(
            self.prepared.inputs(rows),
            targets,
            len(dataset.classes),
            dataset.forecast,
            weights,
            self.metric.name,
            truth_of(dataset, rows, train),
        )

    def fit_baseline(self, name: str, train: NDArray[np.int64], validation: NDArray[np.int64]) -> Baseline:
        """Fit a baseline on rows of the data."""
        return BASELINES[name].fit(self.examples(train, train), self.examples(validation, train))

    def baseline_score(self, name: str) -> float:
        """Validation score of a baseline on the first split: what a cell must be measured against."""
        split = make_split(self.dataset, 0, self.config.seed)
        model = self.fit_baseline(name, split.train, split.validation)
        return self._score(model.predict(self.prepared.inputs(split.validation)), split.validation, split.train)

    def _score(self, predictions: NDArray[np.float32], rows: NDArray[np.int64], train: NDArray[np.int64]) -> float:
        return score(self.metric.name, predictions, truth_of(self.dataset, rows, train))

    def _run_arm(self, unit: Unit, arm: Arm, on_epoch: OnEpoch, on_step: OnStep) -> Training:
        if unit.hyperparameters is None:
            raise ValueError(f"unit {unit.key} has no hyperparameters")
        started = time.perf_counter()
        # Every tuning trial uses the first split, whose test part it never sees.
        replicate = 0 if unit.kind == "tuning" else unit.number
        fresh = self._encoded is None or self._encoded[0] != replicate
        encoded = (
            self.encode(replicate) if unit.fraction == 1.0 else self._encode(self._shortened(replicate, unit.fraction), started)
        )
        found = self._adopted(unit, arm, encoded.train.input_size)
        if found is None:
            rows = encoded.split.train, encoded.split.validation
            parts = encoded.train, encoded.validation
            fitted = self.fit_arm(arm, replicate, unit.hyperparameters, *parts, rows, on_epoch, on_step)
            encoding = encoded.seconds if fresh or unit.fraction < 1.0 else 0.0
            found = fitted.network, _training_of(unit, fitted, encoding)
        network, training = found
        if unit.kind == "tuning":
            training = replace(training, seconds=time.perf_counter() - started)
            if self.trained is not None:
                self.trained.write(training, network)
            return training
        scoring = time.perf_counter()
        sample = self._sample(encoded.split.train, replicate)
        own = encoded.encoder.encode_rows(self.prepared, sample)
        training = replace(
            self._scored(training, self.objective.predict(network, encoded.test), encoded.split),
            train_score=self._score(self.objective.predict(network, own), sample, encoded.split.train),
        )
        ended = time.perf_counter()
        phases = {**training.phases, "evaluation": training.phases.get("evaluation", 0.0) + ended - scoring}
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

    def _shortened(self, number: int, fraction: float) -> Split:
        """A split whose training part keeps a fraction of its rows; a smaller one is part of a larger.

        In a forecast the latest rows are kept, else rows drawn at random, in every class alike by chance alone.
        """
        split = make_split(self.dataset, number, self.config.seed)
        kept = max(2, round(fraction * len(split.train)))
        if self.dataset.origins is not None:
            order = np.argsort(-self.dataset.origins[split.train], kind="stable")
        else:
            order = np.random.default_rng([self.config.seed, 4, number]).permutation(len(split.train))
        return replace(split, train=np.sort(split.train[order[:kept]]))

    def _run_baseline(self, unit: Unit, on_step: OnStep) -> Training:
        started = time.perf_counter()
        on_step()
        split = make_split(self.dataset, unit.number, self.config.seed)
        model = self.fit_baseline(unit.name, split.train, split.validation)
        fitted = time.perf_counter()
        on_step()
        scores = {
            part: self._score(model.predict(self.prepared.inputs(rows)), rows, split.train)
            for part, rows in (("train", self._sample(split.train, unit.number)), ("validation", split.validation))
        }
        _, arrays = model.state()
        training = Training(
            kind="baseline",
            name=unit.name,
            number=unit.number,
            hyperparameters=None,
            validation_score=scores["validation"],
            validation_loss=None,
            train_score=scores["train"],
            parameters=sum(array.size for array in arrays.values()),
            size_bytes=sum(array.nbytes for array in arrays.values()),
        )
        training = self._scored(training, model.predict(self.prepared.inputs(split.test)), split)
        ended = time.perf_counter()
        return replace(training, phases={"fitting": fitted - started, "evaluation": ended - fitted}, seconds=ended - started)

    def _sample(self, rows: NDArray[np.int64], number: int) -> NDArray[np.int64]:
        """At most 2,000 of some rows, drawn at random: enough to know the train-test gap to a point."""
        if len(rows) <= TRAIN_SCORE_ROWS:
            return rows
        return np.sort(np.random.default_rng(seed_of(self.config.seed, number)).choice(rows, TRAIN_SCORE_ROWS, replace=False))

    def _scored(self, training: Training, predictions: NDArray[np.float32], split: Split) -> Training:
        truth = truth_of(self.dataset, split.test, split.train)
        value, rows = score_rows(self.metric.name, predictions, truth)
        edges = self.length_edges
        bins = np.searchsorted(edges, self.prepared.lengths[split.test])
        counts = np.bincount(bins, minlength=len(edges))
        sums = sums_by_bin(value, rows, truth, bins, counts)
        # Only a test part that all replicates share needs the rows; bits are kept for whoever wants to look.
        keep = self.dataset.fixed_test is not None or self.metric.name == "accuracy"
        scored = replace(
            training,
            test_score=value,
            test_rows=len(split.test),
            row_scores=pack_rows(rows) if keep else "",
            by_length=tuple(zip(counts.tolist(), sums.tolist(), strict=True)),
        )
        if self.kept is not None and training.kind != "curve":
            self.kept.write(scored, kept_of(self.dataset, predictions, truth, split.test, self.config.seed))
        return scored


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


def _balanced(targets: NDArray[np.int64], weights: NDArray[Any] | None) -> NDArray[np.float64]:
    """Row weights that give every class the same say, in proportion to the rows' own inside a class; their sum is kept."""
    own = np.ones(len(targets)) if weights is None else weights.astype(np.float64)
    totals = np.bincount(targets, weights=own)
    present = np.count_nonzero(totals)
    return np.asarray(own * own.sum() / (present * np.maximum(totals[targets], np.finfo(np.float64).tiny)))


def seed_of(*parts: int) -> int:
    """One well mixed 32-bit seed from several whole numbers."""
    # A SeedSequence ignores trailing zeros: without their count, the first arm's cell would share the seed of the head.
    return int(np.random.SeedSequence((len(parts), *parts)).generate_state(1)[0])
