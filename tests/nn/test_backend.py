"""`backend` names what computes a call."""

from typing import Any

import pytest
import torch
from torch.nn.utils.rnn import pack_sequence

import gatewise.nn
from gatewise.kernels import ops
from gatewise.nn import Backend, backend

INPUT = torch.randn(5, 2, 3)


@pytest.mark.usefixtures("stand_in")
@pytest.mark.parametrize("name", ["GRU", "LSTM", "RNN", "MinGRU", "MinLSTM"])
def test_the_kernel_where_nothing_speaks_against_it(name: str) -> None:
    layer = getattr(gatewise.nn, name)(3, 4)
    assert backend(layer, INPUT) == Backend("gatewise stand-in")
    assert backend(layer, pack_sequence([INPUT[:, 0]])) == Backend("gatewise stand-in")
    assert str(backend(layer, INPUT)) == "gatewise stand-in"


@pytest.mark.usefixtures("stand_in")
@pytest.mark.parametrize("name", ["GRUCell", "LSTMCell"])
def test_cells(name: str) -> None:
    cell = getattr(gatewise.nn, name)(3, 4)
    assert backend(cell, INPUT[0]) == Backend("gatewise stand-in")
    assert backend(cell, INPUT[0, 0]) == Backend("torch", "input is one vector")
    with torch.autocast("cpu", torch.bfloat16):
        assert backend(cell, INPUT[0]) == Backend("torch", "autocast is on")


def test_without_a_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "reason", lambda *_: "input is on a far planet")
    why = "input is on a far planet"
    assert backend(gatewise.nn.GRU(3, 4), INPUT) == Backend("torch", why)
    assert backend(gatewise.nn.GRU(3, 4, zoneout=0.1), INPUT) == Backend("reference equations", why)
    assert backend(gatewise.nn.MinGRU(3, 4), INPUT) == Backend("reference equations", why)
    dropped = gatewise.nn.GRU(3, 4, recurrent_dropout=0.1)
    assert backend(dropped, INPUT) == Backend("reference equations", why)
    assert backend(dropped.eval(), INPUT) == Backend("torch", why)
    assert backend(gatewise.nn.GRUCell(3, 4), INPUT[0]) == Backend("torch", why)
    assert str(backend(gatewise.nn.GRU(3, 4), INPUT)) == "torch: input is on a far planet"


@pytest.mark.usefixtures("stand_in")
def test_projection() -> None:
    assert backend(gatewise.nn.LSTM(3, 4, proj_size=2), INPUT) == Backend("torch", "proj_size is set")


def test_half_precision_has_no_kernel() -> None:
    layer = gatewise.nn.GRU(3, 4, dtype=torch.bfloat16)
    found = backend(layer, INPUT.bfloat16())
    assert found.kernel == "torch"
    assert found.reason
    assert layer(INPUT.bfloat16())[0].dtype == torch.bfloat16


@pytest.mark.parametrize("module", [torch.nn.GRU(3, 4), torch.nn.Linear(3, 4)], ids=lambda module: type(module).__name__)
def test_other_modules_are_refused(module: Any) -> None:
    with pytest.raises(TypeError, match=r"backend takes a recurrent layer or cell of gatewise.nn, got torch\.nn"):
        backend(module, INPUT)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", ["GRU", "LSTM", "RNN"])
def test_cuda_takes_cudnn_with_the_same_results(name: str) -> None:
    layer = getattr(gatewise.nn, name)(3, 4, num_layers=2, bidirectional=True)
    lengths = torch.tensor([5, 0])
    expected = layer(INPUT, lengths=lengths)[0]
    layer.cuda()
    assert backend(layer, INPUT.cuda()).kernel == "torch (cuDNN)"
    actual = layer(INPUT.cuda(), lengths=lengths.cuda())[0]
    torch.testing.assert_close(actual.cpu(), expected, rtol=1e-4, atol=1e-4)
