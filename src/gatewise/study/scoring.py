"""What a trained model is worth on the test part, and on some rows of the training part."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gatewise.records import Split, Training
from gatewise.runtime.scoring import pack_rows, score_rows, sums_by_bin, truth_of
from gatewise.study.kept import KeptFolder
from gatewise.study.units import seed_of
from gatewise.training.kept import kept_of
from gatewise.training.trainer import Trainer

__all__ = ["TRAIN_SCORE_ROWS", "Scoring"]

TRAIN_SCORE_ROWS = 2000
LENGTH_BINS = 5


@dataclass(frozen=True, eq=False)
class Scoring:
    """Scores the models of a run. kept: where test predictions of replicates are kept."""

    trainer: Trainer
    kept: KeptFolder | None = None

    @property
    def length_edges(self) -> NDArray[np.int64]:
        """Upper bounds of the length bins: quantiles of all lengths, so that bins hold about equally many rows."""
        quantiles = np.quantile(self.trainer.prepared.some_lengths, np.linspace(0, 1, LENGTH_BINS + 1)[1:], method="higher")
        return np.unique(quantiles.astype(np.int64))

    def sample(self, rows: NDArray[np.int64], number: int) -> NDArray[np.int64]:
        """At most 2,000 of some rows, drawn at random: enough to know the train-test gap to a point. number: of the replicate."""
        if len(rows) <= TRAIN_SCORE_ROWS:
            return rows
        generator = np.random.default_rng(seed_of(self.trainer.config.seed, number))
        return np.sort(generator.choice(rows, TRAIN_SCORE_ROWS, replace=False))

    def scored(self, training: Training, predictions: NDArray[np.float32], split: Split) -> Training:
        """The training with its test score, in all and by length; the predictions are kept where those of its kind are."""
        dataset, metric = self.trainer.dataset, self.trainer.metric.name
        truth = truth_of(dataset, split.test, split.train)
        value, rows = score_rows(metric, predictions, truth)
        edges = self.length_edges
        bins = np.searchsorted(edges, self.trainer.prepared.lengths[split.test])
        counts = np.bincount(bins, minlength=len(edges))
        sums = sums_by_bin(value, rows, truth, bins, counts)
        # Only a test part that all replicates share needs the rows, and probes do; bits are kept for whoever wants to look.
        keep = dataset.fixed_test is not None or metric == "accuracy" or training.kind == "probe"
        scored = replace(
            training,
            test_score=value,
            test_rows=len(split.test),
            row_scores=pack_rows(rows) if keep else "",
            by_length=tuple(zip(counts.tolist(), sums.tolist(), strict=True)),
        )
        if self.kept is not None and training.kind != "curve":
            self.kept.write(scored, kept_of(dataset, predictions, truth, split.test, self.trainer.config.seed))
        return scored
