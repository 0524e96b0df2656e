"""The end of a run: the verdict, the report, and the recommended model trained on all the data."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gatewise.data.splits import folds_of, make_split
from gatewise.errors import RunError
from gatewise.export.bundle import load_model, save_model
from gatewise.names import display_name
from gatewise.records import Comparison, Epoch, Verdict, to_json
from gatewise.report.page import render_page
from gatewise.study.folder import RunFolder, write_atomic, write_json
from gatewise.study.session import Session
from gatewise.training.baselines import BASELINES
from gatewise.training.metrics import truth_of
from gatewise.training.model import Model, model_of

__all__ = ["train_final", "write_results"]


def write_results(folder: RunFolder, comparison: Comparison, verdict: Verdict) -> None:
    """Write `report.html` and, last, `verdict.json`: who finds a verdict finds its report beside it."""
    write_atomic(folder.report, render_page(comparison, verdict, folder.path))
    write_json(folder.verdict, verdict)


def train_final(session: Session, verdict: Verdict) -> None:
    """Train the recommended model for use, unless it is there already.

    It learns from all rows but one validation part, which stops its training; where the source has a test part of its own, that
    part stays unseen. Its score is what the pairs of the comparison estimated, each with slightly less data. Without a pair
    nothing is recommended, and nothing trained. A training that the budget cut short is done anew when the run is resumed.
    """
    finals = session.journal.payloads("final")
    done = finals and finals[-1]["name"] == verdict.recommended and _is_whole(session.folder.model)
    if (done and not (finals[-1].get("cut_short") and session.left() > session.report_s)) or not verdict.pairs:
        return
    name = display_name(verdict.recommended)
    session.show(f"training the {name} on all data")
    model, epochs, cut_short = _train(session, verdict)
    save_model(model, session.folder.model)
    session.record(f"final:{len(finals)}", "final", {"name": verdict.recommended, "epochs": epochs, "cut_short": cut_short})
    if cut_short:
        session.view.log(
            f"the budget ended the training of the {name} on all data in epoch {epochs}; `gatewise resume` repeats it"
        )


def _is_whole(model: Path) -> bool:
    """Whether there is a model that can be loaded; one that was damaged since is trained anew."""
    try:
        load_model(model)
    except RunError:
        return False
    return True


def _train(session: Session, verdict: Verdict) -> tuple[Model, int, bool]:
    """The model, its epochs (0 of a baseline), and whether the budget cut its training short."""
    workload = session.workload
    dataset = workload.dataset
    name = verdict.recommended
    train, validation = _parts(session)
    score = verdict.scores.get(name)
    details = {
        "source": session.config.source,
        "trained_on_rows": len(train),
        "stopped_by_rows": len(validation),
        "metric": verdict.metric,
        "expected_score": to_json(score) if score else None,
        "seed": session.config.seed,
    }
    encoder, truth, metric = workload.fit_encoder(train), truth_of(dataset, validation, train), workload.metric.name
    if name in BASELINES:
        baseline = workload.fit_baseline(name, train, validation)
        return model_of(dataset, truth, metric, name, encoder, baseline, {}, details), 0, False
    arm = next(arm for arm in workload.arms if arm.name == name)
    chosen = session.chosen()[name]

    def on_epoch(epoch: Epoch) -> None:
        session.show(f"training the {display_name(name)} on all data, epoch {epoch.epoch}")

    encoded = [workload.weighed(encoder.encode_rows(workload.prepared, rows)) for rows in (train, validation)]
    number = folds_of(dataset)
    fitted = workload.fit_arm(
        arm,
        number,
        chosen,
        encoded[0],
        encoded[1],
        (train, validation),
        on_epoch,
        time_left=lambda: session.left() > session.report_s,
    )
    architecture = workload.architecture(arm, number, chosen, encoded[0].input_size)
    model = model_of(dataset, truth, metric, name, encoder, fitted.network, architecture, details)
    return model, len(fitted.history), fitted.ended == "time"


def _parts(session: Session) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All rows that may be learned from: in a forecast everything before the last block of time, which stops the training."""
    dataset, seed = session.workload.dataset, session.config.seed
    if dataset.task == "forecast" and dataset.fixed_test is None:
        last = make_split(dataset, folds_of(dataset) - 1, seed)
        return np.sort(np.concatenate([last.train, last.validation])), last.test
    split = make_split(dataset, 0, seed)
    if dataset.fixed_test is None:
        return np.sort(np.concatenate([split.train, split.test])), split.validation
    return split.train, split.validation


def remove_leftovers(folder: Path) -> None:
    """Delete temporary files that a killed process left."""
    for part in [*folder.glob(".*.part"), *folder.glob("predictions/.*.part"), *folder.glob("trained/.*.part")]:
        if part.is_dir():
            shutil.rmtree(part)
        else:
            part.unlink()
