"""The recipe that every arm is trained by, in words made from the numbers that the code trains with."""

from collections.abc import Iterator

from gatewise.metrics import METRICS
from gatewise.nn.network import EMBEDDING_DEVIATION
from gatewise.records import Comparison, Config, Kind, Task, Verdict
from gatewise.report.blocks import Section, Table
from gatewise.report.numbers import number, percent
from gatewise.tasks import traits_of
from gatewise.training.objectives import Numbers, objective_of
from gatewise.training.optimizer import AVERAGING, BETAS, CLIP_NORM, EPSILON
from gatewise.training.schedule import (
    FEWEST_EPOCHS,
    FEWEST_SHORT,
    LARGEST_BATCH,
    LEAST_PATIENCE,
    MOST_EPOCHS,
    PATIENCE_SHARE,
    RISEN,
    SMALLEST_BATCH,
    SURE_SHARE,
    WARM_UP,
    Schedule,
    default_schedule,
)
from gatewise.training.tune import SearchRange, default_hyperparameters, search_space
from gatewise.wording import capitalised, counted, joined

__all__ = ["recipe_rows", "recipe_section"]

POOLINGS = {
    "last": "The state at the last step alone.",
    "mean": "The mean of the states over the steps.",
    "max": "The maximum of every unit over the steps.",
    "summary": "The state at the last step, the mean and the maximum over the steps, side by side: not the memory alone.",
    "attention": "The mean of the states over the steps, weighted by one learned query.",
}
NAMES = {
    "learning_rate": "learning rate",
    "dropout": "dropout",
    "input_dropout": "input dropout",
    "weight_decay": "weight decay",
}


def recipe_section(comparison: Comparison, verdict: Verdict) -> Section:
    """Return the section on what all arms have in common: network, first weights, training."""
    config, profile = comparison.config, comparison.profile
    rows = max(1, comparison.train_rows - comparison.validation_rows)
    schedule = default_schedule(rows, batch_size=config.batch_size, max_epochs=config.max_epochs, task=profile.task)
    table = recipe_rows(config, profile.kind, profile.task, comparison.metric, schedule)
    paragraph = "All of it is the same for every arm, but for the cell and the hyperparameters that its tuning chose."
    return Section("recipe", "The recipe of every training", (paragraph,), (Table(("Part", "What is done"), table, words=True),))


def recipe_rows(
    config: Config, kind: Kind, task: Task, metric: str, schedule: Schedule | None = None
) -> tuple[tuple[str, str], ...]:
    """Return the parts of the recipe, each with what is done. schedule: of a run; None for how it is chosen."""
    return tuple(_rows(config, kind, task, metric, schedule))


def _rows(config: Config, kind: Kind, task: Task, metric: str, schedule: Schedule | None) -> Iterator[tuple[str, str]]:
    is_text = kind == "text"
    yield "Network", _network(config, is_text)
    traits = traits_of(task)
    if traits.predicts == "steps":
        yield "Read of the states", "Every state by itself, to predict the step that follows."
    else:
        yield "Read of the states (--pooling)", POOLINGS[config.pooling or "summary"]
    if traits.has_skip:
        yield "Linear part (--skip)", _skip(config)
    yield "First weights", _first_weights(config, is_text)
    yield "Loss", _loss(task, metric)
    yield (
        "Optimiser",
        f"AdamW with betas {number(BETAS[0])} and {number(BETAS[1])}, epsilon {f'{EPSILON:.0e}'.replace('e-0', 'e-')}; learning "
        f"rate and weight decay as tuned. Over the first {number(WARM_UP)} of the steps the learning rate rises from nothing, "
        "then it falls along half a cosine to nothing.",
    )
    yield "Gradients", f"Clipped to norm {number(CLIP_NORM)}."
    yield (
        "Weights that count",
        f"An exponential moving average with decay {number(AVERAGING)}, less in the first steps: it is scored, and shipped.",
    )
    where = f"{'on the embedding, ' if is_text else ''}between layers and on what the head reads"
    yield "Dropout", f"As tuned: {where}; input dropout hides whole steps from the cell."
    yield "Batches", f"{_batch(task, schedule)} of about equal length."
    yield "Length of training (--max-epochs)", _length(task, schedule)
    yield "Tuning", _tuning(kind, task)


