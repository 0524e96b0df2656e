"""The page's content, on its text."""

import re
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from gatewise.records import BatchLatency, Comparison, Config, Cost, Difference, Verdict
from gatewise.report.page import render_page
from gatewise.report.sections.reproduce import command_line
from tests.report.page_text import Page

Run = tuple[Comparison, Verdict]
WRONG = "What the models get wrong"
ALWAYS = [
    "The difference",
    "Scores",
    "Costs",
    "Training curves",
    "The recipe of every training",
    "Tuning",
    "Where the time went",
    "The data",
    "How to reproduce this",
    "How this was decided",
]


def test_every_kind_of_run_gives_one_closed_self_contained_page(any_run: Run) -> None:
    source = render_page(*any_run)
    page = Page(source)
    assert len(source.encode()) < 1_000_000
    assert len(page.identifiers) == len(set(page.identifiers))
    assert all(address.startswith("#") and address[1:] in page.identifiers for address in page.addresses)
    assert not re.search(r"https?:|//|@import|url\(|<script|<link|<img", source)
    headings = _headings(source)
    assert [heading for heading in headings if heading in ALWAYS] == ALWAYS
    assert not re.search(r"\b(nan|inf|None)\b", " ".join(page.words.values()))


def _headings(source: str) -> list[str]:
    return re.findall(r"<h2 id=[^>]*>([^<]*)</h2>", source)


@pytest.mark.parametrize(
    ("kind", "further"),
    [
        ("equivalent", {"Score by sequence length": "Training curves"}),
        ("one_left", {"Constraints": "Scores"}),
        (
            "whole_classification",
            {
                "Constraints": "Scores",
                "Learning curve": "Costs",
                "Score by sequence length": "Training curves",
                WRONG: "Score by sequence length",
            },
        ),
        ("whole_next_step", {"Constraints": "Scores", "Learning curve": "Costs", WRONG: "Training curves"}),
    ],
)
def test_sections_that_do_not_apply_are_left_out(kind: str, further: dict[str, str], run_named: Callable[[str], Run]) -> None:
    headings = _headings(render_page(*run_named(kind)))
    assert set(headings) - set(ALWAYS) == set(further)
    assert all(headings[headings.index(heading) - 1] == before for heading, before in further.items())


@pytest.mark.parametrize("metric", ["balanced_accuracy", "macro_f1", "auroc"])
def test_rows_without_a_score_of_their_own_have_none_by_length(metric: str, run_with: Callable[..., Run]) -> None:
    assert "Score by sequence length" not in render_page(*run_with(comparison={"metric": metric}))


def test_figures_are_well_formed_and_described(any_run: Run) -> None:
    figures = re.findall(r'<svg class="drawing".*?</svg>(?=\s*(?:<figcaption|</figure))', render_page(*any_run), flags=re.DOTALL)
    assert bool(figures) == bool(any_run[1].replicates)
    for figure in figures:
        root = ElementTree.fromstring(figure)
        assert root.get("role") == "img"
        labels = {element.get("id"): element.text for element in root if element.tag in ("title", "desc")}
        assert set((root.get("aria-labelledby") or "").split()) == set(labels)
        assert all(labels.values())


def test_the_verdict_comes_first_and_the_numbers_are_written_out(run_named: Callable[[str], Run]) -> None:
    comparison, verdict = run_named("equivalent")
    page = Page(render_page(comparison, verdict))
    head = page.words["head"]
    assert "Practically equal" in head
    assert "Recommended: GRU" in head
    assert all(sentence in head for sentence in (*verdict.explanation, *verdict.warnings))
    difference = verdict.difference
    assert difference is not None
    assert f"GRU leads LSTM by {100 * difference.mean:.1f} points" in page.words["difference"]
    assert "practically equal: 97%" in page.words["difference"]
    assert "GRU over TF-IDF + logistic regression" in page.words["difference"]
    for words in ("12.3 ms", "0.823 times", "0.808 to 0.841", "412 MB", "1,305,282", "5.22 MB", "11 of 12", "75.2%"):
        assert words in page.words["costs"]
    assert f"{100 * verdict.scores['gru'].mean:.1f}%" in page.words["scores"]
    assert "+8.5 points" in page.words["scores"]
    assert "target 75.2%" in page.words["curves"]
    assert "18–24" in page.words["lengths"]
    assert "0.00213" in page.words["tuning"]
    assert "92.9%" in page.words["time"]
    assert "10,662" in page.words["data"]
    assert "Training rows of each replicate 7,600" in page.words["data"]
    assert "Validation rows of each replicate, which end the training 930" in page.words["data"]
    assert "7,600 training, 930 validation and 1,066 test rows" in page.words["decided"]
    assert "16.8 GB" in page.words["reproduce"]
    assert "Nadeau" in page.words["decided"] and "Benavoli" in page.words["decided"]


