"""What a module says it exports is sorted and there, and importing the package stays light."""

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

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
    assert gatewise.compare is importlib.import_module("gatewise.study.compare").compare
    with pytest.raises(AttributeError, match="no attribute 'compere'"):
        _ = gatewise.compere


def python(code: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_rooms_are_there_after_the_plain_import() -> None:
    code = (
        "import gatewise, sys; light = 'torch' not in sys.modules; print(light, gatewise.nn.GRU, gatewise.estimators.Forecaster)"
    )
    assert python(code).split()[0] == "True"


def test_completion_finds_rooms_and_functions() -> None:
    code = "import rlcompleter, gatewise; print(rlcompleter.Completer({'gatewise': gatewise}).attr_matches('gatewise.'))"
    found = python(code)
    for name in ("nn", "estimators", "compare(", "open_run(", "SequenceClassifier("):
        assert f"'gatewise.{name}" in found


def test_type_checkers_see_every_name() -> None:
    tree = ast.parse(Path(str(gatewise.__file__)).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert set(gatewise.__all__) - {"__version__"} <= {name.asname or name.name for node in imports for name in node.names}


HEAVY = ("torch", "sklearn", "scipy", "matplotlib")
ARRAYS = ("numpy", "pyarrow", "rich.live")
COMMAND = """
import sys
class Console:
    def write(self, text):
        print("LOADED", [name for name in {heavy} if name in sys.modules], file=sys.__stdout__)
        return len(text)
    flush = isatty = lambda self: None
sys.argv, sys.stderr = ["gatewise", *{arguments}], Console()
from gatewise.__main__ import main
try: main()
except SystemExit: pass
"""


@pytest.mark.parametrize(
    "code",
    [
        "import gatewise",
        "import sys; sys.argv = ['gatewise', '--help']; from gatewise.cli import main\ntry: main()\nexcept SystemExit: pass",
    ],
    ids=["import", "help"],
)
def test_heavy_modules_wait_until_they_are_used(code: str) -> None:
    found = python(code + f"\nimport sys; print('LOADED', [name for name in {HEAVY + ARRAYS} if name in sys.modules])")
    assert found.splitlines()[-1] == "LOADED []"


@pytest.mark.parametrize(
    ("content", "heavy"),
    [(None, HEAVY + ARRAYS), ("", HEAVY + ARRAYS), ("text,label\n", HEAVY), ("text,label\n" + "a,b\n" * 40, HEAVY)],
    ids=["missing", "empty", "header only", "one class"],
)
def test_input_that_cannot_work_is_refused_before_anything_heavy_is_loaded(
    content: str | None, heavy: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "reviews.csv"
    if content is not None:
        path.write_text(content)
    found = python(COMMAND.format(heavy=heavy, arguments=["compare", str(path)]))
    assert set(found.splitlines()) == {"LOADED []"}


def test_the_first_line_is_there_before_anything_heavy_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    path.write_text("text,label\n")
    found = python(COMMAND.format(heavy=HEAVY + ARRAYS, arguments=["compare", str(path)]))
    assert found.splitlines()[0] == "LOADED []"
    assert len(found.splitlines()) > 1
