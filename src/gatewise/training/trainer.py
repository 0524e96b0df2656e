"""From a configuration to a training: what the trainings of a run and of an estimator have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.drawn import BASELINE_ROWS, epoch_rows, lookup_rows
from gatewise.data.encoding.encoders import Encoder, fit_encoder
from gatewise.data.encoding.prepared import Prepared
from gatewise.metrics import METRICS, Metric
from gatewise.nn import RIVALS, SequenceNetwork
from gatewise.nn.linear_skip import skip_of
from gatewise.nn.tcn import levels_for
from gatewise.records import Architecture, Arm, Config, Dataset, Encoded, Epoch, Hyperparameters
from gatewise.runtime.scoring import score, truth_of
from gatewise.tasks import traits_of
from gatewise.training.devices import Device, device_named
from gatewise.training.drawn_part import DrawnPart
from gatewise.training.examples import Baseline, Examples
from gatewise.training.fit import Fitted, fit
from gatewise.training.objectives import Objective, objective_of
from gatewise.training.schedule import Schedule, default_schedule
from gatewise.training.tune import default_hyperparameters

__all__ = ["OnEpoch", "OnStep", "Trainer", "outputs_of", "pooling_of"]

OnEpoch = Callable[[Epoch], None]
OnStep = Callable[[], None]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Trainer:
    """Trains networks on one data set, all in the way that one configuration asks for.

    prepared: what the encoders read of the data set. Rows are row indices int64 of it.
    """

    config: Config
    dataset: Dataset
    prepared: Prepared

    @property
    def metric(self) -> Metric:
        """What networks and baselines are judged by."""
        return METRICS[self.config.metric or traits_of(self.dataset.task).metric]

    @property
    def objective(self) -> Objective:
        """What networks are trained for."""
        return objective_of(self.dataset.task, self.metric.name)

    @property
    def device(self) -> Device:
        """Where networks are trained. Raises OptionError where it is not there."""
        return device_named(self.config.device[0])

    @property
    def default_hyperparameters(self) -> Hyperparameters:
        """What a network is trained with where nothing was tuned or given."""
        return default_hyperparameters(self.dataset.kind, self.dataset.task)

    def schedule(self, rows: int, *, max_epochs: int | None = None) -> Schedule:
        """How long a network may train on so many rows. max_epochs: None for the configuration's."""
        config = self.config
        most = config.max_epochs if max_epochs is None else max_epochs
        return default_schedule(
            epoch_rows(self.dataset, rows), batch_size=config.batch_size, max_epochs=most, task=self.dataset.task
        )

    def fit_encoder(self, rows: Rows) -> Encoder:
        """Vocabulary or scaling from these rows alone."""
        return fit_encoder(self.prepared, rows, max_vocabulary=self.config.max_vocabulary, max_length=self.config.max_length)

    def encode(self, encoder: Encoder, rows: Rows) -> Encoded:
        """Rows to learn from: those of rare classes weigh more where that is asked for, so that every class has the same say."""
        encoded = encoder.encode_rows(self.prepared, rows)
        if self.config.weigh_classes is None:
            return encoded
        return replace(encoded, weights=_balanced(encoded.targets, encoded.weights).astype(np.float32))

    def encode_training(self, encoder: Encoder, rows: Rows) -> Encoded:
        """Rows to train on: all at once, or of data on disk an epoch at a time, in an order of the training's own."""
        if epoch_rows(self.dataset, len(rows)) == len(rows):
            return self.encode(encoder, rows)
        return DrawnPart.of(lambda number, seed: self.encode(encoder, self.rows_of_epoch(rows, number, seed)))

    def rows_of_epoch(self, rows: Rows, number: int, seed: int) -> Rows:
        """Those of some training rows that epoch `number`, counted from 1, of a training with a seed goes through."""
        some = epoch_rows(self.dataset, len(rows))
        if some == len(rows):
            return rows
        turn, first = divmod((number - 1) * some, len(rows) - len(rows) % some)
        order = np.random.default_rng([seed, 5, turn]).permutation(len(rows))
        return np.sort(rows[order[first : first + some]])

    def architecture(
        self, arm: Arm, hyperparameters: Hyperparameters, input_size: int, *, seed: int, cell_seed: int
    ) -> Architecture:
        """What the network of an arm, or of a rival of the arms, is built of. seed, cell_seed: as in `Architecture`."""
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
            seed=seed,
            cell_seed=cell_seed,
        )

    def fit(
        self,
        network: SequenceNetwork,
        parts: tuple[Encoded, Encoded],
        rows: tuple[Rows, Rows],
        hyperparameters: Hyperparameters,
        schedule: Schedule,
        *,
        seed: int,
        on_epoch: OnEpoch = lambda _: None,
        on_step: OnStep = lambda: None,
        time_left: Callable[[], bool] = lambda: True,
    ) -> Fitted:
        """Train a network. parts, rows: the training part and the validation part, encoded and as rows."""
        train, validation = rows
        truth = truth_of(self.dataset, validation, train)
        return fit(
            network,
            *parts,
            self.objective,
            lambda predictions: score(self.metric.name, predictions, truth),
            hyperparameters,
            schedule,
            seed=seed,
            on_epoch=on_epoch,
            on_step=on_step,
            time_left=time_left,
        )

    def fit_baseline(self, kind: type[Baseline], train: Rows, validation: Rows, *, shared: bool = False) -> Baseline:
        """Fit a baseline on the training part, of data on disk on a sample of it; the validation part chooses its
        regularisation. shared: as in `examples`."""
        train = self.rows_of_baselines(train)
        return kind.fit(self.examples(train, train, shared=shared), self.examples(validation, train, shared=shared))

    def rows_of_baselines(self, train: Rows) -> Rows:
        """The rows of a training part that baselines learn from."""
        return lookup_rows(self.dataset, train, BASELINE_ROWS, self.config.seed)

    def examples(self, rows: Rows, train: Rows, *, shared: bool = False) -> Examples:
        """Some rows as baselines read them: weighed as they are for the cells, and judged by the same metric.

        train: the rows of the training part, from which the scales of errors come. shared: whether what is found out about a row
        alone is found out once for all splits and baselines, as in `Prepared.shared`.
        """
        dataset = self.dataset
        targets = dataset.targets[rows]
        weights = None if dataset.weights is None else dataset.weights[rows]
        if self.config.weigh_classes is not None:
            weights = _balanced(targets, weights)
        return Examples(
            self.prepared.shared(rows) if shared else self.prepared.inputs(rows),
            targets,
            len(dataset.classes),
            dataset.forecast,
            weights,
            self.metric.name,
            truth_of(dataset, rows, train),
        )

    def score(self, predictions: NDArray[np.float32], rows: Rows, train: Rows) -> float:
        """How good predictions of some rows are. train: as in `examples`."""
        return score(self.metric.name, predictions, truth_of(self.dataset, rows, train))

    @property
    def _longest(self) -> int:
        """Steps of the longest sequence, as it is read."""
        longest = self.prepared.longest
        return longest if self.config.max_length is None else min(longest, self.config.max_length)


def outputs_of(dataset: Dataset) -> int:
    """Numbers that a network says for a row, or in next-step prediction for a step."""
    match traits_of(dataset.task).predicts:
        case "classes":
            return len(dataset.classes)
        case "steps":
            return len(dataset.outputs)
        case "numbers":
            return int(dataset.targets.shape[1])


def pooling_of(config: Config, dataset: Dataset) -> str:
    """What the head reads of the states, in every arm: of next steps each state, else what is asked for."""
    return "steps" if traits_of(dataset.task).predicts == "steps" else config.pooling or "summary"


def _balanced(targets: NDArray[np.int64], weights: NDArray[np.floating] | None) -> NDArray[np.float64]:
    """Row weights that give every class the same say, in proportion to the rows' own inside a class; their sum is kept."""
    own = np.ones(len(targets)) if weights is None else weights.astype(np.float64)
    totals = np.bincount(targets, weights=own)
    present = np.count_nonzero(totals)
    return np.asarray(own * own.sum() / (present * np.maximum(totals[targets], np.finfo(np.float64).tiny)))
