"""The section on what the models get wrong."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from gatewise.mistakes import Mistakes
from gatewise.records import Comparison, Verdict
from gatewise.report.page import render_page
from gatewise.report.sections.mistakes import mistakes_section
from gatewise.titles import Titles
from tests.report.mistaken import with_mistakes

Run = tuple[Comparison, Verdict]
RunWith = Callable[..., Run]
RunNamed = Callable[[str], Run]


def section_of(run: Run) -> str:
    return render_page(*run).partition('<section id="mistakes"')[2].partition("</section>")[0]


def test_classes_stand_side_by_side(run_named: RunNamed) -> None:
    run = run_named("whole_classification")
    section = section_of(run)
    assert section.count('class="gallery"') == 1
    assert all(f'<p class="heading">{Titles(run[0].arms)(arm.name)}</p>' in section for arm in run[0].arms)
    for words in ("Precision of GRU", "Only the first right", "Both wrong", "Calibration error", "is taken for", "is surer"):
        assert words in section
    found = run[0].mistakes
    assert found is not None and found.classes is not None
    total = sum(map(sum, next(iter(found.classes.confusions.values()))))
    assert f"Counted are {total:,} test predictions of each model, over 12 replicates." not in section  # rows repeat
    assert f"{found.rows:,} different rows" in section
    assert "&lt;b&gt;yet&lt;/b&gt;" in section and "<b>yet" not in section
    assert "Guo" in render_page(*run)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("whole_regression", ["Predicted against true", "by the true value in fifths", "below zero a model says too little"]),
        ("whole_forecast", ["Best window (OT)", "Median window", "Worst window", "Error by step ahead (MASE)", "+24"]),
        ("whole_next_step", ["Loss by position", "The channels that cost most", "76 further channels", "The hardest sequences"]),
        ("audio", ["Confusion matrix", "seven/7_jackson_", "frame 1", "Only GRU right"]),
    ],
)
def test_each_task_shows_its_own_mistakes(kind: str, words: list[str], run_named: RunNamed) -> None:
    section = section_of(run_named(kind))
    for word in words:
        assert word in section
    assert not re.search(r"\b(nan|inf|None)\b", section)


def test_fifty_classes_are_folded_and_the_page_stays_small(run_with: RunWith) -> None:
    run = run_with(profile={"classes": {f"class {n}": 200 for n in range(50)}}, mistakes=True)
    section = section_of(run)
    assert "“the others” are 39 classes" in section
    assert "30 more are left out" in section
    assert len(render_page(*run).encode()) < 500_000


def test_what_is_kept_of_large_test_parts_is_said(run_with: RunWith) -> None:
    comparison, verdict = run_with(mistakes=True)
    assert comparison.mistakes is not None
    capped = replace(comparison, mistakes=replace(comparison.mistakes, tested=90_000, lost=2))
    section = section_of((capped, verdict))
    assert "90,000 were made; of larger test parts 5,000 rows are kept, drawn at random" in section
    assert "Of 2 replicates the predictions are missing" in section


def test_predictions_that_are_gone_are_said_to_be(run_with: RunWith) -> None:
    comparison, verdict = run_with()
    assert mistakes_section(comparison, verdict) is None
    section = section_of((replace(comparison, mistakes=Mistakes(0, 12, 0, 0, 0)), verdict))
    assert "holds no test predictions" in section and "The verdict does not need them." in section


def test_rows_that_were_not_written_down_have_their_numbers(run_named: RunNamed) -> None:
    for kind in ("whole_classification", "audio", "whole_regression", "whole_forecast"):
        comparison, verdict = run_named(kind)
        assert comparison.mistakes is not None
        bare = replace(comparison, mistakes=replace(comparison.mistakes, examples={}))
        section = section_of((bare, verdict))
        assert re.search(r"row [\d,]+|window [\d,]+", section)


def test_models_without_a_mistake_are_said_to_make_none(run_with: RunWith) -> None:
    comparison, verdict = run_with(replicates=2)
    found = with_mistakes(comparison, verdict).mistakes
    assert found is not None and found.classes is not None
    perfect = replace(
        found.classes, confusions=dict.fromkeys(found.classes.confusions, ((120, 0), (0, 120))), worst=(), disagreements=()
    )
    section = section_of((replace(comparison, mistakes=replace(found, classes=perfect)), verdict))
    assert "No cell made a mistake." in section
    assert "The worst mistakes" not in section


def test_the_largest_page_stays_under_half_a_megabyte(run_named: RunNamed) -> None:
    for kind in ("whole_classification", "whole_regression", "whole_forecast", "whole_next_step", "audio"):
        assert len(render_page(*run_named(kind)).encode()) < 500_000