def test_every_replicate_and_every_tuning_trial_has_its_dot(run_named: Callable[[str], Run]) -> None:
    source = render_page(*run_named("three_arms"))
    assert source.count('class="replicate"') == 12
    assert source.count('class="faint arm-2"') == 12 + 8
    tuning = source[source.index('id="tuning"') :]
    assert tuning.count('class="fill outlined arm-') == 3


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("three_arms", ["Every pair of arms", "Row over column GRU LSTM RNN", "Bonferroni"]),
        ("same_cell_twice", ["GRU (1) leads GRU (2)"]),
        ("undecided", ["Undecided", "Provisionally: GRU", "About 9 further replicates would probably decide."]),
        ("baseline", ["A baseline wins", "Recommended: TF-IDF + logistic regression"]),
        ("no_replicates", ["No difference can be shown", "No costs were measured", "No tuning trials", "It was interrupted"]),
        (
            "one_replicate",
            ["how far that may be off is not known yet", "Probability not known yet it takes 3 replicates", "over 1 replicate."],
        ),
        ("fixed_test", ["source’s own test part", "length in steps", "linear model on simple features", "Channels 12"]),
    ],
)
def test_each_kind_of_run_says_what_is_particular_to_it(kind: str, words: list[str], run_named: Callable[[str], Run]) -> None:
    text = " ".join(Page(render_page(*run_named(kind))).words.values())
    assert [word for word in words if word not in text] == []


def test_a_run_without_replicates_recommends_nothing(run_named: Callable[[str], Run]) -> None:
    assert "Provisionally" not in render_page(*run_named("no_replicates"))


def test_a_fixed_number_of_replicates_is_not_described_as_looked_at_after_each(run_with: Callable[..., Run]) -> None:
    planned = render_page(*run_with(comparison={"config": Config("reviews.csv", replicates=12)}))
    assert "Sequential looks" not in planned and "after every replicate" not in planned
    assert "One look." in planned
    assert "Sequential looks" in render_page(*run_with())


def test_an_interval_that_was_not_widened_is_drawn_once(run_with: Callable[..., Run]) -> None:
    comparison, verdict = run_with()
    assert verdict.difference is not None
    assert 'class="interval-wide"' in render_page(comparison, verdict)
    narrow: Difference = replace(verdict.difference, ci95_sequential=verdict.difference.ci95)
    source = render_page(comparison, replace(verdict, difference=narrow))
    assert 'class="interval-wide"' not in source and "thin line" not in source


def test_user_strings_are_escaped_everywhere(run_with: Callable[..., Run]) -> None:
    evil = '<script>alert("&")</script>'
    profile = {"name": evil, "classes": {evil: 1, "b": 2}, "inferred": (evil,), "warnings": (evil,), "fingerprint": evil}
    comparison = {"config": Config(evil, text=evil), "environment": {evil: {evil: evil}}, "stopped": evil, "warnings": (evil,)}
    verdict = {"explanation": (evil, evil), "warnings": (evil,), "excluded": {"lstm": evil}}
    source = render_page(*run_with(profile=profile, comparison=comparison, verdict=verdict))
    assert "<script" not in source
    assert source.count("&lt;script&gt;") > 12
    Page(source)


