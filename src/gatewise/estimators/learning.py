"""Train one network on one data set, the way an arm of a comparison is trained."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

from sklearn.exceptions import ConvergenceWarning

from gatewise.data.encoding.prepared import prepare
from gatewise.estimators.parts import Parts
from gatewise.estimators.settings import Settings
from gatewise.nn import build_network
from gatewise.records import Arm, Dataset, Epoch
from gatewise.runtime.model import Model, model_of
from gatewise.runtime.scoring import truth_of
from gatewise.training.networks import array_network
from gatewise.training.threads import limited_torch
from gatewise.training.trainer import Trainer

__all__ = ["Learned", "learn"]


@dataclass(frozen=True, eq=False)
class Learned:
    """A model, the epochs of its training, and the number of the best one, 0 where none was better than the start."""

    model: Model
    history: tuple[Epoch, ...]
    best_epoch: int


def learn(dataset: Dataset, parts: Parts, settings: Settings, metric: str, *, stacklevel: int = 3) -> Learned:
    """Fit encoder and network on the training part; the validation part stops the training and chooses the epoch.

    metric: what is shown for every epoch, and what the network is trained for (`objective_of`). stacklevel: of a warning.
    """
    train, validation = parts
    trainer = Trainer(replace(settings.config, metric=metric), dataset, prepare(dataset))
    encoder = trainer.fit_encoder(train)
    encoded = trainer.encode(encoder, train), trainer.encode(encoder, validation)
    hyperparameters = replace(trainer.default_hyperparameters, **settings.hyperparameters)
    (cell,) = settings.config.cells
    seed = settings.seed
    arm = Arm(cell, cell, 0, settings.config.hidden_size)
    architecture = trainer.architecture(arm, hyperparameters, encoded[0].input_size, seed=seed, cell_seed=seed + 1)

    def show(epoch: Epoch) -> None:
        if settings.verbose:
            print(
                f"{dataset.name}: epoch {epoch.epoch}, training loss {epoch.train_loss:.4g}, validation loss "
                f"{epoch.validation_loss:.4g}, validation {trainer.metric.label} {epoch.validation_score:.4g}",
                flush=True,
            )

    with limited_torch(settings.config.threads):
        network = trainer.device.take(build_network(architecture))
        fitted = trainer.fit(network, encoded, parts, hyperparameters, trainer.schedule(len(train)), seed=seed, on_epoch=show)
    if not fitted.best_epoch:
        warnings.warn(
            f"the training of {dataset.name} diverged in its first epoch and left the network as it began. "
            "Lower learning_rate, or scale the data.",
            ConvergenceWarning,
            stacklevel=stacklevel,
        )
    details = {"source": dataset.name, "trained_on_rows": len(train), "stopped_by_rows": len(validation), "seed": seed}
    truth = truth_of(dataset, validation, train)
    model = model_of(dataset, truth, metric, cell, encoder, array_network(architecture, fitted.network), details)
    return Learned(model, fitted.history, fitted.best_epoch)
