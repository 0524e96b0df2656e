"""The card of a model, for people: what it does, what it learned from, how good it is, what it costs, and how to run it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from gatewise.metrics import METRICS, value_text
from gatewise.names import plain_title
from gatewise.runtime.model import Model

__all__ = ["card_text"]


def card_text(model: Model) -> str:
    """Markdown. What is not known of a model, such as of one that no comparison made, is left out."""
    return "\n".join([*_head(model), *_data(model.details), *_scores(model), *_costs(model.details), *_use(model)]) + "\n"


def _head(model: Model) -> Iterator[str]:
    yield f"# {plain_title(model.name)}: {model.kind} to {_answer(model)}"
    yield ""
    yield f"Made by gatewise, task {model.task.replace('_', ' ')}."
    if model.architecture is not None:
        built = model.architecture
        way = "both directions" if built.bidirectional else "one direction"
        yield f"Hidden size {built.hidden_size}, layers {built.layers}, {way}, pooling {built.pooling}."


def _answer(model: Model) -> str:
    if model.classes:
        shown = ", ".join(model.class_names[:10])
        return f"{len(model.classes)} classes ({shown}{', ...' if len(model.classes) > 10 else ''})"
    shown = ", ".join(model.outputs[:5])
    more = ", ..." if len(model.outputs) > 5 else ""
    ahead = f", {model.forecast.horizon} steps ahead of a window of {model.forecast.window}" if model.forecast else ""
    return f"{shown}{more}{ahead}"


def _data(details: Mapping[str, Any]) -> Iterator[str]:
    rows = {name.replace("_", " "): details[name] for name in ("source", "trained_on_rows", "stopped_by_rows") if name in details}
    profile = details.get("profile") or {}
    if "length_median" in profile:
        low, middle, high = (profile[name] for name in ("length_min", "length_median", "length_max"))
        rows["length of a sequence"] = f"{low:,} to {high:,}, median {middle:,.0f}"
    rows |= {f"rows of class {name}": count for name, count in (profile.get("classes") or {}).items()}
    yield from _table("Data", ("", ""), ((name, value) for name, value in rows.items() if value is not None))


def _scores(model: Model) -> Iterator[str]:
    card, metric = model.details, METRICS[model.metric]
    margin = card.get("margin") or 0.01
    rows = [
        (
            plain_title(name) + (" (this model)" if name == model.name else ""),
            value_text(metric, score["mean"], margin),
            value_text(metric, score["sd"] if score["n"] > 1 else math.nan, margin),
            score["n"],
        )
        for name, score in (card.get("scores") or {}).items()
    ]
    yield from _table(f"Scores: {metric.label}", ("model", "mean", "standard deviation", "replicates"), rows)
    if card.get("test_score") is not None:
        yield ""
        yield f"This very model on the source's own test part: {value_text(metric, card['test_score'], margin)}."
    if card.get("verdict"):
        yield ""
        yield f"Verdict of the comparison: {card['verdict']}"


def _costs(details: Mapping[str, Any]) -> Iterator[str]:
    costs = details.get("costs") or {}
    rows = [(name.replace("_", " "), f"{costs[name]:,}") for name in ("parameters", "bytes") if costs.get(name) is not None]
    rows += [
        (
            f"latency of a call, batch of {size.removeprefix('batch')}",
            f"{each['p50']:.3g} ms median, {each['p99']:.3g} ms in 99 of 100 calls",
        )
        for size, each in (costs.get("latency_ms") or {}).items()
    ]
    yield from _table("Costs, where it was made", ("", ""), rows)
    yield from _table("Versions", ("", ""), (details.get("versions") or {}).items())


def _use(model: Model) -> Iterator[str]:
    given = {"text": '"a text"', "audio": '"sound.wav"'}.get(model.kind, "array")
    yield from (
        "",
        "## Use",
        "",
        "    import gatewise",
        '    model = gatewise.load_model("this folder")',
        f"    model.predict([{given}])",
    )


def _table(title: str, header: tuple[str, ...], rows: Any) -> Iterator[str]:
    lines = [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    if lines:
        yield from ("", f"## {title}", "", f"| {' | '.join(header)} |", f"|{'---|' * len(header)}", *lines)
