"""`gatewise check`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatewise.cli.app import app

if TYPE_CHECKING:
    from gatewise.kernels.self_test import Tested

__all__ = ["check"]


@app.command()
def check(as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")] = False) -> None:
    """Show the environment, and try the kernels against their equations.

    The exit code is 1 where a kernel is farther from its equations than rounding takes it.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from gatewise.extras import missing_packages
    from gatewise.kernels.self_test import self_test
    from gatewise.records import to_json
    from gatewise.study.environment import describe_environment
    from gatewise.training.devices import available_devices

    environment, extras, places, tested = (
        describe_environment(available_devices()),
        missing_packages(),
        dict(_places()),
        self_test(),
    )
    if as_json:
        found = {"environment": environment, "missing_packages": extras, "places": places, "self_test": to_json(tested)}
        print(json.dumps(found, indent=2))
    else:
        table = Table(show_header=False, box=None)
        for name, value in (*_flat(environment), *_extras(extras), *_written(places)):
            table.add_row(name, Text(value))
        console = Console()
        console.print(table)
        for line in _self_test_said(environment, tested):
            console.print(Text(line))
    if not all(one.passed for one in tested):
        raise typer.Exit(1)


def _flat(environment: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in environment.items():
        for key, item in value.items() if isinstance(value, dict) else [("", value)]:
            yield f"{name} {key}".strip().replace("_", " "), ", ".join(item) if isinstance(item, list) else str(item)


def _extras(missing: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    for extra, packages in missing.items():
        yield f"extra {extra}", f"pip install 'gatewise[{extra}]' (lacks {', '.join(packages)})" if packages else "installed"


def _places() -> Iterator[tuple[str, dict[str, str]]]:
    """Where gatewise writes, and why it could not, "" where it could."""
    from gatewise.advice.base import own_base
    from gatewise.data.audio.cache import cache_file
    from gatewise.data.store.places import store_root

    runs, sounds = Path("runs").absolute(), cache_file()
    for what, path in (("runs", runs), ("encoded data", store_root()), ("sound cache", sounds), ("evidence", own_base())):
        if path is not None:
            yield what, {"path": str(path), "refused": _refused(path)}


def _refused(path: Path) -> str:
    """Why nothing can be written at a place that need not be there yet; "" where something can."""
    there = next(place for place in (path, *path.parents) if place.exists())
    return "" if os.access(there, os.W_OK) else f"{there} cannot be written"


def _written(places: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    for what, place in places.items():
        yield f"place of {what}", f"{place['path']}{f' ({reason})' if (reason := place['refused']) else ''}"


def _self_test_said(environment: Mapping[str, Any], tested: Sequence[Tested]) -> Iterator[str]:
    from gatewise.kernels import REMEDY

    missing = environment["compiled_kernels"].get("missing")
    if missing:
        yield f"gatewise has no compiled kernels ({missing}): cells run on PyTorch's layers or on plain equations; {REMEDY}."
        return
    wrong = [one for one in tested if not one.passed]
    for one in wrong:
        yield (
            f"The kernel of {one.kernel} in {one.dtype} is off by {one.error:.1e} of the largest number, more than "
            f"{one.tolerance:.0e}: do not use it, and please report this."
        )
    if not wrong:
        farthest = max(tested, key=lambda one: one.error / one.tolerance)
        yield (
            f"{len(tested)} kernels agree with their equations, forwards and backwards; the farthest, {farthest.kernel} in "
            f"{farthest.dtype}, is off by {farthest.error:.1e} of the largest number."
        )
