"""What a wrong call of the operators gets, and that no memory is lost."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from gatewise.cells import EQUATIONS
from gatewise.kernels import cpu, ops, signature
from gatewise.kernels.options import Options

_compiled = pytest.importorskip("gatewise.kernels._compiled", reason="the kernels were not compiled")

OPTIONS = Options("gru")
FORWARD = torch.ops.gatewise.recurrent.default
BACKWARD = torch.ops.gatewise.recurrent_backward.default


def weights(hidden: int = 4, size: int = 3) -> list[Tensor | None]:
    return [torch.zeros(3 * hidden, size), torch.zeros(3 * hidden, hidden), torch.zeros(3 * hidden), torch.zeros(3 * hidden)]


def run(input: Tensor, given: list[Tensor | None], h_0: Tensor | None = None, lengths: Tensor | None = None) -> Tensor:
    return ops.recurrent(OPTIONS, input, given, h_0, None, lengths, None, None, None, None, None)[0]


def arguments(cell: str = "gru", **given: Any) -> list[Any]:
    """The operator's, up to the constants: 5 steps, 2 rows, 3 features, 4 hidden units. given: by the name in the schema."""
    torch.manual_seed(0)
    gates = 4 * {"gru": 3, "lstm": 4, "rnn_tanh": 1, "min_gru": 2}[cell]
    values: dict[str, Any] = dict.fromkeys(signature.Tensors._fields)
    values |= {"input": torch.randn(5, 2, 3), "w_ih": torch.randn(gates, 3), "b_ih": torch.randn(gates)}
    if EQUATIONS[cell].recurrent:
        values |= {"w_hh": torch.randn(gates, 4), "b_hh": torch.randn(gates)}
    values |= {
        "kernel": signature.kernel_of(Options(cell), normalized=False),
        "order": signature.TIME_MAJOR,
        "update_h_": 1.0,
        "update_c_": 1.0,
    }
    assert set(given) <= set(values), given
    return list((values | given).values())


def backward(shared: list[Any], output: Tensor, saved: Tensor, **given: Any) -> tuple[Tensor, ...]:
    incoming = {"grad_output": torch.ones(5, 2, 4), "grad_h_n": None, "grad_c_n": None, "grad_cells": None} | given
    results: tuple[Tensor, ...] = BACKWARD(*shared, output, saved, *incoming.values(), True, True, True)
    return results


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (0, torch.zeros(12, 5), r"w_ih is torch.float32 \[12, 5\].*must be torch.float32 \[12, 3\]"),
        (1, torch.zeros(12, 5), r"w_hh is torch.float32 \[12, 5\]"),
        (2, torch.zeros(12, dtype=torch.float64), r"b_ih is torch.float64 \[12\]"),
        (3, torch.zeros(11), r"b_hh is torch.float32 \[11\]"),
    ],
)
def test_weights_that_do_not_fit_are_refused(place: int, value: Tensor, message: str) -> None:
    given = weights()
    given[place] = value
    with pytest.raises(ValueError, match=message):
        run(torch.zeros(2, 2, 3), given)


def test_states_and_lengths_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"h_0 is torch.float32 \[1, 3, 4\].*must be torch.float32 \[1, 2, 4\]"):
        run(torch.zeros(5, 2, 3), weights(), h_0=torch.zeros(1, 3, 4))
    with pytest.raises(ValueError, match=r"lengths are torch.int32"):
        run(torch.zeros(5, 2, 3), weights(), lengths=torch.tensor([1, 2], dtype=torch.int32))
    for wrong in ([6, 1], [-1, 2]):
        with pytest.raises(ValueError, match="lengths must lie in 0 to 5"):
            run(torch.zeros(5, 2, 3), weights(), lengths=torch.tensor(wrong))


def freed() -> Tensor:
    tensor = torch.zeros(12, 3)
    tensor.untyped_storage().resize_(0)
    return tensor


