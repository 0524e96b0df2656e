"""A waveform as log-mel energies: what a recurrent network reads of sound.

    frames    x[t, n] = samples[t hop + n] for n < window; what is left after the last whole frame is not read
    power     P[t, k] = |rfft(w x[t])[k]|^2 / sum(w^2), with w the periodic Hann window, zero-padded to the transform's size
    mel       m(f) = 2595 log10(1 + f / 700)   (O'Shaughnessy 1987, Speech Communication, p. 150; also the formula of HTK)
    filters   triangles of height 1, straight in Hz, their corners evenly spaced in mel from `low` to `high`
              (after Davis & Mermelstein 1980, IEEE Transactions on Acoustics, Speech, and Signal Processing 28(4))
    energy    log(max(P filters, floor))

The division by sum(w^2) makes the energies of noise the same for every window and sample rate.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gatewise.errors import DataError, OptionError
from gatewise.records import AudioFeatures

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["HIGHEST_RATE", "check_features", "default_features", "log_mel", "mel_filters"]

# Speech and most events are told apart below 8 kHz; more would only make more steps and wider filters.
HIGHEST_RATE = 16_000
LOWEST_RATE = 1_000
MOST_MELS = 256

# Frames transformed at once: some 10 MB of intermediate values, whatever the length of the sound.
_BLOCK = 4096


def default_features(rates: Sequence[int]) -> AudioFeatures:
    """Choose the parameters for files of these sample rates in Hz: the most frequent rate, at most 16,000 Hz, in all its width.

    Of rates equally frequent the highest is taken. Raises DataError for a rate too low to hear with.
    """
    counts = Counter(rates)
    rate = min(max(counts, key=lambda rate: (counts[rate], rate)), HIGHEST_RATE)
    if rate < LOWEST_RATE:
        raise DataError(
            f"most sound files have a sample rate of {rate:,} Hz; log-mel energies need at least {LOWEST_RATE:,}. "
            "Read slow signals as series of numbers instead (--channels)."
        )
    return AudioFeatures(sample_rate=rate, high=rate / 2)


def check_features(features: AudioFeatures) -> None:
    """Raise OptionError where the parameters contradict one another."""
    rate = features.sample_rate
    rules = {
        f"sample_rate at least {LOWEST_RATE}": rate >= LOWEST_RATE,
        f"mels from 1 to {MOST_MELS}": 1 <= features.mels <= MOST_MELS,
        "0 <= low < high <= sample_rate / 2": 0 <= features.low < features.high <= rate / 2,
        "window of at least 8 samples and at most 1 s": 8 <= features.window * rate <= rate,
        "hop of at least 1 sample and at most 1 s": 1 <= features.hop * rate <= rate,
        "floor above 0": 0 < features.floor < math.inf,
    }
    broken = [rule for rule, holds in rules.items() if not holds]
    if broken:
        raise OptionError(f"the audio features do not fit together: {features}. Expected {', '.join(broken)}.")


def log_mel(samples: NDArray[np.float32], features: AudioFeatures) -> NDArray[np.float32]:
    """Return the log-mel energies float32 [frames, mels] of a mono waveform [samples], already at the features' sample rate.

    frames: 1 + (samples - window) // hop; a sound shorter than one window is padded with silence to one frame. Every sound is
    transformed by itself, so its result does not depend on the sounds read with it.
    """
    import torch

    hann, filters, size = _front_end(features)
    sound = torch.from_numpy(samples)
    if len(sound) < len(hann):
        sound = torch.nn.functional.pad(sound, (0, len(hann) - len(sound)))
    frames = sound.unfold(0, len(hann), round(features.hop * features.sample_rate))
    energies = torch.empty(len(frames), features.mels)
    with _one_thread():
        for start in range(0, len(frames), _BLOCK):
            spectrum = torch.fft.rfft(frames[start : start + _BLOCK] * hann, n=size)
            power = spectrum.real.square() + spectrum.imag.square()
            energies[start : start + _BLOCK] = (power @ filters).clamp_(min=features.floor).log_()
    values: NDArray[np.float32] = energies.numpy()
    return values


def mel_filters(features: AudioFeatures, size: int) -> NDArray[np.float64]:
    """Return the weights [size // 2 + 1, mels] of the filters at the frequencies of a transform of `size` samples."""
    frequencies = np.arange(size // 2 + 1) * (features.sample_rate / size)
    corners = _hz(np.linspace(_mel(features.low), _mel(features.high), features.mels + 2))
    lower, centre, upper = corners[:-2], corners[1:-1], corners[2:]
    rising = (frequencies[:, np.newaxis] - lower) / (centre - lower)
    falling = (upper - frequencies[:, np.newaxis]) / (upper - centre)
    return np.maximum(0.0, np.minimum(rising, falling))


@contextmanager
def _one_thread() -> Iterator[None]:
    """The steps of one sound are so small that threads would mostly wait for each other, on a busy machine for very long."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _mel(frequency: float) -> float:
    return 2595.0 * math.log10(1.0 + frequency / 700.0)


def _hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    hz: NDArray[np.float64] = 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    return hz


@lru_cache(maxsize=8)
def _front_end(features: AudioFeatures) -> tuple[Tensor, Tensor, int]:
    """The window [samples] divided by its norm, the filters [bins, mels], and the size of the transform.

    The size is a power of two that holds the window, and large enough that no filter falls between two frequencies.
    """
    import torch

    check_features(features)
    hann = torch.hann_window(round(features.window * features.sample_rate), dtype=torch.float64)
    size = 1 << (len(hann) - 1).bit_length()
    while not (weights := mel_filters(features, size)).any(axis=0).all():
        size *= 2
    return (hann / hann.square().sum().sqrt()).float(), torch.from_numpy(weights).float(), size
