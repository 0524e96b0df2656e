"""What the head reads, and the linear part of a forecast: asked for once, the same in every arm, kept with run and model."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gatewise
from gatewise.comparison.plan import arms_of
from gatewise.data.sources import open_source
from gatewise.errors import OptionError
from gatewise.records import Architecture, Config, Hyperparameters, from_json, to_json
from gatewise.study.config_file import read_config_file
from gatewise.study.work import Workload

SMALL: dict[str, Any] = {"rivals": "simple", "replicates": 2, "tune": 1, "hidden_size": 6, "max_epochs": 2, "budget": None}
HYPERPARAMETERS = Hyperparameters(3e-3, 0.1, 0.1, 0.01)
SEASONAL: dict[str, Any] = {"task": "forecast", "window": 24, "horizon": 4}


def workload(source: str, config: Config, **reading: Any) -> Workload:
    return Workload(config, open_source(source, **reading), arms_of(("gru", "lstm"), 8))


def architectures(bench: Workload) -> list[Architecture]:
    return [bench.architecture(arm, 0, HYPERPARAMETERS, 1) for arm in bench.arms]


@pytest.mark.parametrize("pooling", ["last", "mean", "max", "summary", "attention"])
def test_every_arm_pools_alike(pooling: Any) -> None:
    bench = workload("builtin:parity?rows=60&length=10", Config("data", pooling=pooling))
    assert [made.pooling for made in architectures(bench)] == [pooling, pooling]


@pytest.mark.parametrize("skip", [True, False])
def test_every_arm_has_the_linear_part_or_none(skip: bool) -> None:
    bench = workload("builtin:seasonal?rows=600", Config("data", skip=skip), **SEASONAL)
    assert [made.skip is not None for made in architectures(bench)] == [skip, skip]


def test_a_run_of_an_earlier_version_means_what_it_meant() -> None:
    earlier = {name: value for name, value in to_json(Config("data")).items() if name not in ("pooling", "skip")}
    config = from_json(Config, earlier)
    assert {made.pooling for made in architectures(workload("builtin:parity?rows=60&length=10", config))} == {"summary"}
    assert all(made.skip for made in architectures(workload("builtin:seasonal?rows=600", config, **SEASONAL)))
    assert {made.pooling for made in architectures(workload("builtin:chords?rows=40", config))} == {"steps"}


def test_a_run_keeps_its_pooling_to_the_model(tmp_path: Path) -> None:
    result = gatewise.compare("builtin:digits", pooling="attention", bidirectional=True, out=tmp_path / "run", **SMALL)
    assert result.comparison.config.pooling == "attention"
    assert read_config_file(tmp_path / "run" / "config.yaml")["pooling"] == "attention"
    assert "--pooling attention" in (tmp_path / "run" / "report.html").read_text().replace("</span>", "").replace("<span>", "")
    again = gatewise.resume(tmp_path / "run")
    assert again.comparison.trainings == result.comparison.trainings
    if result.verdict.recommended in ("gru", "lstm"):
        assert result.model.architecture is not None
        assert result.model.architecture.pooling == "attention"
    assert len(result.model.predict(list(open_source("builtin:digits").sequences[:3]))) == 3


def test_the_default_is_written_down(tmp_path: Path) -> None:
    config = gatewise.compare("builtin:parity?rows=60&length=10", out=tmp_path / "run", **SMALL).comparison.config
    assert (config.pooling, config.skip) == ("summary", None)


def test_a_forecast_without_the_linear_part(tmp_path: Path) -> None:
    source = "builtin:seasonal?rows=600"
    with_it, without = (
        gatewise.compare(source, skip=skip, out=tmp_path / str(skip), **SEASONAL, **SMALL).comparison for skip in (None, False)
    )
    assert (with_it.config.skip, without.config.skip) == (True, False)
    assert (with_it.config.pooling, without.config.pooling) == ("summary", "summary")
    sizes = [{training.name: training.parameters for training in one.trainings} for one in (with_it, without)]
    assert {sizes[0][name] - sizes[1][name] for name in ("gru", "lstm")} == {24 * 4 + 4}
    scores = [np.array([training.test_score for training in one.trainings], dtype=np.float64) for one in (with_it, without)]
    assert not np.allclose(scores[0], scores[1])


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ("builtin:chords?rows=80", {"pooling": "last"}, "--pooling pools the steps"),
        ("builtin:digits", {"skip": False}, "--skip and --no-skip are about the linear part of a forecast"),
        ("builtin:digits", {"pooling": "first"}, "--pooling: unknown pooling 'first'. Known poolings: last, mean"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_is_written(
    tmp_path: Path, source: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(OptionError, match=message):
        gatewise.compare(source, **options, out=tmp_path / "run", **SMALL)
    assert not (tmp_path / "run").exists()
