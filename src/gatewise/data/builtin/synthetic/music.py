"""Chord progressions on a small keyboard, for next-step prediction."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["chords"]

KEYS = tuple(f"{note}{octave}" for octave in (3, 4, 5) for note in "CDEFGAB")[:16]
# Root, third, fifth and octave on each of the first eight keys.
CHORDS = np.array([[root, root + 2, root + 4, root + 7] for root in range(8)])
STEPS_A_CHORD = 2
P_LIKELY, P_SOUNDS, P_STRAY = 0.8, 0.9, 0.02


def chords(generator: np.random.Generator, *, length: int, rows: int) -> tuple[list[NDArray[np.float32]], tuple[str, ...]]:
    """Rolls of 16 keys, [steps, 16] of 0 and 1, of half to all of `length` steps, in which a hidden rule moves the harmony.

    Every two steps the chord changes. After the chords a and b (0 to 7, the first two at random) comes 3 a + b + 1 modulo 8 with
    probability 0.8, else 3 a + b + 4: the chord that sounds tells nothing of the next one without the one before it. The four
    keys of a chord sound with probability 0.9 each, every other key with 0.02. Each key's frequency alone gives a negative
    log-likelihood of 8.2 nats a step; who knows the rule reaches 3.6 key by key, and 2.8 for the keys together.
    Returns rolls and the keys' names.
    """
    rolls = []
    for _ in range(rows):
        steps = int(generator.integers(-(-length // 2), length + 1))
        harmony = [int(chord) for chord in generator.integers(len(CHORDS), size=2)]
        while len(harmony) * STEPS_A_CHORD < steps:
            offset = 1 if generator.random() < P_LIKELY else 4
            harmony.append((3 * harmony[-2] + harmony[-1] + offset) % len(CHORDS))
        sounds = np.full((steps, len(KEYS)), P_STRAY)
        np.put_along_axis(sounds, CHORDS[np.repeat(harmony, STEPS_A_CHORD)[:steps]], P_SOUNDS, axis=1)
        rolls.append((generator.random(sounds.shape) < sounds).astype(np.float32))
    return rolls, KEYS
