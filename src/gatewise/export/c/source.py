"""NAME.c: the tables of a model, and of `sources/` the pieces that it needs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from gatewise.cells import CELLS
from gatewise.data.encoding.forecast import ForecastEncoder
from gatewise.data.encoding.text import TextEncoder
from gatewise.export.c.constants import Constants, c_string
from gatewise.export.c.design import Design
from gatewise.export.c.sound import add_sound
from gatewise.export.c.text import add_text
from gatewise.export.c.weights import add_embedding, add_network, widest

__all__ = ["Source", "named", "source_of"]


@dataclass(frozen=True)
class Source:
    """text: of NAME.c, but for its beginning. sizes: by the names that follow NAME_, whose definitions are the header's. flash:
    bytes of constants. stack: bytes of the largest array on the stack."""

    text: str
    sizes: dict[str, int]
    flash: int
    stack: int


def source_of(design: Design) -> Source:
    """All that a model computes."""
    built, constants = design.architecture, Constants()
    sizes = {
        "INPUTS": design.inputs,
        "HIDDEN": built.hidden_size,
        "LAYERS": built.layers,
        "OUTPUTS": built.outputs,
        "WIDEST": widest(design),
    }
    precision = "int8" if design.int8 else "float32"
    pieces = ["mathematics", *_functions(design), f"product_{precision}"]
    head = [_piece(piece) for piece in pieces]
    add_network(constants, design)
    if isinstance(design.encoder, TextEncoder):
        add_embedding(constants, design)
        sizes |= {"TOKENS": design.encoder.input_size, **add_text(constants, design.encoder.vocabulary)}
    else:
        _add_scaling(constants, design.encoder.mean, design.encoder.scale)
    if design.model.audio is not None:
        sizes |= add_sound(constants, design.model.audio)
    if isinstance(design.encoder, ForecastEncoder):
        sizes |= {"WINDOW": design.encoder.window, "HORIZON": design.encoder.horizon, "TARGETS": len(design.encoder.targets)}
        constants.add("TARGETS", design.encoder.targets, "int")
        constants.add("UNIT", [design.encoder.scale[target] for target in design.encoder.targets], "float")
    elif design.encoder.target_scale is not None:
        constants.add("BASE", design.encoder.target_scale.mean, "float")
        constants.add("UNIT", design.encoder.target_scale.scale, "float")
    if design.reads in ("series", "windows"):
        sizes["CHANNELS"] = built.input_size
    body = [_piece(piece) for piece in _body(design)]
    text = "\n\n".join([*head, constants.text, _classes(design), *body])
    stack = 2 * sizes["WIDEST"] if design.int8 else 0
    return Source(named(text, design.name) + "\n", sizes, constants.size, stack)


def named(text: str, name: str) -> str:
    """The text of a piece for a model of this name."""
    return re.sub(r"\bMODEL_", f"{name.upper()}_", re.sub(r"\bmodel_", f"{name}_", text))


def _functions(design: Design) -> list[str]:
    built = design.architecture
    found = []
    recurrent = CELLS[built.cell].recurrent
    if recurrent or built.pooling == "attention":
        found.append("tangent")
    if not recurrent:
        # Candidates that see the step alone are kept above zero.
        found.append("positive")
    if design.reads == "audio":
        found.append("logarithm")
    return found


def _body(design: Design) -> list[str]:
    built = design.architecture
    pieces = [
        "cells_two" if CELLS[built.cell].cell_state else "cells_one",
        f"cell_{built.cell}",
        f"pool_{built.pooling}",
        "network",
    ]
    if design.reads != "text":
        pieces.append("scaling")
    if design.reads == "windows":
        return [*pieces, "skip_none" if built.skip is None else "skip", "input_forecast"]
    pieces.append(f"output_{design.predicts}")
    if design.reads == "text":
        return [*pieces, f"embedding_{'int8' if design.int8 else 'float32'}", "letters", "tokens", "input_text"]
    if design.reads == "audio":
        return [*pieces, "input_audio"]
    return [*pieces, "input_series", "run_every_step" if design.predicts == "steps" else "run_series"]


def _piece(name: str) -> str:
    return (files("gatewise.export.c") / "sources" / f"{name}.c").read_text(encoding="utf-8").strip()


def _add_scaling(constants: Constants, mean: Sequence[float], scale: Sequence[float]) -> None:
    exact = np.array(mean, dtype=np.float64)
    first = exact.astype(np.float32)
    constants.add("MEAN", first, "float")
    constants.add("MEAN_REST", exact - first, "float")
    constants.add("PER_SCALE", 1.0 / np.array(scale), "float")


def _classes(design: Design) -> str:
    if design.predicts != "classes":
        names = design.model.outputs or design.model.channels
        kind = "outputs"
    else:
        names, kind = design.model.class_names, "classes"
    rows = "\n".join(f"    {c_string(name)}," for name in names)
    return f"const char *const model_{kind}[{len(names)}] = {{\n{rows}\n}};"
