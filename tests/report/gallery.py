"""Twelve reports to look at: every kind of data, and every way a run can end.

    python -m tests.report.gallery FOLDER

writes the pages, and with Chromium on the PATH what they look like on a wide screen and a phone, light and dark, and on paper.
The evidence is made up by `runs.py`; the verdicts are the ones that gatewise reaches on it.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gatewise.comparison.verdict import decide
from gatewise.report.page import render_page
from tests.report.browser import CHROMIUM, QUIET
from tests.report.runs import AUDIO, TASKS, Run, make_run

__all__ = ["GALLERY", "write_pages"]

WIDTHS = (1280, 390)
THEMES = {"light": (), "dark": ("--force-dark-mode", "--blink-settings=preferredColorScheme=0")}


def made(task: str = "classification", worse: Mapping[str, float] | None = None, **run: Any) -> Run:
    """A run whose arms and baselines are worse by so many margins than `runs.py` has them, with the verdict on it."""
    run["profile"] = {"fixed_test_rows": None, **run.get("profile", {})}
    comparison, _ = make_run(task=task, **run)

    def shifted(trainings: tuple[Any, ...]) -> tuple[Any, ...]:
        by = worse or {}
        return tuple(replace(one, test_score=TASKS[task].worse(one.test_score, by.get(one.name, 0.0))) for one in trainings)

    changed = replace(
        comparison,
        trainings=shifted(comparison.trainings),
        baseline_trainings=shifted(comparison.baseline_trainings),
        warnings=(),
    )
    return changed, decide(changed)


SERIES = {
    "name": "JapaneseVowels", "kind": "series", "rows": 640, "classes": {str(n): 71 for n in range(1, 10)}, "channels": 12,
    "length_min": 7, "length_median": 15.0, "length_p95": 22.0, "length_max": 29,
}  # fmt: skip
FEATURES = ("majority", "linear_features")
FIVE = ("gru", "lstm", "rnn", "min_gru", "min_lstm")

GALLERY: dict[str, Callable[[], Run]] = {
    "text": lambda: made(worse={"gru": 3, "tfidf_logistic": 5}),
    "series": lambda: made(baselines=FEATURES, profile=SERIES, worse={"lstm": -0.4}),
    "sound": lambda: made(baselines=FEATURES, profile=AUDIO, worse={"lstm": 2, "linear_features": 3}, curve=(0.25, 0.5)),
    "forecast": lambda: made("forecast", {"gru": 16, "linear_window": 17}, limits={"max_latency_ms": 0.6}),
    "next_step": lambda: made("next_step", {"lstm": 2}),
    "numbers": lambda: made("regression", {"gru": 1.2, "ridge_features": -0.5}, replicates=7),
    "decided": lambda: made(worse={"gru": 4}),
    "equivalent": lambda: made(arms=("gru_1", "gru_2"), worse={"gru_2": -0.5}),
    "baseline": lambda: made(worse={"tfidf_logistic": -5}),
    "undecided": lambda: made(worse={"tfidf_logistic": -2.0}, replicates=5),
    "one_replicate": lambda: made("regression", replicates=1),
    "five_cells": lambda: made(arms=FIVE, worse={"gru": 1}),
}


def write_pages(folder: Path) -> dict[str, Path]:
    """Write the twelve pages and return their paths by name."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    for name, make in GALLERY.items():
        paths[name] = folder / f"{name}.html"
        paths[name].write_text(render_page(*make(), Path("runs") / name), encoding="utf-8")
    return paths


def _photograph(page: Path, chromium: str) -> None:
    """Write `NAME-WIDTH-THEME.png` and `NAME.pdf` beside the page."""

    def run(*options: str) -> None:
        with tempfile.TemporaryDirectory() as profile:
            command = [chromium, *QUIET, f"--user-data-dir={profile}", "--hide-scrollbars", *options, page.as_uri()]
            subprocess.run(command, check=True, capture_output=True, timeout=120)

    for width in WIDTHS:
        for theme, flags in THEMES.items():
            picture = page.with_name(f"{page.stem}-{width}-{theme}.png")
            run(*flags, f"--window-size={width},{9000 if width == 1280 else 14000}", f"--screenshot={picture}")
    run("--no-pdf-header-footer", f"--print-to-pdf={page.with_suffix('.pdf')}")


if __name__ == "__main__":
    for name, page in write_pages(Path(sys.argv[1])).items():
        print(f"{name}: {page.stat().st_size / 1000:.0f} kB")
        if CHROMIUM is not None:
            _photograph(page, CHROMIUM)
