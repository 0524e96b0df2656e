"""What a study is: a claim, how it is measured, how the numbers are judged, and how they are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gatewise.claims.records import Claim, Findings, Judgement

if TYPE_CHECKING:
    from gatewise.claims.bench import Bench
    from gatewise.report.blocks import Block

__all__ = ["Study"]


@dataclass(frozen=True, eq=False)
class Study:
    """One claim as a study.

    minutes: the time it may take in a full run on two cores; a quick run gives it the same share of its own.
    measure: takes what it needs from a `Bench` and returns what it found, in types that JSON has.
    judge: from these findings alone, so that other numbers give another verdict. show: the same as blocks of the page.
    """

    claim: Claim
    minutes: float
    measure: Callable[[Bench], dict[str, Any]]
    judge: Callable[[Findings], Judgement]
    show: Callable[[Findings], Sequence[Block]]
