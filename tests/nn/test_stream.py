"""Single steps against the layer run over the whole sequence."""

import copy
import json
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from torch import Tensor, nn

from gatewise import nn as layers
from gatewise.errors import DataError, OptionError

compiled = pytest.importorskip("gatewise.kernels._compiled", reason="the kernels are not built")

Array = NDArray[Any]
STEPS, INPUT, HIDDEN = 12, 3, 21
KINDS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "gru": (layers.GRU, {}),
    "lstm": (layers.LSTM, {}),
    "rnn_tanh": (layers.RNN, {}),
    "rnn_relu": (layers.RNN, {"nonlinearity": "relu"}),
    "min_gru": (layers.MinGRU, {}),
    "min_lstm": (layers.MinLSTM, {}),
}

every_cell = pytest.mark.parametrize("cell", KINDS)


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@pytest.fixture(params=compiled.instruction_sets())
def instruction_set(request: pytest.FixtureRequest) -> Iterator[str]:
    before = compiled.instruction_set()
    compiled.select(request.param)
    yield request.param
    compiled.select(before)


def build(cell: str, input_size: int = INPUT, hidden_size: int = HIDDEN, **options: Any) -> Any:
    kind, fixed = KINDS[cell]
    return kind(input_size, hidden_size, **fixed, **options).eval()


