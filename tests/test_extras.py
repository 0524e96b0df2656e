"""gatewise without the packages that models are made with: a shipped model runs, and all else says what to install."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement

from gatewise.errors import GatewiseError
from gatewise.export.bundle import save_model
from gatewise.extras import EXTRA_OF, explain
from tests.inspection.models import FORECAST, STEPS, TEXTS, dataset_of, make_model

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
IMPORTED_AS = {"scikit-learn": "sklearn", "mlflow-skinny": "mlflow"}

WITHOUT = """
import sys
for name in {absent!r}:
    sys.modules[name] = None
"""


def run_without(code: str, absent: list[str]) -> subprocess.CompletedProcess[str]:
    # A module that stands as None in sys.modules cannot be imported.
    script = WITHOUT.format(absent=absent) + code
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=os.environ, check=False)


def names_of(extra: str) -> set[str]:
    named = [Requirement(one).name for one in PROJECT["optional-dependencies"][extra] if not one.startswith("gatewise[")]
    return {IMPORTED_AS.get(name, name) for name in named}


def test_every_package_is_in_its_extra() -> None:
    for package, extra in EXTRA_OF.items():
        assert package in names_of(extra)
    assert names_of("train") <= {*EXTRA_OF}


@pytest.mark.parametrize("source", [TEXTS, FORECAST, STEPS])
def test_a_shipped_model_runs_without_what_it_was_made_with(source: str, tmp_path: Path) -> None:
    model = make_model("lstm", source)
    save_model(model, tmp_path / "model")
    row = dataset_of(source).sequences[0]
    expected = model.predict([row])[0]
    given = row if isinstance(row, str) else row.tolist()
    code = f"""
from pathlib import Path
import json
import gatewise
import numpy as np
model = gatewise.load_model(Path({str(tmp_path / "model")!r}))
print(json.dumps(np.asarray(model.predict([{given!r}])[0]).tolist()))
"""
    found = run_without(code, sorted(names_of("train")))
    assert found.returncode == 0, found.stderr
    printed = json.loads(found.stdout)
    assert printed == expected if isinstance(row, str) else np.allclose(printed, expected, rtol=1e-5, atol=1e-6)


def test_what_is_not_installed_is_named_with_the_line_that_installs_it() -> None:
    found = run_without("import gatewise; gatewise.compare", ["torch"])
    assert "MissingPackageError: this needs the package torch" in found.stderr
    assert "pip install 'gatewise[train]'" in found.stderr


def test_a_command_says_so_in_one_line() -> None:
    code = "import sys; sys.argv = ['gatewise', 'compare', 'builtin:reviews']; from gatewise.__main__ import main; main()"
    found = run_without(code, sorted(names_of("train")))
    assert found.returncode == 2
    assert "Traceback" not in found.stderr
    assert found.stderr.strip().splitlines()[-1].endswith("pip install 'gatewise[train]'")


def test_a_module_that_no_extra_has_is_not_explained() -> None:
    assert explain(ModuleNotFoundError("no", name="gatewise.missing")) is None
    explained = explain(ModuleNotFoundError("no", name="sklearn.linear_model"))
    assert isinstance(explained, GatewiseError)
