"""Options that do not go together, refused before any data is read."""

from dataclasses import replace
from typing import Any

import pytest

from gatewise.comparison.task_checks import check_config
from gatewise.errors import OptionError
from gatewise.records import Config

CONFIG = Config("reviews.csv")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cells": ("gru", "lstn")}, r"unknown cell 'lstn'; did you mean lstm\?"),
        ({"cells": ("gru", "mingru")}, r"is written \('gru', 'min_gru'\)"),
        ({"cells": ("gru",)}, "at least two"),
        ({"cells": ()}, "at least two"),
        ({"cost": "money"}, "training, latency, memory, size"),
        ({"metric": "acuracy"}, "did you mean accuracy"),
        ({"match": "all"}, "hidden, parameters, both"),
        ({"weigh_classes": "even"}, "--class-weights"),
        ({"budget_s": None}, "--budget 10m or --replicates"),
        ({"budget_s": -1.0}, "--budget"),
        ({"margin": 0.0}, "--margin 0.0 is not a number above zero"),
        ({"margin": "two"}, "like 2%"),
        ({"curve": (0.5, 0.25, 1.0)}, "rise to 1"),
        ({"curve": (0.1, 0.5)}, "rise to 1"),
        ({"max_latency_ms": 0.0}, "--max-latency 0.0 is not a time above zero"),
        ({"max_size_bytes": 0}, "--max-size 0 is not a size"),
        ({"max_memory_bytes": -1}, "--max-memory -1 is not a size"),
        ({"forget_bias": float("nan")}, "--forget-bias nan"),
        ({"forget_bias": 1.0, "chrono": 100}, "--forget-bias and --chrono both"),
        ({"chrono": 1}, "--chrono 1 is too small"),
        ({"hidden_size": None}, "--hidden-size has no value"),
        ({"jobs": None}, "--jobs has no value"),
        ({"hidden_size": "64"}, "--hidden-size '64' is not a whole number"),
        ({"text": "a", "channels": ("b",)}, "--text and --channels were given"),
        ({"text": "a", "audio": "b", "channels": ("c",)}, "--text and --audio and --channels were given"),
        ({"split": "part", "test": "test.csv"}, "--split-column and --test"),
        ({"source": "-", "test": "-"}, "standard input can be read once"),
        ({"window": 24}, "--window belongs to a forecast; add --task forecast"),
        ({"horizon": 24, "task": "regression"}, "--horizon belongs to a forecast"),
        ({"season": 7}, "--season belongs to a forecast"),
        ({"target": ("a", "b")}, "--target names 2 columns, and only a forecast"),
        ({"task": "forecast", "text": "a"}, "--text does not apply to a forecast"),
        ({"task": "forecast", "audio": "a"}, "--audio does not apply to a forecast"),
    ],
)
def test_what_cannot_work_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message) as caught:
        check_config(replace(CONFIG, **changes))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"replicates": 2, "budget_s": None},
        {"cells": ("gru", "gru"), "match": "both", "curve": (0.1, 1.0)},
        {
            "task": "forecast",
            "channels": ("a", "b"),
            "target": ("a", "b"),
            "window": 24,
            "horizon": 3,
            "season": 1,
            "margin": "2%",
        },
        {"metric": "macro_f1", "task": "classification", "weigh_classes": "balanced", "margin": 0.49},
        {"max_latency_ms": 2.0, "max_size_bytes": 1_000_000, "max_memory_bytes": 1, "chrono": 2},
        {"source": "-", "test": "test.csv"},
    ],
)
def test_what_works_is_accepted(changes: dict[str, Any]) -> None:
    check_config(replace(CONFIG, **changes))
