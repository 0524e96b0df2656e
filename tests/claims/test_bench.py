"""Trainings of the bench are paired, recorded once, and shared by whoever asks for the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gatewise.claims.bench import Bench
from gatewise.claims.epochs import Epoch
from gatewise.claims.pairs import Setting
from gatewise.errors import OptionError
from gatewise.records import Difference, from_json, to_json
from gatewise.training.devices import DEVICES
from tests.training.spied_device import SpiedDevice

TINY = Setting("waves?rows=60&length=10", max_epochs=1, options={"hidden_size": 4, "metric": "r2"})


def trainings(bench: Bench) -> int:
    return sum(row["key"].startswith("training:") for row in bench.journal.rows())


def test_pairs_are_trained_once_and_compared(bench: Bench) -> None:
    settings = (TINY, replace(TINY, fraction=0.5))
    whole, half = bench.pairs(settings, replicates=3, seconds=20.0)
    assert (whole.replicates, half.replicates, whole.asked) == (3, 3, 3)
    assert trainings(bench) == 12
    assert [one.fraction for one in half.trainings("gru")] == [0.5] * 3
    difference = whole.difference("gru", "lstm")
    gru, lstm = (np.array([one.test_score for one in whole.trainings(name)]) for name in ("gru", "lstm"))
    assert difference.mean == pytest.approx(np.mean(gru - lstm))
    assert difference.ci95[0] < difference.mean < difference.ci95[1]
    assert from_json(Difference, to_json(difference)) == difference
    (again,) = bench.pairs([TINY], replicates=2, seconds=0.0)
    assert trainings(bench) == 12
    assert again.trainings("lstm") == whole.trainings("lstm")[:2]


def test_a_cell_is_the_same_training_whatever_stands_beside_it(bench: Bench) -> None:
    (two,) = bench.pairs([TINY], replicates=1, seconds=0.0, least=1)
    (three,) = bench.pairs([replace(TINY, cells=("rnn", "lstm", "gru"))], replicates=1, seconds=0.0, least=1)
    assert trainings(bench) == 3
    assert three.trainings("gru") == two.trainings("gru")


def test_without_time_each_setting_gets_the_least(bench: Bench) -> None:
    (pairs,) = bench.pairs([TINY], replicates=50, seconds=0.0, least=2)
    assert (pairs.replicates, pairs.asked) == (2, 50)


def test_settings_on_several_data_get_equally_many_replicates(bench: Bench) -> None:
    other = replace(TINY, data="waves?rows=80&length=10")
    bench.pairs([other], replicates=1, seconds=0.0, least=1)
    pairs = bench.pairs([TINY, other, replace(TINY, fraction=0.5)], replicates=6, seconds=60.0, least=2)
    assert [one.replicates for one in pairs] == [6, 6, 6]
    assert [one.setting.data for one in pairs] == [TINY.data, other.data, TINY.data]
    assert trainings(bench) == 36
    few = bench.pairs([replace(one.setting, max_epochs=2) for one in pairs], replicates=6, seconds=0.0, least=2)
    assert [(one.replicates, one.asked) for one in few] == [(2, 6)] * 3
    without_time = bench.pairs([TINY, other], replicates=6, seconds=0.0, least=2)
    assert [one.replicates for one in without_time] == [6, 6]


def test_timing_is_done_once(bench: Bench) -> None:
    calls: list[int] = []
    actions = {"one": calls.append, "other": calls.append}
    first = bench.timed("speed", lambda: actions, rounds=6, seconds=1.0, warm_up=0)
    count = len(calls)
    again = bench.timed("speed", lambda: actions, rounds=6, seconds=1.0, warm_up=0)
    assert (count, len(calls)) == (12, 12)
    assert first["one"].tolist() == again["one"].tolist()


def test_the_clock_goes_on_where_it_was(bench: Bench) -> None:
    bench.journal.add("a piece", bench.study, {}, 12.0)
    later = replace(bench)
    assert 12.0 <= later.elapsed() < 20.0
    assert later.left() == pytest.approx(18.0, abs=5.0)


def test_data_that_are_not_at_hand_are_refused(bench: Bench) -> None:
    assert bench.has("reviews?rows=100")
    assert not bench.has("mr")
    with pytest.raises(OptionError, match="give its folder with --data FOLDER"):
        bench.data("mr")
    with pytest.raises(OptionError, match="Did you mean 'reviews'"):
        bench.data("review")


def test_a_training_of_another_device_is_another_one(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    spied = SpiedDevice(name="mps")
    for name in ("cpu", "mps"):
        monkeypatch.setitem(DEVICES, name, spied)
    bench.pairs([TINY], replicates=1, seconds=0.0, least=1)
    bench.device = "mps"
    bench._materials.clear()
    (pairs,) = bench.pairs([TINY], replicates=1, seconds=0.0, least=1)
    assert pairs.comparison.config.device == ("mps",)
    assert trainings(bench) == spied.taken == 4


def test_an_epoch_on_a_device_is_one_on_torchs_layers_too(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    spied = SpiedDevice()
    monkeypatch.setitem(DEVICES, "cpu", spied)
    epoch = Epoch.of(bench.workload(TINY), 2)
    for make in (epoch.on_gatewise, epoch.on_torch):
        before = len(spied.received)
        make(epoch.workload.arms[0])(0)
        # Inputs and targets of every batch, and of the one on which the layers are held against each other.
        assert len(spied.received) - before == 2 * (len(epoch.parts[0]) + (make == epoch.on_torch))
