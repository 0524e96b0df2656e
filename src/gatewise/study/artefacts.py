"""What is known of a run's models in the forms they are shipped in: `shipped/shipped.json` of its folder."""

from __future__ import annotations

import json
from collections.abc import Sequence

from gatewise.errors import RunError
from gatewise.records import ShippedArtefact, from_json
from gatewise.study.folder import RunFolder, write_json

__all__ = ["read_artefacts", "write_artefacts"]

NAME = "shipped.json"


def read_artefacts(folder: RunFolder) -> tuple[ShippedArtefact, ...]:
    """What was measured; nothing where nothing was. Raises RunError where its record is damaged or cannot be read."""
    path = folder.shipped / NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return tuple(from_json(ShippedArtefact, one) for one in content)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise RunError(
            f"{path} is damaged ({str(error) or type(error).__name__}); remove it, and measure anew with `gatewise export "
            f"{folder.path} --to FORMS --check`"
        ) from error


def write_artefacts(folder: RunFolder, found: Sequence[ShippedArtefact]) -> None:
    """Keep what was measured; of the same arm and form the newest counts. Raises RunError where it cannot be written, or
    what is there is damaged."""
    kept = {(one.arm, one.form): one for one in (*read_artefacts(folder), *found)}
    write_json(folder.shipped / NAME, [kept[key] for key in kept])
