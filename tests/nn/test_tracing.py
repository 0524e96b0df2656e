"""A model with these layers as torch.fx, TorchScript and torch.onnx read it: right for other lengths, or refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from gatewise import nn as gnn

pytestmark = [
    pytest.mark.filterwarnings(f"ignore:.torch.jit.{name}. is:DeprecationWarning")
    for name in ("trace", "trace_method", "script", "save", "load")
] + [pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")]

STEPS, ROWS, SIZE = 6, 3, 4
LAYERS: dict[str, Callable[[], nn.Module]] = {
    "gru": lambda: gnn.GRU(SIZE, 5, 2, bidirectional=True),
    "gru, batch first": lambda: gnn.GRU(SIZE, 5, batch_first=True),
    "gru, reset before": lambda: gnn.GRU(SIZE, 5, bias=False, reset_after=False),
    "lstm": lambda: gnn.LSTM(SIZE, 5, 2, bidirectional=True),
    "rnn": lambda: gnn.RNN(SIZE, 5),
    "rnn, relu": lambda: gnn.RNN(SIZE, 5, nonlinearity="relu"),
}
IN_TORCH = [name for name in LAYERS if name != "gru, reset before"]
UNROLLED: dict[str, Callable[[], nn.Module]] = {
    "min gru": lambda: gnn.MinGRU(SIZE, 5),
    "min lstm": lambda: gnn.MinLSTM(SIZE, 5, bidirectional=True),
    "zoneout": lambda: gnn.GRU(SIZE, 5, zoneout=0.2),
    "normalised": lambda: gnn.LSTM(SIZE, 5, layer_norm=True),
    "cell states": lambda: gnn.LSTM(SIZE, 5, return_cell_states=True),
}
CELLS: dict[str, Callable[[], nn.Module]] = {"gru cell": lambda: gnn.GRUCell(SIZE, 5), "lstm cell": lambda: gnn.LSTMCell(SIZE, 5)}


def batch(steps: int = STEPS, rows: int = ROWS) -> Tensor:
    return torch.randn(steps, rows, SIZE, generator=torch.Generator().manual_seed(steps))


def flat(result: Any) -> list[Tensor]:
    return [result] if isinstance(result, Tensor) else [tensor for one in result for tensor in flat(one)]


def assert_same(found: Any, expected: Any) -> None:
    for one, other in zip(flat(found), flat(expected), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [*LAYERS, *UNROLLED])
def test_fx_takes_a_layer_as_a_leaf(name: str) -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = (LAYERS | UNROLLED)[name]()

        def forward(self, input: Tensor, lengths: Tensor) -> Tensor:
            result = self.layer(input, None, lengths)
            return torch.tanh(result[0])

    model = Model().eval()
    traced = torch.fx.symbolic_trace(model)
    assert [node.target for node in traced.graph.nodes if node.op == "call_module"] == ["layer"]
    lengths = torch.tensor([2, 0, 5])
    input = batch().transpose(0, 1) if name == "gru, batch first" else batch()
    assert_same(traced(input, lengths), model(input, lengths))


@pytest.mark.parametrize("name", CELLS)
def test_fx_takes_a_cell_as_a_leaf(name: str) -> None:
    model = nn.Sequential(CELLS[name]())
    traced = torch.fx.symbolic_trace(model)
    assert [node.op for node in traced.graph.nodes] == ["placeholder", "call_module", "output"]
    assert_same(traced(batch()[0]), model(batch()[0]))


@pytest.mark.parametrize("name", [*IN_TORCH, *CELLS])
def test_a_traced_model_holds_torchs_operators_and_other_lengths(name: str, tmp_path: Path) -> None:
    layer = (LAYERS | CELLS)[name]().eval()
    input, other = (batch()[0], batch(1, 7)[0]) if name in CELLS else (batch(), batch(9, 5))
    traced = torch.jit.trace(layer, (input,))
    assert "gatewise::" not in str(traced.inlined_graph)
    torch.jit.save(traced, tmp_path / "model.pt")
    assert_same(torch.jit.load(tmp_path / "model.pt")(other), layer(other))


def test_a_traced_call_reads_other_lengths_and_empty_rows() -> None:
    layer = gnn.GRU(SIZE, 5)
    full = torch.full((ROWS,), STEPS)

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, input: Tensor, lengths: Tensor) -> Tensor:
            return self.layer(input, None, lengths)[0]  # type: ignore[no-any-return]

    traced = torch.jit.trace(Model(), (batch(), full), check_trace=False)
    lengths = torch.tensor([3, 0, 6])
    assert_same(traced(batch(), lengths), layer(batch(), None, lengths)[0])


@pytest.mark.parametrize("name", ["gru, reset before", *UNROLLED])
def test_what_a_trace_would_unroll_is_refused(name: str) -> None:
    with pytest.raises(NotImplementedError, match=r"traced step by step it would hold for one length alone; use torch\.export"):
        torch.jit.trace((LAYERS | UNROLLED)[name]().eval(), (batch(),))


@pytest.mark.filterwarnings("ignore")
def test_the_older_onnx_export_names_the_newer_one_where_it_would_unroll(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    with pytest.raises(NotImplementedError, match="use dynamo=True"):
        torch.onnx.export(UNROLLED["min gru"]().eval(), (batch(),), tmp_path / "model.onnx", dynamo=False)


@pytest.mark.filterwarnings("ignore")
def test_the_older_onnx_export_knows_a_batch_that_was_packed_in_the_model(tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = gnn.GRU(SIZE, 5), gnn.GRU(5, 3)

        def forward(self, input: Tensor, lengths: Tensor) -> Tensor:
            return self.second(self.first(pack_padded_sequence(input, lengths))[0])[1]  # type: ignore[no-any-return]

    model, written = Model().eval(), tmp_path / "model.onnx"
    given = (batch(), torch.tensor([6, 4, 2]))
    torch.onnx.export(model, given, written, dynamo=False, input_names=["input", "lengths"])
    session = onnxruntime.InferenceSession(written)
    (found,) = session.run(None, {"input": given[0].numpy(), "lengths": given[1].numpy()})
    np.testing.assert_allclose(found, model(*given).detach(), rtol=1e-4, atol=1e-6)


def test_a_cell_refuses_a_packed_batch() -> None:
    with pytest.raises(TypeError, match=r"GRUCell takes one step.*a PackedSequence is for the layer gatewise\.nn\.GRU"):
        gnn.GRUCell(SIZE, 5)(pack_padded_sequence(batch(), torch.tensor([6, 2, 4]), enforce_sorted=False))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("state", [False, True])
def test_a_packed_batch_is_exported_for_other_lengths(state: bool) -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = gnn.GRU(SIZE, 5, 2, bidirectional=True)

        def forward(self, data: Tensor, batch_sizes: Tensor, h_0: Tensor | None) -> Tensor:
            return self.layer(PackedSequence(data, batch_sizes, None, None), h_0)[1]  # type: ignore[no-any-return]

    def arguments(lengths: list[int]) -> tuple[Tensor, Tensor, Tensor | None]:
        data, batch_sizes, *_ = pack_padded_sequence(batch(lengths[0], len(lengths)), torch.tensor(lengths))
        return data, batch_sizes, torch.randn(4, len(lengths), 5) if state else None

    model, dim = Model(), torch.export.Dim
    shapes = ({0: dim("positions", min=2)}, {0: dim("steps", min=2)}, {1: dim("rows", min=2)} if state else None)
    program = torch.export.export(model, arguments([6, 3, 2]), dynamic_shapes=shapes, strict=False).module()
    given = arguments([9, 9, 4, 1])
    assert_same(program(*given), model(*given))


@pytest.mark.parametrize("name", ["gru", "lstm", "min gru", *CELLS])
def test_scripting_is_refused_with_the_ways_out(name: str) -> None:
    model = nn.Sequential((LAYERS | UNROLLED | CELLS)[name]())
    with pytest.raises(
        NotImplementedError, match=r"torch\.jit\.script cannot compile gatewise\.nn\..*gatewise\.nn\.restore\(model\)"
    ):
        torch.jit.script(model)


def test_an_accelerated_model_can_be_scripted_once_restored() -> None:
    model = nn.Sequential(nn.GRU(SIZE, 5))
    expected = model(batch())
    gnn.accelerate(model)
    assert_same(torch.jit.script(gnn.restore(model))(batch()), expected)


# ---------------------------------------------------------------- onnx


def exported(model: nn.Module, *arguments: Tensor, shapes: Any = None) -> tuple[Any, Callable[..., list[Any]]]:
    """The graph, and a function that runs it in ONNX Runtime."""
    pytest.importorskip("onnxscript")
    onnxruntime = pytest.importorskip("onnxruntime")
    program = torch.onnx.export(model, arguments, dynamo=True, dynamic_shapes=shapes, verbose=False)
    assert program is not None
    session = onnxruntime.InferenceSession(program.model_proto.SerializeToString())
    names = [one.name for one in session.get_inputs()]
    return program.model_proto.graph, lambda *given: session.run(None, dict(zip(names, map(Tensor.numpy, given), strict=True)))


class WithLengths(nn.Module):
    """Passes lengths, which are the third argument of a layer."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, input: Tensor, lengths: Tensor) -> tuple[Tensor, ...]:
        return tuple(flat(self.layer(input, None, lengths)))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "node"),
    [
        ("gru, batch first", "GRU"),
        ("gru, reset before", "GRU"),
        ("lstm", "LSTM"),
        ("rnn, relu", "RNN"),
        ("min gru", "GRU"),
        ("min lstm", "GRU"),
    ],
)
def test_onnx_has_one_node_a_layer_for_every_length(name: str, node: str) -> None:
    model = WithLengths((LAYERS | UNROLLED)[name]().eval())
    first = name == "gru, batch first"
    steps, rows = torch.export.Dim("steps", min=2, max=99), torch.export.Dim("rows", min=2, max=99)
    shapes = ({0: rows, 1: steps} if first else {0: steps, 1: rows}, {0: rows})
    input = batch().transpose(0, 1) if first else batch()
    graph, run = exported(model, input, torch.full((ROWS,), STEPS), shapes=shapes)
    kinds = [node.op_type for node in graph.node if node.op_type in ("GRU", "LSTM", "RNN", "Loop", "Scan")]
    assert kinds == [node] * model.layer.num_layers  # type: ignore[operator]
    other = batch(9, 5).transpose(0, 1) if first else batch(9, 5)
    lengths = torch.tensor([9, 4, 0, 1, 7])
    for found, expected in zip(run(other.contiguous(), lengths), model(other, lengths), strict=True):
        np.testing.assert_allclose(found, expected.detach(), rtol=1e-4, atol=1e-6)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["zoneout", "lstm cell"])
