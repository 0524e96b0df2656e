"""What the models get wrong on the test parts of the replicates."""

from gatewise.metrics import METRICS
from gatewise.mistakes import Mistakes
from gatewise.records import Comparison, Verdict
from gatewise.report.blocks import Block, Section
from gatewise.report.numbers import count
from gatewise.report.sections.mistakes_in_classes import class_blocks
from gatewise.report.sections.mistakes_in_forecasts import forecast_blocks
from gatewise.report.sections.mistakes_in_numbers import number_blocks
from gatewise.report.sections.mistakes_in_steps import step_blocks
from gatewise.wording import counted

__all__ = ["mistakes_section"]

TITLE = "What the models get wrong"


def mistakes_section(comparison: Comparison, verdict: Verdict) -> Section | None:
    """Return the section on mistakes; None where no replicate was run, or nobody looked into them."""
    found = comparison.mistakes
    if found is None or not comparison.replicates:
        return None
    if not found.replicates:
        return Section(
            "mistakes",
            TITLE,
            (
                "Mistakes cannot be shown: the run’s folder holds no test predictions. The run was made by a version that kept "
                "none, or the folder “predictions” was removed or damaged. The verdict does not need them.",
            ),
        )
    shown = _shown(comparison, verdict)
    said: list[str] = []
    blocks: list[Block] = []
    if found.classes is not None:
        said, blocks = class_blocks(found.classes, found, comparison, shown)
    elif found.forecast is not None:
        said, blocks = forecast_blocks(found.forecast, found, comparison, shown)
    elif found.steps is not None:
        said, blocks = step_blocks(found.steps, comparison, shown)
    elif found.numbers is not None:
        said, blocks = number_blocks(found.numbers, found, comparison, shown)
    return Section("mistakes", TITLE, (*said, _counted(found, comparison)), blocks)


def _shown(comparison: Comparison, verdict: Verdict) -> tuple[str, ...]:
    """The arms, and the best baseline beside them."""
    metric = METRICS[comparison.metric]
    scored = [name for name in comparison.baselines if name in verdict.scores]
    best = max(scored, key=lambda name: metric.gain(verdict.scores[name].mean), default=None)
    return (*(arm.name for arm in comparison.arms), *([best] if best else []))


def _counted(found: Mistakes, comparison: Comparison) -> str:
    """What is counted here, and how."""
    noun = "window" if found.forecast is not None else "row"
    text = f"Counted are {count(found.predictions)} test predictions of each model, over {counted(found.replicates, 'replicate')}"
    if found.predictions < found.tested:
        text += f" ({count(found.tested)} were made; of larger test parts {count(5000)} {noun}s are kept, drawn at random)"
    if found.rows < found.predictions:
        text += (
            f". They are of {count(found.rows)} different {noun}s: one that several replicates tested counts each time, and "
            f"where single {noun}s are listed, once, with the mean over its tests"
        )
    if comparison.config.weights is not None or comparison.config.weigh_classes is not None:
        text += ". Weights do not enter here"
    if found.lost:
        text += f". Of {counted(found.lost, 'replicate')} the predictions are missing in the run’s folder, or damaged"
    return f"{text}. {noun.capitalize()}s are numbered from 1, in the order of the data as they were read."
