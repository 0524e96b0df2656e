"""Records are frozen and go through JSON and back unchanged."""

import dataclasses
import json
from dataclasses import replace

import numpy as np
import pytest

from gatewise import errors, records
from gatewise.records import (
    Architecture,
    Arm,
    AudioFeatures,
    BatchLatency,
    Comparison,
    Config,
    Cost,
    DeviceCosts,
    DeviceVerdict,
    Difference,
    Epoch,
    Failure,
    Forecast,
    Hyperparameters,
    LengthScore,
    Profile,
    Progress,
    Ratio,
    Reading,
    ScoreSummary,
    Shipped,
    ShippedArtefact,
    StepRatio,
    Training,
    TriedLength,
    Verdict,
    from_json,
    to_json,
)

HYPERPARAMETERS = Hyperparameters(3e-3, 0.6, 0.2, 0.01)
DIFFERENCE = Difference("gru", "lstm", 0.01, (-0.01, 0.03), (-0.02, 0.04), 0.6, 0.3, 0.1, 5, "undecided", 12)
TRAINING = Training(
    "replicate",
    "gru",
    3,
    HYPERPARAMETERS,
    0.8,
    0.4,
    history=(Epoch(1, 0.6, 0.5, 0.7, 1.5), Epoch(2, 0.5, 0.4, 0.8, 3.0)),
    by_length=((10, 8), (9, 0)),
    phases={"forward": 1.0},
)
COST = Cost(1.5, None, 3.0, 2, {"batch1": BatchLatency(0.1, 0.2, 0.3)}, None, 1000, 4000)
CONFIG = Config("data.csv", channels=("x", "y"), replicates=4, budget_s=None)
PROFILE = Profile("data", "series", 90, {"a": 45, "b": 45}, 3, 6.5, 9.0, 10, 2, 2, None, "abc", inferred=("a guess",))
ARCHITECTURE = Architecture(
    "gru",
    input_size=2,
    tokens=False,
    outputs=2,
    pooling="last",
    embedding_size=1,
    hidden_size=4,
    layers=1,
    bidirectional=False,
    dropout=0.1,
    input_dropout=0.0,
    skip={"window": 3, "horizon": 1, "channels": [0]},
    seed=0,
    cell_seed=1,
)
FORECAST = replace(
    PROFILE, task="forecast", classes={}, outputs={"OT": (-1.0, 2.0, 3.5)}, forecast=Forecast(24, 3, 24, (0,), 3600.0)
)
AUDIO = replace(PROFILE, kind="audio", audio=AudioFeatures(8000, 20))
RECORDS = [
    TriedLength(4, 20, 0.01, 0.02, 4),
    Reading(text="text", target=("label",), horizon=3),
    FORECAST,
    AUDIO,
    HYPERPARAMETERS,
    DIFFERENCE,
    TRAINING,
    COST,
    CONFIG,
    PROFILE,
    Training("baseline", "majority", 0, None, 0.5, None),
    Failure("curve", "gru", 3, "hung", 0.25),
    Shipped("gru", 80, 10, 0.9, 20, cut_short=True),
    ShippedArtefact("gru", "onnx", 900, 0.3, {"batch1": BatchLatency(0.1, 0.2, 0.3)}, 10**7, 0.9, 20, True, 1e-7, 1.0),
    ARCHITECTURE,
    Progress("tuning", 0, None, 1.0, 60.0, difference=DIFFERENCE),
    Verdict(
        "undecided",
        "gru",
        "accuracy",
        True,
        0.01,
        5,
        DIFFERENCE,
        (DIFFERENCE,),
        {"gru": ScoreSummary(0.8, 0.01, 5)},
        {"gru": COST},
        (StepRatio("gru", "lstm", Ratio(1.1, (1.0, 1.2))),),
        ("The evidence does not suffice.",),
        None,
        12.5,
        "replicates",
        (),
    ),
    Comparison(
        CONFIG,
        PROFILE,
        (Arm("gru", "gru", 0, 64),),
        ("majority",),
        "accuracy",
        0.01,
        {"gru": HYPERPARAMETERS},
        (TRAINING,),
        (TRAINING,),
        (),
        (replace(TRAINING, kind="curve", fraction=0.25),),
        1,
        72,
        18,
        0.79,
        {"gru": COST},
        (),
        (LengthScore(1, 9, 18, {"gru": 0.5}),),
        {"cores": 2, "versions": {"python": "3"}},
        5.0,
        "replicates",
    ),
    DeviceCosts({"gru": COST}, (StepRatio("gru", "lstm", Ratio(0.8, (0.7, 0.9))),)),
    DeviceVerdict("lstm", "lstm", "On cuda: ship the LSTM.", {"gru": COST}, (), {"gru": "memory is above 2 kB"}),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_json_and_back(record: object) -> None:
    assert from_json(type(record), json.loads(json.dumps(to_json(record), allow_nan=False))) == record


def test_every_record_without_arrays_is_tested() -> None:
    with_arrays = {"Dataset", "Encoded", "Split"}
    tested = {type(record).__name__ for record in RECORDS}
    inside = {
        "Arm",
        "AudioFeatures",
        "BatchLatency",
        "Dependence",
        "Epoch",
        "Forecast",
        "LengthScore",
        "Ratio",
        "ScoreSummary",
        "StepRatio",
    }
    known = {name for name in records.__all__ if dataclasses.is_dataclass(getattr(records, name))}
    assert known == with_arrays | tested | inside


def test_numpy_numbers_become_plain_ones() -> None:
    plain = to_json({1: np.float32(0.5), "n": np.int64(3), "flags": (np.bool_(True), None)})
    assert json.dumps(plain) == '{"1": 0.5, "n": 3, "flags": [true, null]}'


def test_unknown_keys_of_newer_files_are_ignored_and_missing_ones_are_not() -> None:
    assert from_json(Arm, {"name": "gru", "cell": "gru", "index": 0, "hidden_size": 8, "colour": "blue"}) == Arm(
        "gru", "gru", 0, 8
    )
    with pytest.raises(TypeError, match="index"):
        from_json(Arm, {"name": "gru", "cell": "gru", "hidden_size": 8})


def test_what_a_field_was_called_before_is_read() -> None:
    written = to_json(CONFIG)
    written |= {"pairs": written.pop("replicates"), "series": written.pop("channels")}
    assert from_json(Config, written) == CONFIG
    written = to_json(DIFFERENCE)
    written |= {"pairs": written.pop("replicates"), "further_pairs": written.pop("further_replicates")}
    assert from_json(Difference, written) == DIFFERENCE
    with pytest.raises(AttributeError):
        from_json(Shipped, ["gru"])


@pytest.mark.parametrize("name", [name for name in records.__all__ if dataclasses.is_dataclass(getattr(records, name))])
def test_records_are_frozen(name: str) -> None:
    assert getattr(records, name).__dataclass_params__.frozen


def test_every_error_is_drawn_in_the_tree() -> None:
    for name in errors.__all__:
        assert issubclass(getattr(errors, name), errors.GatewiseError)
        assert name in (errors.__doc__ or "")
