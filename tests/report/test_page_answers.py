"""The page answers what was asked: who leads, by how much, how sure that is, and what to do next."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gatewise.comparison.outlook import budget_to_decide, replicates_to_decide
from gatewise.records import Comparison, Config, Verdict
from gatewise.report.page import render_page
from gatewise.report.sections.reproduce import as_it_was, command_line
from tests.report.gallery import GALLERY
from tests.report.page_text import Page

Run = tuple[Comparison, Verdict]
FOLDER = Path("runs") / "mr"


@pytest.fixture(params=sorted(GALLERY))
def any_report(request: pytest.FixtureRequest) -> Run:
    """Every report of the gallery, with the verdict that gatewise reaches on its evidence."""
    return GALLERY[request.param]()


def test_every_report_is_small_valid_and_leads_with_the_winner(any_report: Run) -> None:
    comparison, verdict = any_report
    source = render_page(comparison, verdict, FOLDER)
    assert len(source.encode()) < 500_000
    head = Page(source).words["head"]
    assert verdict.difference is not None and verdict.difference.mean >= 0
    assert " leads by " in head and not re.search(r"leads by [−-]", head)
    assert not re.search(r"(?<![\w-])-\d", head), "one minus on the page"
    assert "P(" not in source


def test_the_gallery_has_every_ending() -> None:
    decisions = {name: make()[1].decision for name, make in GALLERY.items()}
    assert decisions["decided"] == decisions["text"] == "lstm"
    assert {name: decisions[name] for name in ("equivalent", "baseline", "undecided", "one_replicate")} == {
        "equivalent": "equivalent", "baseline": "baseline", "undecided": "undecided", "one_replicate": "undecided",
    }  # fmt: skip


def test_a_baseline_that_wins_or_leads_is_in_headline_tiles_and_figure() -> None:
    for name in ("baseline", "undecided"):
        source = render_page(*GALLERY[name]())
        words = Page(source).words
        assert "TF-IDF + logistic regression leads by" in words["head"]
        assert "baseline, the TF-IDF + logistic regression" in source.split("<h1>")[1].split("</h1>")[0]
        assert "TF-IDF + logistic regression leads GRU by" in words["difference"]
        assert "TF-IDF + logistic regression better ▸" in words["difference"]


@pytest.mark.parametrize("replicates", [1, 2])
def test_under_three_replicates_nothing_is_known_yet(replicates: int, run_with: Callable[..., Run]) -> None:
    comparison, verdict = run_with(replicates=replicates, difference={"conclusion": "undecided"})
    source = render_page(comparison, verdict)
    assert "Probability not known yet it takes 3 replicates" in Page(source).words["head"]
    assert "probabilities-title" not in source and 'class="interval"' not in source
    assert ("± 0" in source) == (replicates == 2)


def test_scores_come_before_costs_and_rare_latencies_are_folded(run_named: Callable[[str], Run]) -> None:
    source = render_page(*run_named("equivalent"))
    assert source.index('id="scores"') < source.index('id="costs"')
    folded = source[source.index("<details>") : source.index("</details>")]
    assert "Latency p90" in folded and "Latency p99" in folded
    assert "Latency p50" not in folded and source.count("Latency p90") == 2


def test_of_several_arms_every_replicate_and_every_ratio_is_in_a_table(any_report: Run) -> None:
    comparison, verdict = any_report
    words = Page(render_page(comparison, verdict)).words
    several = len(comparison.arms) > 2
    assert ("Every pair of arms" in words["difference"]) == several
    assert words["difference"].count("equal ") >= 20 * several
    assert words["costs"].count("0.823") == (10 if several else 1)


def test_curves_have_names_at_their_ends_and_no_dot_an_epoch(run_named: Callable[[str], Run]) -> None:
    comparison, verdict = run_named("three_arms")
    figure = re.search(r'<svg[^>]*aria-labelledby="curves-title.*?</figure>', render_page(comparison, verdict), re.DOTALL)
    assert figure is not None and "<circle" not in figure[0]
    assert [f">{name}</text>" in figure[0] for name in ("GRU", "LSTM", "RNN")] == [True] * 3
    assert "cap: 12 epochs" in figure[0] and "No training was ended by the cap of 12 epochs" in figure[0]
    short = replace(comparison, config=replace(comparison.config, max_epochs=5))
    assert "ended at the cap of 5 epochs" in render_page(short, verdict)
    assert "cap:" not in render_page(replace(comparison, config=replace(comparison.config, max_epochs=100)), verdict)


def test_no_axis_goes_beyond_what_can_be(run_with: Callable[..., Run]) -> None:
    comparison, verdict = run_with()
    perfect = tuple(
        replace(
            training,
            test_score=1.0 - 0.001 * training.number,
            history=tuple(replace(epoch, validation_score=1.0 - 0.02 / epoch.epoch) for epoch in training.history),
        )
        for training in comparison.trainings
    )
    source = render_page(replace(comparison, trainings=perfect), verdict)
    assert "100%" in source or "100.0%" in source
    assert not re.search(r"\b10[1-9](\.\d)?%<", source)


def test_control_codes_of_the_data_do_not_reach_the_page(run_with: Callable[..., Run]) -> None:
    odd = "a\x1b[31m\x07\ud800b"
    source = render_page(*run_with(profile={"name": odd, "classes": {odd: 3, "c": 1}}, verdict={"warnings": (odd,)}))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", source)
    assert "a\ufffd[31m\ufffd\ufffdb" in source and source.encode()


def test_two_arms_of_one_cell_are_told_apart_everywhere() -> None:
    words = Page(render_page(*GALLERY["equivalent"]())).words
    for section in ("head", "difference", "scores", "costs", "curves", "lengths", "tuning", "time"):
        assert "GRU (1)" in words[section] and "GRU (2)" in words[section], section


def test_the_command_has_the_rounds_and_replicates_as_they_were(run_with: Callable[..., Run]) -> None:
    comparison, _ = run_with(replicates=7)
    assert command_line(as_it_was(comparison)) == (
        "gatewise compare reviews.csv --cells gru,lstm --rivals majority,tfidf_logistic --replicates 7 --tune 8 --max-epochs 12 "
        "--seed 0"
    )
    assert as_it_was(run_with(replicates=1)[0]).replicates == 2
    assert as_it_was(replace(comparison, replicates=0)) == comparison.config
    assert as_it_was(replace(comparison, tuning=())).tune == 0, "there was no time for tuning"
    frame = replace(comparison, config=Config("<pandas DataFrame>", cells=("gru", "rnn"), seed=3))
    assert command_line(as_it_was(frame)) == (
        "gatewise.compare(data, cells=('gru', 'rnn'), rivals=('majority', 'tfidf_logistic'), replicates=7, tune=8, seed=3)"
    )


def test_what_to_do_next_is_the_last_thing_on_the_page(run_named: Callable[[str], Run]) -> None:
    comparison, verdict = run_named("undecided")
    source = render_page(comparison, verdict, FOLDER)
    words = Page(source).words
    assert list(words)[-1] == "next"
    assert "About 9 further replicates would probably decide: gatewise resume runs/mr --budget 20m" in words["next"]
    decided = Page(render_page(*run_named("equivalent"), FOLDER)).words["next"]
    assert "gatewise predict runs/mr NEW_FILE" in decided and 'model = gatewise.open_run("runs/mr").model' in decided
    assert "resume" not in decided
    planned = replace(comparison, config=replace(comparison.config, replicates=5, budget_s=None))
    assert "--replicates 14 --tune 8" in Page(render_page(planned, verdict, FOLDER)).words["next"]
    table = replace(comparison, config=replace(comparison.config, source="<pandas DataFrame>"))
    assert 'gatewise.resume("runs/mr", data=data, budget="20m")' in Page(render_page(table, verdict, FOLDER)).words["next"]
    cut = Page(render_page(*run_named("no_replicates"), FOLDER)).words["next"]
    assert "gatewise resume runs/mr" in cut and "predict" not in cut
    assert "next" not in Page(render_page(comparison, verdict)).words


def test_a_budget_that_decides_is_round_and_above_the_old_one(run_named: Callable[[str], Run]) -> None:
    comparison, verdict = run_named("undecided")
    assert (replicates_to_decide(verdict, adaptive=True), budget_to_decide(comparison, verdict)) == (9, 20 * 60.0)
    assert budget_to_decide(replace(comparison, elapsed_s=10.0, trainings=(), baseline_trainings=()), verdict) == 15 * 60.0
    assert replicates_to_decide(run_named("equivalent")[1], adaptive=True) is None
    assert replicates_to_decide(run_named("one_replicate")[1], adaptive=True) == 4, "nothing is decided before five"
    assert verdict.difference is not None
    hopeless = replace(verdict, difference=replace(verdict.difference, further_replicates=None))
    assert budget_to_decide(comparison, hopeless) is None
