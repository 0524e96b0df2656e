"""The shipping report of a run: its models in every form, each measured by a process that has nothing but the artefact."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.audio.files import load_sound
from gatewise.errors import GatewiseError, MissingPackageError, OptionError
from gatewise.export.bundle import load_model, save_model
from gatewise.export.formats import Format, identifier
from gatewise.export.measuring import measure_artefact, predictions_for
from gatewise.export.parity import error_scale
from gatewise.export.shipping import ship
from gatewise.records import ShippedArtefact, Verdict
from gatewise.runtime.model import Model
from gatewise.runtime.scoring import Truth, score, truth_of
from gatewise.study.artefacts import write_artefacts
from gatewise.study.finish import closing_parts, train_closing
from gatewise.study.folder import RunFolder
from gatewise.study.run import reopened
from gatewise.study.session import Session
from gatewise.study.view import View
from gatewise.tasks import traits_of
from gatewise.timing import percentiles

__all__ = ["ship_run"]

MOST_ROWS = 1000
"""Rows that an artefact is scored on, drawn at random from what there is."""


def ship_run(
    run: Path, forms: Sequence[Format], view: View, arms: Sequence[str] = (), *, data: Any = None
) -> tuple[ShippedArtefact, ...]:
    """Write the models of a run in some forms to its folder `shipped/`, and measure each there.

    arms: whose models, by their names in the run; the recommended one's where none is named. A model that the run did not train
    is trained now, on the same rows and with the hyperparameters that tuning chose. What has no such form here says why.
    Raises RunError where the run is not finished or its data has changed, OptionError for a name that the run does not have.
    """
    folder = RunFolder(run)
    with reopened(folder, view, data=data) as session:
        verdict = session.verdict("replicates")
        found: list[ShippedArtefact] = []
        for name in arms or (verdict.recommended,):
            model = _model(session, verdict, name)
            rows = _Rows.of(session, model)
            for form in forms:
                session.show(f"shipping the {session.title(name)} as {form.name}")
                found.append(_shipped(folder, name, model, form, rows))
                write_artefacts(folder, found)
        return tuple(found)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows that a model did not learn from. inputs: as they come to `predict`. sound: of a model of sound, whether those are
    waveforms. held_out: whether the rows did not stop the training either."""

    inputs: Sequence[Any]
    truth: Truth
    sound: bool
    held_out: bool

    @classmethod
    def of(cls, session: Session, model: Model) -> _Rows:
        """The source's own test part; where there is none the rows that stopped the training."""
        dataset = session.workload.dataset
        train, validation, test = closing_parts(session)
        there = test if len(test) else validation
        chosen = np.sort(np.random.default_rng(0).permutation(there)[:MOST_ROWS])
        truth = truth_of(dataset, chosen, train)
        waveforms = _waveforms(session, chosen) if model.audio is not None else None
        inputs = waveforms or [dataset.sequences[row] for row in chosen]
        return cls(inputs, truth, sound=waveforms is not None, held_out=bool(len(test)))


def _waveforms(session: Session, rows: NDArray[np.int64]) -> list[Any] | None:
    """Sounds as they were recorded; None where their files are no more where the source had them."""
    source = Path(session.config.source)
    base = source if source.is_dir() else source.parent
    paths = [base / session.workload.dataset.files[row] for row in rows]
    return [load_sound(path) for path in paths] if all(path.is_file() for path in paths) else None


def _model(session: Session, verdict: Verdict, name: str) -> Model:
    known = (*session.names, *session.workload.baselines)
    if name not in known:
        raise OptionError(f"--arm is {name!r}; the run has {', '.join(known)}")
    if name == verdict.recommended and session.folder.model.is_dir():
        return load_model(session.folder.model)
    place = session.folder.shipped / name / "model"
    if (place / "model.json").is_file():
        return load_model(place)
    model, _, _ = train_closing(session, verdict, name)
    place.parent.mkdir(parents=True, exist_ok=True)
    save_model(model, place)
    return model


def _shipped(folder: RunFolder, name: str, model: Model, form: Format, rows: _Rows) -> ShippedArtefact:
    path = folder.shipped / name / f"{identifier(model.name)}-{form.name}{form.suffix}"
    try:
        ship(model, form, path)
        with tempfile.TemporaryDirectory() as place:
            measured = measure_artefact(form, path, rows.inputs, Path(place), sound=rows.sound)
    except (MissingPackageError, OptionError) as error:
        return ShippedArtefact(name, form.name, refused=str(error))
    expected = predictions_for(model if rows.sound else replace(model, audio=None), rows.inputs)
    errors = np.abs(measured.predictions - expected) / error_scale(model)
    classes = traits_of(model.task).predicts == "classes"
    return ShippedArtefact(
        name,
        form.name,
        bytes=form.bytes(path),
        startup_s=measured.startup_s,
        latency_ms={size: percentiles(times) for size, times in measured.milliseconds.items()},
        memory_bytes=measured.memory_bytes,
        score=_score(model, measured.predictions, rows.truth),
        rows=len(rows.inputs),
        held_out=rows.held_out,
        greatest_error=float(errors.max()),
        same=float((measured.predictions.argmax(1) == expected.argmax(1)).mean()) if classes else None,
    )


def _score(model: Model, predictions: NDArray[np.float32], truth: Truth) -> float | None:
    try:
        return score(model.metric, predictions, truth)
    except GatewiseError:
        # A metric that so few rows do not define.
        return None