HOSTILE = [
    ("gru", {"kernel": -1}, "kernel is -1"),
    ("gru", {"kernel": 15}, "there are kernels 0 to 14"),
    ("gru", {"order": 3}, "order 3"),
    ("gru", {"input": torch.zeros(5, 3)}, "of 3 dimensions"),
    ("gru", {"input": torch.zeros(5, 2, 3, dtype=torch.int64)}, "input is torch.int64"),
    ("gru", {"w_ih": torch.zeros(12)}, "w_ih is .* expected two dimensions"),
    ("gru", {"w_ih": torch.zeros(13, 3)}, "a multiple of 3 gates"),
    ("gru", {"w_ih": freed()}, "no memory behind it"),
    ("gru", {"w_hh": None}, "gru needs w_hh"),
    ("lstm", {"w_ih_reverse": torch.zeros(16, 3)}, "lstm needs w_hh_reverse"),
    ("gru", {"w_hh_reverse": torch.zeros(12, 4)}, "need w_ih_reverse"),
    ("gru", {"gamma_ih": torch.zeros(12)}, "kernel 0 takes the first 0 of gamma_ih"),
    ("gru", {"kernel": 7}, "kernel 7 takes the first 2 of gamma_ih"),
    ("gru", {"c_0": torch.zeros(1, 2, 4)}, "gru has no cell state"),
    ("min_gru", {"w_hh": torch.zeros(8, 4)}, "its gates do not see the state"),
    ("gru", {"h_0": torch.zeros(2, 4)}, "h_0 is .* expected three dimensions"),
    ("gru", {"order": signature.PACKED, "input": torch.zeros(5, 3)}, "needs batch_sizes"),
    ("gru", {"order": signature.PACKED, "input": torch.zeros(5, 3), "lengths": torch.tensor([2, 3])}, "batch_sizes must fall"),
    ("gru", {"order": signature.PACKED, "input": torch.zeros(5, 3), "lengths": torch.tensor([2, 2])}, "its batch_sizes sum to"),
    ("gru", {"lengths": torch.tensor([1, 2, 3])}, r"expected torch.int64 \[2\]"),
    ("gru", {"lengths": torch.tensor([[1, 2]])}, "of one dimension"),
    ("gru", {"update_h": torch.zeros(5, 2, 3)}, "update_h is"),
]


@pytest.mark.parametrize(("cell", "given", "message"), HOSTILE)
def test_neither_operator_reads_what_is_not_there(cell: str, given: dict[str, Any], message: str) -> None:
    shared = arguments(cell, **given)
    with pytest.raises(ValueError, match=message):
        FORWARD(*shared, False, True)
    good = FORWARD(*arguments(cell), False, True)
    for saved in (good[4], good[4][:0]):
        with pytest.raises(ValueError, match=f"{message}|^output is"):
            backward(shared, good[0], saved)


def test_notes_that_a_graph_without_gradients_did_not_take_are_made_anew() -> None:
    shared = arguments()
    output, _, _, _, saved = FORWARD(*shared, False, True)
    without = FORWARD(*shared, False, False)
    assert without[4].numel() == 0
    expected = backward(shared, output, saved)
    for found in (backward(shared, without[0], without[4]), backward(shared, output[:0, 0, 0], without[4])):
        assert all(map(torch.equal, found, expected))


def test_notes_are_read_only_where_a_forward_pass_wrote_such_ones() -> None:
    shared = arguments()
    output, _, _, _, saved = FORWARD(*shared, False, True)
    longer = FORWARD(*arguments(input=torch.randn(50, 2, 3)), False, True)[4]
    for wrong, message in (
        (saved[:-1], "and this call's notes are"),
        (saved[:8], "no notes of a forward pass"),
        (torch.zeros_like(saved), "no notes of a forward pass"),
        (torch.full_like(saved, 255), "no notes of a forward pass"),
        (longer, "no notes of a forward pass"),
        (saved.view(torch.int8), "expected torch.uint8"),
        (saved[None], "expected torch.uint8"),
    ):
        with pytest.raises(ValueError, match=message):
            backward(shared, output, wrong)
    expected = backward(shared, output, saved)
    shifted = torch.empty(len(saved) + 1, dtype=torch.uint8)[1:].copy_(saved)
    assert all(map(torch.equal, backward(shared, output, shifted), expected)), "read from any address"
    assert all(map(torch.equal, backward(shared, output, torch.cat([saved.clone(), saved])), expected)), "copies are as good"


HEADER = 40
"""Bytes at the start of notes that say what they were written for."""


def test_notes_whose_start_was_altered_are_refused_and_what_follows_leads_nowhere() -> None:
    shared = arguments()
    output, _, _, _, saved = FORWARD(*shared, False, True)
    for place in range(HEADER):
        for change in (1, 128):
            altered = saved.clone()
            altered[place] ^= change
            with pytest.raises(ValueError, match=r"no notes of a forward pass|bytes, and this call's notes are"):
                backward(shared, output, altered)
    for fill in (0, 1, 127, 255):
        altered = saved.clone()
        altered[HEADER:] = fill
        assert [gradient.shape for gradient in backward(shared, output, altered)[:2]] == [(5, 2, 3), (12, 3)]


