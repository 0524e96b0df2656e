"""The metrics by name: what each is called, which way is better, and how its values are written."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["METRICS", "Metric", "difference_text", "value_text"]


@dataclass(frozen=True)
class Metric:
    """A metric's name and manners.

    in_percent: a number from 0 to 1 that is written in percent, its differences in points. margin: half width of the band of
    practical equivalence unless the user names one; None for 2% of the best baseline's value.
    """

    name: str
    label: str
    higher_is_better: bool
    in_percent: bool = False
    margin: float | None = None

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and greatest value there can be: those in percent lie in 0 to 1, errors above 0, and R² ends at 1."""
        return (0.0, 1.0) if self.in_percent else (-math.inf, 1.0) if self.higher_is_better else (0.0, math.inf)

    def gain(self, value: float) -> float:
        """The value, turned where lower is better, so that more is better."""
        return value if self.higher_is_better else -value


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("accuracy", "accuracy", True, in_percent=True, margin=0.01),
        Metric("balanced_accuracy", "balanced accuracy", True, in_percent=True, margin=0.01),
        Metric("macro_f1", "macro F1", True, in_percent=True, margin=0.01),
        Metric("auroc", "AUROC", True, in_percent=True, margin=0.01),
        Metric("log_loss", "log loss", False),
        Metric("mae", "MAE", False),
        Metric("mse", "MSE", False),
        Metric("rmse", "RMSE", False),
        Metric("r2", "R²", True, margin=0.01),
        Metric("rse", "RSE", False),
        Metric("mase", "MASE", False),
        Metric("nll", "negative log-likelihood a step", False),
    )
}


def value_text(metric: Metric, value: float, margin: float) -> str:
    """A value of the metric: 0.774 is "77.4%", a MASE of 0.8312 with a margin of 0.02 is "0.831"."""
    if not math.isfinite(value):
        return "–"
    return f"{100 * value:.{_digits(100 * margin)}f}%" if metric.in_percent else f"{value:,.{_digits(margin)}f}"


def difference_text(metric: Metric, difference: float, margin: float, *, signed: bool = True, unit: bool = True) -> str:
    """A difference of the metric: 0.004 is "+0.4 points", one of a MASE "+0.012"."""
    if not math.isfinite(difference):
        return "–"
    factor, ending = (100, " points") if metric.in_percent else (1, "")
    # Adding zero turns -0.0 into 0.0.
    value = round(factor * difference, _digits(factor * margin)) + 0.0
    text = f"{value:{'+' if signed else ''},.{_digits(factor * margin)}f}"
    return f"{text}{ending if unit else ''}"


def _digits(margin: float) -> int:
    """Decimals that show a tenth of the margin."""
    return max(0, math.ceil(-math.log10(margin) - 1e-9) + 1) if margin > 0 else 3
