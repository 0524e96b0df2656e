"""The devices that networks run on: which there are, how tensors get there, when their work is done, what memory it took."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar, TypeVar

import torch
from torch import Tensor, nn

from gatewise.errors import OptionError
from gatewise.options.config import DeviceName

__all__ = ["DEVICES", "Device", "available_devices", "device_named", "device_of", "resolve_devices"]

Module = TypeVar("Module", bound=nn.Module)

PREFERRED: tuple[DeviceName, ...] = ("cuda", "mps", "cpu")


class Device:
    """The processor, from which the others differ where they say so.

    name: as PyTorch has it. compiled: whether the compiled training step runs there. waits: whether a call returns when its work
    is done, and not before. counts_memory: whether it counts the memory of its tensors. of_ray: whether it is among what Ray
    counts as the GPUs of a node.
    """

    name: ClassVar[str] = "cpu"
    compiled: ClassVar[bool] = True
    waits: ClassVar[bool] = True
    counts_memory: ClassVar[bool] = False
    of_ray: ClassVar[bool] = False

    def missing(self) -> str:
        """Why it cannot be used here, or an empty string."""
        return ""

    def describe(self) -> str:
        """Its name, and what it is."""
        return self.name

    def take(self, network: Module) -> Module:
        """The network, moved there: its weights are what they were."""
        return network.to(self.name)

    def send(self, tensor: Tensor) -> Tensor:
        """A tensor of the processor's, there."""
        return tensor

    def fetch(self, tensor: Tensor) -> Tensor:
        """A tensor from there, here: what it waits for is done then."""
        return tensor.cpu()

    def synchronize(self) -> None:
        """Wait until everything that was begun there is done."""

    def awaited(self, action: Callable[[int], object]) -> Callable[[int], object]:
        """The action, done when it returns, so that its time can be taken."""
        if self.waits:
            return action

        def call(number: int) -> object:
            found = action(number)
            self.synchronize()
            return found

        return call

    @contextmanager
    def own_randomness(self) -> Iterator[None]:
        """Leave the caller's random state as it was, whatever is drawn in the block."""
        with torch.random.fork_rng(devices=[]):
            yield

    def reset_peak(self) -> None:
        """Begin to count the most memory that tensors take, from the present."""
        raise NotImplementedError(f"{self.name} does not count the memory of tensors")

    def peak_bytes(self) -> int:
        """The most memory that tensors took since `reset_peak`."""
        raise NotImplementedError(f"{self.name} does not count the memory of tensors")


class Cuda(Device):
    """NVIDIA's, and AMD's where PyTorch is built for ROCm: the first one that the process sees (CUDA_VISIBLE_DEVICES)."""

    name: ClassVar[str] = "cuda"
    compiled: ClassVar[bool] = False
    waits: ClassVar[bool] = False
    counts_memory: ClassVar[bool] = True
    of_ray: ClassVar[bool] = True

    def missing(self) -> str:
        if torch.version.cuda is None and torch.version.hip is None:
            return f"PyTorch {torch.__version__} is built without CUDA"
        return "" if torch.cuda.is_available() else "PyTorch finds no CUDA device"

    def describe(self) -> str:
        return f"{self.name}: {torch.cuda.get_device_name()}"

    def take(self, network: Module) -> Module:
        # Without it cuDNN's recurrent layers may sum in another order from run to run. It is read when cuBLAS begins.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:2")
        return super().take(network)

    def send(self, tensor: Tensor) -> Tensor:
        # From pinned memory the copy goes on beside this process, which prepares what follows.
        return tensor.pin_memory().to(self.name, non_blocking=True)

    def synchronize(self) -> None:
        torch.cuda.synchronize()

    @contextmanager
    def own_randomness(self) -> Iterator[None]:
        deterministic = torch.backends.cudnn.deterministic
        torch.backends.cudnn.deterministic = True
        try:
            with torch.random.fork_rng(devices=[torch.cuda.current_device()]):
                yield
        finally:
            torch.backends.cudnn.deterministic = deterministic

    def reset_peak(self) -> None:
        torch.cuda.reset_peak_memory_stats()

    def peak_bytes(self) -> int:
        return torch.cuda.max_memory_allocated()


class Mps(Device):
    """Apple's, by Metal. It counts no peak of memory."""

    name: ClassVar[str] = "mps"
    compiled: ClassVar[bool] = False
    waits: ClassVar[bool] = False

    def missing(self) -> str:
        return "" if torch.backends.mps.is_available() else "PyTorch finds no Apple GPU"

    def send(self, tensor: Tensor) -> Tensor:
        return tensor.to(self.name)

    def synchronize(self) -> None:
        torch.mps.synchronize()

    @contextmanager
    def own_randomness(self) -> Iterator[None]:
        before = torch.mps.get_rng_state()
        try:
            with super().own_randomness():
                yield
        finally:
            torch.mps.set_rng_state(before)


DEVICES: dict[str, Device] = {device.name: device for device in (Device(), Cuda(), Mps())}
"""By the name that `--device` and PyTorch have for them."""


def available_devices() -> tuple[DeviceName, ...]:
    """Those that this machine has, the fastest kind first."""
    return tuple(name for name in PREFERRED if not DEVICES[name].missing())


def resolve_devices(names: Sequence[DeviceName], called: str = "--device") -> tuple[DeviceName, ...]:
    """The devices that names stand for, each once, in their order; `auto` is the first that there is.

    called: how a message names the option. Raises OptionError where one is not there.
    """
    found: dict[DeviceName, None] = dict.fromkeys(available_devices()[0] if name == "auto" else name for name in names)
    for name in found:
        if reason := DEVICES[name].missing():
            raise OptionError(
                f"{called} {name} is not on this machine ({reason}), which has {', '.join(available_devices())}; give one of "
                "these or auto, or go where the device is"
            )
    return tuple(found)


def device_named(name: DeviceName) -> Device:
    """The device of a name, or of `auto`. Raises OptionError where it is not there."""
    return DEVICES[resolve_devices([name])[0]]


def device_of(network: nn.Module) -> Device:
    """The device that a network is on."""
    return DEVICES[next(network.parameters()).device.type]
