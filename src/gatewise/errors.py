"""Every error a user can meet derives from `GatewiseError`.

    GatewiseError
    ├── DataError            the input cannot be read, or is not fit for a comparison
    ├── MissingPackageError  a package or program that only this part of gatewise needs is not installed
    ├── OptionError          an option's value is not acceptable
    └── RunError             a run folder is missing, incomplete, in use or of another run

The command line prints the message and leaves with exit code 2. A message names what came, what was expected and what to do.
"""

__all__ = ["DataError", "GatewiseError", "MissingPackageError", "OptionError", "RunError"]


class GatewiseError(Exception):
    """Base of every error a user can meet."""


class DataError(GatewiseError):
    """The input cannot be read, or is not fit for a comparison."""


class MissingPackageError(GatewiseError):
    """A package or program that only this part of gatewise needs is not installed."""


class OptionError(GatewiseError):
    """An option's value is not acceptable."""


class RunError(GatewiseError):
    """A run folder is missing, incomplete, in use or holds another run."""
