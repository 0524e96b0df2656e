"""Every error a user can meet derives from `GatewiseError`.

    GatewiseError
    ├── DataError            the input cannot be read, or is not fit for a comparison
    ├── MissingPackageError  a package or program that only this part of gatewise needs is not installed
    ├── OptionError          an option's value is not acceptable
    └── RunError             a run folder is missing, incomplete, in use or of another run

The command line prints the message and leaves with exit code 2. A message names what came, what was expected and what to do.
"""

__all__ = ["DataError", "GatewiseError", "MissingPackageError", "OptionError", "RunError"]


# What came stands at the beginning of a message, and what to do at its end; a cell, a column's name or what another library says
# may be of any length.
_LONGEST, _BEGINNING, _END = 1200, 800, 300


class GatewiseError(Exception):
    """Base of every error a user can meet. A message that would fill the screen is cut in the middle."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message if len(message) <= _LONGEST else f"{message[:_BEGINNING]} ... {message[-_END:]}")


class DataError(GatewiseError):
    """The input cannot be read, or is not fit for a comparison."""


class MissingPackageError(GatewiseError):
    """A package or program that only this part of gatewise needs is not installed."""


class OptionError(GatewiseError):
    """An option's value is not acceptable."""


class RunError(GatewiseError):
    """A run folder is missing, incomplete, in use or holds another run."""
