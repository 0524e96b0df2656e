"""Trainings for which all their epochs may have been too few. Their losses do not say so: the learning rate ends at nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from gatewise.records import Training, TriedLength
from gatewise.titles import Titles
from gatewise.wording import counted

__all__ = ["unfinished_warning", "used_all_epochs"]

# A tenth of trainings that were cut can move a mean by as much as a margin.
WORTH_A_WARNING = 0.1
LONGER = 4


def used_all_epochs(training: Training, cap: int | None) -> bool:
    """Whether a training ended at the cap of epochs, not by early stopping.

    A record of an earlier version does not say why a training ended: there the cap is taken for the reason where it was reached.
    """
    if training.ended is not None:
        return training.ended == "epochs"
    return cap is not None and len(training.history) >= cap


def unfinished_warning(
    cap: int | None, trainings: Sequence[Training], suits: int, tried: TriedLength | None, title: Titles
) -> Iterator[str]:
    """A warning where a tenth of the arms' trainings or more used all of their epochs, and more may well be better.

    So it is where fewer were asked for than suit the data, and where whole trainings were better than short ones and longer ones
    were not tried. trainings: those of the replicates. cap: epochs at most; suits: those that suit the data.
    """
    ended = [training.name for training in trainings if used_all_epochs(training, cap)]
    if cap is None or not ended or len(ended) < WORTH_A_WARNING * len(trainings):
        return
    by_arm = Counter(ended)
    each = ", ".join(f"{title(name)} {by_arm[name]:,}" for name in dict.fromkeys(training.name for training in trainings))
    ends = f"{len(ended):,} of {counted(len(trainings), 'training')} ({each}) ended at the cap of {counted(cap, 'epoch')}"
    if tried is not None and tried.chosen == tried.whole and not tried.is_untold:
        yield (
            f"{ends}, which was better than {tried.short:,} in tuning, and more were not tried: they might change the answer. "
            f"Give a new run --max-epochs {LONGER * cap}."
        )
    elif tried is None and cap < suits:
        yield f"{ends}, where {suits:,} suit the data: more might change the answer. Give a new run --max-epochs {suits}."
