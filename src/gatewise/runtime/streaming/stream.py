"""A model one step at a time: what it says after the steps so far, of one stream or of many side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.encoding.forecast import ForecastEncoder
from gatewise.data.encoding.text import TextEncoder
from gatewise.errors import DataError, OptionError
from gatewise.runtime.streaming.arrivals import Arrived, Numbers, Reader, Sounds, Texts
from gatewise.runtime.streaming.layers import Rows
from gatewise.runtime.streaming.memory import memory_of
from gatewise.runtime.streaming.saved import fingerprint, pack, unpack
from gatewise.tasks import traits_of

if TYPE_CHECKING:
    from gatewise.runtime.model import Model

__all__ = ["ModelStream"]


class ModelStream:
    """What a model says after each step of sequences that arrive bit by bit; made by `Model.stream`.

        stream = model.stream()
        for x in arrivals:
            y = stream.step(x)

    x is of one stream what arrived: of a series the numbers of one step [channels] (one number where there is one channel), as
    raw as `predict` reads them; of a text a token or any piece of text, whose end is the end of a token; of sound any number of
    samples at the model's own sample rate (`model.audio.sample_rate`), as an array [samples] or a pair (samples, rate).

    y is what `predict_proba` or `predict` says of all that arrived so far, of pieces of text joined by blanks: probabilities
    float32 [classes], a number (regression), [horizon, channels] (forecast), or the probabilities [keys] of the next step. It is
    None as long as there is nothing to be said: before the first token or step, before the first whole frame of a sound, and
    until a forecast's window is full. Steps beyond the `max_length` that the model was trained with are not read, as everywhere.

    The states of recurrent layers, tcn blocks and pooling are carried, so that a step costs the same however many came before. A
    forecast is the exception: its network reads a window as changes from the window's last value, which moves with every step, so
    the window is kept and read anew.

    With several streams x is a sequence of as many arrivals, and y has a row for each, NaN where there is nothing to be said yet.
    One caller at a time: a stream has no lock.
    """

    def __init__(self, model: Model, streams: int = 1) -> None:
        if isinstance(streams, bool) or not isinstance(streams, int) or streams < 1:
            raise OptionError(f"streams is {streams!r}; expected a whole number from 1 on")
        self.model, self.streams = model, streams
        self._memory, self._reader = memory_of(model, streams), _reader(model, streams)
        self._limit = _limit(model)
        self._shape = _shape(model, self._memory.outputs)
        self._steps = np.zeros(streams, dtype=np.int64)
        self._said = np.full((streams, self._memory.outputs), np.nan, dtype=np.float32)
        self._fingerprint = ""

    @property
    def steps(self) -> NDArray[np.int64]:
        """Steps that the network has read of each stream, int64 [streams]: a copy."""
        return self._steps.copy()

    @property
    def said(self) -> NDArray[np.float32]:
        """The last prediction of each stream, [streams, ...]: NaN before the first, infinite where it was not finite. A copy."""
        return self._said.reshape(self.streams, *self._shape).copy()

    def step(self, x: Any, rows: Any = None) -> Any:
        """What the model says now that x has arrived.

        rows: which streams it belongs to, as a mask bool [streams] or indices, each once; None for all. x then has as many
        entries, and y as many rows. The others stay as they are. With one stream and no `rows`, x is one arrival and y one
        prediction, None where there is none yet.
        Raises DataError where x is not what the model reads; all streams are then as before. Where a prediction is not finite,
        DataError says so after the step, which all of them have had; `said` has the others.
        """
        alone = rows is None and self.streams == 1
        chosen = None if rows is None else self._chosen(rows)
        arrivals = [x] if alone else self._arrivals(x, self.streams if chosen is None else len(chosen))
        # What overflows is seen, and refused, in what is read and what is said.
        with np.errstate(over="ignore", invalid="ignore"):
            self._read(self._reader.read(arrivals, chosen), chosen)
        said = self._said if chosen is None else self._said[chosen]
        if np.isinf(said).any():
            raise DataError(
                f"the {self.model.name} predicts numbers that are not finite: what arrived is too far from what it learned from. "
                "Check the units, and `reset` the stream."
            )
        if not alone:
            return said.reshape(len(said), *self._shape).copy()
        if np.isnan(said[0, 0]):
            return None
        return said[0].reshape(self._shape).copy()[()]

    def reset(self, rows: Any = None) -> ModelStream:
        """Begin anew: all streams, or those of a mask or indices. Returns this stream."""
        chosen = np.arange(self.streams) if rows is None else self._chosen(rows)
        for part in (self._reader, self._memory):
            part.reset(chosen)
        self._steps[chosen] = 0
        self._said[chosen] = np.nan
        return self

    def save(self) -> bytes:
        """All that is carried, to go on from in `restore`, here or in another process."""
        return pack(self._arrays(), self._model())

    def restore(self, content: bytes) -> ModelStream:
        """Go on from what `save` returned, of as many streams of the same model. Returns this stream.

        Raises DataError for bytes that are damaged or of another model's stream; all streams are then as before.
        """
        arrays = self._arrays()
        for name, array in unpack(content, arrays, self._model()).items():
            arrays[name][...] = array
        return self

    def __repr__(self) -> str:
        return f"<gatewise.ModelStream of {self.model!r}, streams={self.streams}>"

    def _arrivals(self, x: Any, count: int) -> Sequence[Any]:
        if isinstance(x, (str, bytes)) or not hasattr(x, "__len__") or len(x) != count:
            came = f"{len(x)} arrivals" if hasattr(x, "__len__") and not isinstance(x, (str, bytes)) else f"a {type(x).__name__}"
            raise DataError(f"{came} came for {count} streams; give a sequence with one arrival for each")
        found: Sequence[Any] = x
        return found

    def _chosen(self, rows: Any) -> NDArray[np.int64]:
        places = np.asarray(list(rows) if isinstance(rows, Iterable) else [rows])
        if places.dtype == np.bool_ and places.shape == (self.streams,):
            return np.flatnonzero(places)
        if not places.size:
            return np.empty(0, dtype=np.int64)
        if places.dtype.kind not in "iu" or places.ndim != 1:
            raise OptionError(f"rows is {rows!r}; expected a mask of {self.streams} streams, or indices of some")
        if places.min() < 0 or places.max() >= self.streams or len(np.unique(places)) < len(places):
            raise OptionError(f"rows is {places.tolist()}; expected indices from 0 to {self.streams - 1}, each once")
        return places.astype(np.int64)

    def _read(self, arrived: Arrived, chosen: Rows) -> None:
        if isinstance(arrived, np.ndarray) and self._limit is None:
            self._memory.step(arrived[:, 0], chosen)
            self._told(chosen, 1)
            return
        places = np.arange(self.streams) if chosen is None else chosen
        lengths = np.array([len(one) for one in arrived], dtype=np.int64)
        if self._limit is not None:
            # Beyond what the model reads of a sequence nothing changes.
            lengths = np.minimum(lengths, self._limit - self._steps[places])
        for step in range(int(lengths.max(initial=0))):
            going = np.flatnonzero(lengths > step)
            inputs = np.stack([arrived[place][step] for place in going.tolist()])
            self._memory.step(inputs, None if chosen is None and len(going) == self.streams else places[going])
        new = np.flatnonzero(lengths)
        if len(new):
            self._told(places[new], lengths[new])

    def _told(self, rows: Rows, steps: Any) -> None:
        at: Any = slice(None) if rows is None else rows
        self._steps[at] += steps
        self._said[at] = self._memory.say(rows)

    def _arrays(self) -> dict[str, NDArray[np.generic]]:
        parts: Mapping[str, Mapping[str, NDArray[np.generic]]] = {
            "read": self._reader.arrays(),
            "kept": self._memory.arrays(),
        }
        own: dict[str, NDArray[np.generic]] = {"steps": self._steps, "said": self._said}
        return own | {f"{part}.{name}": array for part, arrays in parts.items() for name, array in arrays.items()}

    def _model(self) -> str:
        self._fingerprint = self._fingerprint or fingerprint(self.model)
        return self._fingerprint


def _reader(model: Model, streams: int) -> Reader:
    encoder = model.encoder
    if isinstance(encoder, TextEncoder):
        return Texts(encoder)
    if isinstance(encoder, ForecastEncoder):
        # The window is scaled as a whole.
        return Numbers(encoder.input_size, None)
    return Numbers(encoder.input_size, encoder) if model.audio is None else Sounds(encoder, model.audio, streams)


def _limit(model: Model) -> int | None:
    """Steps that the network reads of a sequence; None for all."""
    if isinstance(model.encoder, ForecastEncoder):
        return None
    return model.encoder.max_length


def _shape(model: Model, outputs: int) -> tuple[int, ...]:
    """Of one prediction."""
    if model.forecast is not None:
        return (model.forecast.horizon, len(model.forecast.targets))
    return () if traits_of(model.task).predicts == "numbers" else (outputs,)
