"""A Ray cluster: joined once, its nodes looked at, and left again by whoever joined it."""

from __future__ import annotations

import logging
import os
import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from platform import python_version
from typing import Any

from gatewise.errors import OptionError
from gatewise.extras import require_package
from gatewise.wording import first_line

__all__ = ["Node", "join", "leave", "nodes", "on_node", "refuse_other_versions", "wait_for"]

# What a worker must have as this process has it: results rest on it, or what is sent between them.
SAME = ("gatewise", "torch", "numpy", "ray")
ANSWER_SECONDS = 10.0
LOOK_SECONDS = 60.0
HEARING_SECONDS = 0.1


class _State:
    """joined: whether it was this module that joined the cluster."""

    joined = False


@dataclass(frozen=True)
class Node:
    """A machine of the cluster. cpus, gpus: what it has for tasks. here: whether this process is on it."""

    identity: str
    address: str
    cpus: float
    here: bool
    gpus: float = 0.0


def join(address: str | None) -> None:
    """Join the cluster at an address, or the one of this machine, or begin one here where there is none.

    A cluster that the program has joined by itself is used as it is. Raises OptionError where there is none at the address, and
    MissingPackageError without Ray.
    """
    # Said before the package is imported, which reads it: nobody agreed to reports about what they run.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    ray = require_package("ray")
    if ray.is_initialized():
        return
    if address is not None:
        _require_listener(address)
    with _own_signals():
        try:
            ray.init(address, log_to_driver=False, logging_level=logging.CRITICAL, namespace="gatewise")
        except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
            raise _nothing_there(address or "this machine", error) from error
    _State.joined = True


def _require_listener(address: str) -> None:
    """Raise OptionError where nobody listens at HOST:PORT: Ray itself would ask again for many minutes."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or "/" in host:
        # One of Ray's own words.
        return
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _nothing_there(address, error) from error


def _nothing_there(place: str, error: Exception) -> OptionError:
    return OptionError(
        f"there is no Ray cluster to join at {place} ({first_line(error)}); give --address HOST:PORT of one that runs, or leave "
        "it out to begin one on this machine"
    )


def leave() -> None:
    """Leave the cluster, where `join` joined it; one that was begun there ends."""
    if _State.joined:
        require_package("ray").shutdown()
        _State.joined = False


def nodes() -> list[Node]:
    """The machines that are there by now, this one first, then those with the most processors."""
    ray = require_package("ray")
    own = ray.get_runtime_context().get_node_id()
    found = [
        Node(
            each["NodeID"],
            each["NodeManagerAddress"],
            each["Resources"].get("CPU", 0.0),
            each["NodeID"] == own,
            each["Resources"].get("GPU", 0.0),
        )
        for each in ray.nodes()
        if each["Alive"]
    ]
    return sorted(found, key=lambda node: (not node.here, -node.cpus, node.identity))


def refuse_other_versions() -> tuple[str, ...]:
    """What sets nodes apart in speed, as notes. Raises OptionError where one cannot do what this process would.

    A node that does not answer within a minute is left out: its work goes to others.
    """
    ray = require_package("ray")
    ask = ray.remote(num_cpus=0, max_retries=0)(facts)
    asked = {ask.options(scheduling_strategy=on_node(node)).remote(): node for node in nodes() if node.cpus}
    answered, _ = ray.wait(list(asked), num_returns=len(asked), timeout=LOOK_SECONDS)
    here, kinds = facts(), set()
    for reference in answered:
        node = asked[reference]
        try:
            there = ray.get(reference)
        except ray.exceptions.RayTaskError as error:
            raise OptionError(
                f"the node {node.address} of the Ray cluster cannot run gatewise ({error.cause or error}); install the same "
                f"version there: gatewise {here['gatewise']}"
            ) from error
        except ray.exceptions.RayError:
            # It has died meanwhile.
            continue
        other = [f"{name} {there[name]} (here {here[name]})" for name in ("python", *SAME) if there[name] != here[name]]
        if other:
            raise OptionError(
                f"the node {node.address} of the Ray cluster has {', '.join(other)}; results rest on them: install the same "
                "versions on every node"
            )
        kinds.add(there["kernels"])
    if len(kinds | {here["kernels"]}) > 1:
        said = ", ".join(sorted(kinds | {here["kernels"]}))
        return (f"The cluster's nodes run different kernels ({said}): where a result was made may change its last digits.",)
    return ()


def facts() -> Mapping[str, str]:
    """What the process that asks is made of."""
    from gatewise import kernels

    set_of = kernels.missing() or kernels.instruction_set()
    return {"python": python_version(), **{name: version(name) for name in SAME}, "kernels": str(set_of)}


def wait_for(reference: Any) -> None:
    """Wait until a task has ended; signals are heard meanwhile."""
    ray = require_package("ray")
    while not ray.wait([reference], timeout=HEARING_SECONDS)[0]:
        pass


def on_node(node: Node, *, soft: bool = False) -> Any:
    """Where a task or an actor is to be. soft: whether it may be elsewhere once that node is gone."""
    return require_package("ray.util.scheduling_strategies").NodeAffinitySchedulingStrategy(node.identity, soft=soft)


@contextmanager
def _own_signals() -> Iterator[None]:
    """Ray sets a handler of its own, which would end the program without a verdict."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
