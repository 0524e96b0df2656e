"""Nouns of what a run found: the evidence, the comparisons, the verdict, and where a run stands."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from gatewise.mistakes import Mistakes
from gatewise.options.config import Config
from gatewise.records.costs import Cost, DeviceCosts, ShippedArtefact, StepRatio
from gatewise.records.data import Profile
from gatewise.records.plan import Arm, Hyperparameters, TriedLength
from gatewise.records.trainings import Failure, Training

__all__ = [
    "FEWEST_TELLING_REPLICATES",
    "Comparison",
    "Dependence",
    "DeviceVerdict",
    "Difference",
    "LengthScore",
    "Progress",
    "ScoreSummary",
    "Shipped",
    "Verdict",
]

# Two replicates leave one degree of freedom: an interval twelve standard errors wide on either side, which says nothing.
FEWEST_TELLING_REPLICATES = 3


@dataclass(frozen=True)
class LengthScore:
    """Mean score of every arm over the test rows whose length lies in [low, high]; rows: of an arm, over all replicates."""

    low: int
    high: int
    rows: int
    scores: Mapping[str, float]


@dataclass(frozen=True)
class Dependence:
    """How the scores of a run depend on each other beyond the sharing of rows.

    blocks: the block of every row of the source's own test part, as packed text; rows of one block are alike (a group), and
    empty where every row is one of its own. in_time: blocks follow each other in time. splits: of resampled splits how many there
    are before they repeat, and groups how many groups of rows they are dealt from; None where it is as many as there are rows.
    """

    blocks: str = ""
    in_time: bool = False
    splits: int | None = None
    groups: int | None = None


@dataclass(frozen=True)
class Shipped:
    """The model that a run leaves for use: the recommended one, trained once more.

    train_rows, validation_rows: that it learned from, and that stopped it. test_score: its own on the source's test part of
    test_rows; None where it learned from rows that the replicates were tested on, so that none are left. cut_short: whether the
    budget ended its training.
    """

    name: str
    train_rows: int
    validation_rows: int
    test_score: float | None = None
    test_rows: int = 0
    cut_short: bool = False


@dataclass(frozen=True)
class Comparison:
    """All the evidence of a run, complete enough to reach a verdict and to draw the report.

    train_rows: rows of each replicate that are not tested, of which `validation_rows` stop the training and choose
    hyperparameters. mistakes: what the models got wrong, looked into once the replicates are run. training_time_ratios,
    latency_ratios, epoch_ratios: of training steps, of calls at batch 1, and of the epochs that trainings took.
    artefacts: models in the forms they were shipped in, as far as that was measured. not_shippable: arms that have no such form
    as was asked for, each with the reason. elsewhere: what the arms cost on the run's other devices, by name.
    failures: what could not be trained; arms and baselines that are out for it are not among `arms` and `baselines`. left_out:
    numbers of the replicates in which one of `arms` failed, which count for none.
    """

    config: Config
    profile: Profile
    arms: tuple[Arm, ...]
    baselines: tuple[str, ...]
    metric: str
    margin: float
    chosen: Mapping[str, Hyperparameters]
    tuning: tuple[Training, ...]
    trainings: tuple[Training, ...]
    baseline_trainings: tuple[Training, ...]
    curve_trainings: tuple[Training, ...]
    replicates: int
    train_rows: int
    test_rows: int
    target_score: float | None
    costs: Mapping[str, Cost]
    training_time_ratios: tuple[StepRatio, ...]
    by_length: tuple[LengthScore, ...]
    environment: Mapping[str, Any]
    elapsed_s: float
    stopped: str
    warnings: tuple[str, ...] = ()
    baseline_costs: Mapping[str, Cost] = field(default_factory=dict)
    mistakes: Mistakes | None = None
    validation_rows: int = 0
    dependence: Dependence = Dependence()
    latency_ratios: tuple[StepRatio, ...] = ()
    epoch_ratios: tuple[StepRatio, ...] = ()
    shipped: Shipped | None = None
    length: TriedLength | None = None
    artefacts: tuple[ShippedArtefact, ...] = ()
    not_shippable: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Mapping[str, DeviceCosts] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()
    left_out: tuple[int, ...] = ()

    @property
    def finished(self) -> int:
        """How many replicates, counted from the first, have come to an end: those that count, and those that are left out."""
        return self.replicates + len(self.left_out)


@dataclass(frozen=True)
class Difference:
    """By how much the first is better than the second over the replicates, and what may be concluded from it.

    mean: score(first) - score(second), or the other way round where a lower score is better.
    ci95: corrected resampled t interval. ci95_sequential: the same, widened for having looked after every replicate.
    p_first, p_equivalent, p_second: posterior probabilities that the difference is above, inside or below the band.
    extremes: the least and the greatest difference of a single replicate.
    further_replicates: about how many more would decide; None where it is decided, or where 1,000 more would rather not.
    decided_within_most: the probability that 1,000 more would, given all that is uncertain now; 1 where it is decided.
    """

    first: str
    second: str
    mean: float
    ci95: tuple[float, float]
    ci95_sequential: tuple[float, float]
    p_first: float
    p_equivalent: float
    p_second: float
    replicates: int = field(metadata={"earlier": "pairs"})
    conclusion: Literal["first", "equivalent", "second", "undecided"]
    further_replicates: int | None = field(default=None, metadata={"earlier": "further_pairs"})
    decided_within_most: float = 1.0
    extremes: tuple[float, float] | None = None

    @property
    def is_known(self) -> bool:
        """Whether interval and probabilities say anything: from three replicates on, or where fewer were planned and decided."""
        return self.replicates >= FEWEST_TELLING_REPLICATES or self.conclusion != "undecided"

    def better_first(self) -> Difference:
        """The same comparison with the better one first, so that its mean is not negative."""
        return self if self.mean >= 0 else self.turned()

    def turned(self) -> Difference:
        """The same comparison seen from the other side."""
        swapped: dict[str, Literal["first", "equivalent", "second", "undecided"]] = {"first": "second", "second": "first"}
        return dataclasses.replace(
            self,
            first=self.second,
            second=self.first,
            mean=-self.mean,
            ci95=(-self.ci95[1], -self.ci95[0]),
            ci95_sequential=(-self.ci95_sequential[1], -self.ci95_sequential[0]),
            extremes=None if self.extremes is None else (-self.extremes[1], -self.extremes[0]),
            p_first=self.p_second,
            p_second=self.p_first,
            conclusion=swapped.get(self.conclusion, self.conclusion),
        )


@dataclass(frozen=True)
class ScoreSummary:
    """Mean and standard deviation of a score over n splits."""

    mean: float
    sd: float
    n: int


@dataclass(frozen=True)
class DeviceVerdict:
    """What would be shipped where models are trained and run on another device: the same scores, and the costs measured there.

    decision, recommended, excluded, costs, training_time_ratios: as in `Verdict`. sentence: what is recommended, and why.
    """

    decision: str
    recommended: str
    sentence: str
    costs: Mapping[str, Cost]
    training_time_ratios: tuple[StepRatio, ...] = ()
    excluded: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, repr=False)
class Verdict:
    """The answer of a run; `verdict.json` is its JSON.

    decision: an arm's name, "equivalent", "undecided" or "baseline". recommended: what to ship, given the cost named. excluded:
    arms that a constraint rules out, each with the reason. failed_trainings: how many of each arm lost more than half of what
    its others learned. difference: the comparison that decides, the better one first: two arms, or the best baseline and the
    best arm where that baseline is the decision. comparisons: every pair of arms, and the best baseline against the best arm.
    arms: what the names of arms stand for; none in what earlier versions wrote. failures: what could not be trained, which the
    warnings put in words.
    shipped: the model that was trained for use, None until it is. training_time_ratios: of every pair of arms. explanation:
    sentences in plain words, the first one the verdict itself. stopped: why no further replicate was run: `decided`, `replicates`
    (their number was reached), `budget`, `most_replicates` (100 did not decide), `failed` (no arm could be trained) or
    `interrupted`. elsewhere: what would be decided on the run's other devices, by name.
    """

    decision: str
    recommended: str
    metric: str
    higher_is_better: bool
    margin: float
    replicates: int = field(metadata={"earlier": "pairs"})
    difference: Difference | None
    comparisons: tuple[Difference, ...]
    scores: Mapping[str, ScoreSummary]
    costs: Mapping[str, Cost]
    training_time_ratios: tuple[StepRatio, ...]
    explanation: tuple[str, ...]
    budget_s: float | None
    elapsed_s: float
    stopped: str
    warnings: tuple[str, ...]
    excluded: Mapping[str, str] = field(default_factory=dict)
    baseline_costs: Mapping[str, Cost] = field(default_factory=dict)
    failed_trainings: Mapping[str, int] = field(default_factory=dict)
    shipped: Shipped | None = None
    arms: tuple[Arm, ...] = ()
    elsewhere: Mapping[str, DeviceVerdict] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()

    def __repr__(self) -> str:
        scores = ", ".join(f"{name} {score.mean:.4g}" for name, score in self.scores.items())
        found = f"{self.decision!r}, recommended {self.recommended!r}"
        return f"<Verdict {found}; {self.metric}: {scores or 'none'}; {self.replicates} replicates>"


@dataclass(frozen=True)
class Progress:
    """Where a run stands, for whoever watches it.

    phase: what is being done now, in plain words. replicates_planned: None while adaptive stopping decides.
    remaining_s: estimated seconds to the end, None while unknown. difference: the deciding comparison so far, of `arms`.
    decides_s: estimated seconds until a decision is more likely than not, None while unknown. counted: what is done and planned.
    """

    phase: str
    replicates_done: int
    replicates_planned: int | None
    elapsed_s: float
    budget_s: float | None
    remaining_s: float | None = None
    difference: Difference | None = None
    arms: tuple[Arm, ...] = ()
    decides_s: float | None = None
    counted: str = "replicate"
