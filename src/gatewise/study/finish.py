"""The end of a run: the verdict, the report, and the recommended model trained on all the data."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.drawn import epoch_rows
from gatewise.data.dataset.splits import folds_of, make_split
from gatewise.errors import RunError
from gatewise.export.bundle import load_model, save_model
from gatewise.records import Comparison, Epoch, Shipped, Verdict, to_json
from gatewise.report.page import render_page
from gatewise.runtime.model import Model, Predictor, model_of
from gatewise.runtime.scoring import score, truth_of
from gatewise.study.folder import RunFolder, write_atomic, write_json
from gatewise.study.forecast import closing_epochs, overtime_seconds
from gatewise.study.gathered import read_profile
from gatewise.study.session import Session
from gatewise.tasks import traits_of
from gatewise.training.baselines import BASELINES
from gatewise.training.networks import array_network
from gatewise.wording import counted

__all__ = ["closing_parts", "remove_leftovers", "train_closing", "train_final", "write_results"]


def write_results(folder: RunFolder, comparison: Comparison, verdict: Verdict) -> None:
    """Write `report.html` and, last, `verdict.json`: who finds a verdict finds its report beside it."""
    write_atomic(folder.report, render_page(comparison, verdict, folder.path))
    write_json(folder.verdict, verdict)


def train_final(session: Session, verdict: Verdict) -> None:
    """Train the recommended model for use, unless it is there already.

    It learns from all rows but one validation part, which stops its training; where the source has a test part of its own, that
    part stays unseen, and the model is scored on it. Elsewhere it has learned from the rows that the replicates were tested on:
    its score is what they estimated, each with slightly less data. Without a replicate nothing is recommended, and nothing
    trained. A training that the budget cut short is done anew when the run is resumed.
    """
    finals = session.journal.payloads("final")
    done = finals and finals[-1]["name"] == verdict.recommended and _is_whole(session.folder.model)
    if (done and not (finals[-1].get("cut_short") and session.left() > session.report_s)) or not verdict.replicates:
        return
    name = session.title(verdict.recommended)
    session.show(f"training the {name} on all data")
    model, shipped, epochs = train_closing(session, verdict, verdict.recommended)
    save_model(model, session.folder.model)
    session.record(f"final:{len(finals)}", "final", to_json(shipped) | {"epochs": epochs})
    if shipped.cut_short:
        session.view.log(
            f"the budget cut the training of the {name} on all data to {counted(epochs, 'epoch')}; `gatewise resume` repeats it"
        )


def _is_whole(model: Path) -> bool:
    """Whether there is a model that can be loaded; one that was damaged since is trained anew."""
    try:
        load_model(model)
    except RunError:
        return False
    return True


def train_closing(session: Session, verdict: Verdict, name: str) -> tuple[Model, Shipped, int]:
    """An arm or baseline trained for use: the model, what is said of it, and its epochs (0 of a baseline)."""
    workload = session.workload
    dataset, number = workload.dataset, folds_of(workload.dataset)
    train, validation, test = closing_parts(session)
    encoder = workload.trainer.fit_encoder(train)
    predictor: Predictor
    if name in BASELINES:
        predictor, epochs, cut_short = workload.fit_baseline(name, train, validation), 0, False
        predictions = predictor.predict(workload.prepared.inputs(test)) if len(test) else None
    else:
        arm = workload.arm(name)
        chosen = session.chosen().get(name) or workload.trainer.default_hyperparameters

        def on_epoch(epoch: Epoch) -> None:
            session.show(f"training the {session.title(name)} on all data, epoch {epoch.epoch}")

        parts = workload.trainer.encode_training(encoder, train), workload.trainer.encode(encoder, validation)
        most = closing_epochs(session, name, len(train))
        fitted = workload.fit_arm(
            arm,
            number,
            chosen,
            parts,
            (train, validation),
            on_epoch,
            time_left=lambda: session.left() + overtime_seconds(session) > session.report_s,
            max_epochs=most,
        )
        epochs = len(fitted.history)
        cut_short = fitted.ended == "time" or most < (session.config.max_epochs or workload.schedule.max_epochs)
        architecture = workload.architecture(arm, number, chosen, parts[0].input_size)
        predictor = array_network(architecture, fitted.network)
        predictions = None
        if len(test):
            predictions = workload.trainer.objective.predict(fitted.network, encoder.encode_rows(workload.prepared, test))
    learned = len(workload.trainer.rows_of_baselines(train))
    if epochs:
        learned = min(len(train), epochs * epoch_rows(dataset, len(train)))
    metric, score_of_replicates = workload.trainer.metric.name, verdict.scores.get(name)
    own = None if predictions is None else score(metric, predictions, truth_of(dataset, test, train))
    shipped = Shipped(name, learned, len(validation), own, len(test), cut_short)
    details = {
        "source": session.config.source,
        "trained_on_rows": learned,
        "stopped_by_rows": len(validation),
        "metric": verdict.metric,
        "expected_score": to_json(score_of_replicates) if score_of_replicates else None,
        "test_score": own,
        "seed": session.config.seed,
        "margin": verdict.margin,
        "verdict": verdict.explanation[0] if verdict.explanation else None,
        "scores": to_json(verdict.scores),
        "costs": to_json({**verdict.baseline_costs, **verdict.costs}.get(name)),
        "profile": to_json(read_profile(session.journal)),
        "versions": session.environment.get("versions", {}),
    }
    truth = truth_of(dataset, validation, train)
    return model_of(dataset, truth, metric, name, encoder, predictor, details), shipped, epochs


def closing_parts(session: Session) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """All rows that may be learned from, those that stop the training, and the source's own test part, if it has one.

    In a forecast everything before the last block of time is learned from, and that block stops the training.
    """
    none = np.array([], dtype=np.int64)
    dataset, seed = session.workload.dataset, session.config.seed
    if traits_of(dataset.task).in_time and dataset.fixed_test is None:
        last = make_split(dataset, folds_of(dataset) - 1, seed)
        return np.sort(np.concatenate([last.train, last.validation])), last.test, none
    split = make_split(dataset, 0, seed)
    if dataset.fixed_test is None:
        return np.sort(np.concatenate([split.train, split.test])), split.validation, none
    return split.train, split.validation, split.test


def remove_leftovers(folder: Path) -> None:
    """Delete temporary files that a killed process left."""
    for part in [*folder.glob(".*.part"), *folder.glob("predictions/.*.part"), *folder.glob("trained/.*.part")]:
        if part.is_dir():
            shutil.rmtree(part)
        else:
            part.unlink()
