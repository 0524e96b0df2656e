"""Sources at an http or https address: downloaded into a file of their own for as long as they are read."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gatewise.data.formats.paths import address_file, is_address
from gatewise.errors import DataError

__all__ = ["local_source"]

MOST_BYTES = 4 * 2**30
TIMEOUT_SECONDS = 30.0
_BLOCK = 1 << 20


@contextmanager
def local_source(source: Any) -> Iterator[Any]:
    """What is at an address, as a file; every other source as it is. The file is gone when the block is left.

    Raises DataError where the address cannot be reached, is no file gatewise reads, or holds more than 4 GiB.
    """
    if not is_address(source):
        yield source
        return
    address = str(source)
    name, sheet = address_file(address)
    folder = Path(tempfile.mkdtemp(prefix="gatewise-"))
    try:
        _download(address, folder / name)
        yield f"{folder / name}{sheet}"
    except DataError as error:
        raise DataError(str(error).replace(str(folder / name), address)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _download(address: str, path: Path) -> None:
    import http.client
    import urllib.error
    import urllib.request

    request = urllib.request.Request(address, headers={"User-Agent": "gatewise"})
    advice = "Check the address and the connection, or download it by hand."
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer, path.open("wb") as file:
            expected = answer.headers.get("Content-Length")
            size = 0
            while block := answer.read(_BLOCK):
                size += len(block)
                if max(size, int(expected or 0)) > MOST_BYTES:
                    raise DataError(f"{address} holds more than {MOST_BYTES / 2**30:g} GiB. Download it by hand.")
                file.write(block)
    except urllib.error.HTTPError as error:
        error.close()
        raise DataError(f"{address} answers {error.code} {error.reason}. {advice}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DataError(f"{address} cannot be downloaded ({getattr(error, 'reason', error)}). {advice}") from error
    if expected is not None and size != int(expected):
        raise DataError(f"{address} broke off after {size:,} of {int(expected):,} bytes. {advice}")
