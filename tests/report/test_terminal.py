"""The verdict in 80 columns."""

import io
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from rich.console import Console

from gatewise.records import BatchLatency, Comparison, Cost, Verdict
from gatewise.report.metric_text import MetricText
from gatewise.report.terminal import verdict_panel
from gatewise.titles import Titles

Run = tuple[Comparison, Verdict]
LONG = Path("runs") / ("a_rather_long_name_of_a_run_" * 4) / "report.html"


def _printed(run: Run, report: Path | None = LONG, width: int = 80, **options: object) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, **options).print(verdict_panel(*run, report, report and report.parent), crop=False)  # type: ignore[arg-type]
    return stream.getvalue()


def _longest(text: str) -> int:
    """The longest line but those to copy, which are left to the terminal to break."""
    return max(len(line.rstrip()) for line in text.splitlines() if not line.startswith(("  gatewise", "  model")))


def _words(text: str) -> str:
    return " ".join(text.split())


def test_no_line_is_longer_than_80_columns(any_run: Run) -> None:
    text = _printed(any_run)
    assert _longest(text) <= 80
    assert "…" not in text
    assert LONG.name in text.replace("\n", "")


@pytest.mark.parametrize("width", [60, 40])
def test_a_narrow_terminal_keeps_the_names_and_scores_and_has_fewer_costs(width: int, any_run: Run) -> None:
    comparison, verdict = any_run
    text = _printed(any_run, width=width)
    assert _longest(text) <= width and "…" not in text
    if not verdict.scores:
        return
    table = text[text.index("test ") : text.index("A wider terminal shows all costs.")]
    names = [line[:11].strip() for line in table.splitlines()]
    for arm in comparison.arms:
        assert Titles(comparison.arms)(arm.name).split(" (hidden")[0] in names
    assert "majority" not in verdict.scores or "majority" in names
    assert all(
        part in _words(text) for score in verdict.scores.values() for part in [MetricText.of(comparison).value(score.mean)]
    )
    assert ("size" in table) == (width == 60)


def test_the_end_says_what_to_do_next_in_lines_to_copy(run_named: Callable[[str], Run]) -> None:
    run = Path("my runs") / "mr"
    decided = _printed(run_named("equivalent"), run / "report.html").splitlines()
    assert "  gatewise predict 'my runs/mr' NEW_FILE" in decided
    assert '  model = gatewise.open_run("my runs/mr").model' in decided
    undecided = _printed(run_named("undecided"), LONG)
    assert f"\n  gatewise resume {LONG.parent} --budget 20m\n" in undecided
    assert "About 9 further replicates would probably decide:" in undecided
    assert _printed(run_named("no_replicates"), run / "report.html").splitlines()[-1] == "  gatewise resume 'my runs/mr'"


@pytest.mark.parametrize(("replicates", "shown"), [(1, False), (2, False), (3, True)])
def test_probabilities_take_three_replicates(replicates: int, shown: bool, run_with: Callable[..., Run]) -> None:
    words = _words(_printed(run_with(replicates=replicates, difference={"conclusion": "undecided"})))
    assert ("practically equal 97%" in words) == shown
    assert ("(95%: not known yet)" in words) == (not shown)


def test_a_leading_baseline_has_its_own_line(run_with: Callable[..., Run]) -> None:
    comparison, verdict = run_with()
    lead = replace(verdict.comparisons[-1], mean=0.034, ci95=(0.02, 0.05))
    text = _printed((comparison, replace(verdict, comparisons=(*verdict.comparisons[:-1], lead))))
    assert "TF-IDF + logistic regression leads GRU by 3.4 points (95%: +2.0 to +5.0)" in _words(text)
    assert "TF-IDF + logistic regression leads" not in _words(_printed(run_with()))


def test_answer_scores_costs_and_report_are_there(any_run: Run) -> None:
    comparison, verdict = any_run
    words = _words(_printed(any_run, Path("report.html")))
    assert verdict.explanation[0] in words
    assert all(sentence in words for sentence in (*verdict.explanation, *verdict.warnings))
    for score in verdict.scores.values():
        assert MetricText.of(comparison).summary(score) in words
    assert "Report: report.html" in words
    assert ("12.3 0.412 4.13 412 MB 1,305,282 5.22 MB" in words) == bool(comparison.replicates)


def test_difference_is_shown_with_band_and_probabilities(run_with: Callable[..., Run]) -> None:
    run = run_with()
    verdict = run[1]
    assert verdict.difference is not None
    words = _words(_printed(run))
    assert f"GRU leads LSTM by {100 * verdict.difference.mean:.1f} points" in words
    assert "equal within ±1.0 points" in words
    assert "GRU better 2%" in words and "practically equal 97%" in words and "LSTM better 1%" in words


