"""What a server has done, as Prometheus reads it (text format 0.0.4)."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator

__all__ = ["Metrics"]

# Upper bounds in seconds.
_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counters, a histogram of how long predictions took, and what is asked when they are read.

    Read and written by the event loop's thread alone.
    """

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, int]] = Counter()
        self.predictions = 0
        self.batches = 0
        self.steps = 0
        self.gauges: dict[str, tuple[str, Callable[[], int]]] = {}
        self._counts = [0] * (len(_BOUNDS) + 1)
        self._seconds = 0.0

    def answered(self, path: str, status: int) -> None:
        """A request ended."""
        self.requests[path, status] += 1

    def took(self, seconds: float) -> None:
        """From a request for predictions to its answer."""
        self._counts[bisect_left(_BOUNDS, seconds)] += 1
        self._seconds += seconds

    def text(self) -> str:
        """All of it."""
        return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        yield from _head("gatewise_requests_total", "counter", "Requests answered, by path and status.")
        for (path, status), count in sorted(self.requests.items()):
            yield f'gatewise_requests_total{{path="{path}",status="{status}"}} {count}'
        for name, value, meaning in (
            ("predictions", self.predictions, "Sequences predicted."),
            ("batches", self.batches, "Batches computed for them."),
            ("stream_steps", self.steps, "Steps of streams."),
        ):
            yield from _head(f"gatewise_{name}_total", "counter", meaning)
            yield f"gatewise_{name}_total {value}"
        for name, (meaning, read) in self.gauges.items():
            yield from _head(f"gatewise_{name}", "gauge", meaning)
            yield f"gatewise_{name} {read()}"
        name, below = "gatewise_predict_seconds", 0
        yield from _head(name, "histogram", "From a request for predictions to its answer.")
        for bound, count in zip((*map(str, _BOUNDS), "+Inf"), self._counts, strict=True):
            below += count
            yield f'{name}_bucket{{le="{bound}"}} {below}'
        yield f"{name}_sum {self._seconds:.6f}"
        yield f"{name}_count {below}"


def _head(name: str, kind: str, meaning: str) -> Iterator[str]:
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} {kind}"
