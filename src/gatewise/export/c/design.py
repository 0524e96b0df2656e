"""What C is written of: the parts of a model, checked, with the sizes that follow from them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gatewise.cells import CELLS
from gatewise.data.encoding.encoders import Encoder
from gatewise.data.encoding.forecast import ForecastEncoder
from gatewise.data.encoding.text import TextEncoder
from gatewise.errors import OptionError
from gatewise.records import Architecture
from gatewise.runtime.model import Model
from gatewise.runtime.network import ArrayNetwork
from gatewise.tasks import traits_of
from gatewise.wording import listed

__all__ = ["Design", "checked_name", "design_of"]

# The cells that a source is there for; gatewise.cells has no others today.
_CELLS = ("gru", "lstm", "rnn", "min_gru", "min_lstm")
_POOLINGS = ("last", "mean", "max", "summary", "attention", "steps")
# Of C and of C++, into which the header may be included.
_KEYWORDS = """
auto break case char const continue default do double else enum extern float for goto if inline int long register restrict
return short signed sizeof static struct switch typedef union unsigned void volatile while
alignas alignof and asm bool catch class compl concept constexpr consteval constinit decltype delete explicit export false
friend mutable namespace new noexcept not nullptr operator or private protected public requires template this throw true
try typeid typename using virtual xor
"""


@dataclass(frozen=True, eq=False)
class Design:
    """A model that can be written in C.

    name: what its identifiers begin with. int8: whether weights have 8 bits. reads: what a caller gives. most_steps: how many
    steps are read since a reset; the rest is not.
    """

    name: str
    model: Model
    architecture: Architecture
    weights: Mapping[str, NDArray[np.float32]]
    int8: bool
    reads: Literal["series", "text", "audio", "windows"]
    predicts: Literal["classes", "numbers", "steps"]

    @property
    def encoder(self) -> Encoder:
        return self.model.encoder

    @property
    def inputs(self) -> int:
        """Numbers that the first layer reads at a step."""
        built = self.architecture
        return built.embedding_size if built.tokens else built.input_size

    @property
    def most_steps(self) -> int:
        limit = None if isinstance(self.encoder, ForecastEncoder) else self.encoder.max_length
        return 2**32 - 1 if limit is None else min(limit, 2**32 - 1)

    @property
    def read_by_head(self) -> int:
        """Numbers that the head reads."""
        return self.architecture.hidden_size * (3 if self.architecture.pooling == "summary" else 1)


def checked_name(name: str) -> str:
    """A name that C identifiers can begin with. Raises OptionError for any other."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name) or name in _KEYWORDS.split() or name.endswith("_"):
        raise OptionError(
            f"the name {name!r} cannot begin identifiers in C. Expected up to 40 small letters, digits and underscores, a letter "
            "first, and no word of the language, such as digits or my_model."
        )
    return name


def design_of(model: Model, name: str, *, int8: bool) -> Design:
    """The parts of a model. Raises OptionError where its network cannot be written in C."""
    network = model.predictor
    if not isinstance(network, ArrayNetwork):
        raise OptionError(
            f"the {model.name} is no recurrent network, and C is written of {listed(_CELLS)} only. Ship it as a bundle, or "
            "choose a cell: `gatewise compare --rivals none` keeps the best one as its model."
        )
    built = network.architecture
    if built.cell not in CELLS or built.cell not in _CELLS:
        raise OptionError(f"C is not written of the {built.cell}, only of {listed(_CELLS)}. Ship it as a bundle, or choose one.")
    if built.bidirectional:
        raise OptionError(
            "a bidirectional network reads a sequence from its end too, so it has no step to be written in C. Ship it as ONNX or "
            "as a bundle, or compare without --bidirectional."
        )
    if built.pooling not in _POOLINGS:
        raise OptionError(f"C is not written of the pooling {built.pooling!r}, only of {listed(_POOLINGS)}. Ship a bundle.")
    return Design(checked_name(name), model, built, network.weights, int8, _reads(model), traits_of(model.task).predicts)


def _reads(model: Model) -> Literal["series", "text", "audio", "windows"]:
    if isinstance(model.encoder, TextEncoder):
        return "text"
    if isinstance(model.encoder, ForecastEncoder):
        return "windows"
    return "series" if model.audio is None else "audio"
