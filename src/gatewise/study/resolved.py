"""A configuration with what depends on the data and on the machine filled in."""

from __future__ import annotations

from dataclasses import replace

from gatewise.data.dataset.drawn import epoch_rows
from gatewise.data.dataset.splits import make_split
from gatewise.data.dataset.stored import StoredDataset
from gatewise.data.encoding.encoders import DEFAULT_TEXT_LENGTH
from gatewise.records import Config, Dataset
from gatewise.tasks import traits_of
from gatewise.training.devices import resolve_devices
from gatewise.training.schedule import default_schedule

__all__ = ["resolved"]


def resolved(config: Config, dataset: Dataset) -> Config:
    """The configuration with what depends on the data and the machine filled in, so that `config.yaml` hides no default.

    Raises OptionError where a device is not on this machine.
    """
    rows = epoch_rows(dataset, len(make_split(dataset, 0, config.seed).train))
    schedule = default_schedule(rows, batch_size=config.batch_size, max_epochs=config.max_epochs, task=dataset.task)
    longest = config.max_length or (DEFAULT_TEXT_LENGTH if dataset.kind == "text" else None)
    asked, read = dataset.forecast, dataset.reading
    if read is not None:
        # Predictions are made from the same columns, and the printed command asks for them.
        named = ("text", "audio", "target", "id", "time", "date_format")
        config = replace(config, **{name: getattr(read, name) for name in named})
    return replace(
        config,
        task=dataset.task,
        on_disk="always" if isinstance(dataset, StoredDataset) else "never",
        metric=config.metric or traits_of(dataset.task).metric,
        window=asked.window if asked else None,
        horizon=asked.horizon if asked else None,
        season=asked.season if asked else None,
        batch_size=schedule.batch_size,
        max_epochs=schedule.max_epochs,
        max_length=longest,
        pooling=None if traits_of(dataset.task).predicts == "steps" else config.pooling or "summary",
        skip=None if asked is None else config.skip is not False,
        device=resolve_devices(config.device),
    )
