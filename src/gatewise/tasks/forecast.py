"""The steps of a series that follow a window of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatewise.tasks.shared import NO_CLASSES, first_trial, numbers_asked
from gatewise.tasks.traits import Rivals, TaskTraits
from gatewise.wording import counted

if TYPE_CHECKING:
    from gatewise.records import Forecast, Kind, Profile

__all__ = ["FORECAST"]


def _rivals(_: Kind, forecast: Forecast | None) -> Rivals:
    seasonal = forecast is not None and 1 < forecast.season <= forecast.window
    simple = ("last_value", *(["last_season"] if seasonal else []), "linear_window")
    return Rivals(simple, ("theta", "exponential_smoothing"))


def _asked(profile: Profile) -> str:
    ahead = f", {counted(profile.forecast.horizon, 'step')} ahead" if profile.forecast else ""
    return f"forecast of {numbers_asked(profile)}{ahead}"


FORECAST = TaskTraits(
    name="forecast",
    noun="a forecast",
    title="forecast",
    predicts="numbers",
    in_time=True,
    has_skip=True,
    metrics=("mase", "mae", "mse", "rmse", "rse"),
    keeps="ForecastPredictions",
    options=("window", "horizon", "season"),
    refused={
        "weigh_classes": NO_CLASSES,
        **{
            name: f"--{name} does not apply to a forecast, which reads columns of numbers; leave it out"
            for name in ("text", "audio", "group", "weights")
        },
    },
    defaults=first_trial,
    rivals=_rivals,
    rows="windows",
    asked=_asked,
)
