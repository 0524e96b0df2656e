"""Nouns of the studies: a claim with its literature, and what was measured and judged of it. Frozen, JSON both ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Claim", "Effect", "Findings", "Judgement", "Literature", "Outcome", "Results", "Verdict"]

Verdict = Literal["holds", "does not hold", "depends", "not told"]
Findings = Mapping[str, Any]
"""What a study measured, in types that JSON has."""

_RATIO, _SIGNED = "times", "points"


@dataclass(frozen=True)
class Literature:
    """A published finding. source: who and where. verified: whether the figure was read in the source itself or its data."""

    statement: str
    source: str
    verified: bool


@dataclass(frozen=True)
class Claim:
    """A rule of thumb, and how it is put to the test.

    name: on the command line. rule: the rule of thumb in one sentence. question: what the study asks. design: sentences that say
    what is measured, on what, and when the rule counts as holding, all fixed beforehand. published: what the literature found, in
    a few words for the table of all claims; literature: the same in full.
    """

    number: int
    name: str
    title: str
    rule: str
    question: str
    design: tuple[str, ...]
    published: str
    literature: tuple[Literature, ...]


@dataclass(frozen=True)
class Effect:
    """How large something is, with its 95% interval; low and high are None where there is too little to tell one.

    unit: `times` for a ratio, `points` for a difference of shares (2.5 for 2.5 percentage points), else whatever it is counted
    in. n: pairs, rounds or replicates that it rests on.
    """

    label: str
    value: float
    low: float | None
    high: float | None
    unit: str
    n: int

    @property
    def even(self) -> float:
        """The value at which both sides are equal: 1 of a ratio, 0 of a difference."""
        return 1.0 if self.unit == _RATIO else 0.0

    @property
    def is_signed(self) -> bool:
        """Whether it is written with its sign."""
        return self.unit == _SIGNED

    @property
    def is_told(self) -> bool:
        """Whether it has an interval."""
        return self.low is not None and self.high is not None


@dataclass(frozen=True)
class Judgement:
    """What the numbers say of a claim. sentence: the verdict in plain words, with its numbers. effects: the first one is the one
    that the table of all claims shows. `not told`: the evidence does not suffice."""

    verdict: Verdict
    sentence: str
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """One study, done. seconds: that it took, over all sessions."""

    claim: Claim
    findings: Findings
    judgement: Judgement
    seconds: float


@dataclass(frozen=True)
class Results:
    """All studies of a folder that are done, in the order of their numbers. public_data: whether a folder of public data sets was
    given. device: where arms were trained. environment: as `study.environment.describe_environment` gives it.
    """

    quick: bool
    public_data: bool
    outcomes: tuple[Outcome, ...]
    environment: Mapping[str, Any] = field(default_factory=dict)
    device: str = "cpu"
