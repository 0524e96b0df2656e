"""What a request is refused with."""

from __future__ import annotations

__all__ = ["Refusal"]


class Refusal(Exception):
    """An answer instead of a prediction. status: of HTTP. retry: seconds after which it may go well."""

    def __init__(self, status: int, message: str, retry: int | None = None) -> None:
        super().__init__(message)
        self.status, self.retry = status, retry
