"""What a run is a run of: its configuration, kept in the journal from the beginning, so that no two are mixed in one verdict."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from gatewise.comparison.task_checks import check_config
from gatewise.errors import OptionError, RunError
from gatewise.records import Config, from_json, to_json
from gatewise.study.folder import RunFolder
from gatewise.study.journal import Journal, read_journal

__all__ = ["identity", "open_config"]

# What may change while a run goes on. The data may move, because its fingerprint says whether it is the same. The number of
# replicates may not: it decides which test is made of them, and raising it after a look would be another one.
FREE = frozenset({"source", "test", "budget_s", "jobs", "runner", "address", "tensorboard", "mlflow"})


def identity(config: Config) -> dict[str, Any]:
    """What the journal keeps of a configuration."""
    return {"config": to_json(config)}


def open_config(folder: RunFolder) -> Config:
    """The configuration of an existing run, which is the one that it began with.

    Raises RunError if there is no run, its configuration is damaged or cannot be used, or decides other results than when the
    run began.
    """
    config = _resolved(folder.open())
    try:
        check_config(config)
    except OptionError as error:
        raise RunError(f"{folder.config} cannot be used ({error}); restore it or start a new run") from error
    if folder.journal.is_file():
        _check_identity(folder, config, read_journal(folder.journal))
    return config


def _check_identity(folder: RunFolder, config: Config, journal: Journal) -> None:
    known = journal.get("config")
    if known is None:
        # Nothing is done yet, or an earlier version began the run.
        return
    try:
        began = _resolved(from_json(Config, known["config"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise journal.damaged(error) from error
    # The run may have chosen its epochs, and a budget cut them; a crash may have come between the journal and the file.
    lengths, length = journal.get("lengths") or {}, journal.get("length") or {}
    plans = [plan["max_epochs"] for plan in journal.payloads("budget")]
    if config.max_epochs in (*plans, lengths.get("short"), length.get("chosen")):
        began = replace(began, max_epochs=config.max_epochs)
    changed = [
        f"{field.name} was {_written(getattr(began, field.name))}, is now {_written(getattr(config, field.name))}"
        for field in fields(Config)
        if field.name not in FREE and getattr(began, field.name) != getattr(config, field.name)
    ]
    if changed:
        raise RunError(
            f"{folder.config} is not what the run began with: {'; '.join(changed)}. Put {'it' if len(changed) == 1 else 'them'} "
            "back, or start a new run"
        )


def _resolved(config: Config) -> Config:
    """What a run of an earlier version, which read everything into memory, says nothing of."""
    return replace(config, on_disk="never") if config.on_disk == "auto" else config


def _written(value: Any) -> str:
    """A value as `config.yaml` has it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return f"[{', '.join(map(str, value))}]" if isinstance(value, tuple) else str(value)
