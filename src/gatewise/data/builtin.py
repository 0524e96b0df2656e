"""Data sets that need no download: `builtin:NAME`, with options as in `builtin:adding?length=100&rows=5000`."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl

import numpy as np

from gatewise.data.assemble import series_dataset
from gatewise.data.generators import Generated, adding, counting, parity, temporal_order
from gatewise.data.suggestions import listed, nearest
from gatewise.data.targets import MINIMUM_ROWS
from gatewise.errors import DataError
from gatewise.records import Dataset

__all__ = ["BUILTIN_NAMES", "builtin_dataset"]

_GENERATORS: dict[str, Callable[[int, int, np.random.Generator], Generated]] = {
    "adding": adding,
    "temporal-order": temporal_order,
    "parity": parity,
    "counting": counting,
}
BUILTIN_NAMES = ("digits", "digits-pixels", *_GENERATORS)

_DEFAULTS = {"length": 50, "rows": 2000}
# Below ten steps the relevant symbols of temporal order would fall on the first step, and counting has nothing to count.
_LOWEST = {"length": 10, "rows": MINIMUM_ROWS}


def builtin_dataset(request: str, seed: int) -> Dataset:
    """Make the built-in data set `request`: a name, and for the generators options after a question mark.

    length: steps, 50 where not given. rows: 2,000 where not given. The same seed makes the same data; digits are always the same.
    Raises DataError for a name or option that is not known, or a value that is too small.
    """
    name, _, query = request.partition("?")
    if name not in BUILTIN_NAMES:
        raise DataError(
            f"there is no built-in data set {name!r}; there are: {listed(BUILTIN_NAMES)}.{nearest(name, BUILTIN_NAMES)}"
        )
    if name not in _GENERATORS:
        if query:
            raise DataError(
                f"builtin:{name} takes no options, {query!r} was given. Leave out the question mark and what follows."
            )
        return _digits(name, by_row=name == "digits")
    options = _options(name, query)
    generator = np.random.default_rng([seed, BUILTIN_NAMES.index(name)])
    sequences, labels, channels = _GENERATORS[name](options["length"], options["rows"], generator)
    made = f"{options['rows']:,} rows of length {options['length']} are generated with seed {seed}."
    return series_dataset(name, sequences, labels, target="the class", channels=channels, inferred=(made,))


def _options(name: str, query: str) -> dict[str, int]:
    options = dict(_DEFAULTS)
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key not in options:
            raise DataError(f"builtin:{name} has no option {key!r}; there are: {listed(options)}.{nearest(key, options)}")
        if not (value.isascii() and value.isdecimal()) or int(value) < _LOWEST[key]:
            raise DataError(f"builtin:{name}: {key} is {value!r}; expected a whole number of at least {_LOWEST[key]}.")
        options[key] = int(value)
    return options


def _digits(name: str, *, by_row: bool) -> Dataset:
    """scikit-learn's 8x8 digits (Alpaydin & Kaynak 1998): a row a step, or a pixel a step, scaled to [0, 1]."""
    from sklearn.datasets import load_digits

    images, targets = load_digits(return_X_y=True)
    pixels = (images / 16).astype(np.float32).reshape((-1, 8, 8) if by_row else (-1, 64, 1))
    read = "row by row: 8 steps of 8 channels" if by_row else "pixel by pixel: 64 steps of 1 channel"
    channels = tuple(f"column {number}" for number in range(1, 9)) if by_row else ("pixel",)
    return series_dataset(
        name,
        list(pixels),
        [str(target) for target in targets],
        target="the digit",
        channels=channels,
        inferred=(f"The images are read {read}.",),
    )
