"""What a module says it exports is sorted and there, and importing the package stays light."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

import gatewise

MODULES = sorted(
    module.name for module in pkgutil.walk_packages(gatewise.__path__, prefix="gatewise.") if not module.name.endswith("__main__")
)


def place(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest, each in the order of the alphabet."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize("name", ["gatewise", *MODULES])
def test_all_is_sorted_and_importable(name: str) -> None:
    module = importlib.import_module(name)
    exported = getattr(module, "__all__", [])
    assert exported == sorted(set(exported), key=place)
    for member in exported:
        assert getattr(module, member) is not None


def test_dir_and_unknown_names() -> None:
    assert dir(gatewise) == sorted(gatewise.__all__)
    assert gatewise.compare is importlib.import_module("gatewise.study.api").compare
    with pytest.raises(AttributeError, match="no attribute 'compere'"):
        _ = gatewise.compere


HEAVY = ("torch", "numpy", "sklearn", "scipy", "matplotlib", "pyarrow", "optuna", "rich.live")


@pytest.mark.parametrize(
    ("code", "heavy"),
    [
        ("import gatewise", HEAVY),
        (
            "import sys; sys.argv = ['gatewise', '--help']; from gatewise.cli import main\ntry: main()\nexcept SystemExit: pass",
            HEAVY,
        ),
    ],
    ids=["import", "help"],
)
def test_heavy_modules_wait_until_they_are_used(code: str, heavy: tuple[str, ...]) -> None:
    check = f"\nimport sys; print('LOADED', [name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code + check], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED []"
