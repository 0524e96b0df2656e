"""A training and a verdict as a run has them."""

from typing import Any

from gatewise.records import Difference, Epoch, Hyperparameters, ScoreSummary, Training, Verdict
from gatewise.tracking.tracker import TrackedTraining

ENDED = 1_796_000_000.0


def unit(name: str = "gru", number: int = 0, **changes: Any) -> TrackedTraining:
    history = tuple(Epoch(epoch, 0.5 / epoch, 0.75 / epoch, 0.25 * epoch, 2.0 * epoch) for epoch in (1, 2, 3))
    given = {"test_score": 0.875, "seconds": 8.0, "history": history, "best_epoch": 3, "max_epochs": 3, **changes}
    training = Training("replicate", name, number, Hyperparameters(0.01, 0.0, 0.25, 0.5), 0.75, 0.25, **given)
    return TrackedTraining(f"replicate:{name}:{number}", training, ENDED)


def verdict(**changes: Any) -> Verdict:
    difference = Difference("gru", "lstm", 0.125, (-0.25, 0.5), (-0.5, 0.75), 0.5, 0.25, 0.25, 5, "undecided")
    given: dict[str, Any] = {
        "decision": "undecided",
        "recommended": "gru",
        "metric": "accuracy",
        "higher_is_better": True,
        "margin": 0.01,
        "replicates": 5,
        "difference": difference,
        "comparisons": (difference,),
        "scores": {"gru": ScoreSummary(0.875, 0.1, 5), "lstm": ScoreSummary(0.75, 0.1, 5)},
        "costs": {},
        "training_time_ratios": (),
        "explanation": ("Undecided after 5 replicates.", "The GRU leads."),
        "budget_s": None,
        "elapsed_s": 40.0,
        "stopped": "replicates",
        "warnings": (),
        **changes,
    }
    return Verdict(**given)


FINDINGS = {
    "test_score.gru": 0.875,
    "test_score.lstm": 0.75,
    "replicates": 5.0,
    "margin": 0.01,
    "seconds": 40.0,
    "difference": 0.125,
    "difference_low": -0.25,
    "difference_high": 0.5,
    "probability.gru": 0.5,
    "probability.equivalent": 0.25,
    "probability.lstm": 0.25,
}
