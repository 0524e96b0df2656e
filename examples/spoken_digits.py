"""Which recurrent cell for short recordings, tested on speakers it never heard?

Runs in half a minute on recordings that it makes itself:  python examples/spoken_digits.py
On recordings of your own:  python examples/spoken_digits.py index.csv
where index.csv has the columns file, label and speaker. Needs the extra: pip install 'gatewise[audio]'
"""

import csv
import sys
import wave
from pathlib import Path

import numpy as np

import gatewise

RATE = 8000
# Every digit is two vowels, each a tone and its overtones: the order of the vowels tells some of the digits apart.
VOWELS = {"a": 800, "i": 300, "o": 500}
DIGITS = {"one": "ai", "two": "ia", "three": "ao", "four": "oi"}


def spoken(vowels: str, voice: float, generator: np.random.Generator) -> np.ndarray:
    """A digit as samples from -1 to 1: vowels of uneven lengths, as high as the speaker's voice, with noise."""
    parts = [np.zeros(generator.integers(1, 600))]
    for vowel in vowels:
        phase = 2 * np.pi * VOWELS[vowel] * voice * np.arange(generator.integers(800, 1600)) / RATE
        parts.append(0.3 * np.sin(phase) + 0.2 * np.sin(2 * phase) + 0.1 * np.sin(4 * phase))
    sound = np.concatenate(parts)
    return sound + generator.normal(0, 0.02, len(sound))


def write_recordings(folder: Path) -> Path:
    """Eight speakers, each with a voice of their own, say every digit five times; returns the index."""
    generator = np.random.default_rng(0)
    folder.mkdir(exist_ok=True)
    rows = [("file", "label", "speaker")]
    for speaker, voice in enumerate(np.linspace(0.92, 1.08, 8)):
        for label, vowels in DIGITS.items():
            for take in range(5):
                name = f"{label}_{speaker}_{take}.wav"
                sound = spoken(vowels, voice * generator.uniform(0.95, 1.05), generator)
                with wave.open(str(folder / name), "wb") as file:
                    file.setnchannels(1)
                    file.setsampwidth(2)
                    file.setframerate(RATE)
                    file.writeframes((sound.clip(-1, 1) * 32767).astype("<i2").tobytes())
                rows.append((name, label, f"speaker {speaker}"))
    index = folder / "index.csv"
    with index.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return index


index = sys.argv[1] if len(sys.argv) > 1 else write_recordings(Path("recordings"))

# group: no speaker is on both sides of a split, so the score is that of a stranger's voice.
result = gatewise.compare(
    index, audio="file", target="label", group="speaker", replicates=2, tune=1, max_epochs=30, hidden_size=32
)

print(*result.verdict.explanation, sep="\n")
print()
for row in result.leaderboard():
    print(f"{row['name']:>16}  {row['score']:6.1%} ± {row['sd']:.1%}")

# The model takes paths, or a waveform with its rate: here a new voice that says three.
stranger = spoken(DIGITS["three"], 1.02, np.random.default_rng(1))
print(f"a new voice, saying three, is heard as: {result.model.predict([(stranger, RATE)])[0]}")
