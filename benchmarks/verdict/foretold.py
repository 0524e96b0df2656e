"""What a run foretold beside what happened: a replicate's seconds, the number of replicates, and when it would be decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.layers.tables import Table

__all__ = ["foretold", "foretold_table", "happened"]

Unit = Mapping[str, Any]


def foretold(units: Sequence[Unit]) -> dict[str, Any]:
    """Of a journal's units: `start`, the plan by the first timed steps; `tuned`, the forecast before the first replicate;
    `decision`, of every forecast that foresaw one, the replicates done and the seconds of the run at which it would fall."""
    plan = next((unit for unit in units if unit["kind"] == "budget"), None)
    forecasts = [unit for unit in units if unit["kind"] == "forecast"]
    tuned = next((unit for unit in forecasts if not unit["replicates_done"]), None)
    return {
        "start": plan and _of(plan),
        "tuned": tuned and _of(tuned),
        "decision": [
            (unit["replicates_done"], unit["elapsed_s"] + unit["decides_s"])
            for unit in forecasts
            if unit["decides_s"] is not None
        ],
    }


def happened(units: Sequence[Unit], verdict: Mapping[str, Any]) -> dict[str, Any]:
    """Wall seconds of a replicate but the first, whose trainings are those of tuning; replicates; when it was decided."""
    ended = _ends(units)
    return {
        "replicate_s": (ended[-1] - ended[0]) / (len(ended) - 1) if len(ended) > 1 else None,
        "replicates": len(ended),
        "decided_s": ended[-1] if ended and verdict["stopped"] == "decided" else None,
        "stopped": verdict["stopped"],
    }


def foretold_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """A line for each run; rows: of `verdict.jsonl`."""
    lines = []
    for row in rows:
        if not (row.get("foretold") or {}).get("start"):
            continue
        start, tuned, came = row["foretold"]["start"], row["foretold"]["tuned"], row["happened"]
        decided = came["decided_s"]
        lines.append(
            (
                f"{row['set']} {row['way']} {row['budget']} s",
                f"{start['at_s']:.1f}",
                f"{start['replicate_s']:.2f}{_against(start['replicate_s'], came['replicate_s'])}",
                "" if tuned is None else f"{tuned['replicate_s']:.2f}{_against(tuned['replicate_s'], came['replicate_s'])}",
                "" if came["replicate_s"] is None else f"{came['replicate_s']:.2f}",
                str(start["replicates"]),
                "" if tuned is None else str(tuned["replicates"]),
                f"{came['replicates']}{'' if came['stopped'] == 'budget' else ' (' + came['stopped'] + ')'}",
                ", ".join(f"{seconds:.0f} at {done}" for done, seconds in row["foretold"]["decision"]),
                "" if decided is None else f"{decided:.0f}",
            )
        )
    header = (
        *("run", "at, s", "replicate, s", "tuned", "happened", "replicates", "tuned", "happened"),
        *("decided, s at replicates", "happened"),
    )
    note = (
        "What the first timed steps foretold, what was foretold after tuning, and what happened; in brackets foretold over "
        "happened. Fewer replicates than foretold are no miss where the run was decided."
    )
    return Table("Foretold and happened", note, header, tuple(lines))


def _of(unit: Unit) -> dict[str, Any]:
    return {
        "at_s": unit["elapsed_s"],
        "replicate_s": unit.get("replicate_s", unit.get("pair_s")),
        "replicates": unit.get("replicates", unit.get("pairs")),
    }


def _ends(units: Iterable[Unit]) -> list[float]:
    """When each replicate ended, as long as there is one whole after another."""
    ends: dict[int, dict[str, float]] = {}
    for unit in units:
        if unit["kind"] in ("replicate", "pair", "baseline"):
            ends.setdefault(unit["number"], {})[unit["name"]] = unit["elapsed_s"]
    models = max(map(len, ends.values()), default=0)
    whole = []
    for number in range(len(ends)):
        if len(ends.get(number, {})) < models:
            break
        whole.append(max(ends[number].values()))
    return whole


def _against(foreseen: float, came: float | None) -> str:
    return "" if not came else f" ({foreseen / came:.2f})"
