"""Trainings that their number of epochs ended while they were still getting better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from gatewise.records import Config, Training
from gatewise.titles import Titles
from gatewise.wording import counted

__all__ = ["LONGER", "is_unfinished", "unfinished_warning"]

# A tenth of trainings that were cut can move a mean by as much as a margin.
WORTH_A_WARNING = 0.1
LONGER = 4


def is_unfinished(training: Training, cap: int | None) -> bool:
    """Whether a training ended at the cap of epochs, its best epoch no further back than early stopping would have waited.

    A record of an earlier version does not say why a training ended: there the cap is taken for the reason where it was reached.
    """
    if training.ended is not None:
        return training.ended == "epochs"
    return cap is not None and len(training.history) >= cap


def unfinished_warning(config: Config, trainings: Sequence[Training], title: Titles) -> Iterator[str]:
    """A warning where a tenth of the arms' trainings or more were unfinished; trainings: those of the replicates."""
    cap = config.max_epochs
    ended = [training.name for training in trainings if is_unfinished(training, cap)]
    if cap is None or not ended or len(ended) < WORTH_A_WARNING * len(trainings):
        return
    by_arm = Counter(ended)
    each = ", ".join(f"{title(name)} {by_arm[name]:,}" for name in dict.fromkeys(training.name for training in trainings))
    budget = ", or without --max-epochs a larger --budget, which leaves room for more" if config.budget_s is not None else ""
    yield (
        f"{len(ended):,} of {counted(len(trainings), 'training')} ({each}) ended at the cap of {counted(cap, 'epoch')} while the "
        f"validation loss was still falling: more epochs might change the answer. Give a new run --max-epochs {LONGER * cap}"
        f"{budget}."
    )