def draw(streams: int, input_size: int = INPUT, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(STEPS, streams, input_size, dtype=dtype)


def whole(layer: nn.Module, sequence: Tensor, states: Any = None) -> tuple[Array, Array, Array | None]:
    """Output, h_n and c_n (or None) of the layer itself, as arrays."""
    with torch.no_grad():
        output, final = layer(sequence, states)
    h, c = final if isinstance(final, tuple) else (final, None)
    return output.numpy(), h.numpy(), None if c is None else c.numpy()


def steps(stream: layers.Stream, sequence: Tensor) -> Array:
    return np.stack([stream.step(x).copy() for x in sequence.numpy()])


def assert_same(stream: layers.Stream, sequence: Tensor, layer: nn.Module, states: Any = None) -> None:
    output, h, c = whole(layer, sequence, states)
    np.testing.assert_array_equal(steps(stream, sequence), output)
    state = stream.state
    np.testing.assert_array_equal(state.h, h)
    assert (state.c is None) == (c is None)
    if c is not None:
        np.testing.assert_array_equal(state.c, c)


@every_cell
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_steps_equal_the_whole_sequence_bit_by_bit(cell: str, dtype: torch.dtype, instruction_set: str) -> None:
    for streams, num_layers, bias, hidden_size, input_size in (
        (1, 1, True, 1, 1),
        (1, 2, True, 64, 8),
        (2, 1, False, 17, 50),
        (49, 3, True, 33, 5),
        (100, 1, True, 16, 4),
    ):
        layer = build(cell, input_size, hidden_size, num_layers=num_layers, bias=bias, dtype=dtype)
        assert_same(layers.Stream(layer, streams), draw(streams, input_size, dtype), layer)


@pytest.mark.parametrize("stock", [torch.nn.GRU, torch.nn.LSTM, torch.nn.RNN])
def test_a_layer_of_torch_is_taken(stock: type[nn.GRU] | type[nn.LSTM] | type[nn.RNN]) -> None:
    layer = stock(INPUT, HIDDEN, num_layers=2)
    sequence = draw(3)
    output, h, _ = whole(layer, sequence)
    stream = layers.Stream(layer, 3)
    np.testing.assert_allclose(steps(stream, sequence), output, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(stream.state.h, h, rtol=1e-5, atol=1e-6)
    assert type(layer) is stock


@every_cell
def test_a_stream_depends_on_neither_the_others_nor_the_threads(cell: str) -> None:
    layer = build(cell, hidden_size=64)
    sequence = draw(130)
    together = steps(layers.Stream(layer, 130, threads=1), sequence)
    np.testing.assert_array_equal(steps(layers.Stream(layer, 130, threads=4), sequence), together)
    for stream in (0, 47, 48, 129):
        alone = layers.Stream(layer)
        np.testing.assert_array_equal(steps(alone, sequence[:, stream]), together[:, stream])


@every_cell
def test_a_layer_goes_on_where_a_stream_stopped_and_the_reverse(cell: str) -> None:
    layer = build(cell, num_layers=2)
    first, second = draw(5), draw(5)
    stream = layers.Stream(layer, 5)
    steps(stream, first)
    h, c = (None if state is None else torch.from_numpy(state) for state in stream.state)
    assert_same(stream, second, layer, h if c is None else (h, c))

    _, h_n, c_n = whole(layer, first)
    expected, _, _ = whole(layer, torch.cat([first, second]))
    again = layers.Stream(layer, 5).load_state(torch.from_numpy(h_n), c_n)
    np.testing.assert_array_equal(steps(again, second), expected[STEPS:])


def test_state_is_a_copy() -> None:
    stream = layers.Stream(build("lstm"))
    stream.step(np.ones(INPUT, np.float32))
    h, c = stream.state
    assert c is not None
    kept = h.copy()
    h[:] = c[:] = 5
    np.testing.assert_array_equal(stream.state.h, kept)
    stream.load_state(h, c)
    h[:] = 7
    np.testing.assert_array_equal(stream.state.h, np.full_like(h, 5))


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_reset_touches_the_chosen_streams_alone(cell: str) -> None:
    stream = layers.Stream(build(cell, num_layers=2), 6)
    sequence = draw(6)
    steps(stream, sequence)
    before = stream.state
    stream.reset([1, -1])
    chosen, others = [1, 5], [0, 2, 3, 4]
    for state, old in zip(stream.state, before, strict=True):
        if old is not None:
            assert state is not None
            assert not state[:, chosen].any()
            assert old[:, chosen].any()
            np.testing.assert_array_equal(state[:, others], old[:, others])
    stream.reset(0)
    assert not stream.state.h[:, 0].any()
    assert stream.state.h[:, 2].any()
    stream.reset()
    assert not stream.state.h.any()


@pytest.mark.parametrize("wrong, error", [([0, 6], IndexError), ([0, -7], IndexError), ([0, 1.5], TypeError)])
def test_reset_of_no_stream_changes_none(wrong: Any, error: type[Exception]) -> None:
    stream = layers.Stream(build("gru"), 6)
    steps(stream, draw(6))
    before = stream.state.h
    with pytest.raises(error):
        stream.reset(wrong)
    np.testing.assert_array_equal(stream.state.h, before)


def test_the_returned_array_is_one_and_the_same() -> None:
    stream = layers.Stream(build("gru"))
    x = np.ones(INPUT, np.float32)
    row, rows = stream.step(x), stream.step(x[None])
    assert row.shape == (HIDDEN,)
    assert rows.shape == (1, HIDDEN)
    assert stream.step(x) is row
    assert stream.step(x[None]) is rows
    assert np.shares_memory(row, rows)
    # What its holder writes into it is no part of the state.
    expected = layers.Stream(stream_layer := build("gru"))
    other = layers.Stream(stream_layer)
    other.step(x)[:] = 9
    expected.step(x)
    np.testing.assert_array_equal(other.step(x), expected.step(x))


def test_the_returned_array_outlives_the_stream() -> None:
    stream = layers.Stream(build("gru"))
    row = stream.step(np.ones(INPUT, np.float32))
    kept = row.copy()
    del stream
    np.testing.assert_array_equal(row, kept)


def test_tensors_and_other_buffers_are_taken() -> None:
    layer = build("gru")
    x = np.arange(INPUT, dtype=np.float32)
    expected = layers.Stream(layer).step(x).copy()
    readonly = x.copy()
    readonly.flags.writeable = False
    parameter = torch.nn.Parameter(torch.from_numpy(x))
    # Older PyTorch does not hand out the memory of what needs gradients.
    shared = [parameter] if torch.__version__ >= "2.13" else []
    for same in (torch.from_numpy(x), *shared, x.data, readonly):
        np.testing.assert_array_equal(layers.Stream(layer).step(same), expected)
    np.testing.assert_array_equal(layers.Stream(layer).step(torch.from_numpy(x[None])), expected[None])


@pytest.mark.parametrize(
    "wrong, error, told",
    [
        (np.zeros((2, INPUT)), TypeError, r"numpy.ndarray of float64 with shape \[2, 3\]; expected a C-contiguous float32"),
        (np.zeros((2, INPUT), ">f4"), TypeError, "of >f4"),
        (np.zeros((2, 2 * INPUT), np.float32)[:, ::2], TypeError, "C-contiguous"),
        (np.zeros((INPUT, 2), np.float32), ValueError, r"shape \[3, 2\]; expected shape \[2, 3\]"),
        (np.zeros(2 * INPUT, np.float32), ValueError, r"shape \[6\]"),
        (np.zeros((2, INPUT, 1), np.float32), ValueError, r"shape \[2, 3, 1\]"),
        (np.float32(1), ValueError, r"shape \[\]"),
        (torch.zeros(3, INPUT), ValueError, r"torch.Tensor of torch.float32 with shape \[3, 3\]"),
        (torch.zeros(2, INPUT, dtype=torch.float64), TypeError, "torch.float64"),
        ([[0.0] * INPUT] * 2, TypeError, "builtins.list"),
        (None, TypeError, "NoneType"),
        (b"123456789012", TypeError, "builtins.bytes"),
    ],
)
def test_a_wrong_input_is_told_and_changes_nothing(wrong: Any, error: type[Exception], told: str) -> None:
    stream = layers.Stream(build("lstm"), 2)
    steps(stream, draw(2))
    before = stream.state
    with pytest.raises(error, match=told) as caught:
        stream.step(wrong)
    assert "Stream.step" in str(caught.value)
    np.testing.assert_array_equal(stream.state.h, before.h)
    np.testing.assert_array_equal(stream.state.c, before.c)


def test_one_stream_takes_no_row_of_another_length() -> None:
    stream = layers.Stream(build("gru"))
    with pytest.raises(ValueError, match=r"expected shape \[3\] or \[1, 3\]"):
        stream.step(np.zeros(INPUT + 1, np.float32))


@pytest.mark.parametrize(
    "cell, states, error, told",
    [
        ("gru", (np.zeros((1, 2, HIDDEN), np.float64),), TypeError, "h is of float64; expected float32"),
        ("gru", (np.zeros((2, HIDDEN), np.float32),), ValueError, r"h has shape \(2, 21\); expected \(1, 2, 21\)"),
        ("gru", (np.zeros((1, 2, HIDDEN), np.float32),) * 2, TypeError, "got h and c"),
        ("lstm", (np.zeros((1, 2, HIDDEN), np.float32),), TypeError, "got h alone"),
        ("lstm", (np.zeros((1, 2, HIDDEN), np.float32), np.zeros((1, 1, HIDDEN), np.float32)), ValueError, "c has shape"),
    ],
)
def test_wrong_states_are_told(cell: str, states: tuple[Array, ...], error: type[Exception], told: str) -> None:
    stream = layers.Stream(build(cell), 2)
    with pytest.raises(error, match=told):
        stream.load_state(*states)


def test_weights_are_read_once() -> None:
    layer = build("gru")
    stream, before = layers.Stream(layer), layers.Stream(copy.deepcopy(layer))
    with torch.no_grad():
        layer.weight_hh_l0.mul_(3)
    x = np.ones(INPUT, np.float32)
    for _ in range(3):
        np.testing.assert_array_equal(stream.step(x), before.step(x))


@pytest.mark.parametrize("cell, zoneout", [("gru", 0.3), ("lstm", (0.3, 0.2)), ("rnn_tanh", 0.5)])
def test_zoneout_keeps_its_expected_share(cell: str, zoneout: float | tuple[float, float]) -> None:
    layer = build(cell, num_layers=2, zoneout=zoneout)
    plain = build(cell, num_layers=2)
    plain.load_state_dict(layer.state_dict())
    sequence = draw(3)
    assert_same(layers.Stream(layer, 3), sequence, layer)
    assert not np.array_equal(steps(layers.Stream(plain, 3), sequence), steps(layers.Stream(layer, 3), sequence))


def test_dropout_of_another_mode_or_place_does_not_matter() -> None:
    layer = layers.GRU(INPUT, HIDDEN, num_layers=2, dropout=0.5, recurrent_dropout=0.5).eval()
    assert_same(layers.Stream(layer, 2), draw(2), layer)
    layers.Stream(torch.nn.GRU(INPUT, HIDDEN))


@pytest.mark.parametrize(
    "module, told",
    [
        (lambda: layers.GRU(INPUT, HIDDEN, bidirectional=True), "bidirectional"),
        (lambda: layers.GRU(INPUT, HIDDEN, zoneout=0.1), "eval"),
        (lambda: layers.LSTM(INPUT, HIDDEN, recurrent_dropout=0.1), "eval"),
        (lambda: torch.nn.GRU(INPUT, HIDDEN, num_layers=2, dropout=0.1), "eval"),
        (lambda: layers.GRU(INPUT, HIDDEN, layer_norm=True), "layer normalisation"),
        (lambda: layers.GRU(INPUT, HIDDEN, reset_after=False), "reset_after"),
        (lambda: torch.nn.LSTM(INPUT, HIDDEN, proj_size=4), "proj_size"),
        (lambda: layers.GRU(INPUT, HIDDEN, dtype=torch.bfloat16), "its weights are bfloat16"),
        (lambda: layers.GRU(INPUT, HIDDEN, device="meta"), "its weights are on meta"),
        (lambda: torch.nn.GRUCell(INPUT, HIDDEN), "GRUCell; expected a GRU"),
        (lambda: type("Mine", (torch.nn.GRU,), {})(INPUT, HIDDEN), "Mine; expected a GRU"),
        (lambda: None, "NoneType; expected a GRU"),
    ],
)
def test_a_module_that_cannot_be_stepped_is_told(module: Callable[[], Any], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        layers.Stream(module())


def test_a_weight_of_another_shape_or_dtype_is_refused() -> None:
    for wrong in (torch.zeros(3 * HIDDEN, HIDDEN - 1), torch.zeros(3 * HIDDEN, HIDDEN, dtype=torch.float64)):
        layer = build("gru")
        layer.weight_hh_l0 = torch.nn.Parameter(wrong)
        with pytest.raises(OptionError, match="a weight of layer 0"):
            layers.Stream(layer)


@pytest.mark.parametrize("name", ["streams", "threads"])
@pytest.mark.parametrize("value", [0, -1, 1.0, True, "2"])
def test_counts_are_whole_numbers_from_one_on(name: str, value: Any) -> None:
    with pytest.raises(OptionError, match=name):
        layers.Stream(build("gru"), **{name: value})


RESTORE = """
import json, sys
import numpy as np, torch
from gatewise import nn as layers
file, weights, cell, streams = sys.argv[1:]
layer = {"gru": layers.GRU, "lstm": layers.LSTM}[cell](3, 21, num_layers=2)
layer.load_state_dict(torch.load(weights, weights_only=True))
stream = layers.Stream(layer, int(streams)).restore(file)
x = np.full((int(streams), 3), 0.5, np.float32)
print(json.dumps([stream.step(x).tobytes().hex() for _ in range(5)]))
"""


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_a_restored_stream_goes_on_bit_equal_in_another_process(cell: str, tmp_path: Path) -> None:
    layer = build(cell, num_layers=2)
    stream = layers.Stream(layer, 3)
    steps(stream, draw(3))
    stream.save(tmp_path / "state.safetensors")
    torch.save(layer.state_dict(), tmp_path / "weights.pt")
    x = np.full((3, INPUT), 0.5, np.float32)
    expected = [stream.step(x).tobytes().hex() for _ in range(5)]
    arguments = [tmp_path / "state.safetensors", tmp_path / "weights.pt", cell, "3"]
    answer = subprocess.run([sys.executable, "-c", RESTORE, *map(str, arguments)], capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout) == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state.safetensors", "weights.pt"]


def test_restore_refuses_what_is_not_this_streams_state(tmp_path: Path) -> None:
    layer = build("gru")
    stream = layers.Stream(layer, 2)
    steps(stream, draw(2))
    before = stream.state.h
    path = tmp_path / "state"

    def refused(told: str) -> None:
        with pytest.raises(DataError, match=told) as caught:
            stream.restore(path)
        assert str(path) in str(caught.value)
        np.testing.assert_array_equal(stream.state.h, before)

    refused("no stream's state can be read")
    path.write_bytes(b"")
    refused("no safetensors file")
    layers.Stream(layer, 2).save(path)
    path.write_bytes(path.read_bytes()[:-1])
    refused("no safetensors file")
    save_file({"h": before}, path)
    refused("format")
    for other, streams in (
        (layer, 3),
        (build("rnn_tanh"), 2),
        (build("lstm"), 2),
        (build("gru", num_layers=2), 2),
        (build("gru", dtype=torch.float64), 2),
    ):
        layers.Stream(other, streams).save(path)
        refused("another stream")


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = layers.Stream(build("gru"))
    path = tmp_path / "state"
    stream.save(path)
    before = path.read_bytes()
    stream.step(np.ones(INPUT, np.float32))

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(DataError, match="No space left"):
        stream.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    monkeypatch.undo()
    with pytest.raises(DataError, match="cannot be written"):
        stream.save(tmp_path / "missing" / "state")


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_it_is_neither_copied_nor_pickled(duplicate: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError, match="save and restore"):
        duplicate(layers.Stream(build("gru")))


@pytest.mark.parametrize("streams", [1, 200])
def test_threads_that_step_one_stream_wait_for_each_other(streams: int) -> None:
    """200 streams are work enough to let other Python threads run meanwhile."""
    layer = build("gru", 16, 64)
    stream, rounds, workers = layers.Stream(layer, streams, threads=2), 100, 4
    x = np.full((streams, 16), 0.1, np.float32)
    start = threading.Barrier(workers + 1)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            start.wait()
            for _ in range(rounds):
                stream.step(x)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    start.wait()
    for _ in range(rounds):
        state = stream.state.h
        assert (state == state[:, :1]).all(), "a state is read between steps, never within one"
    for thread in threads:
        thread.join()
    assert not failures
    alone = layers.Stream(layer)
    for _ in range(rounds * workers):
        alone.step(x[:1])
    np.testing.assert_array_equal(stream.state.h[0], np.repeat(alone.state.h[0], streams, axis=0))


def test_a_stream_is_freed_with_its_last_reference() -> None:
    layer = build("gru", 64, 128)
    layers.Stream(layer)
    before = compiled.workspace_bytes()[0]
    for _ in range(20):
        layers.Stream(layer).step(np.zeros(64, np.float32))
    assert compiled.workspace_bytes()[0] == before


def test_it_shows_what_it_steps() -> None:
    assert repr(layers.Stream(build("lstm", num_layers=2), 4)) == (
        "Stream(lstm, input_size=3, hidden_size=21, num_layers=2, streams=4, dtype=float32)"
    )