def test_notes_hold_no_address_and_none_that_another_process_wrote_are_read(tmp_path: Path) -> None:
    code = f"""
import torch
from gatewise.kernels import ops
torch.manual_seed(0)
weights = [torch.randn(12, 3), torch.randn(12, 4), torch.randn(12), torch.randn(12)]
arguments = [torch.randn(5, 2, 3), *weights, *[None] * 18, 0, 0, 1.0, 1.0]
output, *_, saved = torch.ops.gatewise.recurrent(*arguments, False, True)
torch.save((arguments, output, saved), {str(tmp_path / "notes")!r})
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
    shared, output, saved = torch.load(tmp_path / "notes")
    with pytest.raises(ValueError, match="no notes of a forward pass of this process"):
        backward(shared, output, saved)
    found, *_, ours = FORWARD(*shared, False, True)
    assert torch.equal(found, output)
    assert torch.equal(ours[8:HEADER], saved[8:HEADER]), "behind the process the same in every process, so no address"


@pytest.mark.parametrize("name", ["w_hh", "b_ih", "h_0", "recurrent_mask", "lengths"])
def test_tensors_elsewhere_are_refused_on_both_passes(name: str) -> None:
    good = arguments(h_0=torch.zeros(1, 2, 4), recurrent_mask=torch.ones(1, 2, 4), lengths=torch.tensor([5, 5]))
    output, _, _, _, saved = FORWARD(*good, False, True)
    place = signature.Tensors._fields.index(name)
    elsewhere = [*good[:place], good[place].to("meta"), *good[place + 1 :]]
    with pytest.raises((ValueError, RuntimeError), match="on meta"):
        cpu._forward(*elsewhere, False, True)
    with pytest.raises((ValueError, RuntimeError), match="on meta"):
        cpu._backward(*elsewhere, output, saved, torch.ones(5, 2, 4), None, None, None, True, True, True)
    with pytest.raises(ValueError, match=r"saved is .* on meta"):
        cpu._backward(*good, output, saved.to("meta"), torch.ones(5, 2, 4), None, None, None, True, True, True)


def test_both_sides_order_a_calls_fields_by_name() -> None:
    asked = _compiled.fields()
    tensors = signature.Tensors._fields
    assert sorted(asked["forward"]) == sorted((*tensors, *signature.Results._fields))
    gradients = [f"grad_{name}" for name in tensors[: signature.DIFFERENTIABLE]]
    assert sorted(asked["backward"]) == sorted((*signature.Incoming._fields, *gradients))
    assert {*asked["weights"]} <= {*tensors}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"grad_output": torch.ones(5, 2, 5)}, "grad_output is"),
        ({"grad_output": torch.ones(5, 2, 4, dtype=torch.float64)}, "grad_output is torch.float64"),
        ({"grad_h_n": torch.ones(1, 1, 4)}, "grad_h_n is"),
        ({"grad_c_n": torch.ones(1, 2, 4)}, "grad_c_n is"),
        ({"grad_cells": torch.ones(5, 2, 4)}, "grad_cells is"),
    ],
)
def test_gradients_that_do_not_fit_are_refused(given: dict[str, Tensor], message: str) -> None:
    shared = arguments()
    output, _, _, _, saved = FORWARD(*shared, False, True)
    with pytest.raises(ValueError, match=message):
        backward(shared, output, saved, **given)
    with pytest.raises(ValueError, match="output is"):
        backward(shared, output[:4], saved)


def test_another_instruction_sets_notes_are_read_as_it_wrote_them() -> None:
    before = _compiled.instruction_set()
    shared = arguments()
    output, _, _, _, saved = FORWARD(*shared, False, True)
    expected = backward(shared, output, saved)
    try:
        for name in _compiled.instruction_sets():
            _compiled.select(name)
            assert all(map(torch.equal, backward(shared, output, saved), expected))
    finally:
        _compiled.select(before)


@pytest.mark.parametrize("shape", [(0, 2, 3), (5, 0, 3), (2**40, 0, 3)])
def test_no_steps_and_no_rows_leave_the_states_as_they_came(shape: tuple[int, ...]) -> None:
    h_0 = torch.randn(1, shape[1], 4, requires_grad=True)
    shared = arguments(input=torch.zeros(shape), h_0=h_0)
    output, h_n, _, _, _ = FORWARD(*shared, False, True)
    assert output.shape == (*shape[:2], 4)
    assert torch.equal(h_n, h_0)
    assert torch.equal(torch.autograd.grad(h_n.sum(), h_0)[0], torch.ones_like(h_0))


def test_the_operator_keeps_its_contract_with_torch_library() -> None:
    shared = [value.requires_grad_() if isinstance(value, Tensor) else value for value in arguments()]
    torch.library.opcheck(FORWARD, (*shared, False, True), test_utils=("test_schema", "test_faketensor"))


def test_many_calls_lose_no_memory() -> None:
    input = torch.randn(40, 16, 32, requires_grad=True)
    given = [None if weight is None else torch.randn_like(weight).requires_grad_() for weight in weights(64, 32)]
    for _ in range(5):
        run(input, given).sum().backward()
    in_use, idle = _compiled.workspace_bytes()
    for _ in range(50):
        run(input, given).sum().backward()
        run(input, given)  # its notes are dropped without a backward pass
    assert _compiled.workspace_bytes()[0] == in_use
    assert _compiled.workspace_bytes()[1] <= 2 * idle
