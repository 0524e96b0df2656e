"""The temporal convolutional network against a plain loop: causal, as far-sighted as it says, blind to padding."""

import pytest
import torch

from gatewise.nn.tcn import TCN, Block, levels_for


def naive(block: Block, inputs: torch.Tensor) -> torch.Tensor:
    """A block of one sequence [steps, channels], tap by tap."""
    inner = inputs
    for convolution in (block.first, block.second):
        (dilation,), taps = convolution.dilation, convolution.kernel_size[0]
        rows = []
        for step in range(len(inner)):
            assert convolution.bias is not None
            total = convolution.bias.clone()
            for tap in range(taps):
                before = step - (taps - 1 - tap) * dilation
                if before >= 0:
                    total = total + convolution.weight[:, :, tap] @ inner[before]
            rows.append(torch.relu(total))
        inner = torch.stack(rows)
    around = inputs
    if not isinstance(block.around, torch.nn.Identity):
        assert block.around.bias is not None
        around = inputs @ block.around.weight[:, :, 0].T + block.around.bias
    return torch.relu(inner + around)


@torch.no_grad()
def test_blocks_are_what_a_plain_loop_gives() -> None:
    torch.manual_seed(0)
    network, inputs = TCN(3, 5, num_layers=3).double().eval(), torch.randn(2, 17, 3, dtype=torch.float64)
    states, _ = network(inputs)
    for sequence, found in zip(inputs, states, strict=True):
        expected = sequence
        for block in network.blocks:
            assert isinstance(block, Block)
            expected = naive(block, expected)
        torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("steps", [1, 5, 6, 13, 14, 29, 30, 200])
def test_the_last_step_sees_the_first_with_no_block_too_many(steps: int) -> None:
    levels = levels_for(steps)
    assert 1 + 4 * (2**levels - 1) >= steps
    assert levels == 1 or 1 + 4 * (2 ** (levels - 1) - 1) < steps
    torch.manual_seed(0)
    network, inputs = TCN(1, 8, num_layers=levels).eval(), torch.randn(1, steps, 1, requires_grad=True)
    network(inputs)[0][0, -1].sum().backward()
    assert inputs.grad is not None
    assert inputs.grad[0, 0].abs().item() > 0


@torch.no_grad()
def test_no_state_depends_on_what_comes_after() -> None:
    torch.manual_seed(0)
    network, inputs = TCN(2, 4, num_layers=2).eval(), torch.randn(1, 20, 2)
    changed = inputs.clone()
    changed[:, 12:] = 100.0
    torch.testing.assert_close(network(changed)[0][:, :12], network(inputs)[0][:, :12])
    torch.testing.assert_close(network(inputs[:, :12])[0], network(inputs)[0][:, :12])
