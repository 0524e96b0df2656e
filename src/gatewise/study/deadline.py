"""Giving up what is under way when the budget needs its time for something else."""

from __future__ import annotations

from collections.abc import Callable

from gatewise.study.session import Session

__all__ = ["BudgetSpent", "until"]


class BudgetSpent(Exception):
    """What is under way takes longer than was foreseen, and the time that is left is needed for what comes after it."""


def until(session: Session, reserve: Callable[[], float]) -> Callable[[], None]:
    """A check that raises BudgetSpent when no more than the reserve, in seconds, is left of the budget."""

    def check() -> None:
        if session.left() < reserve():
            raise BudgetSpent

    return check
