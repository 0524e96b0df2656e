"""Calls from several threads at once, and in the forked workers of a DataLoader."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

import gatewise.nn

CALLERS = 8
SIZES = [(1, 30, 8, 64), (16, 20, 16, 32), (40, 10, 3, 17), (70, 5, 50, 128)]


def work(number: int) -> list[Tensor]:
    """Outputs and all gradients of one caller's layer; the same for the same number."""
    rows, steps, size, hidden = SIZES[number % len(SIZES)]
    layer = (gatewise.nn.GRU, gatewise.nn.LSTM)[number % 2](size, hidden, bidirectional=number % 3 == 0)
    generator = torch.Generator().manual_seed(number)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) * 0.1)
    input = torch.randn(steps, rows, size, generator=generator, requires_grad=True)
    for _ in range(5):
        layer.zero_grad()
        input.grad = None
        output, _ = layer(input)
        output.square().sum().backward()
    return [output.detach(), input.grad, *(weight.grad for weight in layer.parameters())]


@pytest.mark.parametrize("threads", [1, 2])
def test_callers_do_not_disturb_each_other(threads: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        expected = [work(number) for number in range(CALLERS)]
        with ThreadPoolExecutor(CALLERS) as pool:
            found = list(pool.map(work, range(CALLERS)))
    finally:
        torch.set_num_threads(before)
    for one, other in zip(expected, found, strict=True):
        assert all(torch.equal(left, right) for left, right in zip(one, other, strict=True))


class Encoded(Dataset[Tensor]):
    """Items that a recurrent layer computes, as a feature extractor in a data pipeline does."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.layer = gatewise.nn.GRU(8, 64, batch_first=True)
        self.items = torch.randn(12, 20, 8)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Tensor:
        with torch.inference_mode():
            output: Tensor = self.layer(self.items[index : index + 1])[0]
        return output[0].clone()


def test_forked_workers_compute_the_same() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)  # so that the parent has used its team before it forks
    try:
        data = Encoded()
        expected = torch.stack([data[index] for index in range(len(data))])
        loader = DataLoader(data, batch_size=3, num_workers=2, multiprocessing_context="fork")
        assert torch.equal(torch.cat(list(loader)), expected)
    finally:
        torch.set_num_threads(before)
