"""Train one network on one data set, the way an arm of a comparison is trained."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from sklearn.exceptions import ConvergenceWarning

from gatewise.data.encoding.encoders import fit_encoder
from gatewise.data.encoding.prepared import prepare
from gatewise.estimators.parts import Parts
from gatewise.estimators.settings import Settings
from gatewise.metrics import METRICS
from gatewise.nn import Architecture
from gatewise.nn.linear_skip import skip_of
from gatewise.records import Dataset, Epoch
from gatewise.training.fit import fit
from gatewise.training.model import Model, model_of
from gatewise.training.objectives import objective_of
from gatewise.training.schedule import default_schedule
from gatewise.training.scoring import score, truth_of
from gatewise.training.threads import limited_torch

__all__ = ["Learned", "learn"]


@dataclass(frozen=True, eq=False)
class Learned:
    """A model, the epochs of its training, and the number of the best one, 0 where none was better than the start."""

    model: Model
    history: tuple[Epoch, ...]
    best_epoch: int


def learn(dataset: Dataset, parts: Parts, settings: Settings, metric: str) -> Learned:
    """Fit encoder and network on the training part; the validation part stops the training and chooses the epoch.

    metric: what is shown for every epoch, and what the network is trained for (`objective_of`).
    """
    train, validation = parts
    prepared = prepare(dataset)
    encoder = fit_encoder(prepared, train, max_vocabulary=settings.max_vocabulary, max_length=settings.max_length)
    encoded_train, encoded_validation = (encoder.encode_rows(prepared, rows) for rows in parts)
    hyperparameters = settings.hyperparameters(dataset.kind)
    architecture = Architecture(
        settings.cell,
        input_size=encoded_train.input_size,
        tokens=dataset.kind == "text",
        outputs=len(dataset.classes) or dataset.targets.shape[1],
        pooling=settings.pooling or "summary",
        embedding_size=settings.embedding_size,
        hidden_size=settings.hidden_size,
        layers=settings.layers,
        bidirectional=settings.bidirectional,
        dropout=hyperparameters.dropout,
        input_dropout=hyperparameters.input_dropout,
        skip=None if settings.skip is False else skip_of(dataset.forecast),
        forget_bias=settings.forget_bias,
        chrono=settings.chrono,
        seed=settings.seed,
        cell_seed=settings.seed + 1,
    )
    truth = truth_of(dataset, validation, train)

    def show(epoch: Epoch) -> None:
        if settings.verbose:
            print(
                f"{dataset.name}: epoch {epoch.epoch}, training loss {epoch.train_loss:.4g}, validation loss "
                f"{epoch.validation_loss:.4g}, validation {METRICS[metric].label} {epoch.validation_score:.4g}",
                flush=True,
            )

    with limited_torch(settings.threads):
        fitted = fit(
            architecture.build(),
            encoded_train,
            encoded_validation,
            objective_of(dataset.task, metric),
            lambda predictions: score(metric, predictions, truth),
            hyperparameters,
            default_schedule(len(train), batch_size=settings.batch_size, max_epochs=settings.max_epochs),
            seed=settings.seed,
            on_epoch=show,
        )
    if not fitted.best_epoch:
        warnings.warn(
            f"the training of {dataset.name} diverged in its first epoch and left the network as it began. "
            "Lower learning_rate, or scale the data.",
            ConvergenceWarning,
            stacklevel=3,
        )
    details = {"source": dataset.name, "trained_on_rows": len(train), "stopped_by_rows": len(validation), "seed": settings.seed}
    model = model_of(dataset, truth, metric, settings.cell, encoder, fitted.network, architecture, details)
    return Learned(model, fitted.history, fitted.best_epoch)
