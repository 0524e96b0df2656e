"""The optimizer is torch's, without what torch imports around it."""

import subprocess
import sys

import torch

from gatewise.training.optimizer import AdamW


def test_steps_are_those_of_torch_to_the_last_bit() -> None:
    torch.manual_seed(0)
    ours = [torch.randn(7, 5, requires_grad=True), torch.randn(3, requires_grad=True), torch.randn(2, requires_grad=True)]
    theirs = [one.detach().clone().requires_grad_() for one in ours]
    optimizer = AdamW(ours, learning_rate=3e-3, weight_decay=0.1)
    reference = torch.optim.AdamW(theirs, lr=3e-3, weight_decay=0.1, fused=True)
    for number in range(20):
        for parameters, one in ((ours, optimizer), (theirs, reference)):
            one.zero_grad()
            # The last parameter has no gradient in every other step, and then stays as it is.
            used = parameters[: 2 + number % 2]
            sum((parameter.sin() * (1 + number)).sum() for parameter in used).backward()  # type: ignore[union-attr]
            one.step()
    assert all(torch.equal(mine, other) for mine, other in zip(ours, theirs, strict=True))


def test_training_does_not_load_the_compiler_of_torch() -> None:
    program = (
        "import sys, numpy as np, torch, gatewise.training.fit\n"
        "from gatewise.training.optimizer import AdamW\n"
        "weight = torch.ones(3, requires_grad=True)\n"
        "(weight ** 2).sum().backward()\n"
        "AdamW([weight], learning_rate=0.1, weight_decay=0.0).step()\n"
        "assert 'torch._dynamo' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
