"""Studies are run once, go on where they ended, and share nothing with studies of other options."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gatewise.claims.bench import Bench
from gatewise.claims.run import allotted_seconds, run_claims
from gatewise.errors import OptionError, RunError
from gatewise.interrupts import RunInterrupted
from gatewise.training.devices import DEVICES
from tests.claims import made_up
from tests.claims.conftest import Install
from tests.training.spied_device import SpiedDevice


def test_a_study_leaves_results_and_a_page_and_is_not_measured_again(tmp_path: Path, install: Install) -> None:
    measured = []

    def measure(bench: Bench) -> dict[str, Any]:
        measured.append(bench.study)
        return made_up.measure(bench)

    install(made_up.study(measured=measure))
    first = run_claims(out=tmp_path / "out", quick=True)
    again = run_claims(["sweetness"], out=tmp_path / "out", quick=True)
    assert measured == ["sweetness"]
    assert again.outcomes == first.outcomes
    written = json.loads((tmp_path / "out" / "claims.json").read_text(encoding="utf-8"))
    assert written["outcomes"][0]["judgement"]["verdict"] == "holds"
    assert "Apples are sweeter than pears." in (tmp_path / "out" / "claims.html").read_text(encoding="utf-8")


def test_an_interrupted_study_goes_on_and_repeats_no_piece(tmp_path: Path, install: Install) -> None:
    pieces: list[str] = []

    def measure(bench: Bench) -> dict[str, Any]:
        for name in ("first", "second"):

            def compute(name: str = name) -> dict[str, Any]:
                if name == "second" and pieces == ["first"]:
                    pieces.append("interrupted")
                    raise KeyboardInterrupt
                pieces.append(name)
                return {}

            bench.once(name, compute)
        return made_up.measure(bench)

    install(made_up.study(1, "pear"), made_up.study(2, measured=measure))
    with pytest.raises(RunInterrupted, match="continue with the same command"):
        run_claims(out=tmp_path / "out")
    before = json.loads((tmp_path / "out" / "claims.json").read_text(encoding="utf-8"))
    assert [one["claim"]["name"] for one in before["outcomes"]] == ["pear"]
    after = run_claims(out=tmp_path / "out")
    assert pieces == ["first", "interrupted", "second"]
    assert [one.claim.name for one in after.outcomes] == ["pear", "sweetness"]


def test_other_options_in_the_same_folder_are_refused(tmp_path: Path, install: Install) -> None:
    run_claims(out=tmp_path, quick=True)
    with pytest.raises(OptionError, match="holds studies with --quick and without --data, by gatewise"):
        run_claims(out=tmp_path)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, install: Install) -> None:
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(OptionError, match="holds no studies"):
        run_claims(out=tmp_path)
    assert [item.name for item in tmp_path.iterdir()] == ["letter.txt"]


def test_a_name_that_is_none_gets_the_nearest(tmp_path: Path, install: Install) -> None:
    with pytest.raises(OptionError, match=r"there is no claim 'sweetnes'; there are: sweetness.* Did you mean 'sweetness'"):
        run_claims(["sweetnes"], out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_data_that_are_no_folder_are_refused(tmp_path: Path, install: Install) -> None:
    with pytest.raises(OptionError, match="is no folder"):
        run_claims(out=tmp_path / "out", data=tmp_path / "nowhere")


def test_two_processes_do_not_share_a_folder(tmp_path: Path, install: Install) -> None:
    def measure(bench: Bench) -> dict[str, Any]:
        with pytest.raises(RunError, match="being worked on by another process"):
            run_claims(out=tmp_path)
        return made_up.measure(bench)

    install(made_up.study(measured=measure))
    assert run_claims(out=tmp_path).outcomes


def test_quick_studies_share_twelve_minutes(install: Install) -> None:
    studies = made_up.study(1, "pear"), made_up.study(2)
    install(*studies)
    assert [allotted_seconds(study, quick=True) for study in studies] == [360.0, 360.0]
    assert allotted_seconds(studies[0], quick=False) == 60.0


def test_studies_of_another_device_have_a_folder_of_their_own(
    tmp_path: Path, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DEVICES, "mps", SpiedDevice(name="mps"))
    results = run_claims(out=tmp_path, quick=True, device="mps")
    assert (results.device, results.environment["device"]) == ("mps", ["mps: a spied one"])
    page = (tmp_path / "claims.html").read_text(encoding="utf-8")
    assert "Trainings, and epochs end to end, ran on mps: a spied one;" in page
    with pytest.raises(OptionError, match="holds studies with --quick and without --data, on mps, by gatewise"):
        run_claims(out=tmp_path, quick=True)
