"""What a wrong call of the operators gets, and that no memory is lost."""

import pytest
import torch
from torch import Tensor

from gatewise.kernels import ops
from gatewise.kernels.options import Options

_compiled = pytest.importorskip("gatewise.kernels._compiled", reason="the kernels were not compiled")

OPTIONS = Options("gru")


def weights(hidden: int = 4, size: int = 3) -> list[Tensor | None]:
    return [torch.zeros(3 * hidden, size), torch.zeros(3 * hidden, hidden), torch.zeros(3 * hidden), torch.zeros(3 * hidden)]


def run(input: Tensor, given: list[Tensor | None], h_0: Tensor | None = None, lengths: Tensor | None = None) -> Tensor:
    return ops.recurrent(OPTIONS, input, given, h_0, None, lengths, None, None, None, None, None)[0]


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


def test_the_operator_keeps_its_contract_with_torch_library() -> None:
    arguments = [torch.randn(5, 2, 3), *(torch.randn_like(weight) for weight in weights() if weight is not None)]
    for argument in arguments:
        argument.requires_grad_()
    given = (*arguments, *[None] * (ops.TENSORS - len(arguments)), 0, 0, 1.0, 1.0, False, True)
    torch.library.opcheck(torch.ops.gatewise.recurrent.default, given, test_utils=("test_schema", "test_faketensor"))


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
