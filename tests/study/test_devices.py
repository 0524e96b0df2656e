"""A run on several devices, of which the processor plays both, and a run whose device is not there."""

import json
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

import gatewise
from gatewise.data.sources import open_source
from gatewise.errors import OptionError
from gatewise.options.configuration import build_config
from gatewise.records import Config
from gatewise.report.page import render_page
from gatewise.study import measure, phases, ray_pool
from gatewise.study.api import Result
from gatewise.study.arms import arms_for
from gatewise.study.cluster import Node
from gatewise.study.environment import describe_environment
from gatewise.study.probe import probe
from gatewise.study.units import Unit
from gatewise.study.work import Workload
from gatewise.training.devices import DEVICES
from tests.report.page_text import Page
from tests.training.spied_device import SpiedDevice

SOURCE = "builtin:parity?rows=60&length=10"
OPTIONS: dict[str, Any] = {"replicates": 2, "tune": 1, "hidden_size": 8, "max_epochs": 2, "rivals": "none", "seed": 4}


@dataclass
class Run:
    """What a run left, and what its devices saw."""

    result: Result
    first: SpiedDevice
    second: SpiedDevice


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Run:
    with pytest.MonkeyPatch.context() as patch:
        first, second = SpiedDevice(), SpiedDevice(name="mps")
        patch.setitem(DEVICES, "cpu", first)
        patch.setitem(DEVICES, "mps", second)
        patch.setattr(phases, "MEASURING_SECONDS", 0.5)
        folder = tmp_path_factory.mktemp("devices") / "both"
        result = gatewise.compare(SOURCE, **OPTIONS, device="cpu,mps", out=folder)
    return Run(result, first, second)


def test_costs_are_measured_on_each_and_trainings_are_done_on_the_first(both: Run) -> None:
    rows = [json.loads(line) for line in (both.result.path / "units.jsonl").read_text(encoding="utf-8").splitlines()]
    timings = [row["key"] for row in rows if row["kind"] == "timing" and "baselines" not in row["key"]]
    what = ("steps", "latency", "memory")
    assert timings == [f"timing:{each}{device}" for device in ("", ":mps") for each in what]
    # Networks of the second device: two whose steps are timed, two whose calls are, and two of each size for the memory.
    assert both.second.taken == 2 + 2 + 4
    assert both.second.synchronized > 0
    trainings = 2 + 2 * 2 + 1 - 2
    assert both.first.drawing == trainings


def test_the_verdict_says_what_each_device_costs(both: Run) -> None:
    verdict = gatewise.open_run(both.result.path).verdict
    there = verdict.elsewhere["mps"]
    assert there.sentence.startswith("On mps: ")
    for name in ("gru", "lstm"):
        here, other = verdict.costs[name], there.costs[name]
        assert other.train_ms_per_step and other.train_ms_per_step != here.train_ms_per_step
        assert other.latency_ms["batch1"] != here.latency_ms["batch1"]
        assert here.peak_memory_bytes == other.peak_memory_bytes == 1000
        assert here.fit_s and here.train_ms_per_step and other.fit_s
        assert other.fit_s / here.fit_s == pytest.approx(other.train_ms_per_step / here.train_ms_per_step)
    assert there.training_time_ratios != verdict.training_time_ratios
    written = json.loads((both.result.path / "verdict.json").read_text(encoding="utf-8"))
    assert written["elsewhere"]["mps"]["recommended"] == there.recommended


def test_environment_and_page_name_the_devices(both: Run) -> None:
    environment = json.loads((both.result.path / "environment.json").read_text(encoding="utf-8"))
    assert environment["device"] == ["cpu: a spied one", "mps: a spied one"]
    words = Page(render_page(both.result.comparison, both.result.verdict)).words
    assert "mps (a spied one)" in words["devices"]
    assert "Networks were trained and timed on cpu (a spied one)" in words["costs"]
    assert "--device cpu,mps" in words["reproduce"]


def test_a_run_goes_on_only_where_its_devices_are(both: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DEVICES, "mps", SpiedDevice("it was taken out"))
    assert gatewise.open_run(both.result.path).verdict == both.result.verdict
    with pytest.raises(OptionError, match=r"--device mps is not on this machine \(it was taken out\), which has cpu"):
        gatewise.resume(both.result.path, budget="1m")


def test_auto_is_resolved_when_a_run_begins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(DEVICES, "cuda", SpiedDevice("it is not there"))
    monkeypatch.setitem(DEVICES, "mps", SpiedDevice("it is not there"))
    monkeypatch.setattr(phases, "MEASURING_SECONDS", 0.1)
    result = gatewise.compare(SOURCE, **OPTIONS, device="auto", out=tmp_path / "run")
    assert result.comparison.config.device == ("cpu",)
    assert "auto" not in (tmp_path / "run" / "config.yaml").read_text(encoding="utf-8")


