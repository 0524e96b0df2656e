"""The C that is written compiles without a warning, in C99 and where C++ includes it, and its example runs."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from gatewise.export.c import write_c
from gatewise.runtime.model import Model
from tests.export.c.models import audio_model, make_model, text_model
from tests.inspection.models import CLASSES, FORECAST, NUMBERS, STEPS

STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
SANITIZED = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
FUZZ = Path(__file__).with_name("fuzz.c")


def make(kind: str) -> Model:
    if kind == "text":
        return text_model(("good", "don't", "👍", "é", "하", "σας"), "lstm", max_length=30, pooling="attention")
    if kind == "audio":
        return audio_model("gru", pooling="max")
    sources = {"classes": CLASSES, "numbers": NUMBERS, "forecast": FORECAST, "steps": STEPS}
    cells = {"classes": "min_gru", "numbers": "min_lstm", "forecast": "gru", "steps": "rnn"}
    return make_model(cells[kind], sources[kind], layers=2, **({"pooling": "mean"} if kind == "numbers" else {}))


KINDS = ["text", "audio", "classes", "numbers", "forecast", "steps"]


def needs(*names: str) -> None:
    missing = [name for name in names if not shutil.which(name)]
    if missing:
        pytest.skip(f"there is no {' or '.join(missing)} here")


def run(*command: str | Path, given: str | bytes = b"") -> str:
    content = given.encode() if isinstance(given, str) else given
    done = subprocess.run([str(part) for part in command], input=content, capture_output=True, check=False, timeout=120)
    assert not done.returncode, done.stderr.decode()[-3000:]
    return done.stdout.decode()


@pytest.mark.parametrize("int8", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_no_warning(tmp_path: Path, compiler: str, kind: str, int8: bool) -> None:
    needs(compiler)
    write_c(make(kind), tmp_path, "tested", int8=int8)
    for file in ("tested.c", "example_tested.c"):
        run(
            compiler,
            *STRICT,
            "-Wconversion" if file == "tested.c" else "-O1",
            "-O2",
            "-c",
            tmp_path / file,
            "-o",
            tmp_path / "out.o",
        )


def test_a_header_is_one_in_cpp_too(tmp_path: Path) -> None:
    needs("g++")
    write_c(make("classes"), tmp_path, "tested")
    (tmp_path / "main.cpp").write_text('#include "tested.h"\nint main() { tested_state state; tested_reset(&state); }\n')
    run("g++", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c", tmp_path / "main.cpp", "-o", tmp_path / "main.o")


def test_nothing_is_called_from_a_library(tmp_path: Path) -> None:
    needs("gcc", "nm")
    for kind in KINDS:
        write_c(make(kind), tmp_path, "tested")
        run("gcc", "-std=c99", "-O2", "-c", tmp_path / "tested.c", "-o", tmp_path / "tested.o")
        undefined = {line.split()[-1] for line in run("nm", "-u", tmp_path / "tested.o").splitlines()}
        # What a compiler may call for loops that fill or copy memory, and for position-independent code.
        assert undefined <= {"memset", "memcpy", "memmove", "_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail"}, undefined


def test_fast_math_is_refused(tmp_path: Path) -> None:
    write_c(make("classes"), tmp_path, "tested")
    done = subprocess.run(
        ["gcc", "-ffast-math", "-c", str(tmp_path / "tested.c"), "-o", str(tmp_path / "out.o")], capture_output=True, check=False
    )
    assert done.returncode and b"without -ffast-math" in done.stderr


def test_a_header_of_another_export_is_refused(tmp_path: Path) -> None:
    write_c(make("classes"), tmp_path / "one", "tested")
    write_c(make_model("gru", CLASSES), tmp_path / "two", "tested")
    shutil.copy(tmp_path / "one" / "tested.h", tmp_path / "two")
    done = subprocess.run(
        ["gcc", "-c", str(tmp_path / "two" / "tested.c"), "-o", str(tmp_path / "out.o")], capture_output=True, check=False
    )
    assert done.returncode and b"are of two exports" in done.stderr


@pytest.mark.parametrize("kind", ["text", "audio", "classes"])
def test_examples_run(tmp_path: Path, kind: str) -> None:
    model = make(kind)
    write_c(model, tmp_path, "tested")
    run("gcc", *STRICT, tmp_path / "tested.c", tmp_path / "example_tested.c", "-o", tmp_path / "example")
    steps = np.random.default_rng(0).random((3, len(model.channels)), dtype=np.float32)
    given = {
        "text": "good film\n\xff\n".encode("latin-1"),
        "audio": (np.sin(np.arange(2000)) * 9000).astype(np.int16).tobytes(),
        "classes": "\n".join(" ".join(map(str, row)) for row in steps).encode(),
    }[kind]
    lines = run(tmp_path / "example", given=given).splitlines()
    if kind == "text":
        found, refused = lines
        assert refused == "error -4"
        assert found == f"{model.predict(['good film'])[0]} {model.predict_proba(['good film']).max():.3f}"
    elif kind == "audio":
        assert len(lines) == 5
    else:
        assert [line.split()[0] for line in lines] == [str(model.predict([steps[: end + 1]])[0]) for end in range(3)]


@pytest.mark.parametrize("int8", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_comes_is_no_undefined_behaviour(tmp_path: Path, kind: str, int8: bool) -> None:
    write_c(make(kind), tmp_path, "tested", int8=int8)
    defined = {"text": ["-DTEXT"], "audio": ["-DAUDIO"]}.get(kind, [])
    defined.append(f"-DSTEPWISE={int(kind == 'steps')}")
    build = ["gcc", *STRICT, "-O1", "-g", *SANITIZED, *defined, f"-I{tmp_path}", str(FUZZ), str(tmp_path / "tested.c")]
    done = subprocess.run([*build, "-o", str(tmp_path / "fuzz")], capture_output=True, check=False)
    if done.returncode and b"asan" in done.stderr:
        pytest.skip("there are no sanitizers here")
    assert not done.returncode, done.stderr.decode()
    assert run(tmp_path / "fuzz", "300") == "done\n"
