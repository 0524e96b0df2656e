"""What the functions return where nothing can be said: the caller is told, and the state stays usable."""

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gatewise.export.c import CModel
from tests.export.c.models import audio_model, compiled, make_model, sounds, text_model
from tests.inspection.models import CLASSES, FORECAST

OK, NEEDS_MORE, IGNORED, BAD_VALUE, NOT_FINITE, EMPTY = 0, 1, 2, -1, -2, -3


class Caller:
    """A state and the functions that it is given to."""

    def __init__(self, model: CModel) -> None:
        self.model = model
        self.state = np.zeros(model.program.state_bytes // 4, dtype=np.uint32)
        self.outputs = len(model.classes) or (model.forecast.horizon if model.forecast else 1) * len(model.outputs)
        self("reset")

    def __call__(self, function: str, *values: Any) -> int:
        addresses = [ctypes.c_void_p(value.ctypes.data) if isinstance(value, np.ndarray) else value for value in values]
        return int(self.model.program.library[f"tested_{function}"](ctypes.c_void_p(self.state.ctypes.data), *addresses))

    def run(self, x: NDArray[np.float32], steps: int) -> tuple[int, NDArray[np.float32]]:
        y = np.full(self.outputs, np.nan, dtype=np.float32)
        return self("run", x, ctypes.c_size_t(steps), y), y


def test_series(tmp_path: Path) -> None:
    model = make_model("gru", CLASSES)
    caller = Caller(compiled(model, tmp_path))
    x = np.ones((4, len(model.channels)), dtype=np.float32)
    assert caller.run(x, 0)[0] == EMPTY
    for bad in (np.nan, np.inf, -np.inf):
        broken = x.copy()
        broken[2, -1] = bad
        assert caller.run(broken, 4)[0] == BAD_VALUE
    # A step that was refused was not read.
    caller("reset")
    y = np.empty(caller.outputs, dtype=np.float32)
    for row in (0, 2, 1, 3):
        assert caller("step", broken[row].copy(), y) == (BAD_VALUE if row == 2 else OK)
    np.testing.assert_allclose(y, model.predict_proba([x[:3]])[0], atol=1e-6)
    # With no place for a prediction none is made, and the next one is the same.
    caller("reset")
    assert caller("step", x[0], None) == caller("step", x[1], None) == caller("step", x[2], y) == OK
    np.testing.assert_allclose(y, model.predict_proba([x[:3]])[0], atol=1e-6)


@pytest.mark.parametrize("int8", [False, True])
def test_what_overflows_is_said_and_forgotten_by_a_reset(tmp_path: Path, int8: bool) -> None:
    model = make_model("min_gru", CLASSES, pooling="max")
    caller = Caller(compiled(model, tmp_path, int8=int8))
    x = np.full((4, len(model.channels)), 3e38, dtype=np.float32)
    assert caller.run(x, 4)[0] == NOT_FINITE
    assert caller.run(x * 0, 4)[0] == OK


def test_a_forecast_waits_for_its_window(tmp_path: Path) -> None:
    model = make_model("gru", FORECAST)
    assert model.forecast is not None
    caller = Caller(compiled(model, tmp_path))
    series = np.random.default_rng(0).normal(size=(20, len(model.channels))).astype(np.float32)
    window = model.forecast.window
    y = np.empty(caller.outputs, dtype=np.float32)
    for end in range(1, 21):
        assert caller("step", series[end - 1], y) == (NEEDS_MORE if end < window else OK)
        if end >= window:
            np.testing.assert_allclose(y, model.predict([series[:end]]).ravel(), atol=1e-5, rtol=1e-5)
    assert caller.run(series, window - 1)[0] == NEEDS_MORE


def test_sound_may_come_in_any_pieces(tmp_path: Path) -> None:
    model = audio_model()
    caller = Caller(compiled(model, tmp_path))
    samples, rate = sounds()[0]
    expected = model.predict_proba([(samples, rate)])[0]
    generator = np.random.default_rng(0)
    y = np.empty(caller.outputs, dtype=np.float32)
    start, codes = 0, []
    while start < len(samples):
        size = int(generator.integers(0, 60))
        piece = samples[start : start + size].copy()
        codes.append(caller("feed", piece, ctypes.c_size_t(len(piece)), y))
        start += size
    assert set(codes) == {NEEDS_MORE, OK}
    np.testing.assert_allclose(y, expected, atol=1e-5)
    assert caller("feed", np.array([0, np.nan], dtype=np.float32), ctypes.c_size_t(2), y) == BAD_VALUE
    assert caller("feed", np.array([2e12], dtype=np.float32), ctypes.c_size_t(1), y) == BAD_VALUE


def test_tokens_one_by_one(tmp_path: Path) -> None:
    model = text_model(("good", "bad", "film"), max_length=3)
    caller = Caller(compiled(model, tmp_path))
    y = np.empty(3, dtype=np.float32)
    assert [caller("step", ctypes.c_int32(token), y) for token in (2, 4, 1, 3)] == [OK, OK, OK, IGNORED]
    np.testing.assert_allclose(y, model.predict_proba(["good film no"])[0], atol=1e-6)
    assert caller("step", ctypes.c_int32(5), y) == caller("step", ctypes.c_int32(-1), y) == BAD_VALUE
