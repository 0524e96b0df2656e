"""Advice on real data, made small: everything is measured, told and kept."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest
from typer.testing import CliRunner

import gatewise
from gatewise.advice import plan, probing
from gatewise.advice.base import read_base
from gatewise.advice.findings import facts_of
from gatewise.advice.plan import Probes, size_probes
from gatewise.advice.probing import probe_data
from gatewise.cli import app
from gatewise.data.builtin.dataset import builtin_dataset
from gatewise.errors import OptionError, RunError
from gatewise.options.configuration import build_config
from gatewise.report.live import NullView
from gatewise.study.opening import open_data


@pytest.fixture(scope="module", autouse=True)
def few_pairs() -> Iterator[None]:
    """Three pairs of short trainings say whether all is there; sizes and ends do not go by the clock of a busy machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "MOST_REPLICATES", 3)
        patch.setattr(probing, "_sized", lambda *_: Probes(1.0, 12, 80, 0.01))
        yield


PLENTY = 300.0
SOURCE = "builtin:spans?rule=symbol&length=14&span=12&classes=2&rows=200"


@pytest.fixture(scope="module")
def advice() -> gatewise.Advice:
    return gatewise.advise(SOURCE, budget=PLENTY, jobs=1, seed=1, verbose=False)


def test_what_is_measured(advice: gatewise.Advice) -> None:
    facts = advice.facts
    assert facts is not None
    assert facts.replicates >= 1
    assert set(facts.gap) == {"gru", "lstm"}
    assert facts.best_baseline in facts.scores
    assert [one.steps for one in facts.contexts] == [1, 2, 4, 7]
    # The symbol stands twelve steps before the end.
    assert facts.contexts[-1].loss.value > 0.2
    assert facts.shuffled is not None
    assert facts.speed is not None
    assert facts.speed.step_ratio is not None
    assert facts.speed.recurrent_share is not None
    assert 0.0 <= facts.speed.recurrent_share.value <= 1.0
    assert set(facts.speed.costs) == {"gru", "lstm"}


def test_what_is_advised(advice: gatewise.Advice) -> None:
    assert advice.command.startswith(f"gatewise compare '{SOURCE}'")
    assert len(advice.questions) == 8
    assert sum(one.probability for one in advice.ranked) == pytest.approx(1.0)


def test_the_same_seed_gives_the_same_scores() -> None:
    config = build_config(SOURCE, {"jobs": 1, "seed": 1, "rivals": "simple"})
    dataset = builtin_dataset(SOURCE.removeprefix("builtin:"), 1)

    def scores(jobs: int) -> dict[str, float | None]:
        one = replace(config, jobs=jobs)
        found = probe_data(one, dataset, NullView(), seconds=PLENTY, started=monotonic())
        return {name: found.whole(name)[0].test_score for name in (*found.names, *found.workload.baselines)}

    assert scores(1) == scores(2)


def test_a_forecast_and_next_steps_are_advised_on() -> None:
    for source in ("builtin:seasonal?rows=500", "builtin:chords?rows=40&length=12"):
        found = gatewise.advise(source, budget=PLENTY, jobs=1, rivals="simple", verbose=False)
        assert found.facts is not None
        assert found.facts.contexts
        assert found.facts.best_baseline is not None


@pytest.mark.parametrize(
    ("epoch_s", "fraction", "epochs"),
    [
        # A whole training fits; one of the shorter length; a part of the rows.
        (0.01, 1.0, 80),
        (0.1, 1.0, 36),
        (1.0, 0.125, 32),
    ],
)
def test_probes_are_as_large_as_time_allows(epoch_s: float, fraction: float, epochs: int) -> None:
    dataset = builtin_dataset("counting?rows=200", 0)
    probes = size_probes(epoch_s, 1600, 80, 40.0, dataset)
    assert probes.fraction == pytest.approx(fraction, abs=0.02)
    assert probes.epochs == pytest.approx(epochs, abs=4)
    assert probes.seconds == pytest.approx(40.0 / 11, rel=0.3) or probes.epochs == probes.whole_epochs


