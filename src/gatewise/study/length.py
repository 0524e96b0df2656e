"""How long trainings are: short ones first, and once beside them whole ones, which all have where they are clearly better,
or where too few validation rows are there to tell.

Most data is learned as well in a part of the epochs (`training.schedule.short_epochs`), and then more replicates fit. What needs
more is found out by a round of tuning with the same hyperparameters and all the epochs, the same for every arm.
"""

from __future__ import annotations

from statistics import fmean

from gatewise.metrics import Metric
from gatewise.records import Training, TriedLength, to_json
from gatewise.study.gathered import margin_of, whole_rounds
from gatewise.study.session import Session
from gatewise.training.tune import standard_error
from gatewise.wording import counted

__all__ = ["LENGTH_ROUND", "choose_length", "decide_length"]

LENGTH_ROUND = 1
"""The round of tuning that has whole trainings, where a run has one: the second."""

TELLING_ERROR = 0.05
"""Standard error of a share above which the round tells nothing, and trainings are whole: so little data trains quickly."""


def decide_length(session: Session) -> None:
    """Choose the length of all further trainings, once the rounds that tell are there; it is chosen once."""
    whole, names = session.whole_epochs, session.names
    if whole is None or "length" in session.journal:
        return
    found = session.trainings("tuning")
    if whole_rounds(session.journal, found, names, session.failures) <= LENGTH_ROUND:
        return
    # An arm that failed in one of the rounds says nothing of them.
    rounds = [{trial.name for trial in found if trial.number == number} for number in (0, LENGTH_ROUND)]
    telling = rounds[0] & rounds[1] & set(names)
    if not telling:
        return
    found = [trial for trial in found if trial.name in telling]
    short = session.config.max_epochs or whole
    margin, rows = margin_of(session.journal), session.journal.get("data").get("validation_rows", 0)
    tried = choose_length(found, session.workload.trainer.metric, margin, rows, short=short, whole=whole)
    session.record("length", "length", to_json(tried))
    if tried.chosen != short:
        session.limit_epochs(tried.chosen)
    found_out = "clearly better" if tried.gain > tried.needed else "not clearly better"
    few = ", but too few validation rows are there to tell" if tried.is_untold else ""
    session.view.log(
        f"Trainings of up to {counted(whole, 'epoch')} are {found_out} than of up to {short:,}{few}: all have {tried.chosen:,} "
        "at most."
    )


def choose_length(
    trials: list[Training], metric: Metric, margin: float, validation_rows: int, *, short: int, whole: int
) -> TriedLength:
    """Whole trainings where they are better in the mean of the arms by more than half the margin and a standard error.

    trials: of the first two rounds of tuning at least. Of a metric that is no percentage half the margin alone counts. Where the
    validation part is too small to tell (`TELLING_ERROR`), whole trainings are the safe choice.
    """
    rounds = [[trial for trial in trials if trial.number == number] for number in (0, LENGTH_ROUND)]
    gains = [fmean(metric.gain(trial.validation_score) for trial in found) for found in rounds]
    reached = fmean(trial.validation_score for trial in rounds[1])
    noise = standard_error(reached, validation_rows) if metric.in_percent else 0.0
    gain, needed = gains[1] - gains[0], margin / 2 + noise
    chosen = whole if gain > needed or noise > TELLING_ERROR else short
    return TriedLength(short, whole, gain, needed, chosen)
