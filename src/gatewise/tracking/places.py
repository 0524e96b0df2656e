"""Where is tracked: places as they are kept, and whether anything can be written there."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gatewise.errors import OptionError

__all__ = ["check_folder", "folder_of", "placed"]


def placed(place: str) -> str:
    """A place that holds wherever a command is started: folders get an absolute path, addresses stay."""
    return place if "://" in place else os.path.realpath(Path(place).expanduser())


def folder_of(place: str) -> Path | None:
    """The folder that a place is; None where it is an address."""
    if place.startswith("file://"):
        return Path(unquote(urlsplit(place).path))
    return None if "://" in place else Path(place)


def check_folder(flag: str, folder: Path) -> None:
    """Raise OptionError where a folder cannot be made or written in. What is made for the trial goes away again."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OptionError(
            f"{flag} {str(folder)[:200]} cannot be written: {error.strerror or error}; choose a folder you may write to"
        ) from error
    finally:
        for one in missing:
            # What somebody else has put there by now stays.
            with suppress(OSError):
                one.rmdir()
