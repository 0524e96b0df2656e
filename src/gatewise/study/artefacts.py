"""What is known of a run's models in the forms they are shipped in: `shipped/shipped.json` of its folder."""

from __future__ import annotations

import json
from collections.abc import Sequence

from gatewise.records import ShippedArtefact, from_json
from gatewise.study.folder import RunFolder, write_json

__all__ = ["read_artefacts", "write_artefacts"]

NAME = "shipped.json"


def read_artefacts(folder: RunFolder) -> tuple[ShippedArtefact, ...]:
    """What was measured; nothing where nothing was, or its record is damaged: it is measured anew at will."""
    try:
        content = json.loads((folder.shipped / NAME).read_text(encoding="utf-8"))
        return tuple(from_json(ShippedArtefact, one) for one in content)
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return ()


def write_artefacts(folder: RunFolder, found: Sequence[ShippedArtefact]) -> None:
    """Keep what was measured; of the same arm and form the newest counts. Raises RunError where it cannot be written."""
    kept = {(one.arm, one.form): one for one in (*read_artefacts(folder), *found)}
    write_json(folder.shipped / NAME, [kept[key] for key in kept])
