"""Write constraints.txt and the locks in requirements/ anew, with the newest releases that pyproject.toml's ranges admit.

    make lock

constraints.txt        every package of every extra, of the build and of the tools, each with one version: `pip install -c`
requirements/demo.txt  what `make demo` installs: gatewise's requirements and its build, with the hashes of all files
requirements/test.txt  what the tests and checks need beside that, with hashes
requirements/wheel.txt what `make wheel` builds with, with hashes
requirements/libraries.txt other people's libraries for `make test-libraries`, by themselves: some of them want older versions
requirements/oldest.txt the lower ends of pyproject.toml's ranges, for `make test-oldest`

uv, which pip brings, resolves for Python 3.11 and later and for every platform at once; it prefers one version for all of them.
PyTorch has no hashes: builds of one release for different devices are different files, all of them good. Nor has what it brings
for CUDA, which some builds need and others do not; PyTorch pins that to exact versions itself.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements"
WORK = ROOT / "build" / "lock"
LOWEST_PYTHON = "3.11"
PYTORCH = re.compile(r"(torch|triton|nvidia-[a-z0-9-]+|cuda-[a-z0-9-]+)==")
MADE_BY = "# Made by `make lock`; scripts/lock.py says how."


def main() -> None:
    """Resolve everything once, then cut that into the parts that are installed together."""
    uv = _uv()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    builds = WORK / "build-system.in"
    builds.write_text("\n".join(project["build-system"]["requires"]) + "\n", encoding="utf-8")
    build = [str(builds), str(LOCKS / "kernels.in")]
    archives = [str(LOCKS / "wheel.in")]
    everything = WORK / "everything.txt"

    _compile(uv, everything, "pyproject.toml", "--all-extras", *build, *archives, str(LOCKS / "pinned.in"))
    _write(ROOT / "constraints.txt", _entries(everything), "One version of every package.")

    def part(name: str, *sources: str) -> dict[str, str]:
        resolved = WORK / f"{name}.txt"
        _compile(uv, resolved, *sources, "--generate-hashes", "--constraints", str(everything))
        return {key: entry for key, entry in _entries(resolved).items() if not PYTORCH.match(entry)}

    demo = part("demo", "pyproject.toml", "--extra", "train", *build)
    test = part("test", "pyproject.toml", "--extra", "dev", *build)
    _write(LOCKS / "demo.txt", demo, "What gatewise needs, PyTorch aside, and with what it is built.")
    _write(
        LOCKS / "test.txt", {key: test[key] for key in test.keys() - demo.keys()}, "What tests and checks need beside demo.txt."
    )
    _write(LOCKS / "wheel.txt", part("wheel", *archives), "With what `make wheel` builds.")

    # With `everything` as constraints, a resolver goes back to releases of years ago, which build no more.
    libraries = WORK / "libraries.txt"
    with_them = [str(LOCKS / "libraries.in"), str(LOCKS / "pinned.in")]
    _compile(uv, libraries, "pyproject.toml", "--extra", "train", *build, *with_them, "--generate-hashes")
    kept = {key: entry for key, entry in _entries(libraries).items() if not PYTORCH.match(entry)}
    _write(LOCKS / "libraries.txt", kept, "The libraries that gatewise is tested beside, PyTorch aside.")

    oldest = WORK / "oldest.txt"
    _compile(uv, oldest, "pyproject.toml", "--extra", "test", *build, "--resolution", "lowest-direct")
    _write(LOCKS / "oldest.txt", _entries(oldest), "The lower ends of pyproject.toml's ranges.")


def _uv() -> str:
    """Install uv into a folder of its own and return its path."""
    WORK.mkdir(parents=True, exist_ok=True)
    environment = WORK / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True)
    pip: list[str | Path] = [environment / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "uv"], check=True)
    return str(environment / "bin" / "uv")


def _compile(uv: str, output: Path, *arguments: str) -> None:
    """Resolve `arguments` into `output`, which is not looked at."""
    output.unlink(missing_ok=True)
    resolve = [uv, "pip", "compile", "--universal", "--python-version", LOWEST_PYTHON, "--fork-strategy", "fewest"]
    options = ["--no-header", "--no-annotate", "--quiet", "--output-file", str(output)]
    subprocess.run([*resolve, *options, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def _entries(path: Path) -> dict[str, str]:
    """The lock's entries, each with the lines of its hashes, by name and marker."""
    text = path.read_text(encoding="utf-8").replace("\\\n", "\0")
    lines = [line.replace("\0", "\\\n") for line in text.splitlines() if line and not line.startswith("#")]
    return {re.sub(r"\s*\\\n.*", "", line, flags=re.DOTALL): line for line in lines}


def _write(path: Path, entries: dict[str, str], words: str) -> None:
    path.write_text("\n".join([MADE_BY, f"# {words}", *(entries[key] for key in sorted(entries))]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
