"""What `make wheel` refuses to ship."""

import importlib.util
import tarfile
import zipfile
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("wheel_script", Path(__file__).resolve().parents[2] / "scripts" / "wheel.py")
assert SPEC is not None and SPEC.loader is not None
script = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(script)

KERNELS = "gatewise/kernels/_compiled.abi3.so"
SOURCES = ["CMakeLists.txt", "pyproject.toml", "LICENSE", "cpp/kernels.cpp", "src/gatewise/kernels/_compiled.pyi"]


def wheel(folder: Path, *members: str, tag: str = "cp312-abi3-manylinux_2_28_x86_64") -> Path:
    path = folder / f"gatewise-0.1.0-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in members:
            archive.writestr(name, "")
    return path


def test_a_wheel_holds_the_kernels_and_no_other_library(tmp_path: Path) -> None:
    script.look_into_wheel(wheel(tmp_path, "gatewise/__init__.py", KERNELS), compiled=True)
    for members in (["gatewise/__init__.py"], [KERNELS, "gatewise.libs/libgomp-24e2ab19.so.1.0.0"]):
        with pytest.raises(SystemExit, match="should hold one library, the kernels"):
            script.look_into_wheel(wheel(tmp_path, *members), compiled=True)


def test_a_wheel_without_kernels_is_for_every_machine(tmp_path: Path) -> None:
    script.look_into_wheel(wheel(tmp_path, "gatewise/__init__.py", tag="py3-none-any"), compiled=False)
    for members, tag in [([KERNELS], "py3-none-any"), ([], "cp311-cp311-linux_x86_64")]:
        with pytest.raises(SystemExit, match="should hold no library and be for every machine"):
            script.look_into_wheel(wheel(tmp_path, *members, tag=tag), compiled=False)


def test_a_source_archive_is_whole_and_holds_nothing_built(tmp_path: Path) -> None:
    def archive(*names: str) -> Path:
        path = tmp_path / "gatewise-0.1.0.tar.gz"
        with tarfile.open(path, "w:gz") as opened:
            for name in names:
                opened.addfile(tarfile.TarInfo(f"gatewise-0.1.0/{name}"))
        return path

    script.look_into_archive(archive(*SOURCES))
    with pytest.raises(SystemExit, match=r"lacks cpp/kernels\.cpp"):
        script.look_into_archive(archive(*(name for name in SOURCES if name != "cpp/kernels.cpp")))
    with pytest.raises(SystemExit, match=r"built elsewhere: src/gatewise/kernels/_compiled\.so"):
        script.look_into_archive(archive(*SOURCES, "src/gatewise/kernels/_compiled.so"))
