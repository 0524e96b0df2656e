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
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gatewise.errors import DataError, OptionError
from gatewise.records import AudioFeatures

__all__ = ["HIGHEST_RATE", "check_features", "default_features", "front_end", "log_mel", "mel_filters"]

# Speech and most events are told apart below 8 kHz; more would only make more steps and wider filters.
HIGHEST_RATE = 16_000
LOWEST_RATE = 1_000
MOST_MELS = 256

# Frames transformed at once: some 20 MB of intermediate values, whatever the length of the sound.
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
    hann, filters, size = front_end(features)
    sound = np.pad(samples, (0, max(0, len(hann) - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(sound, len(hann))[:: round(features.hop * features.sample_rate)]
    energies = np.empty((len(frames), features.mels), dtype=np.float32)
    for start in range(0, len(frames), _BLOCK):
        spectrum = np.fft.rfft(frames[start : start + _BLOCK] * hann, n=size)
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        energies[start : start + _BLOCK] = np.log(np.maximum(power @ filters, features.floor))
    return energies


def mel_filters(features: AudioFeatures, size: int) -> NDArray[np.float64]:
    """Return the weights [size // 2 + 1, mels] of the filters at the frequencies of a transform of `size` samples."""
    frequencies = np.arange(size // 2 + 1) * (features.sample_rate / size)
    corners = _hz(np.linspace(_mel(features.low), _mel(features.high), features.mels + 2))
    lower, centre, upper = corners[:-2], corners[1:-1], corners[2:]
    rising = (frequencies[:, np.newaxis] - lower) / (centre - lower)
    falling = (upper - frequencies[:, np.newaxis]) / (upper - centre)
    return np.maximum(0.0, np.minimum(rising, falling))


def _mel(frequency: float) -> float:
    return 2595.0 * math.log10(1.0 + frequency / 700.0)


def _hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    hz: NDArray[np.float64] = 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    return hz


@lru_cache(maxsize=8)
def front_end(features: AudioFeatures) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Return the window [samples] divided by its norm, the filters [bins, mels], and the size of the transform.

    The size is a power of two that holds the window, and large enough that no filter falls between two frequencies.
    """
    check_features(features)
    samples = round(features.window * features.sample_rate)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(samples) / samples)
    size = 1 << (samples - 1).bit_length()
    while not (weights := mel_filters(features, size)).any(axis=0).all():
        size *= 2
    return hann / np.sqrt(np.square(hann).sum()), weights, size
