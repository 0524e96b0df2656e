"""A model written as C99 source."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from gatewise.durable import write_file
from gatewise.errors import RunError
from gatewise.export.c.design import design_of
from gatewise.export.c.example import example_of
from gatewise.export.c.header import header_of
from gatewise.export.c.source import named, source_of
from gatewise.export.metadata import metadata_of
from gatewise.runtime.model import Model

__all__ = ["write_c"]


def write_c(model: Model, folder: Path, name: str, *, int8: bool = False) -> None:
    """Write NAME.h, NAME.c, example_NAME.c and, for `load_c` alone, NAME.json into a folder, which is made where there is none.

    name: what the identifiers begin with. int8: weights of 8 bits, each row with its own scale, and activations of 16 bits while
    they are multiplied; a quarter of the flash.
    Each file is replaced whole, and a header and a source of two writes do not compile together. Raises OptionError for a name
    that C cannot have or a model that cannot be written in C, and RunError where the files cannot be written.
    """
    design = design_of(model, name, int8=int8)
    source = source_of(design)
    build = hashlib.sha256(source.text.encode()).hexdigest()[:8]
    begin = f"""#include "{name}.h"

#if MODEL_BUILD != 0x{build}
#error "{name}.h and {name}.c are of two exports: write both anew"
#endif

"""
    content = {
        f"{name}.h": header_of(design, source, build),
        f"{name}.c": named(begin, name) + source.text,
        f"example_{name}.c": example_of(design),
    }
    digests = {
        file: hashlib.sha256(text.encode()).hexdigest() for file, text in content.items() if not file.startswith("example")
    }
    metadata = {"model": metadata_of(model), "c": {"name": name, "int8": int8, "flash_bytes": source.flash, "sha256": digests}}
    content[f"{name}.json"] = json.dumps(metadata, ensure_ascii=False, indent=1)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in content.items():
            write_file(folder / file, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise RunError(
            f"{folder} cannot be written: {error.strerror or error}; choose a folder you may write to, with room left"
        ) from error