def test_arms_of_one_score_and_a_single_epoch_still_give_figures(run_with: Callable[..., Run]) -> None:
    comparison, verdict = run_with(replicates=2)
    same = tuple(replace(training, test_score=0.8, history=training.history[:1]) for training in comparison.trainings)
    difference = replace(verdict.difference, mean=0.0, ci95=(0.0, 0.0)) if verdict.difference else None
    source = render_page(replace(comparison, trainings=same), replace(verdict, difference=difference))
    assert "0.0 points" in source
    assert source.count('class="drawing"') == 6


def test_an_unfinished_replicate_is_no_difference(run_with: Callable[..., Run]) -> None:
    comparison, verdict = run_with()
    half = replace(comparison, trainings=comparison.trainings[:-1])
    assert render_page(half, verdict).count('class="replicate"') == 11


def test_time_that_no_phase_accounts_for_is_listed(run_with: Callable[..., Run]) -> None:
    comparison, verdict = run_with()
    slower = tuple(replace(training, seconds=training.seconds + 3.0) for training in comparison.trainings)
    words = Page(render_page(replace(comparison, trainings=slower, tuning=()), verdict)).words["time"]
    assert "Other 36 s (14.1%)" in words


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (Config("reviews.csv"), "gatewise compare reviews.csv --cells gru,lstm --seed 0"),
        (
            Config("my data.csv", text="the text", cells=("gru", "gru"), budget_s=90.0, seed=3, bidirectional=True),
            "gatewise compare 'my data.csv' --text 'the text' --cells gru,gru --budget 90s --bidirectional --seed 3",
        ),
        (
            Config("a.csv", channels=("x", "y"), budget_s=None, replicates=8, margin=0.02, hidden_size=32),
            "gatewise compare a.csv --channels x --channels y --cells gru,lstm --margin 0.02 --replicates 8 --hidden-size 32 "
            "--seed 0",
        ),
        (Config("a.csv", budget_s=1800.0), "gatewise compare a.csv --cells gru,lstm --budget 30m --seed 0"),
    ],
)
def test_command_line_repeats_the_options_that_are_not_defaults(config: Config, expected: str) -> None:
    assert command_line(config) == expected


def test_the_command_names_the_constraints_and_the_curve_as_they_are_typed(run_named: Callable[[str], Run]) -> None:
    comparison, _ = run_named("whole_forecast")
    assert command_line(comparison.config) == (
        "gatewise compare reviews.csv --cells gru,lstm --match both --curve 0.1,0.25,0.5,1 --max-epochs 12 --max-latency 0.48ms "
        "--max-size 6MB --seed 0"
    )


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            "whole_classification",
            {
                "head": [
                    "mr · 10,662 texts · 2 classes",
                    "GRU (hidden 64) leads by",
                    "over GRU (hidden 74)",
                    "Test accuracy",
                    "points",
                ],
                "difference": ["points in test accuracy; 95% interval"],
                "scores": ["Test accuracy, over 12 replicates", "Train minus test"],
                "data": ["Length in tokens", "Class Rows Share negative 5,331 50.0%"],
                "decided": ["±1.0 points in accuracy is taken"],
            },
        ),
        (
            "whole_regression",
            {
                "head": [
                    "energy · 3,140 series · regression of demand",
                    "GRU (hidden 74) leads by 89 over GRU (hidden 64); 95%: −60 to +237",
                    "Test MAE 8,297",
                ],
                "difference": [
                    "GRU (hidden 74) leads GRU (hidden 64) by 89 in test MAE, where lower is better; 95% interval −60 to +237",
                    "within ±248",
                ],
                "costs": ["until the validation MAE first falls to 9,000"],
                "scores": ["Test MAE, lower is better, over 12 replicates", "12,410 ± 119", "Test minus train"],
                "lengths": ["7,816", "Lead of GRU (hidden 74) over GRU (hidden 64)", "length in steps"],
                "tuning": ["the validation MAE moved by 749 for GRU (hidden 64)"],
                "data": ["Name Least Median Greatest demand −1,520.25 30,412.5 98,400", "Channels 24"],
                "decided": ["±248 in MAE, 2% of what the best baseline has on the first validation part"],
            },
        ),
        (
            "whole_forecast",
            {
                "head": ["ETTh1 · 17,229 windows · forecast of OT, 24 steps ahead", "Test MASE"],
                "difference": ["in test MASE, where lower is better", "lead in test MASE"],
                "curves": ["validation MASE, lower is better", "target 0.860"],
                "data": [
                    "Window that is read 168 steps (7 days)",
                    "Horizon that is predicted 24 steps (24 h)",
                    "Season 24 steps (24 h)",
                    "Channels that are predicted 1: OT",
                    "a stretch of time, after all that is learned from",
                ],
                "decided": ["Every replicate is tested on one block of time"],
            },
        ),
        (
            "whole_next_step",
            {
                "head": ["JSB_Chorales · 382 series · next step of 88 channels", "Test negative log-likelihood a step 8.53"],
                "scores": ["Test negative log-likelihood a step, lower is better", "linear model of the last two steps"],
                "data": ["Length in steps", "next step of a sequence of labels"],
            },
        ),
        (
            "audio",
            {
                "head": ["fsdd · 3,000 recordings · 10 classes"],
                "data": [
                    "Length in frames",
                    "Sample rate 8,000 Hz",
                    "Window of a frame 25 ms",
                    "From one frame to the next 10 ms",
                    "Mel bands 40, from 20 to 4,000 Hz",
                ],
            },
        ),
    ],
)
def test_each_task_is_told_in_its_own_words(kind: str, words: dict[str, list[str]], run_named: Callable[[str], Run]) -> None:
    page = Page(render_page(*run_named(kind)))
    assert {(section, word) for section, found in words.items() for word in found if word not in page.words[section]} == set()


