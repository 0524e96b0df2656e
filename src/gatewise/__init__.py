"""gatewise: GRU or LSTM? A fair, paired, budgeted comparison of recurrent cells on your own sequences.

    import gatewise
    result = gatewise.compare("reviews.csv", budget="10m")
    result.verdict.decision      # "gru", "lstm", "equivalent", "baseline" or "undecided"
    result.model.predict(["a fine film"])

`gatewise.nn` has the recurrent layers by themselves, `gatewise.estimators` the networks as scikit-learn estimators.
Importing the package is light: torch is loaded when a name that needs it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from gatewise.errors import DataError, GatewiseError, MissingPackageError, OptionError, RunError

if TYPE_CHECKING:
    from gatewise import estimators, nn
    from gatewise.advice.advice import Advice
    from gatewise.advice.api import add_evidence, advise
    from gatewise.estimators import Forecaster, SequenceClassifier, SequenceRegressor
    from gatewise.export.opening import open_model as load_model
    from gatewise.inspection.api import inspect
    from gatewise.inspection.inspection import Inspection
    from gatewise.runtime.model import Model
    from gatewise.study.api import Result, open_run, reproduce, resume
    from gatewise.study.compare import compare
    from gatewise.study.together import Study, compare_all

__version__ = "0.1.0"

__all__ = [
    "Advice",
    "DataError",
    "Forecaster",
    "GatewiseError",
    "Inspection",
    "MissingPackageError",
    "Model",
    "OptionError",
    "Result",
    "RunError",
    "SequenceClassifier",
    "SequenceRegressor",
    "Study",
    "__version__",
    "add_evidence",
    "advise",
    "compare",
    "compare_all",
    "estimators",
    "inspect",
    "load_model",
    "nn",
    "open_run",
    "reproduce",
    "resume",
]

_ROOMS = ("estimators", "nn")

_HOMES = {
    "Advice": "gatewise.advice.advice",
    "Forecaster": "gatewise.estimators",
    "Inspection": "gatewise.inspection.inspection",
    "Model": "gatewise.runtime.model",
    "Result": "gatewise.study.api",
    "SequenceClassifier": "gatewise.estimators",
    "SequenceRegressor": "gatewise.estimators",
    "Study": "gatewise.study.together",
    "add_evidence": "gatewise.advice.api",
    "advise": "gatewise.advice.api",
    "compare": "gatewise.study.compare",
    "compare_all": "gatewise.study.together",
    "inspect": "gatewise.inspection.api",
    "load_model": "gatewise.export.opening:open_model",
    "open_run": "gatewise.study.api",
    "reproduce": "gatewise.study.api",
    "resume": "gatewise.study.api",
}

# What runs where nothing is installed that models are made with.
_ALONE = ("Model", "load_model")


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"gatewise.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'gatewise' has no attribute {name!r}")
    if name not in _ALONE:
        from gatewise.extras import require

        require("train")
    module, _, attribute = _HOMES[name].partition(":")
    return getattr(importlib.import_module(module), attribute or name)


def __dir__() -> list[str]:
    return __all__
