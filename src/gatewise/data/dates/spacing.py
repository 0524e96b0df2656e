"""Times that follow a time, at the spacing of a series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Spacing", "month_ends", "month_moments"]


@dataclass(frozen=True)
class Spacing:
    """What lies between one step and the next.

    length: in units of `unit`: months, business days, or where it is None microseconds, or what plain numbers count.
    from_end: whether months are counted at their ends: the 31st of January is followed by the last of February.
    """

    length: float
    unit: str | None
    from_end: bool = False

    def after(self, time: Any, steps: int) -> NDArray[Any]:
        """The times [steps] of the steps that follow `time`, a datetime64[us] or a number."""
        ahead = np.arange(1, steps + 1) * self.length
        if not isinstance(time, np.datetime64):
            return np.asarray(float(time) + ahead)
        known = np.array([time])
        if self.unit is None:
            return np.asarray(known + np.rint(ahead).astype("timedelta64[us]"))
        if self.unit == "month":
            months = (known.astype("datetime64[M]") + np.rint(ahead).astype("timedelta64[M]")).astype(known.dtype)
            ends = month_ends(months) - (month_ends(known) - known)
            return np.asarray(ends if self.from_end else months + month_moments(known))
        day = known.astype("datetime64[D]")
        days = np.busday_offset(day, np.rint(ahead).astype(np.int64), roll="backward")
        return np.asarray(days.astype(known.dtype) + (known - day.astype(known.dtype)))


def month_moments(times: NDArray[Any]) -> NDArray[Any]:
    """How far each time is from the beginning of its month."""
    return np.asarray(times - times.astype("datetime64[M]").astype(times.dtype))


def month_ends(times: NDArray[Any]) -> NDArray[Any]:
    """The end of each time's month: the beginning of the next."""
    return (times.astype("datetime64[M]") + 1).astype(times.dtype)
