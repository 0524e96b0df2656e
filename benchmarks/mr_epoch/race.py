"""All recipes in turns, an epoch each."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import numpy as np
import torch
from benchmarks.layers.rivals import STOCK
from benchmarks.layers.tables import Table
from benchmarks.mr_epoch.checks import check, check_compiled
from benchmarks.mr_epoch.classifier import BATCH, RECIPES, STOCK_RECIPE, Classifier
from benchmarks.mr_epoch.reviews import batches_of, parts
from benchmarks.mr_epoch.trainers import PHASES, CompiledTrainer, Racer, Trainer

from gatewise.records import Encoded
from gatewise.runtime.batches import Batch, iterate_batches

__all__ = ["race"]


def race(train: Encoded, validation: Encoded, kind: str, epochs: int) -> Iterator[Table]:
    """Train all recipes in turns; the first epoch warms up and is not counted."""
    probe = next(iterate_batches(train, batches_of(train, kind, np.random.default_rng(1))))
    trainers: list[Racer] = []
    for recipe in RECIPES:
        for cell in STOCK:
            check(recipe, cell, train.input_size, *parts(probe))
            trainers.append(Trainer(recipe, cell, train.input_size))
    for cell in STOCK:
        check_compiled(cell, train.input_size, probe)
        trainers.append(CompiledTrainer(cell, train.input_size))
    trainers += _keras(train, probe)
    generator = np.random.default_rng(0)
    for _ in range(1 + epochs):
        plan = batches_of(train, kind, generator)
        for number in generator.permutation(len(trainers)):
            trainers[number].epoch(train, plan)
    scores = [trainer.accuracy(validation) for trainer in trainers]
    seconds = tuple(
        (trainer.name, f"{median(trainer.epochs[1:]):.2f}", f"{score:.1%}")
        for trainer, score in zip(trainers, scores, strict=True)
    )
    note = f"Medians of {epochs} epochs; batches {kind}, {torch.get_num_threads()} threads; accuracy after {1 + epochs} epochs."
    yield Table("Seconds an epoch on mr", note, ("recipe", "seconds", "accuracy"), seconds)
    rows = tuple(
        (trainer.name, *(f"{median(phases[phase] for phases in trainer.phases[1:]):.2f}" for phase in PHASES))
        for trainer in trainers
        if isinstance(trainer, Trainer | CompiledTrainer)
    )
    header = ("recipe", "batches", "lookup", "recur.", "head", "recur. back", "lookup back", "optim.")
    yield Table("Where an epoch goes", "Seconds of each phase.", header, rows)


def _keras(train: Encoded, probe: Batch) -> Iterator[Racer]:
    """Keras's recipes, where it is installed."""
    try:
        from benchmarks.mr_epoch.keras_trainer import KerasTrainer
    except ImportError:
        return
    for cell in STOCK:
        start = Classifier(STOCK_RECIPE, cell, train.input_size, seed=0)
        trainer = KerasTrainer(cell, start, BATCH)
        with torch.inference_mode():
            trainer.check(train, probe.rows, start(*parts(probe)[:2]).numpy())
        yield trainer
