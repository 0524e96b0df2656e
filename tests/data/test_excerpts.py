"""Rows cut to what a page can show."""

import numpy as np
import pytest

from gatewise.data.dataset.excerpts import excerpt, shown_text
from gatewise.data.sources import open_source
from gatewise.records import AudioFeatures, Dataset
from tests.arrays import series_of


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\nlines\tand  gaps ", "two lines and gaps"),
        ("an \x1b[31mescape\x1b[0m, a bell\x07 and a nul\x00", "an [31mescape[0m, a bell and a nul"),
        ("turned \u202eback\u2066", "turned back"),
        ("half a pair \ud83d here", "half a pair here"),
        ("naïve 日本語 می‌خواهم 👩‍🚀", "naïve 日本語 می‌خواهم 👩‍🚀"),
        ("x" * 400, "x" * 319 + "…"),
        ("  " * 3000 + "late", "…"),
    ],
)
def test_texts_are_cleaned_and_cut(text: str, shown: str) -> None:
    assert shown_text(text, 320) == shown
    shown.encode()


def test_series_are_thinned_to_three_channels() -> None:
    generator = np.random.default_rng(0)
    sequences = tuple(generator.normal(size=(500, 5)).astype(np.float32) for _ in range(2))
    dataset = Dataset("data", "series", sequences, np.array([0, 1]), ("a", "b"), np.arange(2), channels=tuple("vwxyz"))
    found = excerpt(dataset, 1)
    assert (found.names, found.length, found.channels) == (("v", "w", "x"), 500, 5)
    assert [len(channel) for channel in found.values] == [96] * 3
    assert found.values[0][0] == pytest.approx(float(sequences[1][0, 0]), rel=1e-4)
    assert found.values[2][-1] == pytest.approx(float(sequences[1][-1, 2]), rel=1e-4)


def test_sounds_are_a_picture_of_means_under_their_name() -> None:
    energies = np.tile(np.arange(40, dtype=np.float32), (97, 1))
    features = AudioFeatures(8000)
    dataset = Dataset(
        "data", "audio", (energies,), np.array([0]), ("a", "b"), np.arange(1), audio=features, files=("zero/1_\x1bjackson.wav",)
    )
    found = excerpt(dataset, 0)
    assert found.text == "zero/1_jackson.wav"
    assert (len(found.values), {len(band) for band in found.values}) == (20, {48})
    assert [band[0] for band in found.values] == [0.5 + 2 * band for band in range(20)]


def test_short_sounds_are_shown_as_they_are() -> None:
    dataset = Dataset("data", "audio", (np.ones((3, 8), dtype=np.float32),), np.array([0]), ("a",), np.arange(1))
    found = excerpt(dataset, 0)
    assert found.values == ((1.0,) * 3,) * 8


def test_a_forecast_shows_the_last_steps_that_were_read() -> None:
    dataset = open_source("builtin:seasonal?rows=600", task="forecast", window=24, horizon=4)
    found = excerpt(dataset, 3, 0)
    np.testing.assert_allclose(found.values[0], series_of(dataset)[3][-8:, 0], rtol=1e-4)
