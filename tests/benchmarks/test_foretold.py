"""What a run foretold beside what happened, from the units of a journal."""

from typing import Any

import pytest
from benchmarks.verdict.foretold import foretold, foretold_table, happened

PLAN = {"kind": "budget", "elapsed_s": 3.0, "replicate_s": 6.0, "replicates": 9}


def unit(kind: str, name: str, number: int, elapsed_s: float) -> dict[str, Any]:
    return {"kind": kind, "name": name, "number": number, "elapsed_s": elapsed_s}


def forecast(done: int, elapsed_s: float, decides_s: float | None) -> dict[str, Any]:
    told = {"replicate_s": 5.0, "replicates": 12, "decides_s": decides_s}
    return {"kind": "forecast", "elapsed_s": elapsed_s, "replicates_done": done, **told}


UNITS = [
    PLAN,
    unit("baseline", "majority", 0, 4.0),
    forecast(0, 10.0, None),
    *(unit("replicate", name, number, 11.0 + 4.0 * number) for number in range(3) for name in ("gru", "lstm")),
    *(unit("baseline", "majority", number, 12.0) for number in (1, 2)),
    forecast(5, 20.0, 30.0),
    # A replicate that was given up.
    unit("replicate", "gru", 3, 24.0),
]


def test_what_happened_counts_whole_replicates_from_the_first_on() -> None:
    came = happened(UNITS, {"stopped": "decided"})
    assert came == {"replicate_s": 4.0, "replicates": 3, "decided_s": 19.0, "stopped": "decided"}
    assert happened(UNITS, {"stopped": "budget"})["decided_s"] is None
    assert happened([PLAN], {"stopped": "budget"})["replicate_s"] is None


def test_the_table_sets_every_forecast_beside_it() -> None:
    row = {
        "set": "mr",
        "way": "now",
        "budget": 60,
        "foretold": foretold(UNITS),
        "happened": happened(UNITS, {"stopped": "decided"}),
    }
    (line,) = foretold_table([row, {"set": "old", "way": "now", "budget": 60}]).rows
    assert line[1:] == ("3.0", "6.00 (1.50)", "5.00 (1.25)", "4.00", "9", "12", "3 (decided)", "50 at 5", "19")


@pytest.mark.parametrize("units", [[], [unit("replicate", "gru", 0, 4.0)]])
def test_a_run_without_a_budget_foretold_nothing(units: list[dict[str, Any]]) -> None:
    assert foretold(units) == {"start": None, "tuned": None, "decision": []}