def test_onnx_writes_out_what_it_has_no_node_for(name: str) -> None:
    model = (UNROLLED | CELLS)[name]().eval()
    input = batch()[0] if name in CELLS else batch()
    _, run = exported(model, input)
    for found, expected in zip(run(input), flat(model(input)), strict=True):
        np.testing.assert_allclose(found, expected.detach(), rtol=1e-4, atol=1e-6)


@pytest.mark.filterwarnings("ignore")
def test_onnx_refuses_to_write_out_any_number_of_steps() -> None:
    pytest.importorskip("onnxscript")
    steps = torch.export.Dim("steps", min=2)
    with pytest.raises(Exception, match="export it without a dynamic dimension of steps"):
        torch.onnx.export(UNROLLED["zoneout"]().eval(), (batch(),), dynamo=True, dynamic_shapes=({0: steps},), verbose=False)


@pytest.mark.filterwarnings("ignore")
def test_onnx_refuses_a_packed_batch_with_the_way_out() -> None:
    pytest.importorskip("onnxscript")

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = gnn.GRU(SIZE, 5)

        def forward(self, input: Tensor, lengths: Tensor) -> Tensor:
            return self.layer(pack_padded_sequence(input, lengths, enforce_sorted=False))[1]  # type: ignore[no-any-return]

    with pytest.raises(Exception, match="pass the padded batch and its lengths instead"):
        torch.onnx.export(Model().eval(), (batch(), torch.tensor([6, 2, 4])), dynamo=True, verbose=False)
