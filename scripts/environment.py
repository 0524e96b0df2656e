"""Make the environment that a make target runs in, or say nothing and return at once where it is up to date.

    python scripts/environment.py demo      .venv: gatewise, what it needs, its kernels compiled
    python scripts/environment.py test      the same, and the tools of tests and checks
    python scripts/environment.py oldest    .venv-oldest: gatewise on the lower ends of its ranges, and the tools of the tests
    python scripts/environment.py libraries .venv-libraries: gatewise beside the libraries that it is tested with

An environment holds a record of what was done in it. A step is done again when what it rests on has changed. The environment is
made anew when it cannot be trusted: its Python is gone or another one is asked for, its folder was moved, or an installation in
it was cut short.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RECORD = "gatewise-environment.json"
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
OWN_FOLDER = ("oldest", "libraries")
COMPILERS = ("c++", "g++", "clang++", "CC")


@dataclass(frozen=True)
class Step:
    """One thing to do in an environment: again whenever `rests_on` says something new."""

    name: str
    words: str
    rests_on: str
    run: Callable[[Environment], None]


@dataclass
class Environment:
    """A virtual environment and its record. `python` is the interpreter it is made from."""

    folder: Path
    python: str
    done: dict[str, str] = field(default_factory=dict)
    under_way: str = ""

    @property
    def interpreter(self) -> str:
        return str(self.folder / "bin" / "python")

    def identity(self) -> dict[str, str]:
        """What may not change in the life of an environment."""
        return {"folder": str(self.folder), "Python": f"{VERSION} at {self.python}"}

    def write_record(self) -> None:
        """Note what is done and what is under way, so that a cut is seen."""
        content = {**self.identity(), "done": self.done, "under_way": self.under_way}
        part = self.folder / f".{RECORD}.part"
        part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        part.replace(self.folder / RECORD)

    def pip(self, *arguments: str, progress: bool = False) -> None:
        """Install quietly, or with pip's progress on a terminal. Errors are pip's own."""
        quiet = [] if progress and sys.stdout.isatty() else ["--quiet"]
        # What is imported compiles itself to bytecode; all of it would take longer than a download.
        options = ["--disable-pip-version-check", "--no-input", "--no-compile", *quiet]
        command = [self.interpreter, "-m", "pip", "install", *options, *arguments]
        subprocess.run(command, cwd=ROOT, check=True)


def main(name: str) -> None:
    """Bring the environment `name` up to date."""
    base = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    environment = Environment(ROOT / (f".venv-{name}" if name in OWN_FOLDER else ".venv"), base)
    steps = steps_of(name)
    why = why_anew(environment)
    if why is None and all(environment.done.get(step.name) == step.rests_on for step in steps):
        return
    if why is not None:
        create(environment, why)
    for step in steps:
        if environment.done.get(step.name) != step.rests_on:
            perform(environment, step)
    say("Ready.")


def why_anew(environment: Environment) -> str | None:
    """Why the environment cannot be kept; None, and its record taken over, where it can."""
    if not environment.folder.exists():
        return ""
    if not runs(environment):
        return "its Python does not run, or has no pip"
    record_file = environment.folder / RECORD
    if not record_file.exists():  # somebody else's, with a Python that suits
        return None
    record = json.loads(record_file.read_text(encoding="utf-8"))
    for key, value in environment.identity().items():
        if record[key] != value:
            return f"its {key} was {record[key]} and is {value}"
    if record["under_way"]:
        return f"its installation was cut short ({record['under_way']})"
    environment.done = record["done"]
    return None


def runs(environment: Environment) -> bool:
    """Whether the environment's own Python runs, is the one asked for, and has pip."""
    if Path(sys.prefix) == environment.folder:
        return True
    code = "import sys, pip; print(*sys.version_info[:2], sep='.')"
    try:
        done = subprocess.run([environment.interpreter, "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return done.returncode == 0 and done.stdout.strip() == VERSION


def create(environment: Environment, why: str) -> None:
    """Make an empty environment, in the place of what is there."""
    say(f"Making {environment.folder.name}{f' anew: {why}' if why else ''}, with Python {VERSION} at {environment.python}.")
    if environment.folder.is_dir() and not environment.folder.is_symlink():
        shutil.rmtree(environment.folder)
    else:
        environment.folder.unlink(missing_ok=True)
    environment.folder.mkdir()
    environment.under_way = "making it"
    environment.write_record()
    if subprocess.run([environment.python, "-m", "venv", environment.folder], check=False).returncode != 0:
        sys.exit(f"gatewise: {environment.python} cannot make a virtual environment; its message is above")
    environment.under_way = ""
    environment.write_record()


def perform(environment: Environment, step: Step) -> None:
    """Do one step, noting before and after."""
    say(step.words)
    started = time.monotonic()
    environment.under_way = step.name
    environment.done.pop(step.name, None)
    environment.write_record()
    try:
        step.run(environment)
    except subprocess.CalledProcessError:
        # pip leaves an environment as it was; only a cut does not.
        environment.under_way = ""
        environment.write_record()
        sys.exit(f"gatewise: this failed, and the message above says why: {step.words} The same command goes on from here.")
    environment.done[step.name] = step.rests_on
    environment.under_way = ""
    environment.write_record()
    say(f"  {time.monotonic() - started:.0f} s")


def steps_of(name: str) -> list[Step]:
    """What the environment needs for `name`, in order."""
    if name == "oldest":
        return [
            installed("oldest", "the lower ends of pyproject.toml's ranges; PyTorch may bring CUDA, several GB"),
            gatewise_step(),
        ]
    constraints = ROOT / "constraints.txt"
    torch = Step(
        "PyTorch",
        "Downloading PyTorch: 200 MB where pip finds a build for processors alone, 3 GB where it brings CUDA.",
        digest(constraints),
        lambda environment: environment.pip("-c", str(constraints), "torch", progress=True),
    )
    if name == "libraries":
        return [installed("libraries", "the libraries, 600 MB"), torch, gatewise_step()]
    tools = [installed("test", "the tools of tests and checks, 100 MB")] if name == "test" else []
    return [installed("demo", "what gatewise needs, 200 MB"), torch, *tools, gatewise_step()]


def installed(lock: str, words: str) -> Step:
    """Install all of a lock and nothing else."""
    path = ROOT / "requirements" / f"{lock}.txt"
    hashes = [] if lock == "oldest" else ["--require-hashes"]
    return Step(
        f"requirements/{path.name}",
        f"Downloading {words}, in the versions of requirements/{path.name}.",
        digest(path),
        lambda environment: environment.pip("--no-deps", *hashes, "-r", str(path), progress=not hashes),
    )


def gatewise_step() -> Step:
    """Install gatewise itself, compiled in build/, where the next run finds what has not changed."""
    cpp = ROOT / "cpp"
    sources = [ROOT / "pyproject.toml", ROOT / "CMakeLists.txt", *sorted(cpp.glob("*.h")), *sorted(cpp.glob("*.cpp"))]
    missing = missing_tools()
    words = "Installing gatewise." if missing else "Installing gatewise and compiling its kernels: three minutes the first time."
    return Step("gatewise", words, digest(*sources, more=missing), install_gatewise)


def install_gatewise(environment: Environment) -> None:
    """Install, check that nothing it requires is absent, and say so where there are no kernels afterwards."""
    environment.pip("--no-build-isolation", "--no-deps", "-e", ".")
    checked = subprocess.run([environment.interpreter, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    if checked.returncode != 0:
        sys.exit(f"gatewise: the locks do not hold all that is required; `make lock` writes them anew:\n{checked.stdout}")
    code = "from gatewise import kernels; print(kernels.missing())"
    why = subprocess.run([environment.interpreter, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    if why:
        say(f"  No compiled kernels ({why}): the cells will run on PyTorch's layers, which are slower.")
        say("  For the kernels, install GCC 11 or Clang 14, or newer, and Python's headers, and give the same command again.")


def missing_tools() -> str:
    """What is missing to compile the kernels. The installation rests on it, and is done again once it is there."""
    compiler = os.environ.get("CXX") or any(map(shutil.which, COMPILERS))
    headers = Path(sysconfig.get_path("include"), "Python.h").exists()
    return " ".join(name for name, found in [("compiler", compiler), ("headers", headers)] if not found)


def digest(*files: Path, more: str = "") -> str:
    """One number for what is in `files`."""
    found = hashlib.sha256(more.encode())
    for path in files:
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]


def say(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
