"""Devices: which there are, and that a training goes there with all that belongs to it.

`SpiedDevice` is the processor in the part of another device; what needs a GPU is marked so.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch

from gatewise.errors import OptionError
from gatewise.nn import SequenceNetwork, build_network
from gatewise.options.config import DeviceName
from gatewise.records import Architecture, Encoded, Hyperparameters
from gatewise.training import step
from gatewise.training.autograd_step import AutogradStep
from gatewise.training.devices import DEVICES, Cuda, Device, device_named, device_of, resolve_devices
from gatewise.training.fit import Fitted, fit
from gatewise.training.networks import array_network
from gatewise.training.objectives import Classes
from gatewise.training.schedule import Schedule
from gatewise.training.step import training_step
from tests.training.far_device import CASES
from tests.training.spied_device import SpiedDevice

Maker = Callable[..., Encoded]
HYPERPARAMETERS = Hyperparameters(learning_rate=1e-2, dropout=0.2, input_dropout=0.1, weight_decay=0.01)
SCHEDULE = Schedule(batch_size=16, max_epochs=3, patience=3)
SHAPE: dict[str, Any] = {
    "input_size": 1, "tokens": False, "outputs": 2, "pooling": "summary", "embedding_size": 4, "hidden_size": 8, "layers": 1,
    "bidirectional": False, "dropout": 0.2, "input_dropout": 0.1, "seed": 0, "cell_seed": 1,
}  # fmt: skip
GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def network(cell: str = "gru", **changes: Any) -> SequenceNetwork:
    return build_network(Architecture(cell, **SHAPE | changes))


def trained(taken: SequenceNetwork, signs: Maker) -> Fitted:
    def right(predictions: np.ndarray[Any, Any]) -> float:
        return float((predictions.argmax(1) == validation.targets).mean())

    validation = signs(40, 1)
    return fit(taken, signs(80, 0), validation, Classes(), right, HYPERPARAMETERS, SCHEDULE, seed=3)


@pytest.fixture
def spied(monkeypatch: pytest.MonkeyPatch) -> SpiedDevice:
    device = SpiedDevice()
    monkeypatch.setitem(DEVICES, "cpu", device)
    return device


def machine_with(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    for name in DEVICES:
        monkeypatch.setitem(DEVICES, name, SpiedDevice("" if name in names else "it is not there"))


@pytest.mark.parametrize(
    ("there", "names", "found"),
    [
        (("cpu",), ("auto",), ("cpu",)),
        (("cpu", "mps"), ("auto",), ("mps",)),
        (("cpu", "mps", "cuda"), ("auto",), ("cuda",)),
        (("cpu", "cuda"), ("auto", "cpu"), ("cuda", "cpu")),
        (("cpu",), ("auto", "cpu"), ("cpu",)),
        (("cpu", "cuda"), ("cpu", "cuda"), ("cpu", "cuda")),
    ],
)
def test_names_stand_for_what_there_is(
    monkeypatch: pytest.MonkeyPatch, there: tuple[str, ...], names: tuple[DeviceName, ...], found: tuple[str, ...]
) -> None:
    machine_with(monkeypatch, *there)
    assert resolve_devices(names) == found
    assert device_named(names[0]) is DEVICES[found[0]]


def test_a_device_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    machine_with(monkeypatch, "cpu", "mps")
    expected = (
        r"^--device cuda is not on this machine \(it is not there\), which has mps, cpu; give one of these or auto, or go where "
        r"the device is$"
    )
    with pytest.raises(OptionError, match=expected):
        resolve_devices(["cpu", "cuda"])


def test_why_there_is_no_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(torch.version, "hip", None)
    assert Cuda().missing() == f"PyTorch {torch.__version__} is built without CUDA"
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert Cuda().missing() == "PyTorch finds no CUDA device"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert Cuda().missing() == ""


def test_what_is_timed_is_awaited_where_it_must_be(spied: SpiedDevice) -> None:
    def action(number: int) -> int:
        assert spied.synchronized == number
        return 10 * number

    assert Device().awaited(action) is action
    timed = spied.awaited(action)
    assert [timed(0), timed(1)] == [0, 10]
    assert spied.synchronized == 2


def test_a_batch_goes_to_cuda_by_pinned_memory() -> None:
    tensor = Mock()
    assert Cuda().send(tensor) is tensor.pin_memory.return_value.to.return_value
    tensor.pin_memory.return_value.to.assert_called_once_with("cuda", non_blocking=True)


def test_cuda_keeps_the_callers_random_state(monkeypatch: pytest.MonkeyPatch) -> None:
    forked: list[list[int]] = []

    @contextmanager
    def fork(devices: list[int]) -> Iterator[None]:
        forked.append(devices)
        yield

    monkeypatch.setattr(torch.random, "fork_rng", fork)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 2)
    before = torch.backends.cudnn.deterministic
    with Cuda().own_randomness():
        assert torch.backends.cudnn.deterministic
    assert torch.backends.cudnn.deterministic == before
    assert forked == [[2]]


def test_the_processor_takes_the_compiled_step_and_no_other(spied: SpiedDevice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "reason", lambda _: "")
    assert isinstance(training_step(network(), Classes(), HYPERPARAMETERS, seed=0), AutogradStep)
    monkeypatch.setitem(DEVICES, "cpu", Device())
    monkeypatch.setattr(step, "CompiledStep", Mock(return_value="compiled"))
    assert training_step(network(), Classes(), HYPERPARAMETERS, seed=0) == "compiled"  # type: ignore[comparison-overlap]


@pytest.mark.parametrize("cell", ["gru", "lstm", "min_gru", "tcn"])
def test_a_training_reads_what_was_sent_and_nothing_else(cell: str, spied: SpiedDevice, signs: Maker) -> None:
    read: list[bool] = []

    def look(_: torch.nn.Module, arguments: tuple[Any, ...]) -> None:
        inputs, lengths = arguments
        # Where lengths are the processor's, packing waits for no device.
        read.append(spied.has(inputs) and not spied.has(lengths))

    taken = spied.take(network(cell))
    taken.register_forward_pre_hook(look)
    assert device_of(taken) is spied
    before = torch.random.get_rng_state()
    fitted = trained(taken, signs)
    assert read and all(read)
    assert spied.drawing == 1
    assert torch.equal(torch.random.get_rng_state(), before)
    # An epoch has 5 batches, of inputs and targets each, and one to be scored on.
    assert len(spied.received) == len(fitted.history) * (5 * 2 + 1)
    assert spied.fetched == len(fitted.history)


def test_steps_of_another_device_have_one_time(spied: SpiedDevice, signs: Maker) -> None:
    fitted = trained(network(), signs)
    assert set(fitted.phases) == {"steps", "batches", "evaluation"}
    assert fitted.phases["steps"] > 0


def test_the_same_training_wherever_the_batches_go(spied: SpiedDevice, signs: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    there = trained(network(), signs)
    monkeypatch.setitem(DEVICES, "cpu", Device())
    monkeypatch.setattr(step, "reason", lambda _: "so that both take PyTorch's step")
    here = trained(network(), signs)
    assert [epoch.validation_loss for epoch in there.history] == [epoch.validation_loss for epoch in here.history]
    for one, other in zip(there.network.parameters(), here.network.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.slow
def test_a_training_keeps_all_of_its_tensors_on_its_device() -> None:
    command = [sys.executable, "-m", "tests.training.far_device"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    if not done.stdout:
        pytest.skip("this PyTorch knows no devices of Python's own")
    apart = json.loads(done.stdout)
    assert len(apart) == len(CASES)
    assert {case: difference for case, difference in apart.items() if difference > 1e-5} == {}


# ---------------------------------------------------------------- on a GPU


@pytest.mark.gpu
@GPU
@pytest.mark.parametrize("cell", ["gru", "lstm", "rnn", "min_gru", "min_lstm", "tcn"])
@pytest.mark.parametrize("pooling", ["summary", "attention", "steps"])
def test_a_network_says_the_same_on_cuda(cell: str, pooling: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    built = network(cell, pooling=pooling).eval()
    inputs, lengths = torch.randn(5, 9, 1), torch.tensor([9, 1, 4, 9, 2])
    with torch.no_grad():
        expected = built(inputs, lengths)
        found = Cuda().take(built)(Cuda().send(inputs), lengths)
    assert found.is_cuda
    inside = torch.arange(9) < lengths[:, None] if pooling == "steps" else torch.ones(5, dtype=torch.bool)
    torch.testing.assert_close(found.cpu()[inside], expected[inside], rtol=1e-4, atol=1e-5)


@pytest.mark.gpu
@GPU
@pytest.mark.parametrize("cell", ["gru", "lstm", "min_gru"])
def test_a_training_on_cuda_repeats(cell: str, signs: Maker) -> None:
    before = torch.cuda.get_rng_state()
    first, second = (trained(Cuda().take(network(cell)), signs) for _ in range(2))
    assert device_of(first.network) is DEVICES["cuda"]
    assert torch.equal(torch.cuda.get_rng_state(), before)
    assert first.history[-1].train_loss < first.history[0].train_loss
    for one, other in zip(first.history, second.history, strict=True):
        assert one.validation_loss == pytest.approx(other.validation_loss, rel=1e-4)
    weights = array_network(Architecture(cell, **SHAPE), first.network).weights
    assert all(np.isfinite(values).all() for values in weights.values())


@pytest.mark.gpu
@GPU
def test_cuda_counts_the_memory_of_tensors() -> None:
    device = Cuda()
    # The count is there once something was on the device.
    torch.zeros(1, device="cuda")
    device.reset_peak()
    before = device.peak_bytes()
    torch.zeros(1_000_000, device="cuda")
    assert 4_000_000 <= device.peak_bytes() - before < 5_000_000
