"""Sound files and arrays as mono waveforms at the rate that is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.memory import require_memory
from gatewise.errors import DataError

__all__ = ["load_sound", "require_soundfile", "resampled", "sound_rate", "waveform_sound"]

Samples = NDArray[np.float32]

# Samples of all channels read at once, so that only the mono mix of a long recording is ever whole in memory.
_BLOCK = 1 << 21

# In Hz. A header or a request may name any rate; below, a short sound would fill the memory when it is resampled, and nothing
# records above.
_RATES = (1_000, 1_000_000)

# Parts that a rate is taken in where it is resampled: the filter has twenty taps a part. Rates up to it, and all that are usual
# above it, are exact; of others the error is below a part in two thousand millions.
_MOST_PARTS = 48_000

# Full scale is 1. Beyond this the energies leave the range of 32-bit floats.
_LOUDEST = 1e12


def require_soundfile() -> ModuleType:
    """Return the package soundfile. Raises DataError with the line that installs it where it, or its library, is missing."""
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise DataError(
            f"reading sound needs the package soundfile, which cannot be loaded ({error}). "
            "Install it: pip install 'gatewise[audio]'"
        ) from error
    module: ModuleType = soundfile
    return module


def sound_rate(path: Path) -> int:
    """Return the sample rate of a sound file in Hz. Raises DataError where the file is missing or is no sound."""
    with _opened(path) as file:
        rate = int(file.samplerate)
    _check_rate(rate, str(path))
    return rate


def load_sound(path: Path) -> tuple[Samples, int]:
    """Return a sound file as a mono waveform float32 [samples], full scale 1, and its sample rate in Hz.

    Several channels are averaged. Raises DataError where the file is missing, cannot be decoded, holds no samples, or holds
    values that are not finite.
    """
    with _opened(path) as file:
        samples, end, rate = _room(path, file.frames), 0, int(file.samplerate)
        while len(block := file.read(max(1, _BLOCK // file.channels), dtype="float32", always_2d=True)):
            samples[end : end + len(block)] = _mono(block)
            end += len(block)
    samples = samples[:end]
    _check(samples, rate, str(path))
    return samples, rate


def waveform_sound(waveform: Any, rate: Any, name: str) -> tuple[Samples, int]:
    """Return an array [samples] or [samples, channels] as `load_sound` does a file; integers are scaled by their type's range.

    name: what the sound is called in messages. Raises DataError where it is not such an array or the rate is no number above 0.
    """
    values = np.asarray(waveform)
    if values.dtype.kind not in "iuf" or values.ndim not in (1, 2):
        raise DataError(
            f"{name} is an array of {values.dtype} with shape {values.shape}. Expected numbers [samples] or [samples, channels]."
        )
    if values.ndim == 2 and not 1 <= values.shape[1] <= values.shape[0]:
        raise DataError(f"{name} has shape {values.shape}, no channels or more than samples. Expected [samples, channels].")
    if isinstance(rate, bool) or not isinstance(rate, (int, np.integer)) or rate < 1:
        raise DataError(f"{name} has the sample rate {rate!r}. Expected a whole number of Hz, such as 16000.")
    if values.dtype.kind in "iu":
        # Unsigned samples are centred on the middle of their range, as in 8-bit wav files.
        scale = 2.0 ** (8 * values.dtype.itemsize - 1)
        values = (values - (scale if values.dtype.kind == "u" else 0.0)) / scale
    with np.errstate(over="ignore"):
        samples = _mono((values[:, np.newaxis] if values.ndim == 1 else values).astype(np.float32))
    _check(samples, int(rate), name)
    return samples, int(rate)


def resampled(samples: Samples, rate: int, wanted: int) -> Samples:
    """Return a waveform [samples] of `rate` Hz at `wanted` Hz, by SciPy's polyphase filter (a Kaiser-windowed low pass)."""
    if rate == wanted:
        return samples
    from scipy.signal import resample_poly

    ratio = Fraction(wanted, rate).limit_denominator(max(_MOST_PARTS, wanted))
    return np.asarray(resample_poly(samples, ratio.numerator, ratio.denominator), dtype=np.float32)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    soundfile = require_soundfile()
    if not path.is_file():
        raise DataError(f"there is no sound file {path}. Correct its path, or leave it out.")
    try:
        with soundfile.SoundFile(path) as file:
            yield file
    # A file whose suffix says that it has no header is refused with a TypeError.
    except (OSError, RuntimeError, TypeError) as error:
        reason = getattr(error, "error_string", str(error)).strip().rstrip(".")
        raise DataError(
            f"{path} cannot be read as sound ({reason}). Expected a whole wav, flac or ogg file: convert it, or leave it out."
        ) from error


def _room(path: Path, frames: int) -> Samples:
    # A few bytes of a packed file are hours of silence.
    require_memory(8 * frames, f"{path}, which has {frames:,} samples,", "Cut it into shorter recordings, or leave it out.")
    try:
        return np.empty(frames, dtype=np.float32)
    except (MemoryError, ValueError) as error:
        raise RuntimeError(f"its header claims {frames:,} samples") from error


def _mono(block: Samples) -> Samples:
    return np.ascontiguousarray(block[:, 0]) if block.shape[1] == 1 else block.mean(axis=1)


def _check_rate(rate: int, name: str) -> None:
    lowest, highest = _RATES
    if not lowest <= rate <= highest:
        raise DataError(
            f"{name} has the sample rate {rate:,} Hz. Expected {lowest:,} to {highest:,}: correct it, or leave the sound out. "
            "Slow signals are read as series of numbers (--channels)."
        )


def _check(samples: Samples, rate: int, name: str) -> None:
    _check_rate(rate, name)
    if not len(samples):
        raise DataError(f"{name} holds no sound: it has 0 samples. Record it again, or leave it out.")
    for start in range(0, len(samples), _BLOCK):
        # NaN is not below anything either.
        bad = np.flatnonzero(~(np.abs(samples[start : start + _BLOCK]) < _LOUDEST))
        if len(bad):
            raise DataError(
                f"{name} holds samples that are not finite (NaN, infinite or beyond {_LOUDEST:g} times full scale), the first at "
                f"{(start + bad[0]) / rate:.3f} s. Export it again, or leave it out."
            )
