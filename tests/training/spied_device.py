"""The processor in the part of another device: what is sent, awaited and drawn there is noted, and the processor works."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from torch import Tensor

from gatewise.training.devices import Device, Module

__all__ = ["SpiedDevice"]


class SpiedDevice(Device):
    """Registered as `cpu`, it has every network to itself, for a device is found by where weights are. absent: why it is not
    there."""

    compiled: ClassVar[bool] = False
    waits: ClassVar[bool] = False
    counts_memory: ClassVar[bool] = True

    def __init__(self, absent: str = "", *, name: str = "cpu") -> None:
        self.name = name  # type: ignore[misc]
        self.absent = absent
        self.taken = 0
        self.received: list[Tensor] = []
        self.fetched = 0
        self.synchronized = 0
        self.drawing = 0
        self.peaks = iter(range(0, 10**9, 1000))

    def missing(self) -> str:
        return self.absent

    def describe(self) -> str:
        return f"{self.name}: a spied one"

    def take(self, network: Module) -> Module:
        self.taken += 1
        return network

    def send(self, tensor: Tensor) -> Tensor:
        self.received.append(tensor.clone())
        return self.received[-1]

    def has(self, tensor: Tensor) -> bool:
        """Whether a tensor is one that was sent."""
        return any(tensor is one for one in self.received)

    def fetch(self, tensor: Tensor) -> Tensor:
        self.fetched += 1
        return super().fetch(tensor)

    def synchronize(self) -> None:
        self.synchronized += 1

    @contextmanager
    def own_randomness(self) -> Iterator[None]:
        self.drawing += 1
        with super().own_randomness():
            yield

    def reset_peak(self) -> None:
        next(self.peaks)

    def peak_bytes(self) -> int:
        return next(self.peaks)