def test_longer_rows_are_a_question_where_lengths_differ() -> None:
    config = build_config("builtin:reviews?rows=200", {"jobs": 1, "rivals": "simple"})
    dataset = open_data(config, config.source, NullView())
    found = probe_data(config, dataset, NullView(), seconds=PLENTY, started=monotonic())
    facts, comparison, verdict = facts_of(found)
    assert facts.longer is not None
    assert verdict.replicates == comparison.replicates == facts.replicates


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "advise takes a SOURCE or --ask, one of them"),
        (["builtin:parity", "--ask"], "advise takes a SOURCE or --ask, one of them"),
        (["builtin:parity", "--budget", "2s"], "quick measurements take 5 s at least"),
        (["builtin:parity", "--budget", "soon"], "is not a duration"),
        (["builtin:parity", "--deadline", "0s"], "--deadline '0s' leaves no time"),
        (["builtin:party"], "no built-in data set 'party'"),
        (["builtin:parity", "--base", "nowhere.jsonl"], "there is no evidence base"),
    ],
)
def test_what_cannot_be_is_said_at_once(arguments: list[str], expected: str) -> None:
    result = CliRunner().invoke(app, ["advise", *arguments])
    assert result.exit_code != 0
    assert expected in str(result.exception)


def test_unknown_options_from_python() -> None:
    with pytest.raises(OptionError, match=r"advise has no option 'metrics'.*Did you mean 'metric'"):
        gatewise.advise(SOURCE, metrics="accuracy")
    with pytest.raises(OptionError, match="advise has no option 'replicates'"):
        gatewise.advise(SOURCE, replicates=3)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    gatewise.compare(SOURCE, replicates=3, tune=0, jobs=1, max_epochs=5, rivals="simple", out=folder, verbose=False)
    return folder


def test_a_run_becomes_a_study(run: Path, tmp_path: Path) -> None:
    base = tmp_path / "base.jsonl"
    result = CliRunner().invoke(app, ["evidence", "add", str(run), "--base", str(base), "--budget", f"{PLENTY}s", "--quiet"])
    assert result.exit_code == 0, result.output
    assert f"added to {base}" in " ".join(result.output.split())
    (study,) = read_base(base)
    assert study.source == SOURCE
    assert study.outcome.replicates == 3
    assert study.costs is not None
    assert study.costs["training_step"] > 0
    line = json.loads(base.read_text(encoding="utf-8"))
    # Names of columns and classes say much about data, and are nobody's business.
    assert "marker" not in base.read_text(encoding="utf-8")
    assert line["format"] == 1


def test_what_is_no_study(run: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="holds no run"):
        gatewise.add_evidence(tmp_path, base=tmp_path / "base.jsonl")
    three = tmp_path / "three"
    gatewise.compare(
        SOURCE, cells=("gru", "lstm", "rnn"), replicates=2, tune=0, jobs=1, max_epochs=1, rivals="none", out=three, verbose=False
    )
    with pytest.raises(RunError, match="a study of the evidence base is of two cells of one hidden size"):
        gatewise.add_evidence(three, base=tmp_path / "base.jsonl")
    assert not (tmp_path / "base.jsonl").exists()


def test_the_page_holds_the_advice(advice: gatewise.Advice, tmp_path: Path) -> None:
    page = advice.report(tmp_path / "advice.html").read_text(encoding="utf-8")
    assert "How long are the sequences" in page
    assert "://" not in page
    assert len(page) < 2_000_000


def test_advice_shows_itself(advice: gatewise.Advice) -> None:
    assert repr(advice).startswith("<gatewise.Advice: start with '")
    assert advice.command in str(advice)
    assert max(len(line) for line in str(advice).splitlines() if advice.command not in line) <= 80
    assert advice._repr_html_().startswith("<iframe srcdoc=")