def _network(config: Config, is_text: bool) -> str:
    embedded = f"An embedding of {config.embedding_size} numbers a token, then " if is_text else ""
    size = f"of hidden size {config.hidden_size}" if config.match == "hidden" else "of hidden sizes by --match"
    directions = "both directions" if config.bidirectional else "one direction"
    layers = f"{counted(config.layers, 'layer')} of the cell {size} in {directions}"
    return capitalised(f"{embedded}{layers}, then a linear head on what is read of the states.")


def _skip(config: Config) -> str:
    if config.skip is False:
        return "None: the cell alone says by how much every step differs from the last value."
    return (
        "A linear map from the window of each predicted channel to its horizon, one for all channels, is added to what the cell "
        "says (Lai et al. 2018); it starts at zero. What is linear in a series is then learned alike beside every cell."
    )


def _first_weights(config: Config, is_text: bool) -> str:
    cell = "Of the cell uniform in ±1/√(hidden size), as in PyTorch"
    if config.forget_bias is not None:
        cell += f", but the gates that forget start at a bias of {number(config.forget_bias)} (--forget-bias)"
    if config.chrono is not None:
        cell += f", but the gates that forget by chrono initialisation for {counted(config.chrono, 'step')} (--chrono)"
    embedding = f"; of the embedding normal with deviation {number(EMBEDDING_DEVIATION)}" if is_text else ""
    shared = ["embedding"] * is_text + ["query"] * (config.pooling == "attention") + ["head"]
    return f"{cell}{embedding}; of the head uniform in ±1/√(its inputs). Alike in every arm of a replicate: {joined(shared)}."


def _loss(task: Task, metric: str) -> str:
    objective = objective_of(task, metric)
    if isinstance(objective, Numbers):
        kind = "absolute" if objective.absolute else "squared"
        return f"The mean {kind} error, for the metric is {METRICS[metric].label}."
    return traits_of(task).loss or ""


def _batch(task: Task, schedule: Schedule | None) -> str:
    if schedule is not None:
        return counted(schedule.batch_size, "row")
    fixed = traits_of(task).batch_size
    if fixed is not None:
        return counted(fixed, "row")
    return f"{SMALLEST_BATCH} to {LARGEST_BATCH} rows, by their number,"


def _length(task: Task, schedule: Schedule | None) -> str:
    kept = "the weights of its best epoch are kept"
    if schedule is not None:
        return (
            f"{counted(schedule.max_epochs, 'epoch')} at most, {schedule.earliest:,} at least. It ends before the most where the "
            f"validation loss has not fallen for {counted(schedule.patience, 'epoch')}, and is above "
            f"{number(1 + RISEN)} times its least; {kept}."
        )
    patience = f"{percent(PATIENCE_SHARE, 0)} of them, at least {LEAST_PATIENCE}"
    return (
        f"As many epochs as make about {traits_of(task).steps:,} steps, but {FEWEST_EPOCHS} to {MOST_EPOCHS}; in a comparison "
        f"{percent(traits_of(task).short, 0)} of these, at least {FEWEST_SHORT}, unless a round of tuning with all of them is "
        "clearly better in the mean of the arms, or the validation part is too small to tell. It ends before them, but not "
        f"before {percent(SURE_SHARE, 0)} of them, where the validation loss has not fallen for {patience}, and is above "
        f"{number(1 + RISEN)} times its least; {kept}."
    )


def _tuning(kind: Kind, task: Task) -> str:
    default = default_hyperparameters(kind, task)
    sought = [f"{NAMES[name]} {_range(one)} ({number(getattr(default, name))})" for name, one in search_space(kind, task).items()]
    return (
        f"Every arm tries the same settings, drawn from {', '.join(sought)}, in brackets what the first trial takes. All have "
        "those that are best for all, and an arm its own where they are clearly better for it."
    )


def _range(sought: SearchRange) -> str:
    return f"{number(sought.low)} to {number(sought.high)}{' on a logarithmic scale' if sought.log else ''}"
