"""Facts and studies with numbers that a test chooses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gatewise.advice.base import Study
from gatewise.advice.facts import CellCost, ContextLoss, CurvePoint, DataFacts, Facts, Measured, SpeedFacts
from gatewise.advice.outcomes import ANSWERS, Outcome
from gatewise.records import BatchLatency

DATA = DataFacts("series", "classification", 1000, 800, 100, 40.0, 50.0, 60.0, 3, 2, 0.5, 0.0)


def likely(**probabilities: float) -> dict[str, float]:
    return {answer: probabilities.get(answer, 0.0) for answer in ANSWERS}


def cost(ms: float) -> CellCost:
    latency = {"batch1": BatchLatency(0.15, 0.18, 0.3), "batch32": BatchLatency(0.5, 0.6, 1.0)}
    return CellCost(ms, latency, 1234, 4936, 2.0)


SPEED = SpeedFacts(
    kernel="gatewise avx2",
    costs={"gru": cost(1.5), "lstm": cost(2.0)},
    step_ratio=Measured(0.75, 0.74, 0.76),
    latency_ratio=Measured(1.0, 0.98, 1.02),
    recurrent_share=Measured(0.8, 0.79, 0.81),
    epoch_s={"gru": 0.1, "lstm": 0.13},
)


def facts(**changes: Any) -> Facts:
    values: dict[str, Any] = {
        "name": "made up",
        "fingerprint": "f0",
        "metric": "accuracy",
        "margin": 0.01,
        "data": DATA,
        "cells": ("gru", "lstm"),
        "hidden_size": 64,
        "learned_rows": 800,
        "epochs": 40,
        "whole_epochs": 40,
        "replicates": 5,
        "scores": {"gru": 0.9, "lstm": 0.89, "majority": 0.5, "minirocket": 0.8},
        "simplest": "majority",
        "best_baseline": "minirocket",
        "quick": likely(equivalent=0.8, first=0.2),
        "difference": Measured(0.01, -0.005, 0.025),
        "lead": Measured(0.1, 0.05, 0.15),
        "scatter": 0.01,
        "shuffled": Measured(0.3, 0.2, 0.4),
        "contexts": (ContextLoss(5, Measured(0.2, 0.1, 0.3)), ContextLoss(20, Measured(0.15, 0.05, 0.25))),
        "curve": (CurvePoint(400, {"gru": 0.85, "lstm": 0.8}), CurvePoint(800, {"gru": 0.9, "lstm": 0.89})),
        "gap": {"gru": 0.05, "lstm": 0.06},
        "target": 0.88,
        "epochs_ratio": Measured(0.8, 0.7, 0.9),
        "tuning": 0.05,
        "tuning_trials": 3,
        "speed": SPEED,
        "further": 10,
        "budget_s": 120.0,
        "seconds": 55.0,
    }
    return Facts(**(values | changes))


def study(name: str, decision: str, *, probabilities: Mapping[str, float] | None = None, **changes: Any) -> Study:
    outcome = Outcome(
        decision,
        probabilities or likely(**{decision: 1.0}),
        20,
        Measured(0.01, 0.0, 0.02),
        {"gru": 0.9, "lstm": 0.89, "majority": 0.5},
    )
    return Study(
        replace(facts(**changes), name=name, fingerprint=name),
        outcome,
        costs={"training_step": 0.75, "latency": 1.0},
        versions={"gatewise": "0.1.0"},
    )