def test_large_models_still_fit(run_with: Callable[..., Run]) -> None:
    _, small = run_with()
    costs = {
        name: replace(cost, parameters=123_456_789, bytes=493_827_156, train_ms_per_step=1234.5)
        for name, cost in small.costs.items()
    }
    text = _printed(run_with(verdict={"costs": costs}))
    assert "123,456,789" in text and "494 MB" in text and "1,230" in text
    assert _longest(text) <= 80


def test_no_path_is_promised_where_there_is_no_report(run_with: Callable[..., Run]) -> None:
    assert "Report" not in _printed(run_with(), None)


def test_markup_and_control_codes_in_data_are_printed_not_obeyed(run_with: Callable[..., Run]) -> None:
    warnings = ("column [bold]x[/bold] \x1b[31m\x07 and [/] are odd",)
    text = _printed(run_with(verdict={"warnings": warnings}))
    assert "[bold]x[/bold]" in text and "[/]" in text
    assert "\x1b" not in text and "\x07" not in text


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_output_redirected_to_an_old_encoding_does_not_fail(encoding: str, run_with: Callable[..., Run]) -> None:
    comparison, verdict = run_with()
    assert verdict.difference is not None
    turned = replace(verdict.difference, mean=-0.0041, ci95=(-0.011, 0.003)).better_first()
    worse = replace(verdict, difference=turned)
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors="strict" if encoding == "cp1252" else "replace")
    Console(file=stream, width=80).print(verdict_panel(comparison, worse, Path("report.html")))
    stream.flush()
    assert b"LSTM leads GRU by 0.4 points (95%: -0.3 to +1.1)" in raw.getvalue()


def test_lower_is_better_is_said_and_nothing_is_in_percent_that_is_no_share(run_named: Callable[[str], Run]) -> None:
    run = run_named("whole_next_step")
    text = _printed(run, None)
    words = _words(text)
    assert "In test negative log-likelihood a step, lower is better." in words
    assert "GRU (hidden 74) leads GRU (hidden 64) by 0.11 (95%: -0.03 to +0.26), equal within ±0.24" in words
    assert "8.53 ± 0.09" in words and "points" not in words
    assert _longest(text) <= 80


def test_constraints_are_one_line(run_named: Callable[[str], Run]) -> None:
    lines = _printed(run_named("whole_forecast"), None).splitlines()
    assert "Constraints: latency up to 0.48 ms, size up to 6 MB; excluded: LSTM." in [line.strip() for line in lines]
    assert "Constraints" not in _printed(run_named("three_arms"), None)


def test_no_two_lines_are_empty_one_after_the_other(any_run: Run) -> None:
    lines = [line.strip() for line in _printed(any_run).splitlines()]
    assert all(line or following for line, following in pairwise(lines))


def test_hidden_sizes_stand_with_the_names_where_they_differ(run_named: Callable[[str], Run]) -> None:
    text = _printed(run_named("whole_regression"), None)
    table = text.split("In test")[0].split("para-")[1]
    assert table.count("(hidden 64)") == 2 and table.count("(hidden 74)") == 1
    assert "hidden" not in _printed(run_named("three_arms"), None)


def test_wide_scores_take_two_lines_rather_than_the_size_column(run_with: Callable[..., Run]) -> None:
    comparison, verdict = run_with(task="regression")
    scores = {name: replace(score, mean=12_345_678.0, sd=1_234_567.0) for name, score in verdict.scores.items()}
    text = _printed((comparison, replace(verdict, scores=scores)), None)
    assert "12,345,678" in text and "± 1,234,567" in text and "5.22 MB" in text
    assert _longest(text) <= 80


def test_the_time_of_fits_and_what_baselines_cost_stand_beside_the_scores(run_with: Callable[..., Run]) -> None:
    comparison, verdict = run_with()
    costs = {name: replace(cost, fit_s=7.25) for name, cost in verdict.costs.items()}
    latency = {"batch1": BatchLatency(0.731, 0.8, 0.9), "batch32": BatchLatency(8.46, 9.0, 9.5)}
    baseline = Cost(None, None, None, 0, latency, None, 54_321, 434_568, fit_s=2.35)
    baselines = dict.fromkeys(comparison.baselines, baseline)
    told = replace(verdict, costs=costs, baseline_costs=baselines)
    wide = _words(_printed((comparison, told), width=100))
    assert "7.25 12.3 0.412 4.13 412 MB 1,305,282 5.22 MB" in wide
    assert "2.35 0.731 8.46 54,321 435 kB" in wide
    narrow = _printed((comparison, told))
    assert _longest(narrow) <= 80
    assert "7.25" in narrow and "A wider terminal shows all costs." in _words(narrow)
    assert " fit " in wide and " fit " not in _words(_printed((comparison, verdict))), "earlier runs do not know it"
