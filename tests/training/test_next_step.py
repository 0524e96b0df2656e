"""The likelihood of next steps against sums done by hand; padding and first steps count nowhere."""

import math

import numpy as np
import pytest
import torch

from gatewise.runtime.next_step import step_nll
from gatewise.training.next_step import step_log_loss


def logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


def test_the_loss_is_that_of_the_next_step_from_the_outputs_of_the_present_one() -> None:
    inputs = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]])
    # What the last step's outputs say is about a step that never comes.
    logits = torch.tensor([[[logit(0.2), logit(0.7)], [logit(0.9), logit(0.6)], [50.0, -50.0]]])
    expected = (-math.log(0.8) - math.log(0.7) - math.log(0.9) - math.log(0.6)) / 2
    assert float(step_log_loss(logits, inputs, torch.tensor([3]))) == pytest.approx(expected, rel=1e-6)


def test_every_step_of_a_batch_weighs_the_same() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 6, 4, generator=generator, dtype=torch.float64)
    inputs = (torch.rand(3, 6, 4, generator=generator) < 0.4).double()
    lengths = torch.tensor([6, 2, 4])
    total = steps = 0.0
    for row, length in enumerate(lengths.tolist()):
        for step in range(1, length):
            for key in range(4):
                probability = 1 / (1 + math.exp(-logits[row, step - 1, key].item()))
                total -= math.log(probability if inputs[row, step, key] else 1 - probability)
            steps += 1
    assert float(step_log_loss(logits, inputs, lengths)) == pytest.approx(total / steps, rel=1e-12)


@pytest.mark.parametrize("poison", [7.0, math.inf, -math.inf])
def test_padding_changes_neither_the_loss_nor_its_gradient(poison: float) -> None:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(2, 5, 3, generator=generator)
    inputs = (torch.rand(2, 5, 3, generator=generator) < 0.5).float()
    lengths = torch.tensor([5, 3])
    clean = logits.clone().requires_grad_()
    loss = step_log_loss(clean, inputs, lengths)
    loss.backward()
    dirty_inputs, dirty_logits = inputs.clone(), logits.clone()
    dirty_inputs[1, 3:] = 1 - dirty_inputs[1, 3:]
    # The output at the last real step is about padding too.
    dirty_logits[1, 2:] = poison
    dirty = dirty_logits.requires_grad_()
    again = step_log_loss(dirty, dirty_inputs, lengths)
    again.backward()
    assert again.item() == loss.item()
    assert clean.grad is not None and dirty.grad is not None
    torch.testing.assert_close(dirty.grad, clean.grad, rtol=0, atol=0)
    assert not clean.grad[1, 2:].any() and not clean.grad[:, 4].any()


def test_a_batch_without_a_second_step_has_loss_zero() -> None:
    logits = torch.ones(2, 1, 3, requires_grad=True)
    loss = step_log_loss(logits, torch.ones(2, 1, 3), torch.tensor([1, 1]))
    assert loss.item() == 0.0
    padded = step_log_loss(torch.ones(2, 4, 3), torch.ones(2, 4, 3), torch.tensor([1, 1]))
    assert float(padded) == 0.0


def test_the_score_is_the_mean_over_all_steps_and_rows_add_up_to_it() -> None:
    probabilities = np.array([[0.9, 0.2], [0.5, 0.5], [0.1, 0.7], [0.4, 0.4]], dtype=np.float32)
    values = np.array([[1, 0], [0, 1], [0, 1], [1, 0]], dtype=np.float32)
    score, sums, steps = step_nll(probabilities, values, np.array([3, 1]))
    by_step = [
        -math.log(0.9) - math.log(0.8),
        -2 * math.log(0.5),
        -math.log(0.9) - math.log(0.7),
        -math.log(0.4) - math.log(0.6),
    ]
    assert score == pytest.approx(sum(by_step) / 4, rel=1e-6)
    np.testing.assert_allclose(sums, [sum(by_step[:3]), by_step[3]], rtol=1e-6)
    assert steps.tolist() == [3, 1] and steps.dtype == np.int64 and sums.dtype == np.float64
    # Sequence by sequence, the short one weighs as much as the long one.
    assert (sums / steps).mean() == pytest.approx((sum(by_step[:3]) / 3 + by_step[3]) / 2, rel=1e-6)


def test_the_score_of_a_networks_probabilities_is_its_loss() -> None:
    generator = torch.Generator().manual_seed(2)
    logits = 3 * torch.randn(4, 7, 5, generator=generator)
    inputs = (torch.rand(4, 7, 5, generator=generator) < 0.3).float()
    lengths = torch.tensor([7, 2, 5, 3])
    probabilities = torch.cat([torch.sigmoid(row[: length - 1]) for row, length in zip(logits, lengths, strict=True)])
    values = torch.cat([row[1:length] for row, length in zip(inputs, lengths, strict=True)])
    score, _, _ = step_nll(probabilities.numpy(), values.numpy(), (lengths - 1).numpy())
    assert score == pytest.approx(float(step_log_loss(logits, inputs, lengths)), rel=1e-5)


def test_a_certain_mistake_costs_the_same_either_way_and_certainty_that_is_right_nothing() -> None:
    certain = np.array([[1.0, 0.0, 0.0]], dtype=np.float32)
    _, wrong, _ = step_nll(certain, np.array([[0, 1, 0]], dtype=np.float32), np.array([1]))
    assert wrong[0] == pytest.approx(2 * 24 * math.log(2), rel=1e-6)
    right, _, _ = step_nll(certain, np.array([[1, 0, 0]], dtype=np.float32), np.array([1]))
    assert 0 <= right < 1e-6


def test_rows_without_predicted_steps_add_nothing() -> None:
    half = np.full((2, 1), 0.5, dtype=np.float32)
    score, sums, steps = step_nll(half, np.ones((2, 1), dtype=np.float32), np.array([0, 2, 0]))
    assert score == pytest.approx(math.log(2))
    np.testing.assert_allclose(sums, [0, 2 * math.log(2), 0], rtol=1e-6)
    assert steps.tolist() == [0, 2, 0]
    nothing, _, _ = step_nll(half[:0], half[:0], np.array([0]))
    assert math.isnan(nothing)


@pytest.mark.parametrize(("rows", "lengths"), [(3, [3]), (2, [1])])
def test_shapes_that_do_not_fit_are_refused(rows: int, lengths: list[int]) -> None:
    with pytest.raises(ValueError, match="one shape"):
        step_nll(np.full((2, 2), 0.5, np.float32), np.zeros((rows, 2), np.float32), np.array(lengths))