@pytest.mark.parametrize("kind", ["whole_regression", "whole_forecast", "whole_next_step", "one_left"])
def test_scores_that_are_not_in_percent_are_neither_in_percent_nor_in_points(kind: str, run_named: Callable[[str], Run]) -> None:
    page = Page(render_page(*run_named(kind)))
    shown = {
        section: words
        for section, words in page.words.items()
        if section not in ("difference", "by-data", "mistakes", "time", "decided")
    }
    assert "points" not in " ".join(page.words.values())
    assert "%" not in re.sub(r"95%|97%", "", " ".join(shown.values()))


def test_a_lead_of_lower_scores_is_positive_in_every_figure_and_table(run_with: Callable[..., Run]) -> None:
    comparison, verdict = run_with(task="forecast")
    better = tuple(
        replace(training, test_score=0.80 if training.name == "gru" else 0.85 + 0.001 * training.number)
        for training in comparison.trainings
    )
    source = render_page(replace(comparison, trainings=better), verdict)
    places = [float(place) for place in re.findall(r'<circle cx="([\d.]+)%"[^>]*class="replicate"', source)]
    assert len(places) == 12 and min(places) > 50


def test_constraints_are_listed_with_what_was_measured(run_named: Callable[[str], Run]) -> None:
    words = Page(render_page(*run_named("whole_forecast"))).words["constraints"]
    assert "Excluded: LSTM, whose latency 0.503 ms is above 0.48 ms and size 6.37 MB is above 6 MB." in words
    assert "Median latency, batch of 1 at most 0.48 ms 0.412 ms 0.503 ms, excluded 0.453 ms" in words
    assert "Size of the weights at most 6 MB 5.22 MB 6.37 MB, excluded 5.74 MB" in words


def test_constraints_that_exclude_nobody_or_were_not_measured_say_so(run_with: Callable[..., Run]) -> None:
    comparison, verdict = run_with(limits={"max_memory_bytes": 10**9})
    assert "No arm is excluded." in Page(render_page(comparison, verdict)).words["constraints"]
    unmeasured = {name: replace(cost, peak_memory_bytes=None) for name, cost in comparison.costs.items()}
    words = Page(render_page(replace(comparison, costs=unmeasured), verdict)).words["constraints"]
    assert "Peak memory of training at most 1 GB not measured not measured" in words


