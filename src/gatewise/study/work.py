"""Units of work: one model fitted once. A unit depends on the run's configuration and its own name alone, never on other units'
order, so it gives the same result in any process, before or after a crash."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gatewise.data.encoders import Encoder, fit_encoder
from gatewise.data.prepared import Prepared, prepare
from gatewise.data.splits import make_split
from gatewise.nn import SequenceClassifier, build_network
from gatewise.records import Arm, Config, Dataset, Encoded, Epoch, Hyperparameters, Split, Trial
from gatewise.training.baselines import BASELINES, Baseline
from gatewise.training.fit import Fitted, Schedule, default_schedule, fit, predict_probabilities
from gatewise.training.metrics import accuracy, pack_correct

__all__ = ["EncodedSplit", "Unit", "Workload", "seed_of"]

TRAIN_SCORE_ROWS = 2000
LENGTH_BINS = 5

OnEpoch = Callable[[Epoch], None]


@dataclass(frozen=True)
class Unit:
    """A piece of work by name. number: of the tuning trial, or of the pair."""

    kind: Literal["tuning", "pair", "baseline"]
    name: str
    number: int
    hyperparameters: Hyperparameters | None = None

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.name}:{self.number}"


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
    """The data and configuration that units share inside one process."""

    config: Config
    dataset: Dataset
    arms: tuple[Arm, ...]
    prepared: Prepared = field(init=False)
    _encoded: tuple[int, EncodedSplit] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.prepared = prepare(self.dataset)

    @property
    def length_edges(self) -> NDArray[np.int64]:
        """Upper bounds of the length bins: quantiles of all lengths, so that bins hold about equally many rows."""
        quantiles = np.quantile(self.prepared.lengths, np.linspace(0, 1, LENGTH_BINS + 1)[1:], method="higher")
        return np.unique(quantiles.astype(np.int64))

    def run(self, unit: Unit, on_epoch: OnEpoch = lambda _: None) -> Trial:
        """Do one unit of work."""
        if unit.kind == "baseline":
            return self._run_baseline(unit)
        arm = next(arm for arm in self.arms if arm.name == unit.name)
        return self._run_arm(unit, arm, on_epoch)

    def encode(self, number: int) -> EncodedSplit:
        """Split `number`, encoded. The last one is kept, because all units of a pair ask for the same."""
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
        return EncodedSplit(split, encoder, train, validation, test, time.perf_counter() - started)

    def fit_encoder(self, rows: NDArray[np.int64]) -> Encoder:
        """Vocabulary or scaling from these rows alone."""
        return fit_encoder(self.prepared, rows, max_vocabulary=self.config.max_vocabulary, max_length=self.config.max_length)

    def schedule(self, train_rows: int) -> Schedule:
        """How long every arm may train."""
        return default_schedule(train_rows, batch_size=self.config.batch_size, max_epochs=self.config.max_epochs)

    def architecture(self, arm: Arm, number: int, hyperparameters: Hyperparameters, input_size: int) -> dict[str, Any]:
        """What `build_network` needs to build an arm's network as it starts, in plain JSON types.

        In pair `number` every arm has the same embedding and head, and a cell of its own.
        """
        config = self.config
        return {
            "cell": arm.cell,
            "input_size": input_size,
            "tokens": self.dataset.kind == "text",
            "classes": len(self.dataset.classes),
            "embedding_size": config.embedding_size,
            "hidden_size": config.hidden_size,
            "layers": config.layers,
            "bidirectional": config.bidirectional,
            "dropout": hyperparameters.dropout,
            "input_dropout": hyperparameters.input_dropout,
            "seed": seed_of(config.seed, number),
            "cell_seed": seed_of(config.seed, number, arm.index),
        }

    def network(self, arm: Arm, number: int, hyperparameters: Hyperparameters, input_size: int) -> SequenceClassifier:
        """An arm's network as it starts."""
        return build_network(**self.architecture(arm, number, hyperparameters, input_size))

    def fit_arm(
        self,
        arm: Arm,
        number: int,
        hyperparameters: Hyperparameters,
        train: Encoded,
        validation: Encoded,
        on_epoch: OnEpoch,
        time_left: Callable[[], bool] = lambda: True,
    ) -> Fitted:
        """Train an arm."""
        return fit(
            self.network(arm, number, hyperparameters, train.input_size),
            self.network(arm, number, hyperparameters, train.input_size),
            train,
            validation,
            hyperparameters,
            self.schedule(len(train)),
            seed=seed_of(self.config.seed, number),
            on_epoch=on_epoch,
            time_left=time_left,
        )

    def inputs(self, rows: NDArray[np.int64]) -> list[Any]:
        """Token lists or arrays of some rows, as baselines read them."""
        source: Any = self.prepared.tokens if self.dataset.kind == "text" else self.prepared.series
        return [source[row] for row in rows]

    def fit_baseline(self, name: str, train: NDArray[np.int64], validation: NDArray[np.int64]) -> Baseline:
        """Fit a baseline on rows of the data."""
        targets = self.dataset.targets
        return BASELINES[name].fit(
            self.inputs(train),
            targets[train],
            self.inputs(validation),
            targets[validation],
            len(self.dataset.classes),
        )

    def _run_arm(self, unit: Unit, arm: Arm, on_epoch: OnEpoch) -> Trial:
        if unit.hyperparameters is None:
            raise ValueError(f"unit {unit.key} has no hyperparameters")
        started = time.perf_counter()
        # Every tuning trial uses the first split, whose test part it never sees.
        pair = unit.number if unit.kind == "pair" else 0
        fresh = self._encoded is None or self._encoded[0] != pair
        encoded = self.encode(pair)
        fitted = self.fit_arm(arm, pair, unit.hyperparameters, encoded.train, encoded.validation, on_epoch)
        phases = {"encoding": encoded.seconds if fresh else 0.0, **fitted.phases}
        weights = list(fitted.network.parameters())
        trial = Trial(
            kind="tuning" if unit.kind == "tuning" else "pair",
            name=arm.name,
            number=unit.number,
            hyperparameters=unit.hyperparameters,
            validation_score=fitted.validation_score,
            validation_loss=fitted.validation_loss,
            best_epoch=fitted.best_epoch,
            history=fitted.history,
            parameters=sum(weight.numel() for weight in weights),
            size_bytes=sum(weight.numel() * weight.element_size() for weight in weights),
        )
        if unit.kind == "pair":
            scoring = time.perf_counter()
            sample = encoded.encoder.encode_rows(self.prepared, self._sample(encoded.split.train, pair))
            trial = replace(
                self._scored(trial, predict_probabilities(fitted.network, encoded.test), encoded.split.test),
                train_score=accuracy(predict_probabilities(fitted.network, sample), sample.targets),
            )
            phases["evaluation"] = phases.get("evaluation", 0.0) + time.perf_counter() - scoring
        return replace(trial, phases=phases, seconds=time.perf_counter() - started)

    def _run_baseline(self, unit: Unit) -> Trial:
        started = time.perf_counter()
        split = make_split(self.dataset, unit.number, self.config.seed)
        model = self.fit_baseline(unit.name, split.train, split.validation)
        fitted = time.perf_counter()
        score = {
            part: accuracy(model.predict_probabilities(self.inputs(rows)), self.dataset.targets[rows])
            for part, rows in (("train", self._sample(split.train, unit.number)), ("validation", split.validation))
        }
        _, arrays = model.state()
        trial = Trial(
            kind="baseline",
            name=unit.name,
            number=unit.number,
            hyperparameters=None,
            validation_score=score["validation"],
            validation_loss=None,
            train_score=score["train"],
            parameters=sum(array.size for array in arrays.values()),
            size_bytes=sum(array.nbytes for array in arrays.values()),
        )
        trial = self._scored(trial, model.predict_probabilities(self.inputs(split.test)), split.test)
        ended = time.perf_counter()
        return replace(trial, phases={"fitting": fitted - started, "evaluation": ended - fitted}, seconds=ended - started)

    def _sample(self, rows: NDArray[np.int64], number: int) -> NDArray[np.int64]:
        """At most 2,000 of some rows, drawn at random: enough to know the train-test gap to a point."""
        if len(rows) <= TRAIN_SCORE_ROWS:
            return rows
        return np.sort(np.random.default_rng(seed_of(self.config.seed, number)).choice(rows, TRAIN_SCORE_ROWS, replace=False))

    def _scored(self, trial: Trial, probabilities: NDArray[np.float32], rows: NDArray[np.int64]) -> Trial:
        targets = self.dataset.targets[rows]
        right = probabilities.argmax(1) == targets
        edges = self.length_edges
        bins = np.searchsorted(edges, self.prepared.lengths[rows])
        counts = np.bincount(bins, minlength=len(edges))
        correct = np.bincount(bins, weights=right, minlength=len(edges)).astype(int)
        return replace(
            trial,
            test_score=accuracy(probabilities, targets),
            test_rows=len(rows),
            correct=pack_correct(probabilities, targets),
            by_length=tuple(zip(counts.tolist(), correct.tolist(), strict=True)),
        )


def seed_of(*parts: int) -> int:
    """One well mixed 32-bit seed from several whole numbers."""
    # A SeedSequence ignores trailing zeros: without their count, the first arm's cell would share the seed of the head.
    return int(np.random.SeedSequence((len(parts), *parts)).generate_state(1)[0])
