"""Processes of a Ray cluster: a task for each unit of work.

The data are put into the object store once, and every process of the cluster that does a unit encodes them once. A unit's files
travel with it: what it needs of the run's folder with the task, what it leaves there with the result, so that no disk has to be
shared. Where a process or a node dies, Ray does the task again elsewhere; a unit's result depends on its name alone.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec, TypeVar, cast

from gatewise.errors import OptionError, RunError
from gatewise.extras import require_package
from gatewise.study.cluster import Node, join, leave, nodes, on_node, refuse_other_versions, wait_for
from gatewise.study.folder import write_atomic
from gatewise.study.sharing import another_measures, measuring, share_of
from gatewise.study.signs import Sign
from gatewise.wording import counted, first_line

if TYPE_CHECKING:
    from gatewise.records import Arm, Config, Dataset, Epoch, Hyperparameters, Training
    from gatewise.study.probe import Probed
    from gatewise.study.units import Unit
    from gatewise.study.work import Workload

__all__ = ["RayPool"]

Given = ParamSpec("Given")
Found = TypeVar("Found")

# How often a unit is begun anew where its process or its node died.
RETRIES = 5
REPORT_SECONDS, SIGN_SECONDS = 0.5, 1.0
# An answer of the process that keeps reports that takes longer says that it is gone, or busy.
ANSWER_SECONDS = 5.0
NODES_SECONDS = 1.0


class Shared(NamedTuple):
    """What every process of the cluster needs, in the object store. folders: whether a run keeps files of its units."""

    dataset: Dataset
    arms: tuple[Arm, ...]
    baselines: tuple[str, ...]
    folders: bool


class RayPool:
    """A pool of the cluster that `join` joins. again: how an error says that work goes on."""

    # Ray has begun a unit anew by then.
    deaths = 0
    together = False

    def __init__(self, workload: Workload, again: str) -> None:
        self.workload = workload
        self.again = again
        join(workload.config.address)
        self._ray = require_package("ray")
        self._shared: Any = None
        self._reports: Any = None
        self._asked: Any = None
        self._asked_at = 0.0
        self._under_way: dict[Future[Any], Any] = {}
        self._tasks: dict[Any, Any] = {}
        self._different = refuse_other_versions()
        self._on_gpus = _on_gpus(workload.config)
        self._nodes, self._looked = nodes(), time.monotonic()
        if not any(node.cpus >= workload.config.threads for node in self._nodes):
            most = max((node.cpus for node in self._nodes), default=0)
            raise OptionError(
                f"no node of the Ray cluster has the {workload.config.threads} processors that --threads asks for: the largest "
                f"has {most:g}; give fewer threads, or join another cluster"
            )
        if not any(self._room(node) for node in self._nodes):
            raise OptionError(
                f"no node of the Ray cluster has a GPU, which --device {','.join(workload.config.device)} asks for, beside the "
                f"{counted(workload.config.threads, 'processor')} of a unit; join another cluster, or use --device cpu"
            )

    @property
    def places(self) -> int:
        """Of all nodes that are there by now, which come and go; of several studies under way together, this one's share."""
        if time.monotonic() - self._looked > NODES_SECONDS:
            self._nodes, self._looked = nodes(), time.monotonic()
        return share_of(max(1, sum(self._room(node) for node in self._nodes)))

    def _room(self, node: Node) -> int:
        """Units that a node has room for: as many processes share a GPU as `--jobs` says."""
        config = self.workload.config
        by_cpus = int(node.cpus // config.threads)
        return min(by_cpus, int(node.gpus * config.jobs)) if self._on_gpus else by_cpus

    @property
    def may_begin(self) -> bool:
        return not another_measures()

    @property
    def died(self) -> tuple[type[BaseException], ...]:
        return self._ray.exceptions.WorkerCrashedError, self._ray.exceptions.OutOfMemoryError

    @property
    def listening(self) -> bool:
        return self._asked is None or time.monotonic() - self._asked_at <= ANSWER_SECONDS

    @property
    def notes(self) -> tuple[str, ...]:
        working = sum(node.cpus > 0 for node in self._nodes)
        return (f"Ray: {counted(working, 'node')}, {counted(self.places, 'unit')} at once.", *self._different)

    def run(self, config: Config, unit: Unit) -> Future[Any]:
        return self._begun(_run, config, (unit, self._needed(unit)))

    def training(self, done: Future[Any]) -> Training:
        training, files = self._result(done)
        for name, content in files.items():
            file = self._folder / name
            file.parent.mkdir(exist_ok=True)
            write_atomic(file, content)
        return cast("Training", training)

    def probe(self, config: Config, names: list[str], hyperparameters: Hyperparameters, seconds: float) -> Future[Probed]:
        return self._begun(_probe, config, (names, hyperparameters, seconds))

    def alone(self, work: Callable[Concatenate[Workload, Given], Found], *given: Given.args, **options: Given.kwargs) -> Found:
        """On a node of which it takes every processor, so that Ray puts no other task there, of whatever run."""
        with measuring():
            return self._alone(work, given, options)

    def _alone(self, work: Callable[..., Found], given: tuple[Any, ...], options: dict[str, Any]) -> Found:
        for _ in range(RETRIES):
            node = self._for_measurements()
            place = {"num_cpus": node.cpus, "scheduling_strategy": on_node(node), "max_retries": 0}
            # Ray hides the GPUs of a node from tasks that ask for none.
            place |= {"num_gpus": node.gpus} if self._on_gpus else {}
            reference = self._task(_alone, place).remote(self._shared_now(), self.workload.config, (work, given, options))
            try:
                wait_for(reference)
                return cast("Found", self._ray.get(reference))
            except self._ray.exceptions.RayTaskError as error:
                raise _cause(error) from error
            except (self._ray.exceptions.RayError, KeyboardInterrupt) as error:
                with suppress(self._ray.exceptions.RayError):
                    self._ray.cancel(reference, force=True)
                if isinstance(error, KeyboardInterrupt):
                    raise
        raise RunError(f"a measurement was begun {RETRIES} times, and each time its node died; go on with {self.again}")

    def reports(self) -> Iterator[Sign]:
        if self._reports is None:
            return
        if self._asked is None:
            self._asked, self._asked_at = self._reports.take.remote(), time.monotonic()
        if self._ray.wait([self._asked], timeout=0)[0]:
            asked, self._asked = self._asked, None
            # What a report tells is shown and no more.
            with suppress(self._ray.exceptions.RayError):
                yield from self._ray.get(asked)

    @contextmanager
    def deaths_told(self) -> Iterator[None]:
        try:
            yield
        except self._ray.exceptions.RayError as error:
            raise RunError(
                f"the Ray cluster gave a unit up ({type(error).__name__}: {first_line(error)}); what is "
                f"finished is kept: go on with {self.again}"
            ) from error

    def end(self, unit: Future[Any], process: str) -> None:
        """What stands still does not hear that it is cancelled: its process is killed, on its node."""
        reference = self._under_way.pop(unit, None)
        if reference is not None:
            with suppress(self._ray.exceptions.RayError):
                self._ray.cancel(reference, force=True)
        node, _, number = process.rpartition(":")
        there = next((one for one in nodes() if one.identity == node), None)
        if there is not None:
            place = {"num_cpus": 0, "scheduling_strategy": on_node(there), "max_retries": 0}
            self._task(_kill, place).remote(int(number))

    def stop(self) -> None:
        # Those that end meanwhile are taken out by a thread of Ray's.
        for reference in list(self._under_way.values()):
            with suppress(self._ray.exceptions.RayError):
                self._ray.cancel(reference, force=True)
        self._under_way.clear()

    def close(self) -> None:
        """Give the cluster back what it holds of the run, and leave it."""
        self.stop()
        self._shared = self._reports = self._asked = None
        leave()

    @property
    def _folder(self) -> Path:
        if self.workload.kept is None:
            raise RuntimeError("files of a unit without a folder")
        return self.workload.kept.path.parent

    def _needed(self, unit: Unit) -> dict[str, bytes]:
        """Files of the run's folder that a unit reads, by name: the weights that it takes over from tuning."""
        if unit.trained is None or self.workload.trained is None:
            return {}
        file = self.workload.trained.file(unit.trained)
        return {str(file.relative_to(self._folder)): file.read_bytes()} if file.exists() else {}

    def _begun(self, work: Any, config: Config, given: tuple[Any, ...]) -> Future[Any]:
        place = {"num_cpus": config.threads, "scheduling_strategy": "SPREAD", "max_retries": RETRIES}
        place |= {"num_gpus": 1 / config.jobs} if self._on_gpus else {}
        reference = self._task(work, place).remote(self._shared_now(), config, given)
        future: Future[Any] = reference.future()
        self._under_way[future] = reference
        future.add_done_callback(lambda done: self._under_way.pop(done, None))
        return future

    def _task(self, work: Any, place: dict[str, Any]) -> Any:
        # Made once: each is sent to the cluster anew.
        if work not in self._tasks:
            self._tasks[work] = self._ray.remote(work)
        return self._tasks[work].options(name=work.__name__.strip("_"), **place)

    def _shared_now(self) -> list[Any]:
        """References in a list, because those that are given by themselves are read before a task begins, every time."""
        if self._shared is None:
            workload = self.workload
            folders = workload.kept is not None
            self._shared = self._ray.put(Shared(workload.dataset, workload.arms, workload.baselines, folders))
            here = next(node for node in self._nodes if node.here)
            place = {"num_cpus": 0, "max_restarts": -1, "scheduling_strategy": on_node(here, soft=True)}
            self._reports = self._ray.remote(_Reports).options(**place).remote()
        return [self._shared, self._reports]

    def _for_measurements(self) -> Node:
        """This machine, which the report describes, if it does tasks at all; otherwise the largest."""
        self._nodes, self._looked = nodes(), time.monotonic()
        return next(node for node in self._nodes if self._room(node))

    def _result(self, done: Future[Any]) -> Any:
        try:
            return done.result()
        except self._ray.exceptions.RayTaskError as error:
            raise _cause(error) from error


class _Reports:
    """What processes tell of their units, until this machine's process takes it."""

    def __init__(self) -> None:
        self.signs: dict[tuple[str, str], Sign] = {}

    def put(self, sign: Sign) -> None:
        of = sign.key, sign.process
        earlier = self.signs.get(of)
        self.signs[of] = earlier if sign.epoch is None and earlier is not None else sign

    def take(self) -> list[Sign]:
        told, self.signs = self.signs, {}
        return list(told.values())


def _on_gpus(config: Config) -> bool:
    from gatewise.training.devices import DEVICES

    return any(DEVICES[name].of_ray for name in config.device)


_workloads: dict[str, Workload] = {}


def _run(references: list[Any], config: Config, given: tuple[Unit, dict[str, bytes]]) -> tuple[Training, dict[str, bytes]]:
    import ray

    from gatewise.study.kept import KeptFolder
    from gatewise.study.trained import TrainedFolder

    unit, files = given
    process = f"{ray.get_runtime_context().get_node_id()}:{os.getpid()}"
    references[1].put.remote(Sign(unit.key, process=process))
    workload, told, lived = _workload(references, config), time.monotonic(), time.monotonic()

    def on_epoch(epoch: Epoch) -> None:
        nonlocal told
        if time.monotonic() - told >= REPORT_SECONDS:
            told = time.monotonic()
            references[1].put.remote(Sign(unit.key, epoch, process))

    def on_step() -> None:
        nonlocal lived
        if time.monotonic() - lived >= SIGN_SECONDS:
            lived = time.monotonic()
            references[1].put.remote(Sign(unit.key, process=process))

    with TemporaryDirectory(prefix="gatewise-") as name:
        place = Path(name)
        for relative, content in files.items():
            (place / relative).parent.mkdir(exist_ok=True)
            (place / relative).write_bytes(content)
        if workload.kept is not None:
            workload.kept, workload.trained = KeptFolder(place / "predictions"), TrainedFolder(place / "trained")
        training = workload.run(unit, on_epoch, on_step)
        left = {str(file.relative_to(place)): file.read_bytes() for file in place.rglob("*.safetensors")}
    return training, {relative: content for relative, content in left.items() if relative not in files}


def _kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)


def _probe(references: list[Any], config: Config, given: tuple[list[str], Hyperparameters, float]) -> Probed:
    from gatewise.study.probe import probe

    return probe(_workload(references, config), *given)


def _alone(references: list[Any], config: Config, given: tuple[Callable[..., Found], tuple[Any, ...], dict[str, Any]]) -> Found:
    work, arguments, options = given
    return work(_workload(references, config), *arguments, **options)


def _workload(references: list[Any], config: Config) -> Workload:
    """The work in this process, made for the first of a run's units that come here."""
    import ray

    from gatewise.study.kept import KeptFolder
    from gatewise.study.work import Workload
    from gatewise.training.threads import set_threads

    key = references[0].hex()
    if key not in _workloads:
        shared: Shared = ray.get(references[0])
        # One run at a time: of another, this process would hold the data for nothing.
        _workloads.clear()
        workload = Workload(config, shared.dataset, shared.arms, KeptFolder(Path()) if shared.folders else None)
        workload.baselines = shared.baselines
        _workloads[key] = workload
    set_threads(config.threads)
    _workloads[key].config = config
    return _workloads[key]


def _cause(error: Any) -> BaseException:
    """What a task raised, as it would have been raised here."""
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, BaseException) else RunError(f"a unit failed: {error}")
