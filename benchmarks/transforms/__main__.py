"""What PyTorch's transforms make of every layer and cell: try all, and write the table.

    python -m benchmarks.transforms [--transforms "vmap;AOTInductor"] [--output FOLDER]
    python -m benchmarks.transforms --render docs/transforms.md    write the last outcomes into the document

A cell is `right` where the result is PyTorch's own or that of the reference equations, else the number of the words it is refused
in. Anything else ends the program. The tests try the same but for what takes a compiler long.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from benchmarks.layers.markdown import markdown_table, replace_between_marks
from benchmarks.layers.tables import Table
from benchmarks.transforms.cases import FORMS, LAYERS, cases
from benchmarks.transforms.table import TRANSFORMS, outcome

FORM_TITLES = {
    "plain": "A padded batch; for the cells, one step",
    "packed": "A PackedSequence",
    "lengths": "A padded batch and its lengths",
}
RIGHT = "right"

Outcomes = dict[str, dict[str, dict[str, str]]]
"""Form, transform and layer to the words of a refusal, empty where it was right."""


def measure(transforms: Sequence[str], results: Path) -> None:
    """Try the transforms, print how long each took, and write its outcomes beside those that are there. Raises what `outcome`
    raises."""
    found: Outcomes = {form: {} for form in FORMS}
    if results.exists():
        found = json.loads(results.read_text(encoding="utf-8"))["found"]
    for transform in transforms:
        started = time.perf_counter()
        for case in cases():
            try:
                found[case.form].setdefault(transform, {})[case.layer] = outcome(transform, case)
            except Exception as failure:
                failure.add_note(f"{transform} of {case}")
                raise
        print(f"{transform}: {time.perf_counter() - started:.0f} s", flush=True)
        results.write_text(json.dumps({"torch": torch.__version__, "found": found}), encoding="utf-8")


def page(found: Mapping[str, Mapping[str, Mapping[str, str]]], torch_version: str) -> str:
    """The tables as Markdown, and under them what is refused, in its words."""
    words = list(
        dict.fromkeys(
            _general(sentence, layer) for form in found.values() for row in form.values() for layer, sentence in row.items()
        )
    )
    words = [sentence for sentence in words if sentence]
    parts = [f"Tried with torch {torch_version}."]
    for form, rows in found.items():
        layers = [layer for layer in LAYERS if any(layer in row for row in rows.values())]
        cells = []
        for transform in (name for name in TRANSFORMS if name in rows):
            row = rows[transform]
            sentences = [_general(row[layer], layer) for layer in layers]
            cells.append((transform, *(str(words.index(sentence) + 1) if sentence else RIGHT for sentence in sentences)))
        parts.append(markdown_table(Table(FORM_TITLES[form], "", ("", *layers), tuple(cells))))
    parts.append("### What is refused")
    parts.append("\n".join(f"{number}. `{sentence}`" for number, sentence in enumerate(words, 1)))
    return "\n\n".join(parts) + "\n"


def _general(sentence: str, layer: str) -> str:
    """The words with a placeholder for the layer's name."""
    whole = layer.removesuffix("Cell")
    return sentence.replace(layer, "<layer>").replace(f"gatewise.nn.{whole}", "gatewise.nn.<layer>")


def main(arguments: Sequence[str] | None = None) -> int:
    """Try, or render what was found. Returns 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transforms", default=";".join(TRANSFORMS), help="those alone, parted by semicolons")
    parser.add_argument("--output", type=Path, default=Path("build/benchmarks"), help="folder (default build/benchmarks)")
    parser.add_argument("--render", type=Path, metavar="DOCUMENT", help="write the last outcomes into it, try nothing")
    options = parser.parse_args(arguments)
    results = options.output / "transforms.json"
    if options.render:
        document = json.loads(results.read_text(encoding="utf-8"))
        replace_between_marks(options.render, "transforms", page(document["found"], document["torch"]))
        return 0
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of tracing and export, about themselves
        options.output.mkdir(parents=True, exist_ok=True)
        measure(options.transforms.split(";"), results)
    print(f"Written: {results}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
