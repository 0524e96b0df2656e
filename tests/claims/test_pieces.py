"""Pieces of work are done round by round, once each, and as far as time allows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gatewise.claims.bench import Bench
from gatewise.claims.pieces import Piece, in_rounds
from gatewise.errors import RunError


def squared(number: int) -> dict[str, Any]:
    return {"square": number**2}


def dies() -> dict[str, Any]:
    import os

    os._exit(1)


def rounds(count: int) -> list[list[Piece]]:
    return [
        [Piece(f"square:{2 * place + one}", "squaring", squared, (2 * place + one,)) for one in (0, 1)] for place in range(count)
    ]


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_round_by_round_and_are_kept(bench: Bench, jobs: int) -> None:
    bench = replace(bench, jobs=jobs)
    bench.once("square:2", lambda: {"square": -1})
    found = in_rounds(bench, rounds(3), seconds=20.0)
    assert found == [[{"square": 0}, {"square": 1}], [{"square": -1}, {"square": 9}], [{"square": 16}, {"square": 25}]]
    assert bench.journal.get("square:5") == {"square": 25}


def test_without_time_there_are_the_fewest_rounds_and_what_is_done_counts(bench: Bench) -> None:
    assert len(in_rounds(bench, rounds(5), seconds=0.0, least=2)) == 2
    for pieces in rounds(4):
        for piece in pieces:
            bench.once(piece.key, lambda piece=piece: piece.call(*piece.arguments))  # type: ignore[misc]
    assert len(in_rounds(bench, rounds(5), seconds=0.0, least=2)) == 4


def test_a_process_that_dies_is_told(bench: Bench) -> None:
    with pytest.raises(RunError, match="go on with the same command"):
        in_rounds(replace(bench, jobs=2), [[Piece("death", "dying", dies, ())]], seconds=1.0)
    assert "death" not in bench.journal