def test_a_device_that_is_not_there_is_said_before_data_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(DEVICES, "cuda", SpiedDevice("it is not there"))
    with pytest.raises(OptionError, match="--device cuda is not on this machine"):
        gatewise.compare(tmp_path / "no_such_file.csv", device="cpu,cuda", out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("device", "message"),
    [
        ("abacus", "--device: unknown device 'abacus'. Known devices: cpu, cuda, mps, auto"),
        ("cpu,cpu", "--device names cpu twice; name each device once"),
        ([], "--device names nothing; write cpu, or leave it out for that"),
    ],
)
def test_devices_that_make_no_sense(device: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=f"^{message}"):
        gatewise.compare(SOURCE, device=device, out=tmp_path / "run")


def test_timed_calls_go_to_the_device_and_back(monkeypatch: pytest.MonkeyPatch) -> None:
    spied = SpiedDevice()
    monkeypatch.setitem(DEVICES, "cpu", spied)
    monkeypatch.setattr(measure, "LATENCY_ROUNDS", {"batch1": 3, "batch32": 2})
    dataset = open_source(SOURCE)
    config = Config(SOURCE, hidden_size=8)
    workload = Workload(config, dataset, arms_for(config, dataset))
    chosen = dict.fromkeys(("gru", "lstm"), workload.trainer.default_hyperparameters)
    measure.measure_latency(workload, chosen, 10.0)
    # Ten warm-up rounds of each batch size, of both arms.
    assert len(spied.received) == spied.fetched == 2 * (10 + 3 + 10 + 2)
    before = spied.fetched
    probe(workload, ["gru"], chosen["gru"], 0.0)
    assert spied.fetched > before


def test_environment_of_the_processor_alone() -> None:
    assert describe_environment()["device"] == ["cpu"]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize(("device", "jobs"), [("cuda", 1), ("cpu,cuda", 2), ("cuda,cpu", 1)])
def test_a_run_on_cuda(device: str, jobs: int, tmp_path: Path, memory_seconds: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phases, "memory_seconds", memory_seconds)
    result = gatewise.compare(SOURCE, **OPTIONS, device=device, jobs=jobs, out=tmp_path / "run")
    verdict = result.verdict
    assert verdict.replicates == 2
    assert set(verdict.elsewhere) == set(device.split(",")[1:])
    for costs in (verdict.costs, *(one.costs for one in verdict.elsewhere.values())):
        assert all(cost.train_ms_per_step and cost.latency_ms and cost.peak_memory_bytes for cost in costs.values())
    described = f"cuda: {torch.cuda.get_device_name()}"
    assert described in json.loads((tmp_path / "run" / "environment.json").read_text(encoding="utf-8"))["device"]
    assert len(result.model.predict(open_source(SOURCE).sequences[:3])) == 3


@dataclass
class Cluster:
    """What `RayPool` sees of a cluster that is not there, and what it asks for."""

    nodes: list[Node]
    asked: list[dict[str, Any]]

    def remote(self, *_: Any) -> Any:
        return self

    def options(self, **place: Any) -> Any:
        self.asked.append(place)
        return self

    def put(self, shared: Any) -> Any:
        return shared

    @property
    def future(self) -> Any:
        return Future


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    made = Cluster([Node("a", "a", 4.0, True, gpus=1.0), Node("b", "b", 8.0, False)], [])
    monkeypatch.setattr(ray_pool, "require_package", lambda _: made)
    monkeypatch.setattr(ray_pool, "join", lambda _: None)
    monkeypatch.setattr(ray_pool, "refuse_other_versions", lambda: ())
    monkeypatch.setattr(ray_pool, "nodes", lambda: made.nodes)
    monkeypatch.setattr(ray_pool, "on_node", lambda node, soft=False: node)
    return made


def of_cluster(device: str, jobs: int) -> ray_pool.RayPool:
    dataset = open_source(SOURCE)
    config = build_config(SOURCE, {"device": device, "jobs": jobs, "runner": "ray", "hidden_size": 8})
    return ray_pool.RayPool(Workload(config, dataset, arms_for(config, dataset)), "the same command")


def test_units_on_ray_share_the_gpus(cluster: Cluster) -> None:
    pool = of_cluster("cuda", 3)
    assert pool.places == 3
    assert pool._for_measurements().identity == "a"
    pool.run(pool.workload.config, Unit("baseline", "majority", 0))
    unit = next(place for place in cluster.asked if place["num_cpus"])
    assert unit["num_gpus"] == pytest.approx(1 / 3)
    assert of_cluster("cpu", 3).places == 12


def test_a_cluster_without_gpus_is_refused(cluster: Cluster) -> None:
    cluster.nodes.pop(0)
    of_cluster("cpu", 1)
    with pytest.raises(
        OptionError, match="no node of the Ray cluster has a GPU, which --device cuda asks for, beside the 1 proc"
    ):
        of_cluster("cuda", 1)
