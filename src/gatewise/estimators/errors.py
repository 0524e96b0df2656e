"""The errors of estimators: members of the package's tree that are also what scikit-learn's conventions demand.

    DataError                         OptionError
    ├── InputError (a ValueError)     └── ParameterError (a ValueError)
    └── InputTypeError (a TypeError)

An estimator that is not fitted raises scikit-learn's own NotFittedError.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gatewise.errors import DataError, OptionError

__all__ = ["InputError", "InputTypeError", "ParameterError", "array_errors", "estimator_errors"]


class InputError(DataError, ValueError):
    """An array, or what should be one, is not fit for an estimator."""


class InputTypeError(DataError, TypeError):
    """A value has a type that no array of numbers can hold."""


class ParameterError(OptionError, ValueError):
    """A parameter of an estimator is not acceptable."""


@contextmanager
def estimator_errors() -> Iterator[None]:
    """Raise the package's own errors as kinds of ValueError, which is what scikit-learn's tools expect of `fit` and `predict`."""
    try:
        yield
    except (InputError, InputTypeError, ParameterError):
        raise
    except DataError as error:
        raise InputError(str(error)) from error
    except OptionError as error:
        raise ParameterError(str(error)) from error


@contextmanager
def array_errors() -> Iterator[None]:
    """Raise what scikit-learn's checks of arrays find as errors of the package's tree, with their messages.

    Only for those checks: a ValueError from anywhere else is a fault of the code and stays one.
    """
    try:
        yield
    except ValueError as error:
        raise InputError(str(error)) from error
    except TypeError as error:
        raise InputTypeError(str(error)) from error
