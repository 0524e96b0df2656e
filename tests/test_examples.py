"""Every example runs, in a folder of its own, and says what its reader came for."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOK = EXAMPLES / "estimators.ipynb"


def run(*command: str, folder: Path) -> str:
    done = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def cells(kind: str) -> list[str]:
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


@pytest.mark.slow
def test_reviews(tmp_path: Path) -> None:
    rows = [f"{word} {number},{label}" for number in range(20) for word, label in (("fine", "good"), ("dull", "bad"))]
    (tmp_path / "own.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    # Its own reviews take a minute.
    said = run(str(EXAMPLES / "reviews.py"), "own.csv", folder=tmp_path)
    assert re.search(r"^ +gru +\d+\.\d% ± ", said, re.MULTILINE)
    assert re.search(r"^the battery is great\. +(good|bad)$", said, re.MULTILINE)
    assert (tmp_path / "reviews.html").stat().st_size > 10_000


@pytest.mark.slow
def test_spoken_digits(tmp_path: Path) -> None:
    pytest.importorskip("soundfile")
    said = run(str(EXAMPLES / "spoken_digits.py"), folder=tmp_path)
    assert len(list((tmp_path / "recordings").glob("*.wav"))) == 160
    assert re.search(r"^ +lstm +\d+\.\d% ± ", said, re.MULTILINE)
    assert re.search(r"^a new voice, saying three, is heard as: (one|two|three|four)$", said, re.MULTILINE)


@pytest.mark.slow
def test_forecast(tmp_path: Path) -> None:
    said = run(str(EXAMPLES / "forecast.py"), folder=tmp_path)
    names = re.findall(r"^ +(\w+)  \d+\.\d{3} ± ", said, re.MULTILINE)
    assert {"gru", "lstm", "last_value", "last_season", "linear_window", "theta"} == set(names)
    assert re.search(r"reads 48 steps of .+ and predicts 12$", said, re.MULTILINE)


@pytest.mark.slow
def test_existing_model(tmp_path: Path) -> None:
    said = run(str(EXAMPLES / "existing_model.py"), folder=tmp_path)
    assert "recurrent: torch.nn.GRU -> gatewise.nn.GRU" in said
    assert re.search(r"largest difference of the outputs: \d\.\de-\d\d", said)
    assert re.search(r"a training step: \d+\.\d ms before, \d+\.\d ms after", said)


@pytest.mark.slow
def test_the_notebook_runs_from_top_to_bottom(tmp_path: Path) -> None:
    (tmp_path / "notebook.py").write_text("\n\n".join(cells("code")), encoding="utf-8")
    said = run("notebook.py", folder=tmp_path)
    assert re.search(r"^accuracy [01]\.\d\d ± ", said, re.MULTILINE)
    assert len(re.findall(r"^ +(?:gru|lstm) +\d+ units: [01]\.\d\d$", said, re.MULTILINE)) == 4
    assert "the next hours: [" in said
    assert (tmp_path / "walks" / "model.safetensors").is_file()


def test_the_notebook_is_kept_without_outputs() -> None:
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    for cell in notebook["cells"]:
        assert cell["cell_type"] == "markdown" or (cell["outputs"] == [] and cell["execution_count"] is None)
    assert cells("markdown")[0].startswith("# ")


def test_every_example_is_run_here() -> None:
    tested = Path(__file__).read_text(encoding="utf-8")
    assert all(example.name in tested for example in EXAMPLES.iterdir() if example.suffix in (".py", ".ipynb"))
