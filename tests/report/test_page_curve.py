"""The learning curve in the page."""

from collections.abc import Callable
from dataclasses import replace
from statistics import fmean
from typing import Any

from gatewise.records import Comparison, Verdict
from gatewise.report.page import render_page
from tests.report.page_text import Page

Run = tuple[Comparison, Verdict]


def test_the_learning_curve_is_told_in_words_numbers_and_figures(run_named: Callable[[str], Run]) -> None:
    comparison, verdict = run_named("whole_forecast")
    source = render_page(comparison, verdict)
    words = Page(source).words["by-data"]
    least = [
        training.test_score or 0.0
        for training in comparison.curve_trainings
        if training.name == "gru_h64" and training.fraction == 0.1
    ]
    assert (
        "10% (760 rows, 3 replicates), 25% (1,900 rows, 3 replicates), 50% (3,800 rows, 3 replicates) and "
        "100% (7,600 rows, 12 replicates)" in words
    )
    assert (
        f"From the smallest fraction to the largest the test MASE goes from {fmean(least):.3f} to 0.811 for GRU (hidden 64)"
        in words
    )
    assert "Between GRU (hidden 64) and LSTM: GRU (hidden 64) is ahead at" in words
    assert "The last step, from 50% to 100%, made GRU (hidden 64) better by" in words
    assert "more data of the same kind would probably help" in words
    for caption in ("Test MASE, with 95% intervals", "Lead in test MASE, with 95% intervals", "MASE, test minus train, with 95%"):
        assert caption in words
    for figure in ("scores", "differences", "gaps"):
        assert f'id="by-data-{figure}-title"' in source


def test_a_learning_curve_that_is_flat_and_equal_is_said_to_be_so(run_with: Callable[..., Run]) -> None:
    comparison, verdict = run_with(task="regression", curve=(0.5,))
    flat: dict[str, Any] = {
        kind: tuple(
            replace(training, test_score=8000.0 + 10 * (training.number % 2), train_score=7000.0) for training in trainings
        )
        for kind, trainings in (("trainings", comparison.trainings), ("curve_trainings", comparison.curve_trainings))
    }
    words = Page(render_page(replace(comparison, **flat), verdict)).words["by-data"]
    assert "Between GRU and LSTM no fraction shows a difference: intervals hold zero." in words
    assert "not beyond the band of ±248, so more data of the same kind would hardly help" in words


def test_a_learning_curve_of_single_replicates_claims_no_difference(run_with: Callable[..., Run]) -> None:
    comparison, verdict = run_with(replicates=1, curve=(0.5,))
    lone = replace(comparison, curve_trainings=comparison.curve_trainings[:2])
    words = Page(render_page(lone, verdict)).words["by-data"]
    assert "A single replicate at each fraction does not show whether the arms differ." in words
    assert "ahead" not in words and "hold zero" not in words


def test_a_learning_curve_without_a_complete_replicate_has_nothing_to_show(run_with: Callable[..., Run]) -> None:
    comparison, verdict = run_with(replicates=0, curve=(0.5,))
    lone = replace(comparison, curve_trainings=comparison.curve_trainings[:1])
    assert "No learning curve can be shown" in Page(render_page(lone, verdict)).words["by-data"]
