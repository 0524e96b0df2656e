"""The end of a run: the verdict, the report, and the recommended model trained on all the data."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from gatewise.data.splits import folds_of, make_split
from gatewise.export.bundle import save_model
from gatewise.names import display_name
from gatewise.records import Comparison, Epoch, Verdict, to_json
from gatewise.report.page import render_page
from gatewise.study.evidence import chosen_hyperparameters
from gatewise.study.folder import RunFolder, write_atomic, write_json
from gatewise.study.session import Session
from gatewise.training.baselines import BASELINES
from gatewise.training.model import Model

__all__ = ["train_final", "write_results"]


def write_results(folder: RunFolder, comparison: Comparison, verdict: Verdict) -> None:
    """Write `report.html` and, last, `verdict.json`: who finds a verdict finds its report beside it."""
    write_atomic(folder.report, render_page(comparison, verdict))
    write_json(folder.verdict, verdict)


def train_final(session: Session, verdict: Verdict) -> None:
    """Train the recommended model for use, unless it is there already.

    It learns from all rows but one validation part, which stops its training; where the source has a test part of its own, that
    part stays unseen. Its accuracy is what the pairs of the comparison estimated, each with slightly less data.
    """
    finals = session.journal.payloads("final")
    if finals and finals[-1]["name"] == verdict.recommended and session.folder.model.exists():
        return
    session.show(f"training the {display_name(verdict.recommended)} on all data")
    model = _train(session, verdict)
    save_model(model, session.folder.model)
    session.record(f"final:{len(finals)}", "final", {"name": verdict.recommended})


def _train(session: Session, verdict: Verdict) -> Model:
    workload = session.workload
    dataset = workload.dataset
    name = verdict.recommended
    split = make_split(dataset, 0, session.config.seed)
    train, validation = split.train, split.validation
    if dataset.fixed_test is None:
        train = np.sort(np.concatenate([train, split.test]))
    score = verdict.scores.get(name)
    details = {
        "source": session.config.source,
        "trained_on_rows": len(train),
        "stopped_by_rows": len(validation),
        "expected_accuracy": to_json(score) if score else None,
        "seed": session.config.seed,
    }
    encoder = workload.fit_encoder(train)
    if name in BASELINES:
        baseline = workload.fit_baseline(name, train, validation)
        return Model(name, dataset.kind, dataset.classes, dataset.channels, encoder, baseline, {}, details)
    arm = next(arm for arm in workload.arms if arm.name == name)
    chosen = chosen_hyperparameters(session.trials("tuning"), session.names)[name]

    def on_epoch(epoch: Epoch) -> None:
        session.show(f"training the {display_name(name)} on all data, epoch {epoch.epoch}")

    encoded = [encoder.encode_rows(workload.prepared, rows) for rows in (train, validation)]
    number = folds_of(dataset)
    fitted = workload.fit_arm(arm, number, chosen, encoded[0], encoded[1], on_epoch, lambda: session.left() > 0)
    architecture = workload.architecture(arm, number, chosen, encoded[0].input_size)
    return Model(name, dataset.kind, dataset.classes, dataset.channels, encoder, fitted.network, architecture, details)


def remove_leftovers(folder: Path) -> None:
    """Delete temporary files that a killed process left."""
    for part in folder.glob(".*.part"):
        if part.is_dir():
            shutil.rmtree(part)
        else:
            part.unlink()
