"""Mistakes in classes: matrices, recall, reliability, and the texts, curves or sounds that were taken for something else."""

from collections.abc import Sequence

from gatewise.data.dataset.excerpts import shown_text
from gatewise.mistakes import Calibration, ClassMistakes, ClassRow, Mistakes
from gatewise.records import Comparison
from gatewise.report.blocks import Block, Figure, Gallery, Table, arm_keys, colours
from gatewise.report.figures.confusion import confusion_figure
from gatewise.report.figures.reliability import FEWEST, reliability_figure
from gatewise.report.numbers import NOT_KNOWN, count, percent
from gatewise.report.sections.mistakes_in_rows import rows_block
from gatewise.titles import Titles
from gatewise.wording import joined, probability

__all__ = ["class_blocks"]

MOST_RECALLS = 20
LABEL_CHARACTERS = 60


def class_blocks(
    found: ClassMistakes, mistakes: Mistakes, comparison: Comparison, shown: Sequence[str]
) -> tuple[list[str], list[Block]]:
    """Return sentences and blocks. shown: models in tables, the arms first."""
    title = Titles(comparison.arms)
    arms = [arm.name for arm in comparison.arms]
    blocks: list[Block] = [
        _matrices(found, arms, colours(comparison), title),
        _recalls(found, shown, title),
        *([_agreements(found, title)] if found.agreements else []),
        Figure(
            reliability_figure({name: found.calibration[name] for name in arms}, colours(comparison), title),
            "A dot is a tenth of the range of confidence, where it holds at least "
            f"{FEWEST} predictions. Below the diagonal a model is surer than it should be.",
            arm_keys(comparison),
            heading="Reliability: how often a prediction is right, by how sure it was",
        ),
        _calibration(found, shown, title),
    ]
    columns = ("True class", *map(title, shown))

    def cells(row: ClassRow) -> list[str]:
        answers = [row.answers[name] for name in shown]
        said = [f"{_label(answer.prediction)} ({probability(answer.p_truth)})" for answer in answers]
        return [_label(row.truth), *said]

    note = "What each model predicted, and in brackets the probability it gave the true class."
    if found.worst:
        blocks.append(rows_block("The worst mistakes of the cells", "worst", found.worst, comparison, columns, cells, note))
    if found.disagreements:
        first, second = map(title, found.between)
        heading = f"Where {first} and {second} disagree: only one of them is right"
        blocks.append(rows_block(heading, "disputed", found.disagreements, comparison, columns, cells, note))
    return _confused(found, arms, title), blocks


def _label(name: str) -> str:
    return shown_text(name, LABEL_CHARACTERS)


def _matrices(found: ClassMistakes, arms: Sequence[str], shades: dict[str, str], title: Titles) -> Gallery:
    labels = [_label(label) for label in found.labels]
    figures = tuple(
        Figure(
            confusion_figure(
                f"confusion-{name}", found.confusions[name], labels, shades[name], title=f"Confusions of {title(name)}"
            ),
            "",
            heading=title(name),
        )
        for name in arms
    )
    caption = "The darker, the larger the share of the true class (the row). What lies off the diagonal from top left is wrong."
    if found.folded:
        caption += f" The classes that are confused most stand for themselves; “the others” are {count(found.folded)} classes."
    return Gallery("Confusion matrix", figures, caption)


def _recalls(found: ClassMistakes, shown: Sequence[str], title: Titles) -> Table:
    """Recall of every class; of many those that are recalled worst."""
    arm = shown[0]
    worst_first = sorted(found.scores, key=lambda score: (score.rows == 0, score.recall[arm] or 0.0))
    held = found.scores if len(found.scores) <= MOST_RECALLS else worst_first[:MOST_RECALLS]
    rows = tuple(
        (_label(score.name), count(score.rows), *(_share(score.recall[name]) for name in shown), _share(score.precision[arm]))
        for score in held
    )
    left = len(found.scores) - len(rows)
    note = f"The {count(len(rows))} classes that {title(arm)} recalls worst; {count(left)} more are left out." if left else ""
    header = ("Class", "Test predictions", *map(title, shown), f"Precision of {title(arm)}")
    return Table(header, rows, caption="Recall: the share of each class that is recognised", note=note)


def _share(value: float | None) -> str:
    return NOT_KNOWN if value is None else percent(value)


def _agreements(found: ClassMistakes, title: Titles) -> Table:
    one_replicate = len(found.agreements) == 1
    rows = []
    for one in found.agreements:
        counts = (one.both, one.only_first, one.only_second, one.neither)
        total = max(1, sum(counts))
        rows.append(
            (
                f"{title(one.first)} and {title(one.second)}",
                *(f"{count(held)} ({percent(held / total)})" for held in counts),
            )
        )
    only = found.agreements[0]
    first, second = (title(only.first), title(only.second)) if one_replicate else ("the first", "the second")
    header = ("Cells", "Both right", f"Only {first} right", f"Only {second} right", "Both wrong")
    return Table(header, tuple(rows), caption="Do the cells make the same mistakes?")


def _calibration(found: ClassMistakes, shown: Sequence[str], title: Titles) -> Table:
    rows = tuple((title(name), *_calibrated(found.calibration[name])) for name in shown)
    note = (
        "Expected calibration error (Guo et al. 2017): the mean distance between confidence and the share of right predictions, "
        "over ten bins of equal width. Confidence is the probability of the class that is predicted."
    )
    return Table(("Model", "Calibration error", "Mean confidence", "Right"), rows, caption="Calibration", note=note)


def _calibrated(found: Calibration) -> tuple[str, str, str]:
    total = sum(one.rows for one in found.bins)
    confidence = sum(one.rows * one.confidence for one in found.bins) / total
    right = sum(one.rows * one.accuracy for one in found.bins) / total
    return percent(found.error), percent(confidence), percent(right)


def _confused(found: ClassMistakes, arms: Sequence[str], title: Titles) -> list[str]:
    """The confusion that is most frequent over all arms."""
    counts = {
        (true, said): [found.confusions[name][true][said] for name in arms]
        for true in range(len(found.labels))
        for said in range(len(found.labels))
        if true != said
    }
    (true, said), most = max(counts.items(), key=lambda item: sum(item[1]))
    if not sum(most):
        return ["No cell made a mistake."]
    times = joined([f"{count(held)} times by {title(name)}" for held, name in zip(most, arms, strict=True)])
    return [f"The most frequent mistake: “{_label(found.labels[true])}” is taken for “{_label(found.labels[said])}”, {times}."]
