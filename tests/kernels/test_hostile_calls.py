"""Random wrong calls of the operators: each returns or raises, and none ends the process."""

import random
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from gatewise.kernels import ops, signature

pytest.importorskip("gatewise.kernels._compiled", reason="the kernels were not compiled")

assert ops.instruction_set(), "its import registers the operators"
FORWARD = torch.ops.gatewise.recurrent.default
BACKWARD = torch.ops.gatewise.recurrent_backward.default
REFUSALS = (ValueError, RuntimeError)


def valid(choice: random.Random) -> list[Any]:
    """Arguments of the forward operator, the constants last."""
    number = choice.randrange(len(signature.KERNELS))
    kernel = signature.KERNELS[number]
    traits = kernel.traits
    order, directions = choice.randrange(3), choice.choice((1, 2))
    steps, rows, size, hidden = (choice.choice((1, 2, 3, 5, 17)) for _ in range(4))
    dtype = choice.choice((torch.float32, torch.float64))

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, dtype=dtype)

    lengths = None
    if order == signature.PACKED:
        lengths = torch.tensor(sorted((choice.randint(1, rows) for _ in range(steps - 1)), reverse=True), dtype=torch.int64)
        lengths = torch.cat([torch.tensor([rows]), lengths])
        leading: tuple[int, ...] = (int(lengths.sum()),)
    else:
        leading = (rows, steps) if order == signature.BATCH_FIRST else (steps, rows)
        if choice.random() < 0.5:
            lengths = torch.tensor([choice.randint(0, steps) for _ in range(rows)])
    gates, state, lstm = traits.gates * hidden, (directions, rows, hidden), traits.cell_state
    recurrent, normalized = traits.recurrent, kernel.normalized
    weights, gains = [], []
    for direction in range(2):
        there = direction < directions
        weights += [draw(gates, size) if there else None, draw(gates, hidden) if there and recurrent else None]
        weights += [draw(gates) if there else None, draw(gates) if there and recurrent else None]
        gains += [draw(gates) if there and normalized else None for _ in range(2)]
        gains += [draw(hidden) if there and normalized and lstm else None for _ in range(2)]
    update = draw(*leading, directions * hidden) if choice.random() < 0.3 else None
    states = [draw(*state) if choice.random() < 0.5 else None, draw(*state) if lstm and choice.random() < 0.5 else None]
    extras = [draw(*state) if choice.random() < 0.3 else None, update, None]
    return [draw(*leading, size), *weights, *states, *gains, lengths, *extras, number, order, 1.0, choice.choice((1.0, 0.5))]


def spoil(value: Any, choice: random.Random) -> Any:
    """Another value in the place of this one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return choice.choice((-1, 0, 1, 2, 6, 11, 2**40))
    if isinstance(value, float):
        return choice.choice((0.0, float("nan"), float("inf"), -1.0))
    if value is None:
        return choice.choice((torch.randn(3), torch.randn(1, 2, 3), torch.tensor([2, 1]), torch.empty(0)))
    changes: tuple[Callable[[Tensor], Any], ...] = (
        lambda x: None,
        lambda x: x[..., :-1],
        lambda x: x[:-1],
        lambda x: x.flip(0),
        lambda x: x.transpose(0, -1),
        lambda x: x.unsqueeze(0),
        lambda x: x.reshape(-1),
        lambda x: x.to(torch.float64 if x.dtype != torch.float64 else torch.float32),
        lambda x: torch.full_like(x, 99),
        lambda x: -x if x.dtype != torch.uint8 else x + 1,
        lambda x: torch.cat([x, x]),
        lambda x: torch.zeros(1, dtype=x.dtype).expand(x.shape),
        lambda x: x.new_empty(0),
        lambda x: x.new_empty((0, *x.shape[1:])),
    )
    return choice.choice(changes)(value) if value.dim() else value


def spoiled(arguments: list[Any], choice: random.Random) -> list[Any]:
    result = list(arguments)
    for _ in range(choice.choice((0, 1, 1, 2, 4))):
        place = choice.randrange(len(result))
        result[place] = spoil(result[place], choice)
    return result


@pytest.mark.parametrize("seed", range(4))
def test_wrong_calls_return_or_raise(seed: int, calls: int = 250) -> None:
    choice = random.Random(seed)
    torch.manual_seed(seed)
    taken, foreign = 0, torch.zeros(1 << 12, dtype=torch.uint8)
    for _ in range(calls):
        shared = valid(choice)
        output, h_n, c_n, cells, saved = FORWARD(*shared, choice.random() < 0.3, choice.random() < 0.8)
        flags = [choice.random() < 0.5 for _ in range(3)]
        backward = [*shared, output, saved, output, h_n, *((c_n, cells) if choice.random() < 0.5 else (None, None)), *flags]
        assert BACKWARD(*backward)[1].isfinite().all() or not output.isfinite().all()
        if choice.random() < 0.2:
            backward[signature.TENSORS + 5] = foreign
        foreign = saved
        for operator, arguments in ((FORWARD, [*shared, False, True]), (BACKWARD, backward)):
            try:
                operator(*spoiled(arguments, choice))
            except REFUSALS:
                continue
            taken += 1
    assert 0 < taken < 2 * calls
