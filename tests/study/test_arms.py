"""Arms on real data: equal hidden size, equal parameters within 1%, or both."""

import pytest

from gatewise.data.sources import open_source
from gatewise.records import Config, Dataset, Hyperparameters
from gatewise.study.arms import arms_for, match_note
from gatewise.study.work import Workload
from gatewise.training.trainer import outputs_of

HYPERPARAMETERS = Hyperparameters(3e-3, 0.1, 0.1, 0.01)


@pytest.fixture(scope="module")
def reviews() -> Dataset:
    return open_source("builtin:reviews?rows=200")


def behind_the_embedding(workload: Workload) -> dict[str, int]:
    counts = {}
    for arm in workload.arms:
        network = workload.network(arm, 0, HYPERPARAMETERS, 50)
        counts[arm.name] = sum(weight.numel() for name, weight in network.named_parameters() if not name.startswith("embedding"))
    return counts


def test_equal_hidden_size_is_the_default(reviews: Dataset) -> None:
    config = Config("data", hidden_size=32)
    assert [(arm.name, arm.hidden_size) for arm in arms_for(config, reviews)] == [("gru", 32), ("lstm", 32)]
    assert match_note(config, reviews) is None


@pytest.mark.parametrize("hidden_size", [32, 64, 100])
def test_the_arm_added_has_the_parameters_of_the_largest_within_one_percent(reviews: Dataset, hidden_size: int) -> None:
    config = Config("data", hidden_size=hidden_size, match="both")
    workload = Workload(config, reviews, arms_for(config, reviews))
    counts = behind_the_embedding(workload)
    added = [name for name in counts if "_h" in name and not name.endswith(f"_h{hidden_size}")]
    assert [arm.hidden_size for arm in workload.arms[:2]] == [hidden_size] * 2
    partner = [counts[name] for name in counts if name.startswith("lstm")][-1]
    assert abs(counts[next(name for name in added if name.startswith("gru"))] / partner - 1) <= 0.01
    note = match_note(config, reviews)
    assert note is not None and "equal parameters" in note


def test_equal_parameters_alone(reviews: Dataset) -> None:
    config = Config("data", match="parameters", cells=("gru", "lstm", "rnn"))
    counts = behind_the_embedding(Workload(config, reviews, arms_for(config, reviews)))
    assert set(counts) == {"gru", "lstm", "rnn"}
    assert max(counts.values()) / min(counts.values()) <= 1.01


@pytest.mark.parametrize(
    ("source", "outputs"), [("builtin:digits", 10), ("builtin:adding?rows=60", 1), ("builtin:chords?rows=60", 16)]
)
def test_what_a_network_says(source: str, outputs: int) -> None:
    task = "next_step" if "chords" in source else None
    assert outputs_of(open_source(source, task=task)) == outputs


def test_a_forecast_says_every_step_of_every_channel() -> None:
    dataset = open_source("builtin:seasonal?rows=600", task="forecast", horizon=6, window=24)
    assert dataset.forecast is not None
    assert outputs_of(dataset) == 6 * len(dataset.forecast.targets)
