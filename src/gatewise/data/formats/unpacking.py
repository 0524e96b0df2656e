"""What is raised where a file of packed parts is damaged, or made up."""

from __future__ import annotations

import zipfile
import zlib
from tokenize import TokenError

__all__ = ["DAMAGED"]

DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, OSError, EOFError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError),
    *(SyntaxError, TokenError, RuntimeError, MemoryError),
)
"""By unpacking, by XML and openpyxl, and by numpy's reading of headers."""
