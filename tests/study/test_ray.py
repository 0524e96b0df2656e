"""Ray: the same results as here, wherever they are made, and whatever dies meanwhile."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import gatewise
from gatewise.data.sources import open_source
from gatewise.errors import OptionError
from gatewise.records import Config, Training
from gatewise.study.api import Result
from gatewise.study.arms import arms_for
from gatewise.study.folder import RunFolder
from gatewise.study.journal import read_journal
from gatewise.study.kept import KeptFolder
from gatewise.study.ray_pool import RayPool
from gatewise.study.runner import Runner
from gatewise.study.sharing import TOGETHER, write_active
from gatewise.study.trained import TrainedFolder
from gatewise.study.units import Unit
from gatewise.study.work import Workload

ray = pytest.importorskip("ray")

SOURCE = "builtin:parity?rows=120&length=10"
OPTIONS: dict[str, Any] = {"replicates": 3, "tune": 2, "hidden_size": 8, "max_epochs": 4, "rivals": "simple", "seed": 3}
STORE = 80_000_000


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes on this machine, with a processor each, joined once: its processes then load the libraries once."""
    from ray.cluster_utils import Cluster

    # A node that is silent is given up after a second.
    patience = {"health_check_period_ms": 300, "health_check_timeout_ms": 300, "health_check_failure_threshold": 3}
    head = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": STORE, "_system_config": patience}
    made = Cluster(initialize_head=True, head_node_args=head)
    made.add_node(num_cpus=1, object_store_memory=STORE)
    before = signal.getsignal(signal.SIGTERM)
    ray.init(made.address, log_to_driver=False, logging_level="ERROR")
    signal.signal(signal.SIGTERM, before)
    yield made
    ray.shutdown()
    made.shutdown()  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return gatewise.compare(SOURCE, **OPTIONS, out=tmp_path_factory.mktemp("ray") / "here")


def timeless(training: Training) -> Training:
    history = tuple(replace(epoch, seconds=0.0) for epoch in training.history)
    return replace(training, phases={}, seconds=0.0, history=history)


def trainings(result: Result) -> list[Training]:
    comparison = result.comparison
    return [timeless(one) for one in (*comparison.tuning, *comparison.trainings, *comparison.baseline_trainings)]


def rows(run: Path) -> list[dict[str, Any]]:
    journal = RunFolder(run).journal
    return [*read_journal(journal).rows()] if journal.exists() else []


def workload(address: str, folder: Path) -> Workload:
    dataset = open_source(SOURCE)
    config = Config(SOURCE, hidden_size=8, max_epochs=4, runner="ray", address=address)
    kept, trained = KeptFolder(folder / "predictions"), TrainedFolder(folder / "trained")
    return Workload(config, dataset, arms_for(config, dataset), kept, trained)


def test_a_run_says_the_same_as_here(cluster: Any, here: Result, tmp_path: Path) -> None:
    there = gatewise.compare(SOURCE, **OPTIONS, runner="ray", address=cluster.address, out=tmp_path / "there")
    assert trainings(there) == trainings(here)
    assert (there.verdict.decision, there.verdict.difference) == (here.verdict.decision, here.verdict.difference)
    names = {file.name for file in RunFolder(here.path).predictions.iterdir()}
    assert {file.name for file in RunFolder(there.path).predictions.iterdir()} == names
    assert [*there.mistakes()] == [*here.mistakes()]
    # The first replicate took over what tuning had trained, on whichever node.
    assert [one.adopted for one in there.comparison.trainings] == [one.adopted for one in here.comparison.trainings]
    assert any(one.adopted is not None for one in there.comparison.trainings)
    # Whoever joined the cluster leaves it, and here that was not the run.
    assert ray.is_initialized()


def test_what_began_here_goes_on_there_and_back(cluster: Any, here: Result, tmp_path: Path) -> None:
    asked = {name: value for name, value in OPTIONS.items() if name != "replicates"}
    run = tmp_path / "run"
    script = f"import sys, gatewise\ngatewise.compare({SOURCE!r}, **{asked | {'replicates': 3}!r}, out=sys.argv[1])\n"
    process = subprocess.Popen([sys.executable, "-c", script, str(run)])
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if any(row["kind"] == "replicate" for row in rows(run)):
            break
        time.sleep(0.01)
    process.kill()
    process.wait()
    done = rows(run)
    there = gatewise.resume(run, runner="ray", address=cluster.address)
    assert rows(run)[: len(done)] == done
    assert sorted(trainings(there), key=str) == sorted(trainings(here), key=str)
    back = gatewise.resume(run, runner="local")
    assert back.verdict.decision == here.verdict.decision


def test_units_come_back_in_order_though_processes_die(cluster: Any, tmp_path: Path) -> None:
    units = [Unit("baseline", "majority", number) for number in range(12)]
    work = workload(cluster.address, tmp_path)
    alone = replace_runner(work, tmp_path / "alone")
    with Runner(alone) as runner:
        expected = [timeless(training) for _, training in runner.results(iter(units), lambda *_: None)]
    killed = 0
    with Runner(work) as runner:
        found = []
        for unit, training in runner.results(iter(units), lambda *_: None):
            found.append((unit, timeless(training)))
            if killed < 3:
                killed += kill_a_worker()
    assert killed == 3
    assert [unit for unit, _ in found] == units
    assert [training for _, training in found] == expected


