"""Sound files become log-mel energies: the numbers themselves, what is read, and what is refused."""

from __future__ import annotations

import sys
from collections.abc import Callable
from fractions import Fraction
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import resample_poly

from gatewise.data.audio import energies as audio
from gatewise.data.audio.energies import audio_inputs, mel_names, read_sounds, sound_paths
from gatewise.data.audio.features import default_features, log_mel, mel_filters
from gatewise.data.audio.files import load_sound, resampled, sound_rate, waveform_sound
from gatewise.errors import DataError, OptionError
from gatewise.records import AudioFeatures

FEATURES = AudioFeatures(8000)
Samples = NDArray[np.float32]
Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test has a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("GATEWISE_AUDIO_CACHE", raising=False)
    return tmp_path / "cache" / "gatewise" / "audio" / "features.sqlite3"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a sound file: write(name, samples, rate=8000, subtype="PCM_16")."""
    soundfile = pytest.importorskip("soundfile", reason="the extra audio (soundfile) is not installed")

    def write_file(name: str, samples: Samples, rate: int = 8000, subtype: str | None = None) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, rate, subtype=subtype)
        return path

    return write_file


def noise(samples: int, seed: int = 0, scale: float = 0.1) -> Samples:
    return (scale * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


def tone(frequency: float, rate: int, seconds: float = 0.5) -> Samples:
    return (0.5 * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def naive_log_mel(samples: Samples, features: AudioFeatures, size: int) -> NDArray[np.float64]:
    """Every sum written out, in double precision."""
    window, hop = round(features.window * features.sample_rate), round(features.hop * features.sample_rate)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    bins = np.arange(size // 2 + 1)
    fourier = np.exp(-2j * np.pi * np.outer(np.arange(window), bins) / size)
    top, bottom = (2595 * np.log10(1 + edge / 700) for edge in (features.high, features.low))
    corners = [
        700 * (10 ** ((bottom + step * (top - bottom) / (features.mels + 1)) / 2595) - 1) for step in range(features.mels + 2)
    ]
    rows = []
    for start in range(0, len(samples) - window + 1, hop):
        power = np.abs((hann * samples[start : start + window].astype(np.float64)) @ fourier) ** 2 / (hann**2).sum()
        row = []
        for left, middle, right in zip(corners, corners[1:], corners[2:], strict=False):
            energy = 0.0
            for number in bins:
                frequency = number * features.sample_rate / size
                if left < frequency <= middle:
                    energy += power[number] * (frequency - left) / (middle - left)
                elif middle < frequency < right:
                    energy += power[number] * (right - frequency) / (right - middle)
            row.append(np.log(max(energy, features.floor)))
        rows.append(row)
    return np.array(rows)


# ---------------------------------------------------------------- the numbers


@pytest.mark.parametrize(
    ("features", "size"),
    [(FEATURES, 256), (AudioFeatures(16000, mels=23, window=0.032, hop=0.016, low=100.0, high=7000.0), 512)],
)
def test_log_mel_equals_the_sums_written_out(features: AudioFeatures, size: int) -> None:
    samples = noise(1234)
    samples[600:] += tone(440.0, features.sample_rate, 1.0)[: len(samples) - 600]
    expected = naive_log_mel(samples, features, size)
    actual = log_mel(samples, features)
    assert actual.dtype == np.float32
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, atol=2e-4)


def test_every_filter_covers_a_frequency_even_where_the_window_is_too_short_to_tell_them_apart() -> None:
    features = AudioFeatures(16000, mels=128, high=8000.0)
    assert not mel_filters(features, 512).any(axis=0).all()
    quiet = np.log(features.floor)
    assert (log_mel(noise(8000), features) > quiet).all()


@pytest.mark.parametrize(("samples", "frames"), [(1, 1), (199, 1), (200, 1), (279, 1), (280, 2), (8000, 98)])
def test_the_number_of_frames(samples: int, frames: int) -> None:
    assert log_mel(noise(samples), FEATURES).shape == (frames, 40)


def test_a_short_sound_is_padded_with_silence() -> None:
    short = noise(90)
    np.testing.assert_array_equal(log_mel(short, FEATURES), log_mel(np.pad(short, (0, 110)), FEATURES))


def test_silence_stays_at_the_floor() -> None:
    np.testing.assert_allclose(log_mel(np.zeros(400, np.float32), FEATURES), np.log(FEATURES.floor), rtol=1e-6)


def test_a_long_sound_is_the_same_as_its_parts() -> None:
    hop, frames = 80, 5000
    samples = noise((frames - 1) * hop + 200)
    whole = log_mel(samples, FEATURES)
    assert len(whole) == frames
    for frame in (0, 4095, 4096, 4999):
        np.testing.assert_allclose(whole[frame], log_mel(samples[frame * hop : frame * hop + 200], FEATURES)[0], atol=1e-5)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100, 48000])
@pytest.mark.parametrize("frequency", [300.0, 1000.0, 3000.0])
def test_resampling_keeps_the_band_and_the_energy_of_a_tone(rate: int, frequency: float) -> None:
    expected = log_mel(tone(frequency, 8000), FEATURES)
    sound = resampled(tone(frequency, rate), rate, 8000)
    assert sound.dtype == np.float32
    actual = log_mel(sound, FEATURES)
    assert len(actual) == len(expected)
    middle = slice(5, -5)
    band = int(expected[middle].mean(axis=0).argmax())
    assert (actual[middle].argmax(axis=1) == band).all()
    np.testing.assert_allclose(actual[middle, band], expected[middle, band], atol=0.1)


def test_resampling_does_not_fold_high_tones_into_the_band() -> None:
    heard = log_mel(resampled(tone(6000.0, 16000), 16000, 8000), FEATURES)[5:-5]
    plain = log_mel(tone(2000.0, 8000), FEATURES)[5:-5]
    assert heard.max() < plain.max() - 7.0  # below a thousandth


# ---------------------------------------------------------------- parameters


@pytest.mark.parametrize(
    ("rates", "rate", "high"),
    [
        ([8000] * 3, 8000, 4000.0),
        ([44100] * 5, 16000, 8000.0),
        ([8000, 8000, 16000], 8000, 4000.0),
        ([8000, 11025], 11025, 5512.5),
    ],
)
def test_the_rate_is_the_most_frequent_one_at_most_16_khz(rates: list[int], rate: int, high: float) -> None:
    features = default_features(rates)
    assert (features.sample_rate, features.high) == (rate, high)


def test_a_rate_too_low_for_sound_is_refused() -> None:
    with pytest.raises(DataError, match=r"sample rate of 100 Hz; .* at least 1,000.*--channels"):
        default_features([100, 100, 8000])


@pytest.mark.parametrize(
    ("features", "rule"),
    [
        (AudioFeatures(8000, mels=0), "mels from 1 to 256"),
        (AudioFeatures(8000, high=5000.0), "low < high <= sample_rate / 2"),
        (AudioFeatures(8000, low=4000.0), "low < high <= sample_rate / 2"),
        (AudioFeatures(8000, window=0.0), "window of at least 8 samples"),
        (AudioFeatures(8000, hop=0.0), "hop of at least 1 sample"),
        (AudioFeatures(8000, floor=0.0), "floor above 0"),
        (AudioFeatures(0), "sample_rate at least 1000"),
    ],
)
def test_parameters_that_contradict_one_another_are_refused(features: AudioFeatures, rule: str) -> None:
    with pytest.raises(OptionError, match=rule):
        audio_inputs([(noise(800), 8000)], features)


def test_channels_are_named() -> None:
    assert mel_names(AudioFeatures(8000, mels=2)) == ("mel 1", "mel 2")


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "A.WAV"])
def test_lossless_files_are_read_exactly(write: Write, name: str) -> None:
    samples = np.round(noise(3000) * 32768).astype(np.int16)
    read, rate = load_sound(write(name, samples))
    assert rate == 8000
    np.testing.assert_array_equal(read, samples.astype(np.float32) / 32768)


def test_ogg_sounds_like_the_wav_it_was_made_from(write: Write) -> None:
    samples = tone(1000.0, 8000, 1.0)
    (wav, ogg), _, _ = read_sounds([write("a.wav", samples), write("a.ogg", samples)])
    assert len(ogg) == len(wav)
    band = int(wav.mean(axis=0).argmax())
    assert int(ogg.mean(axis=0).argmax()) == band
    np.testing.assert_allclose(ogg[5:-5, band], wav[5:-5, band], atol=0.2)


def test_stereo_is_the_mean_of_its_channels(write: Write) -> None:
    left, right = noise(2000, 1), noise(2000, 2)
    both, _ = load_sound(write("both.wav", np.stack([left, right], axis=1), subtype="FLOAT"))
    mean, _ = load_sound(write("mean.wav", (left + right) / 2, subtype="FLOAT"))
    np.testing.assert_allclose(both, mean, atol=1e-7)
    (first, second), _, _ = read_sounds([Path(write("both.wav", np.stack([left, right], 1))), Path(write("mean.wav", mean))])
    np.testing.assert_allclose(first, second, atol=0.05)


def test_a_file_longer_than_one_block_is_read_whole(write: Write) -> None:
    samples = np.arange((1 << 20) + 500, dtype=np.int64).astype(np.int16)
    read, _ = load_sound(write("long.wav", samples))
    np.testing.assert_array_equal(read * 32768, samples)


def test_a_sound_does_not_depend_on_those_read_with_it(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWISE_AUDIO_CACHE", "off")
    paths = [write(f"{number}.wav", noise(1000 + 333 * number, number)) for number in range(5)]
    together, features, warnings = read_sounds(paths)
    assert features == AudioFeatures(8000, high=4000.0)
    assert warnings == ()
    for path, energies in zip(paths, together, strict=True):
        np.testing.assert_array_equal(read_sounds([path])[0][0], energies)


def test_mixed_rates_are_resampled_with_a_warning(write: Write) -> None:
    paths = [write("a.wav", tone(1000.0, 8000)), write("b.wav", tone(1000.0, 8000)), write("c.wav", tone(1000.0, 22050), 22050)]
    arrays, features, warnings = read_sounds(paths)
    assert features.sample_rate == 8000
    assert warnings == (
        "The sound files have different sample rates: 8,000 Hz (2), 22,050 Hz (1). All were resampled to 8,000 Hz.",
    )
    band = int(arrays[0].mean(axis=0).argmax())
    assert [int(array[5:-5].mean(axis=0).argmax()) for array in arrays] == [band] * 3


def test_short_files_are_counted_in_a_warning(write: Write) -> None:
    arrays, _, warnings = read_sounds([write("a.wav", noise(5)), write("b.wav", noise(900))])
    assert [len(array) for array in arrays] == [1, 9]
    assert warnings == ("1 sound files are shorter than 35 ms and give a single frame.",)


def test_parameters_that_came_are_kept(write: Write) -> None:
    features = AudioFeatures(16000, mels=12, high=8000.0)
    arrays, used, _ = read_sounds([write("a.wav", noise(8000))], features)
    assert used == features
    assert arrays[0].shape == (98, 12)


# ---------------------------------------------------------------- inputs for prediction


def test_a_waveform_gives_what_its_file_gives(write: Write) -> None:
    whole = np.round(noise(4000).reshape(2000, 2) * 32768).astype(np.int16)
    path = write("a.wav", whole)
    as_float = whole.astype(np.float64) / 32768
    from_path, from_integers, from_floats = audio_inputs([str(path), (whole, 8000), (as_float, 8000)], FEATURES)
    np.testing.assert_array_equal(from_path, read_sounds([path], FEATURES)[0][0])
    np.testing.assert_array_equal(from_path, from_integers)
    np.testing.assert_array_equal(from_path, from_floats)


def test_unsigned_samples_are_centred() -> None:
    samples, rate = waveform_sound(np.array([0, 128, 255], np.uint8), np.int64(8000), "sound 1")
    np.testing.assert_array_equal(samples, np.array([-128, 0, 127], np.float32) / 128)
    assert rate == 8000


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (3, r"sound 1 is a int\. Expected the path of a sound file, or a pair \(waveform, sample rate\)"),
        (noise(800), r"sound 1 is a ndarray\. Expected"),
        ((np.zeros((2, 3, 4)), 8000), r"shape \(2, 3, 4\)\. Expected numbers \[samples\] or \[samples, channels\]"),
        ((np.array(["a"]), 8000), r"an array of <U1 .* Expected numbers"),
        ((np.zeros((2, 100)), 8000), r"shape \(2, 100\), no channels or more than samples\. Expected \[samples, channels\]"),
        ((np.zeros(100), 0), "sample rate 0. Expected a whole number of Hz"),
        ((np.zeros(100), 8000.5), "sample rate 8000.5. Expected a whole number of Hz"),
        ((np.zeros(100), True), "sample rate True"),
        ((np.zeros(0), 8000), "sound 1 holds no sound: it has 0 samples"),
        ((np.array([0.0] * 80 + [np.nan, np.inf]), 8000), r"sound 1 holds samples that are not finite .* first at 0\.010 s"),
        ((np.array([1e300]), 8000), "sound 1 holds samples that are not finite"),
    ],
)
def test_bad_inputs_are_named(source: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        audio_inputs([source], FEATURES)


def test_one_path_is_not_a_list_of_paths() -> None:
    with pytest.raises(DataError, match=r"one sound came where a list .* Put it in a list"):
        audio_inputs("a.wav", FEATURES)


# ---------------------------------------------------------------- bad files


def test_files_that_cannot_be_read_are_named(write: Write, tmp_path: Path) -> None:
    good = write("good.wav", noise(4000))
    (tmp_path / "text.wav").write_text("no sound at all, but long enough to hold a header of forty-four bytes")
    (tmp_path / "nothing.wav").touch()
    (tmp_path / "raw.raw").write_bytes(bytes(400))
    half = write("half.flac", noise(40000))
    half.write_bytes(half.read_bytes()[:9000])
    for name in ("text.wav", "nothing.wav", "raw.raw", "half.flac"):
        with pytest.raises(DataError, match=rf"{name} cannot be read as sound \(.+\)\. Expected a whole wav, flac or ogg file"):
            read_sounds([good, tmp_path / name])


@pytest.mark.parametrize("rate", [1, 999, 1_000_001, 2**31 - 1])
def test_a_rate_that_nothing_records_with_is_refused(write: Write, rate: int) -> None:
    """The rate of the header decides what resampling takes: sixteen thousand samples for one, or a filter of gigabytes."""
    path = write("odd.wav", noise(400), rate=rate)
    with pytest.raises(DataError, match=rf"odd\.wav has the sample rate {rate:,} Hz. Expected 1,000 to 1,000,000"):
        read_sounds([path], FEATURES)
    with pytest.raises(DataError, match=rf"sound 1 has the sample rate {rate:,} Hz"):
        audio_inputs([(noise(400), rate)], FEATURES)


def test_an_odd_rate_is_resampled_with_a_short_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []

    def watched(samples: Any, up: int, down: int) -> Any:
        asked.append((up, down))
        return resample_poly(samples, up, down)

    monkeypatch.setattr("scipy.signal.resample_poly", watched)
    samples = noise(40_000)
    found = resampled(samples, 999_983, 16_000)
    assert max(asked[0]) <= 48_000
    assert len(found) == -(-40_000 * asked[0][0] // asked[0][1])
    for rate in (8_000, 11_025, 22_050, 44_100, 47_999, 48_000, 96_000, 192_000, 384_000):
        asked.clear()
        resampled(samples[:100], rate, 16_000)
        assert Fraction(*asked[0]) == Fraction(16_000, rate)


def test_hours_of_silence_in_a_few_bytes_are_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("long.flac", np.zeros(500_000, np.float32))
    assert path.stat().st_size < 20_000
    monkeypatch.setattr("gatewise.data.dataset.memory.available_bytes", lambda: 3_999_999)
    with pytest.raises(DataError, match=r"long\.flac, which has 500,000 samples, needs about 4.0 MB of memory"):
        read_sounds([path])


def test_many_channels_are_read_in_short_blocks(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    soundfile = pytest.importorskip("soundfile")
    samples = np.repeat(noise(4000)[:, np.newaxis], 16, axis=1)
    path = write("many.wav", samples, subtype="FLOAT")
    monkeypatch.setattr("gatewise.data.audio.files._BLOCK", 1600)
    read = soundfile.SoundFile.read
    asked = []

    def watched(self: Any, frames: int, **options: Any) -> Any:
        asked.append(frames)
        return read(self, frames, **options)

    monkeypatch.setattr(soundfile.SoundFile, "read", watched)
    found, _ = load_sound(path)
    assert set(asked) == {100}
    assert np.allclose(found, noise(4000), atol=1e-6)


def test_a_missing_file_is_named(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [write("good.wav", noise(4000)), tmp_path / "gone.wav"]
    for switch in ("on", "off"):
        monkeypatch.setenv("GATEWISE_AUDIO_CACHE", switch)
        with pytest.raises(DataError, match=r"there is no sound file .*gone\.wav"):
            read_sounds(paths)


def test_a_file_without_samples_is_named(write: Write) -> None:
    with pytest.raises(DataError, match=r"empty\.wav holds no sound: it has 0 samples"):
        read_sounds([write("empty.wav", np.zeros(0, np.float32))])


def test_a_file_that_is_not_finite_is_named(write: Write) -> None:
    samples = noise(4000)
    samples[1600:1603] = np.nan
    with pytest.raises(DataError, match=r"nan\.wav holds samples that are not finite .* first at 0\.200 s"):
        read_sounds([write("nan.wav", samples, subtype="FLOAT")])


def test_no_file_at_all_is_refused(write: Write) -> None:
    with pytest.raises(DataError, match="there is no sound file in the data"):
        read_sounds([])


def test_a_missing_package_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    for read in (lambda: read_sounds([tmp_path / "a.wav"]), lambda: sound_rate(tmp_path / "a.wav")):
        with pytest.raises(DataError, match=r"pip install 'gatewise\[audio\]'"):
            read()


# ---------------------------------------------------------------- paths in a table


def test_paths_start_from_the_folder_of_the_table(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    elsewhere = tmp_path / "other" / "b.wav"
    elsewhere.parent.mkdir()
    elsewhere.touch()
    paths, notes = sound_paths(["a.wav", None, " a.wav ", str(elsewhere), float("nan"), elsewhere], "file", tmp_path)
    assert paths == [tmp_path / "a.wav", None, tmp_path / "a.wav", elsewhere, None, elsewhere]
    assert notes == ()


def test_an_index_beside_its_folder_of_recordings_is_understood(tmp_path: Path) -> None:
    (tmp_path / "recordings").mkdir()
    (tmp_path / "notes").mkdir()
    for name in ("a.wav", "b.wav"):
        (tmp_path / "recordings" / name).touch()
    paths, notes = sound_paths(["a.wav", "b.wav"], "file", tmp_path)
    assert paths == [tmp_path / "recordings" / "a.wav", tmp_path / "recordings" / "b.wav"]
    assert notes == (f"The sound files are read from {tmp_path / 'recordings'}, for they are not beside the table.",)
    (tmp_path / "notes" / "a.wav").touch()
    with pytest.raises(DataError, match=r"2 of 2 sound files in the column 'file' do not exist"):
        sound_paths(["a.wav", "b.wav"], "file", tmp_path)


def test_missing_files_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    (tmp_path / "george_1.wav").touch()
    with pytest.raises(
        DataError, match=r"2 of 3 sound files in the column 'f' do not exist; the first is in row 2: .*georg_1\.wav\. Did"
    ):
        sound_paths(["george_1.wav", "georg_1.wav", "x.wav"], "f", tmp_path)


def test_a_cell_that_is_no_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"row 2 of the column 'digit' holds a int\. Expected the path of a sound file"):
        sound_paths([None, 3], "digit", tmp_path)


# ---------------------------------------------------------------- progress


def test_progress_is_told_about_once_a_second(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [write(f"{number}.wav", noise(500, number)) for number in range(6)]
    ticks = count(0.0, 0.5)
    monkeypatch.setattr(audio, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
    told: list[str] = []
    read_sounds(paths, None, told.append)
    assert told == [
        "1 of 6 sound files examined, 5 s left",
        "3 of 6 sound files examined, 2 s left",
        "5 of 6 sound files examined, 1 s left",
        "1 of 6 sound files turned into features, 5 s left",
        "3 of 6 sound files turned into features, 2 s left",
        "5 of 6 sound files turned into features, 1 s left",
    ]
