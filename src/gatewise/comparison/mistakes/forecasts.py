"""Forecasts: the error at each step ahead and of each channel, and windows from the best to the worst beside the truth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gatewise.comparison.mistakes.pooling import Floats, Pooled, nearer
from gatewise.mistakes import ForecastMistakes, ForecastPredictions, Window

__all__ = ["forecast_mistakes"]


def forecast_mistakes(pooled: Pooled[ForecastPredictions], outputs: Sequence[str], arms: Sequence[str]) -> ForecastMistakes:
    """The whole analysis. outputs: the channels that are predicted; arms: the cells compared."""
    weights = np.array([len(kept.rows) for kept in pooled.any], dtype=np.float64)

    def over_replicates(name: str, field: str) -> Floats:
        return np.average([getattr(kept, field) for kept in pooled.by_replicate[name]], axis=0, weights=weights)

    mase = {name: over_replicates(name, "channel_mase") for name in pooled.names}
    mae = {name: over_replicates(name, "channel_mae") for name in pooled.names}
    hardest = np.argsort(-np.mean([mase[name] for name in arms], axis=0), kind="stable")
    errors = {name: pooled.joined(name, "errors").astype(np.float64) for name in arms}
    return ForecastMistakes(
        step_errors={name: tuple(over_replicates(name, "step_errors").tolist()) for name in pooled.names},
        channels=tuple(outputs[channel] for channel in hardest.tolist()),
        channel_mae={name: tuple(values[hardest].tolist()) for name, values in mae.items()},
        channel_mase={name: tuple(values[hardest].tolist()) for name, values in mase.items()},
        agreements=nearer(errors, arms),
        windows=_windows(pooled, outputs, arms, hardest.tolist()),
        kept=sum(len(kept.windows) for kept in pooled.any),
    )


def _windows(
    pooled: Pooled[ForecastPredictions], outputs: Sequence[str], arms: Sequence[str], hardest: Sequence[int]
) -> tuple[Window, ...]:
    """The best, the median and the worst of the windows kept, by the mean error of the arms; of the hardest channel kept."""
    places = [(replicate, place) for replicate, kept in enumerate(pooled.any) for place in range(len(kept.windows))]
    if not places:
        return ()

    def error(name: str, replicate: int, place: int) -> float:
        kept = pooled.by_replicate[name][replicate]
        return float(kept.errors[kept.windows[place]])

    order = sorted(places, key=lambda held: (np.mean([error(name, *held) for name in arms]), held))
    chosen = {"best": order[0], "median": order[(len(order) - 1) // 2], "worst": order[-1]}
    found = []
    for rank, (replicate, place) in chosen.items():
        kept = pooled.any[replicate]
        channels = kept.channels.tolist()
        channel = next(one for one in hardest if one in channels)
        column = channels.index(channel)
        found.append(
            Window(
                rank=rank,
                replicate=pooled.replicates[replicate],
                row=int(kept.rows[kept.windows[place]]),
                channel=outputs[channel],
                truth=tuple(kept.truth[place, :, column].tolist()),
                predictions={
                    name: tuple(by_replicate[replicate].predicted[place, :, column].tolist())
                    for name, by_replicate in pooled.by_replicate.items()
                },
                errors={name: error(name, replicate, place) for name in pooled.names},
            )
        )
    return tuple(found)
