"""Estimators on another device than the processor, and their models, too."""

from typing import Any

import numpy as np
import pytest
import torch

from gatewise import Forecaster, SequenceClassifier
from gatewise.errors import OptionError
from gatewise.training.devices import DEVICES
from gatewise.training.networks import on_device
from tests.training.spied_device import SpiedDevice

CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.fixture
def spied(monkeypatch: pytest.MonkeyPatch) -> SpiedDevice:
    """The processor in the part of Apple's GPU; what finds its device by its weights finds it, too."""
    device = SpiedDevice()
    for name in ("cpu", "mps"):
        monkeypatch.setitem(DEVICES, name, device)
    return device


def test_a_fit_goes_to_the_device(spied: SpiedDevice, quick: dict[str, Any], ragged: Any) -> None:
    fitted = SequenceClassifier(device="mps", **quick).fit(ragged.X, ragged.y)
    assert spied.taken == 1 and spied.fetched >= len(fitted.history_)
    assert fitted.score(ragged.X, ragged.y) > 0.9
    assert fitted.get_params()["device"] == "mps"


def test_a_forecaster_too(spied: SpiedDevice, quick: dict[str, Any], wave: Any) -> None:
    Forecaster(device="mps", horizon=3, window=12, **quick | {"max_epochs": 1}).fit(wave)
    assert spied.taken == 1 and spied.received


def test_a_device_that_is_not_there(monkeypatch: pytest.MonkeyPatch, ragged: Any) -> None:
    monkeypatch.setitem(DEVICES, "cuda", SpiedDevice("it is not there"))
    with pytest.raises(ValueError, match=r"^device cuda is not on this machine \(it is not there\)") as caught:
        SequenceClassifier(device="cuda").fit(ragged.X, ragged.y)
    assert isinstance(caught.value, OptionError)


def test_a_model_says_the_same_on_a_device(monkeypatch: pytest.MonkeyPatch, quick: dict[str, Any], ragged: Any) -> None:
    model = SequenceClassifier(**quick).fit(ragged.X, ragged.y).model_
    assert on_device(model, "cpu") is model
    spied = SpiedDevice(name="mps")
    for name in ("cpu", "mps"):
        monkeypatch.setitem(DEVICES, name, spied)
    there = on_device(model, "mps")
    np.testing.assert_allclose(there.predict_proba(ragged.X), model.predict_proba(ragged.X), atol=1e-5)
    assert spied.taken == len(spied.received) == spied.fetched == 1


@pytest.mark.gpu
@CUDA
def test_a_fit_and_a_model_on_cuda(quick: dict[str, Any], ragged: Any) -> None:
    fitted = SequenceClassifier(device="cuda", **quick).fit(ragged.X, ragged.y)
    assert fitted.score(ragged.X, ragged.y) > 0.9
    there = on_device(fitted.model_, "cuda").predict_proba(ragged.X)
    np.testing.assert_allclose(there, fitted.predict_proba(ragged.X), atol=2e-3)
