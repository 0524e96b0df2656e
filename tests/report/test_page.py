"""The page's content, on its text."""

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from gatewise.records import Comparison, Config, Difference, Verdict
from gatewise.report.page import render_page
from gatewise.report.sections.reproduce import command_line

Run = tuple[Comparison, Verdict]
HEADINGS = [
    "The difference",
    "Costs",
    "Scores",
    "Learning curves",
    "Score by sequence length",
    "Tuning",
    "Where the time went",
    "The data",
    "How to reproduce this",
    "How this was decided",
]
EMPTY_ELEMENTS = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """The visible text of a page by section, and a check that every element is closed."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.identifiers: list[str] = []
        self.addresses: list[str] = []
        self.words: dict[str, str] = {}
        self.section = "head"
        self.feed(source)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag not in EMPTY_ELEMENTS:
            self.open.append(tag)
        if tag == "section":
            self.section = attributes["id"] or ""
        self.identifiers += [attributes["id"] or ""] if "id" in attributes else []
        self.addresses += [attributes[name] or "" for name in ("src", "href", "action", "data") if name in attributes]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "title", "desc"):
            self.words[self.section] = " ".join(f"{self.words.get(self.section, '')} {data}".split())


def test_every_kind_of_run_gives_one_closed_self_contained_page(any_run: Run) -> None:
    source = render_page(*any_run)
    page = Page(source)
    assert len(source.encode()) < 1_000_000
    assert len(page.identifiers) == len(set(page.identifiers))
    assert all(address.startswith("#") and address[1:] in page.identifiers for address in page.addresses)
    assert not re.search(r"https?:|//|@import|url\(|<script|<link|<img", source)
    assert re.findall(r"<h2 id=[^>]*>([^<]*)</h2>", source) == HEADINGS
    assert not re.search(r"\b(nan|inf|None)\b", " ".join(page.words.values()))


def test_figures_are_well_formed_and_described(any_run: Run) -> None:
    figures = re.findall(r'<svg class="drawing".*?</svg>(?=\s*<figcaption)', render_page(*any_run), flags=re.DOTALL)
    assert bool(figures) == bool(any_run[1].pairs)
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
    assert f"+{100 * difference.mean:.1f} points" in page.words["difference"]
    assert "practically equal: 96.7%" in page.words["difference"]
    assert "TF-IDF + logistic regression minus GRU" in page.words["difference"]
    for words in ("12.3 ms", "0.823 times", "0.808 to 0.841", "412 MB", "1,305,282", "5.22 MB", "11 of 12", "75.2%"):
        assert words in page.words["costs"]
    assert f"{100 * verdict.scores['gru'].mean:.1f}%" in page.words["scores"]
    assert "+8.5 points" in page.words["scores"]
    assert "target 75.2%" in page.words["curves"]
    assert "18–24" in page.words["lengths"]
    assert "0.00213" in page.words["tuning"]
    assert "92.9%" in page.words["time"]
    assert "10,662" in page.words["data"]
    assert "16.8 GB" in page.words["reproduce"]
    assert "Nadeau" in page.words["decided"] and "Benavoli" in page.words["decided"]


def test_every_pair_and_every_tuning_trial_has_its_dot(run_named: Callable[[str], Run]) -> None:
    source = render_page(*run_named("three_arms"))
    assert source.count('class="pair"') == 12
    assert source.count('class="faint arm-2"') == 12 + 8
    tuning = source[source.index('id="tuning"') :]
    assert tuning.count('class="fill outlined arm-') == 3


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("three_arms", ["GRU minus RNN", "LSTM minus RNN", "Bonferroni"]),
        ("same_cell_twice", ["GRU minus GRU (2)"]),
        ("undecided", ["Undecided", "Provisionally: GRU", "About 9 further pairs would probably decide."]),
        ("baseline", ["A baseline wins", "Recommended: TF-IDF + logistic regression"]),
        ("no_pairs", ["No difference can be shown", "No costs were measured", "No tuning trials", "It was interrupted"]),
        ("one_pair", ["95% interval not known yet", "over 1 pair."]),
        ("fixed_test", ["source’s own test part", "length in steps", "linear model on simple features", "Channels 12"]),
    ],
)
def test_each_kind_of_run_says_what_is_particular_to_it(kind: str, words: list[str], run_named: Callable[[str], Run]) -> None:
    text = " ".join(Page(render_page(*run_named(kind))).words.values())
    assert [word for word in words if word not in text] == []


def test_a_run_without_pairs_recommends_nothing(run_named: Callable[[str], Run]) -> None:
    assert "Provisionally" not in render_page(*run_named("no_pairs"))


def test_a_fixed_number_of_pairs_is_not_described_as_looked_at_after_each(run_with: Callable[..., Run]) -> None:
    planned = render_page(*run_with(comparison={"config": Config("reviews.csv", pairs=12)}))
    assert "Sequential looks" not in planned and "after every pair" not in planned
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
    verdict = {"explanation": (evil, evil), "warnings": (evil,), "metric": evil}
    source = render_page(*run_with(profile=profile, comparison=comparison, verdict=verdict))
    assert "<script" not in source
    assert source.count("&lt;script&gt;") > 12
    Page(source)


def test_arms_of_one_score_and_a_single_epoch_still_give_figures(run_with: Callable[..., Run]) -> None:
    comparison, verdict = run_with(pairs=2)
    same = tuple(replace(trial, test_score=0.8, history=trial.history[:1]) for trial in comparison.trials)
    difference = replace(verdict.difference, mean=0.0, ci95=(0.0, 0.0)) if verdict.difference else None
    source = render_page(replace(comparison, trials=same), replace(verdict, difference=difference))
    assert "0.0 points" in source
    assert source.count('class="drawing"') == 6


def test_an_unfinished_pair_is_no_difference(run_with: Callable[..., Run]) -> None:
    comparison, verdict = run_with()
    half = replace(comparison, trials=comparison.trials[:-1])
    assert render_page(half, verdict).count('class="pair"') == 11


def test_time_that_no_phase_accounts_for_is_listed(run_with: Callable[..., Run]) -> None:
    comparison, verdict = run_with()
    slower = tuple(replace(trial, seconds=trial.seconds + 3.0) for trial in comparison.trials)
    words = Page(render_page(replace(comparison, trials=slower, tuning=()), verdict)).words["time"]
    assert "Other 36 s (14.1%)" in words


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (Config("reviews.csv"), "gatewise compare reviews.csv --cells gru,lstm --seed 0"),
        (
            Config("my data.csv", text="the text", cells=("gru", "gru"), budget_s=90.0, seed=3, bidirectional=True),
            "gatewise compare 'my data.csv' --text 'the text' --cells gru,gru --budget 90s --seed 3 --bidirectional",
        ),
        (
            Config("a.csv", series=("x", "y"), budget_s=None, pairs=8, margin=0.02, hidden_size=32),
            "gatewise compare a.csv --series x --series y --cells gru,lstm --pairs 8 --margin 0.02 --seed 0 --hidden-size 32",
        ),
        (Config("a.csv", budget_s=1800.0), "gatewise compare a.csv --cells gru,lstm --budget 30m --seed 0"),
    ],
)
def test_command_line_repeats_the_options_that_are_not_defaults(config: Config, expected: str) -> None:
    assert command_line(config) == expected