def test_a_node_that_is_lost_costs_nothing(cluster: Any, tmp_path: Path) -> None:
    units = [Unit("baseline", "linear_features", number) for number in range(12)]
    third = cluster.add_node(num_cpus=1, object_store_memory=STORE)
    with Runner(workload(cluster.address, tmp_path)) as runner:
        assert runner.places == 3
        results = runner.results(iter(units), lambda *_: None)
        found = [next(results)]
        cluster.remove_node(third, allow_graceful=False)
        found += results
    assert [unit for unit, _ in found] == units


def test_a_measurement_has_a_node_to_itself(cluster: Any, tmp_path: Path) -> None:
    with Runner(workload(cluster.address, tmp_path)) as runner:
        assert runner.alone(_free_processors) == 0


def _free_processors(_: Workload) -> float:
    """Processors that the node has left for others while this runs."""
    about = ray.get_runtime_context()
    total: float = next(node["Resources"]["CPU"] for node in ray.nodes() if node["NodeID"] == about.get_node_id())
    return total - float(about.get_assigned_resources()["CPU"])


def test_a_study_among_several_has_its_share(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOGETHER, str(tmp_path / "active"))
    write_active(tmp_path / "active", 2)
    units = [Unit("baseline", "majority", number) for number in range(6)]
    with Runner(workload(cluster.address, tmp_path)) as runner:
        pool = runner._pool
        assert isinstance(pool, RayPool) and runner.places == 1
        most = 0

        def look() -> None:
            nonlocal most
            most = max(most, sum(not future.done() for future in list(pool._under_way)))

        results = runner.results(iter(units), lambda *_: None, look)
        first = next(results)
        look()
        assert most <= 1
        # The other one has ended.
        write_active(tmp_path / "active", 1)
        found = [first, *results]
        assert runner.places == 2
    assert [unit for unit, _ in found] == units


def test_an_error_of_a_unit_is_raised_as_it_is_here(cluster: Any, tmp_path: Path) -> None:
    with Runner(workload(cluster.address, tmp_path)) as runner, pytest.raises(ValueError, match="has no hyperparameters"):
        list(runner.results(iter([Unit("replicate", "gru", 0)]), lambda *_: None))


def test_an_address_without_a_cluster_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    run = tmp_path / "run"
    options = ("--runner", "ray", "--address", "127.0.0.1:9", "--out", str(run))
    done = subprocess.run(
        [sys.executable, "-m", "gatewise", "compare", SOURCE, *options], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no Ray cluster to join at 127.0.0.1:9" in done.stderr
    assert not run.exists()


def test_more_threads_than_a_node_has_are_refused(cluster: Any, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="no node of the Ray cluster has the 3 processors"):
        gatewise.compare(SOURCE, runner="ray", threads=3, address=cluster.address, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_cluster_is_joined_without_its_signals_and_left(cluster: Any) -> None:
    script = (
        "import ray, signal, sys\n"
        "from gatewise.study.cluster import join, leave, nodes\n"
        "before = signal.getsignal(signal.SIGTERM)\n"
        "join(sys.argv[1])\n"
        "assert signal.getsignal(signal.SIGTERM) is before\n"
        "assert [node.here for node in nodes()].count(True) == 1\n"
        "leave()\n"
        "assert not ray.is_initialized()\n"
        "print('left')\n"
    )
    done = subprocess.run([sys.executable, "-c", script, cluster.address], capture_output=True, text=True, check=True)
    assert done.stdout == "left\n"


def replace_runner(work: Workload, folder: Path) -> Workload:
    """The same work, to be done in this process."""
    folder.mkdir()
    config = replace(work.config, runner="local", address=None)
    return Workload(config, work.dataset, work.arms, KeptFolder(folder / "predictions"), TrainedFolder(folder / "trained"))


def kill_a_worker() -> int:
    """Kill a process that does units, and return how many there were to kill."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if command.startswith((b"ray::run", b"ray::IDLE")):
            os.kill(int(entry.name), signal.SIGKILL)
            return 1
    return 0


def test_nodes_read_what_is_on_disk(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWISE_STORE", str(tmp_path / "stores"))
    path = tmp_path / "reviews.csv"
    path.write_text(
        "text,label\n"
        + "".join(f"{'good' if row % 3 else 'bad'} film {row},{'up' if row % 3 else 'down'}\n" for row in range(200))
    )
    options: dict[str, Any] = {**OPTIONS, "on_disk": "always", "replicates": 2, "tune": 0}
    one = gatewise.compare(path, **options, out=tmp_path / "here")
    other = gatewise.compare(path, **options, runner="ray", address=cluster.address, out=tmp_path / "there")
    assert trainings(one) == trainings(other)
    assert one.comparison.config.on_disk == "always"
