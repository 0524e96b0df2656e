"""A model as one page of HTML: its C as WebAssembly inside, run by the browser on a text, a table or a sound."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess
import tempfile
from importlib.resources import files
from pathlib import Path

from gatewise.cells import CELLS
from gatewise.durable import write_file
from gatewise.errors import MissingPackageError, RunError
from gatewise.export.c.design import Design, design_of
from gatewise.export.c.write import write_c
from gatewise.export.metadata import metadata_of
from gatewise.runtime.model import Model

__all__ = ["VERSION", "compiled_page", "write_wasm"]

VERSION = 1
"""Of what a page says of itself to `load_wasm`."""

# No library, and none of its functions in disguise: loops that clear memory stay loops.
_FLAGS = (
    "--target=wasm32", "-std=c99", "-O2", "-ffreestanding", "-fno-builtin", "-msimd128", "-mbulk-memory", "-nostdlib",
    "-Wl,--no-entry", "-Wl,--export=run", "-Wl,--export=answer", "-Wl,--export=__heap_base",
)  # fmt: skip

# For readers that want what is said after every step.
_STEPS = """
__attribute__((export_name("begin"))) void begin(void);
__attribute__((export_name("next"))) int next(const float *x);
void begin(void) { MODEL_reset(&state); }
int next(const float *x) { return MODEL_step(&state, x, y); }
int run(const void *content, size_t count) {
    const float *x = content;
    size_t step;
    int code = MODEL_EMPTY;
    MODEL_reset(&state);
    for (step = 0; step < count; ++step) {
        code = MODEL_step(&state, x + step * MODEL_CHANNELS, y);
        if (code) return code;
    }
    return code;
}
"""
_WHOLE = """
int run(const void *content, size_t count) { return MODEL_run(&state, content, count, y); }
"""
_ENTRY = """#include "model.h"
static MODEL_state state;
static float y[MODEL_OUTPUTS];
int run(const void *content, size_t count);
const float *answer(void);
const float *answer(void) { return y; }
"""


def write_wasm(model: Model, path: Path) -> None:
    """Write one HTML file, which needs nothing else: no server and no network.

    Raises MissingPackageError where clang or its linker for WebAssembly (lld) is missing, RunError where the file cannot be
    written, and OptionError as `write_c` does.
    """
    page = compiled_page(model)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, page.encode())
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror or error}; choose a place you may write to") from error


def compiled_page(model: Model) -> str:
    """The page's text. Raises as `write_wasm` does."""
    design = design_of(model, "model", int8=False)
    parts = {name: _part(f"page.{name}") for name in ("html", "css", "js")}
    built, program = design.architecture, _program(model, design)
    title = f"{CELLS[built.cell].title}: {model.kind} to {_aims(design)}"
    note = "The model runs in this page; nothing is sent anywhere."
    about = {"version": VERSION, "model": metadata_of(model), "sha256": hashlib.sha256(program).hexdigest()}
    content = {
        "TITLE": html.escape(title),
        "NOTE": note,
        "STYLE": parts["css"],
        "ABOUT": _as_script(about),
        "MODEL": _as_script(_facts(design)),
        "PROGRAM": base64.b64encode(program).decode(),
        "SCRIPT": parts["js"],
    }
    return re.sub(rf"\b({'|'.join(content)})\b", lambda found: content[found[0]], parts["html"])


def _as_script(value: object) -> str:
    """JSON in which no tag can end the script early."""
    return json.dumps(value).replace("<", "\\u003c")


def _aims(design: Design) -> str:
    model = design.model
    return f"{len(model.classes)} classes" if design.predicts == "classes" else ", ".join(model.outputs[:3]) or "numbers"


def _facts(design: Design) -> dict[str, object]:
    """What the page's script reads."""
    model = design.model
    names = model.class_names if design.predicts == "classes" else model.outputs or model.channels
    return {
        "reads": design.reads,
        "predicts": design.predicts,
        "names": list(names),
        "channels": list(model.channels) or [str(number + 1) for number in range(design.inputs)],
        "size": design.architecture.outputs,
        "rate": 0 if model.audio is None else model.audio.sample_rate,
        "window": 0 if model.forecast is None else model.forecast.window,
        "horizon": 0 if model.forecast is None else model.forecast.horizon,
    }


def _program(model: Model, design: Design) -> bytes:
    missing = [name for name in ("clang", "wasm-ld") if not shutil.which(name)]
    if missing:
        raise MissingPackageError(
            f"WebAssembly is compiled by clang and linked by lld, and there is no {' and no '.join(missing)}. Install them (on "
            "Debian: apt install clang lld)."
        )
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_c(model, folder, "model")
        entry = _ENTRY + (_STEPS if design.predicts == "steps" else _WHOLE)
        # The C of this model has the name `model` already.
        (folder / "entry.c").write_text(entry.replace("MODEL_s", "model_s").replace("MODEL_r", "model_r"), encoding="utf-8")
        sources = [str(folder / "entry.c"), str(folder / "model.c")]
        command = ["clang", *_FLAGS, f"-I{folder}", *sources, "-o", str(folder / "model.wasm")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RunError(f"clang cannot compile the model to WebAssembly: {' '.join(done.stderr.split())[:300]}")
        return (folder / "model.wasm").read_bytes()


def _part(name: str) -> str:
    return (files("gatewise.export.c") / "page" / name).read_text(encoding="utf-8")