def test_the_last_arm_left_wins_without_a_difference(run_named: Callable[[str], Run]) -> None:
    page = Page(render_page(*run_named("one_left")))
    assert "Only the GRU meets the constraints" in page.words["head"] and "is better" not in page.words["head"][:60]
    assert "Excluded by the constraints LSTM latency 0.503 ms is above 0.45 ms" in page.words["head"]
    assert "The constraints leave only the GRU" in page.words["difference"]
    assert "GRU leads LSTM by" in page.words["difference"]
    none = Page(render_page(*run_named("none_left")))
    assert "No cell meets the constraints" in none.words["head"]
    assert "The constraints leave no arm" in none.words["difference"]


def test_hidden_sizes_are_shown_where_they_differ(run_named: Callable[[str], Run]) -> None:
    words = Page(render_page(*run_named("whole_regression"))).words
    assert "Hidden size 64 64 74" in words["costs"]
    assert "only the cell and its hidden size differ" in words["difference"]
    assert "Hidden size" not in Page(render_page(*run_named("three_arms"))).words["costs"]


def test_first_epochs_far_from_the_rest_do_not_flatten_the_curves(run_with: Callable[..., Run]) -> None:
    comparison, verdict = run_with(task="forecast")
    assert "left out" not in Page(render_page(comparison, verdict)).words["curves"]
    wild = tuple(
        replace(training, history=(replace(training.history[0], validation_score=250.0), *training.history[1:]))
        for training in comparison.trainings
    )
    words = Page(render_page(replace(comparison, trainings=wild), verdict)).words["curves"]
    assert "Epochs far worse than the best, mostly the first ones, are left out." in words
    assert "200" not in words


def test_short_curves_are_drawn_whole(run_with: Callable[..., Run]) -> None:
    comparison, verdict = run_with(task="forecast")
    steep = tuple(
        replace(training, history=tuple(replace(epoch, validation_score=30.0 / epoch.epoch**4) for epoch in training.history[:2]))
        for training in comparison.trainings
    )
    source = render_page(replace(comparison, trainings=steep), verdict)
    assert "left out" not in Page(source).words["curves"]
    assert "GRU ends at 1.875 after 2 epochs" in source


def test_a_single_tuning_trial_is_not_told_as_a_range(run_with: Callable[..., Run]) -> None:
    comparison, verdict = run_with(task="forecast")
    single = tuple(trial for trial in comparison.tuning if trial.number == 3)
    words = Page(render_page(replace(comparison, tuning=single), verdict)).words["tuning"]
    assert "Nothing was tuned: a single trial had the default hyperparameters." in words
    assert "moved by" not in words and "1 trainings" not in words


def test_a_training_that_diverged_leaves_the_page_whole(run_with: Callable[..., Run]) -> None:
    comparison, verdict = run_with(task="regression")
    first = comparison.trainings[0]
    history = tuple(replace(epoch, validation_score=float("inf")) for epoch in first.history)
    broken = replace(first, history=history, test_score=float("nan"))
    source = render_page(replace(comparison, trainings=(broken, *comparison.trainings[1:])), verdict)
    assert source.count('class="replicate"') == 11
    assert not re.search(r'="[^"]*(nan|inf)[%"]', source)


def test_the_recipe_is_that_of_the_run(run_with: Callable[..., Run]) -> None:
    config = replace(run_with()[0].config, batch_size=32, max_epochs=40, pooling="last")
    recipe = Page(render_page(*run_with(comparison={"config": config}))).words["recipe"]
    for words in ("32 rows", "40 epochs at most", "The state at the last step alone.", "Clipped to norm 1.", "decay 0.99"):
        assert words in recipe


def test_the_page_has_what_the_baselines_cost(run_with: Callable[..., Run]) -> None:
    comparison, verdict = run_with()
    assert "What the baselines cost" not in Page(render_page(comparison, verdict)).words["costs"]
    latency = {"batch1": BatchLatency(0.731, 0.8, 0.9), "batch32": BatchLatency(8.46, 9.0, 9.5)}
    baseline = Cost(None, None, None, 0, latency, None, 54_321, 434_568, fit_s=2.35)
    told = replace(verdict, baseline_costs=dict.fromkeys(comparison.baselines, baseline))
    words = Page(render_page(comparison, told)).words["costs"]
    assert all(part in words for part in ("What the baselines cost", "TF-IDF + logistic regression", "54,321", "435 kB", "0.731"))
    assert "features included" in words
