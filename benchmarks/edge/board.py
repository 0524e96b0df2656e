"""A model's C on a Cortex-M4F: cross-compiled, run in QEMU, instructions counted there."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.export.c.constants import number

__all__ = ["ON_THE_BOARD", "Answers", "missing", "on_board"]

HERE = Path(__file__).parent
ON_THE_BOARD = ("-std=c99", "-O2", "-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard", "-ffunction-sections")

# The system timer of mps2-an386 runs at 25 MHz, and an instruction takes a nanosecond.
_INSTRUCTIONS_PER_TICK = 40


@dataclass(frozen=True)
class Answers:
    """said: float32 [outputs], after the last step. step, step_and_said: instructions of a step, without and with a prediction.
    code_bytes: of the model alone, without its constants, and of what else it was given; constant_bytes: these."""

    said: NDArray[np.float32]
    step: float
    step_and_said: float
    code_bytes: int
    constant_bytes: int


def missing() -> list[str]:
    """The programs that are not there."""
    return [name for name in ("arm-none-eabi-gcc", "arm-none-eabi-size", "qemu-system-arm") if not shutil.which(name)]


def on_board(folder: Path, inputs: NDArray[Any], flags: tuple[str, ...] = (), others: Sequence[Path] = ()) -> Answers:
    """Run the model `tested` that `write_c` wrote into a folder. inputs: steps [steps, channels], the same ones twice; int8 for a
    program that reads them so. others: files in C that the model needs beside its own.

    Raises RuntimeError where something does not compile or run.
    """
    kind = "int8_t" if inputs.dtype == np.int8 else "float"
    shown: Callable[[Any], str] = number if kind == "float" else str
    rows = ",\n".join("{" + ", ".join(map(shown, row)) + "}" for row in inputs.tolist())
    sizes = f"#define STEPS {len(inputs)}\n"
    (folder / "inputs.h").write_text(f"{sizes}static const {kind} INPUTS[STEPS][{inputs.shape[1]}] = {{\n{rows}\n}};\n")
    gcc = ["arm-none-eabi-gcc", *ON_THE_BOARD, *flags, f"-I{folder}"]
    objects = [folder / f"{path.stem}.o" for path in (folder / "tested.c", *others)]
    for path, made in zip((folder / "tested.c", *others), objects, strict=True):
        _run([*gcc, "-c", str(path), "-o", str(made)])
    program = folder / "board.elf"
    link = ["--specs=rdimon.specs", "-nostartfiles", "-T", str(HERE / "board.ld"), "-Wl,--gc-sections", "-lc", "-lrdimon"]
    _run([*gcc, str(HERE / "board.c"), *map(str, objects), *link, "-o", str(program)])
    machine = ["qemu-system-arm", "-machine", "mps2-an386", "-nographic", "-monitor", "none", "-serial", "none"]
    lines = _run([*machine, "-semihosting", "-icount", "shift=0", "-kernel", str(program)]).split()
    code, *ticks = map(int, lines[:3])
    if code:
        raise RuntimeError(f"a step on the board returned {code}")
    each = [_INSTRUCTIONS_PER_TICK * count / len(inputs) for count in ticks]
    sections = [line.split() for line in _run(["arm-none-eabi-size", "-A", *map(str, objects)]).splitlines()]
    found = [(line[0], int(line[1])) for line in sections if len(line) == 3 and line[1].isdigit()]
    code_bytes, constants = (sum(size for name, size in found if name.startswith(kind)) for kind in (".text", ".rodata"))
    return Answers(np.array(lines[3:], dtype=np.float32), each[0], each[1], code_bytes, constants)


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {(done.stderr or done.stdout)[-2000:]}")
    return done.stdout
