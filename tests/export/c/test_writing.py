"""Writing and loading C: what cannot be written is refused in one sentence, and files that changed are not run."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gatewise.errors import GatewiseError, MissingPackageError, OptionError, RunError
from gatewise.export.bundle import save_model
from gatewise.export.c import load_c, write_c
from gatewise.export.c.constants import c_string, number
from tests.export.c.models import compiled, make_model, sequences, text_model
from tests.export.test_bundle import model_of, series
from tests.inspection.models import CLASSES


@pytest.mark.parametrize("name", ["", "Model", "1st", "a b", "int", "class", "x/y", "a_", "é", "a" * 41, "a*/"])
def test_names_that_c_cannot_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(OptionError, match="cannot begin identifiers in C"):
        write_c(make_model("gru", CLASSES), tmp_path / "out", name)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("majority", {}, "no recurrent network, and C is written of gru"),
        ("tcn", {}, "C is not written of the tcn"),
        ("gru", {"bidirectional": True}, "reads a sequence from its end too"),
    ],
)
def test_models_that_have_no_c(tmp_path: Path, name: str, changes: dict[str, bool], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        write_c(model_of(name, series(), **changes), tmp_path / "out", "tested")
    assert not (tmp_path / "out").exists()


def test_names_of_classes_are_spelt_as_they_are(tmp_path: Path) -> None:
    names = ('say "no"', "a\\b", "??=", "良い", "*/ #include <x>", "two\nlines")
    model = replace(text_model(("good",), outputs=6), classes=names)
    write_c(model, tmp_path, "tested")
    program = (
        '#include <stdio.h>\n#include "tested.h"\nint main(void) { int i; for (i = 0; i < 6; ++i) puts(tested_classes[i]); }\n'
    )
    (tmp_path / "main.c").write_text(program)
    command = ["gcc", "-std=c99", str(tmp_path / "main.c"), str(tmp_path / "tested.c"), "-o", str(tmp_path / "main")]
    subprocess.run(command, check=True)
    assert subprocess.run([tmp_path / "main"], capture_output=True, check=True).stdout.decode() == "\n".join((*names, ""))


def test_sizes_in_the_header_are_those_of_the_program(tmp_path: Path) -> None:
    for int8 in (False, True):
        program = compiled(make_model("lstm", CLASSES, layers=2), tmp_path, int8=int8).program
        assert program.state_bytes == program.library["gatewise_said_bytes"]()
        text = (tmp_path / "tested.h").read_text()
        assert f"{program.flash_bytes:,} bytes of flash" in text and f"{program.state_bytes:,} bytes of RAM" in text


def test_what_changed_is_not_run(tmp_path: Path) -> None:
    write_c(make_model("gru", CLASSES), tmp_path, "tested")
    with (tmp_path / "tested.c").open("a") as file:
        file.write("\n")
    with pytest.raises(RunError, match=r"tested\.c is not what was written"):
        load_c(tmp_path)


def test_a_folder_that_holds_no_c(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("[]")
    with pytest.raises(RunError, match="holds no model in C"):
        load_c(tmp_path)
    write_c(make_model("gru", CLASSES), tmp_path, "tested")
    content = json.loads((tmp_path / "tested.json").read_text())
    del content["model"]["encoder"]
    (tmp_path / "tested.json").write_text(json.dumps(content))
    with pytest.raises(GatewiseError, match="damaged"):
        load_c(tmp_path)
    (tmp_path / "tested.json").write_text("{")
    with pytest.raises(RunError, match="damaged"):
        load_c(tmp_path)


def test_no_compiler_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_c(make_model("gru", CLASSES), tmp_path, "tested")
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(MissingPackageError, match="CC names no-such-compiler, which is not there"):
        load_c(tmp_path)
    monkeypatch.delenv("CC")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingPackageError, match="there is no cc, gcc or clang"):
        load_c(tmp_path)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be written"):
        write_c(make_model("gru", CLASSES), tmp_path / "file", "tested")


def test_an_artefact_is_not_saved_as_a_model(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no model to be saved"):
        save_model(compiled(make_model("gru", CLASSES), tmp_path), tmp_path / "model")


def test_other_files_in_the_folder_stay(tmp_path: Path) -> None:
    (tmp_path / "main.c").write_text("mine")
    write_c(make_model("gru", CLASSES), tmp_path, "tested")
    names = ["example_tested.c", "main.c", "tested.c", "tested.h", "tested.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_constants() -> None:
    values = np.array([0.1, -1, 1e-30, 3.4e38, 16777217, 1 / 3], dtype=np.float32)
    assert [float(np.float32(number(value)[:-1])) for value in values] == values.tolist()
    assert number(1.0) == "1.0f"
    with pytest.raises(ValueError, match="no place in C"):
        number(float("nan"))
    assert c_string('a"?é') == '"a\\042\\077\\303\\251"'


BLOCKED = """
import sys
sys.modules["torch"] = None
from pathlib import Path
import numpy as np
from gatewise.export.bundle import load_model
from gatewise.export.c import load_c, write_c
here = Path(sys.argv[1])
write_c(load_model(here / "model"), here / "c", "tested")
print(load_c(here / "c").predict([np.load(here / "x.npy")]))
"""


def test_torch_is_not_needed(tmp_path: Path) -> None:
    model, x = make_model("gru", CLASSES), sequences(CLASSES)[0]
    save_model(model, tmp_path / "model")
    np.save(tmp_path / "x.npy", x)
    command = [sys.executable, "-c", BLOCKED, str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
    assert (run.returncode, run.stdout.strip()) == (0, str(model.predict([x]))), run.stderr
