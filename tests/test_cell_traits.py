"""A cell's name means something in its own row, class and equations alone, the kernels say the same of it, and a new row is found
everywhere.
"""

import ast
import re
import subprocess
import sys
from pathlib import Path
from pkgutil import resolve_name
from typing import TypeGuard

import pytest

import gatewise
from gatewise.cells import CELLS, EQUATIONS
from gatewise.kernels import equations
from gatewise.nn.stack import Stack

SOURCES = Path(gatewise.__file__).parent
ROOT = Path(__file__).parents[1]
NAMES = {*CELLS, *EQUATIONS, *equations.STEPS}


def is_a_start(node: ast.AST) -> TypeGuard[ast.Call]:
    """Whether it asks what a string begins with, and some cell's name begins so."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "startswith"):
        return False
    starts = [item.value for item in ast.walk(node) if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    return any(name.startswith(start) for name in NAMES for start in starts if start)


def branches_on_names(path: Path) -> list[str]:
    """Places where something is compared with the name of a cell, in an expression or a case of `match`, or with its start."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Compare | ast.MatchValue):
            words = {item.value for item in ast.walk(node) if isinstance(item, ast.Constant) and isinstance(item.value, str)}
            if words & NAMES:
                found.append(f"{path.name}:{node.lineno}")
        elif is_a_start(node):
            found.append(f"{path.name}:{node.lineno}")
    return sorted(found)


def test_no_module_compares_a_cells_name() -> None:
    assert [place for path in sorted(SOURCES.rglob("*.py")) for place in branches_on_names(path)] == []


def test_the_search_finds_comparisons(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(
        'a = cell == "lstm"\nb = cell in ("x", "gru")\nmatch cell:\n    case "rnn":\n        c = 1\nd = cell.startswith("min_")\n'
        'e = {"gru": 3}[cell]\nf = cell.startswith("x")\n'
    )
    assert branches_on_names(tmp_path / "one.py") == ["one.py:1", "one.py:2", "one.py:4", "one.py:6"]


def test_outside_their_list_no_kernel_source_names_a_cell() -> None:
    found = []
    for path in sorted((ROOT / "cpp").glob("*.[hc]*")):
        code = re.sub(r"//.*", "", path.read_text(encoding="utf-8"))
        if path.name != "cells.h" and re.search(rf"\b({'|'.join(NAMES)})\b", code):
            found.append(path.name)
    assert found == []


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_a_row_and_its_layer_and_equations_belong_together(cell: object) -> None:
    for traits in [row for row in CELLS.values() if row is cell]:
        layer = resolve_name(traits.layer)
        assert issubclass(layer, Stack)
        built = layer(3, 2)
        assert built.cell == traits.equations[0]
        assert built.traits is traits
        assert built._parameters["weight_ih_l0"].shape == (2 * traits.gates, 3)
        assert ("weight_hh_l0" in built._parameters) == traits.recurrent
        assert {*traits.equations} <= {*equations.STEPS}
        assert hasattr(built, "forget_bias") == hasattr(built, "chrono") == traits.keeps


def test_the_kernels_say_the_same_of_every_cell() -> None:
    compiled = pytest.importorskip("gatewise.kernels._compiled", reason="the kernels were not compiled")
    names = [row["name"] for row in compiled.cells()]
    assert {*EQUATIONS} <= {*names}
    for row in compiled.cells():
        full = row["name"].removeprefix("bfloat16_")
        plain = full.removeprefix("norm_")
        traits = EQUATIONS[plain.removesuffix("_reset_before")]
        assert row["normalized"] == (full != plain)
        assert (row["gates"], row["recurrent"], row["cell_state"]) == (traits.gates, traits.recurrent, traits.cell_state)
        assert plain in equations.STEPS


CLASS = """
from gatewise.kernels import equations
from gatewise.nn.min_layer import MinLayer


class Toy(MinLayer):
    cell_name = "toy"


equations.STEPS["toy"] = lambda p, x, h, c, mask: ((x + 0.5 * h).tanh(), None)
"""

TOY = """
import sys, types
from pathlib import Path
import gatewise

# Its row, as if it stood in the list of rows.
path = Path(gatewise.__file__).parent / "cells.py"
row = 'CellTraits(name="toy", title="Toy", layer="toy_cell:Toy", equations=("toy",), gates=1, recurrent=False, keeps=False)'
source = path.read_text(encoding="utf-8").replace("ROWS = (", f"ROWS = ({row}, ", 1)
module = sys.modules["gatewise.cells"] = gatewise.cells = types.ModuleType("gatewise.cells")
exec(compile(source, path, "exec"), module.__dict__)

import torch
from gatewise.comparison.plan import arms_of
from gatewise.errors import OptionError
from gatewise.titles import Titles
from gatewise.nn import CELLS, Stream, backend, build_network, matched_hidden_sizes
from gatewise.records import Architecture
from gatewise.options.table import OPTION

assert "toy" in OPTION["cells"].choices
arms = arms_of(("toy", "gru", "toy"))
assert [arm.name for arm in arms] == ["toy_1", "gru", "toy_2"]
assert [Titles(arms)(name) for name in ("toy_1", "gru", "toy_2")] == ["Toy (1)", "GRU", "Toy (2)"]
assert CELLS["toy"].__module__ == "toy_cell"

shape = dict(input_size=3, layers=2, bidirectional=True, outputs=2, pooling="summary")
rest = dict(tokens=False, embedding_size=0, dropout=0.1, input_dropout=0.0, seed=1, cell_seed=2)
network = build_network(Architecture("toy", hidden_size=5, forget_bias=1.0, **rest, **shape))
scores = network(torch.randn(4, 6, 3), torch.tensor([6, 1, 3, 2]))
scores.sum().backward()
assert scores.shape == (4, 2) and all(parameter.grad.isfinite().all() for parameter in network.parameters())
matched = matched_hidden_sizes(("toy", "gru"), 5, **shape)
assert matched.parameters["toy"] == sum(
    parameter.numel()
    for parameter in build_network(Architecture("toy", hidden_size=matched.hidden_sizes["toy"], **rest, **shape)).parameters())

layer = CELLS["toy"](3, 4)
print(backend(layer, torch.randn(2, 1, 3)))
try:
    Stream(layer)
except OptionError as error:
    print(error)

from typer.testing import CliRunner
from gatewise.cli import app
print(CliRunner().invoke(app, ["compare", "--help"], env={"COLUMNS": "300"}).output)
"""


def test_a_new_row_is_found_everywhere(tmp_path: Path) -> None:
    (tmp_path / "toy_cell.py").write_text(CLASS)
    (tmp_path / "toy.py").write_text(TOY)
    done = subprocess.run([sys.executable, "toy.py"], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    from gatewise import kernels

    assert "reference equations: " + ("there are no compiled" if kernels.missing() else "toy has no kernel") in done.stdout
    assert "Stream has no kernel for this Toy" in done.stdout
    assert re.search(r"\btoy, gru, lstm\b", done.stdout), "the command's help lists it"
