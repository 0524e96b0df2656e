"""The page of a model runs it in a browser: what it shows is what the model says."""

import io
import re
import shutil
import subprocess
import tempfile
import wave
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest

from gatewise.errors import DataError, MissingPackageError, RunError
from gatewise.export.c import load_wasm, write_wasm
from gatewise.export.opening import open_model
from gatewise.export.parity import parity_of
from tests.export.c.models import audio_model, make_model, sequences, sounds, text_model
from tests.inspection.models import CLASSES, FORECAST, NUMBERS, STEPS
from tests.report.browser import CHROMIUM, NO_BROWSER, QUIET

pytestmark = pytest.mark.skipif(not shutil.which("wasm-ld") or not shutil.which("clang"), reason="there is no clang and lld here")


TRIES = 5


def shown(page: Path, given: str = "") -> str:
    """The page's document after its scripts ran."""
    if CHROMIUM is None:
        pytest.skip(NO_BROWSER)
    with tempfile.TemporaryDirectory() as profile:
        address = f"{page.as_uri()}#{quote(given)}" if given else page.as_uri()
        command = [CHROMIUM, *QUIET, f"--user-data-dir={profile}", "--dump-dom", address]
        return subprocess.run(command, capture_output=True, text=True, timeout=100, check=True).stdout


def lines(x: np.ndarray) -> str:
    return "\n".join(",".join(map(str, row)) for row in x.tolist())


def test_a_text_and_a_problem(tmp_path: Path) -> None:
    model = text_model(("good", "don't", "é"), hidden_size=16, outputs=3)
    write_wasm(model, tmp_path / "page.html")
    text = "Good, don’t <b>é</b>"
    document = shown(tmp_path / "page.html", text)
    (said,) = model.predict([text])
    assert f'id="said">{said}</p>' in document
    for share in model.predict_proba([text])[0]:
        assert f"{100 * share:.1f}%" in document
    assert "http" not in (tmp_path / "page.html").read_text().replace("http-equiv", "")


def test_numbers(tmp_path: Path) -> None:
    model, x = make_model("lstm", CLASSES), sequences(CLASSES)[0]
    write_wasm(model, tmp_path / "page.html")
    assert f'id="said">{model.predict([x])[0]}</p>' in shown(tmp_path / "page.html", lines(x))
    assert "step 1 has 1 numbers; the model reads" in shown(tmp_path / "page.html", "5")


def test_a_forecast(tmp_path: Path) -> None:
    model, x = make_model("gru", FORECAST), np.asarray(sequences(FORECAST)[0])
    write_wasm(model, tmp_path / "page.html")
    document = shown(tmp_path / "page.html", lines(x))
    found = [float(value) for value in re.findall(r"<td>([-0-9.e+]+)</td>", document) if not value.startswith("+")]
    np.testing.assert_allclose(found, model.predict([x]).ravel(), rtol=1e-4)
    assert "more steps are needed" in shown(tmp_path / "page.html", lines(x[:2]))


def test_next_steps(tmp_path: Path) -> None:
    model, x = make_model("gru", STEPS), sequences(STEPS)[0]
    write_wasm(model, tmp_path / "page.html")
    document = shown(tmp_path / "page.html", lines(x))
    for share in model.predict([x])[0][-1]:
        assert f"{100 * share:.1f}%" in document


def test_sound(tmp_path: Path) -> None:
    """A sound file goes the way that a drop and a recording go: decoded by the browser, then read by the C."""
    model, (samples, rate) = audio_model(), sounds()[0]
    write_wasm(model, tmp_path / "page.html")
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    page = (tmp_path / "page.html").read_text()
    call = f'take(new File([Uint8Array.from({list(content.getvalue())})], "sound.wav"));'
    (tmp_path / "page.html").write_text(page.replace("</script>", f"{call}</script>"))
    # A browser decodes sounds beside the page, which may be written out before that is done.
    for _ in range(TRIES):
        found = [float(share) for share in re.findall(r'class="share">([0-9.]+)%', shown(tmp_path / "page.html"))]
        if found:
            break
    expected = sorted(100 * model.predict_proba([((samples * 32767).astype("<i2"), rate)])[0], reverse=True)
    np.testing.assert_allclose(found, expected, atol=0.2)


def test_no_clang_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingPackageError, match="there is no clang and no wasm-ld"):
        write_wasm(make_model("gru", CLASSES), tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize("source", [CLASSES, NUMBERS, FORECAST, STEPS])
def test_what_is_read_back_says_what_the_model_says(tmp_path: Path, source: str) -> None:
    model, inputs = make_model("lstm", source), sequences(source)[:5]
    write_wasm(model, tmp_path / "page.html")
    found = open_model(tmp_path / "page.html")
    assert parity_of(model, found, inputs).greatest < 1e-5
    with pytest.raises(DataError, match="finite"):
        found.predict([np.full_like(np.asarray(inputs[0]), np.nan)])


def test_texts_and_sounds_of_every_length_are_read_back(tmp_path: Path) -> None:
    """Also one for which the program's memory has to grow."""
    texts = text_model(("good", "don't", "é"), hidden_size=16, outputs=3)
    write_wasm(texts, tmp_path / "texts.html")
    said = ["Good, don’t <b>é</b>", "", "good " * 40_000]
    np.testing.assert_allclose(load_wasm(tmp_path / "texts.html").predict_proba(said), texts.predict_proba(said), atol=1e-5)
    heard = audio_model()
    write_wasm(heard, tmp_path / "sounds.html")
    found = load_wasm(tmp_path / "sounds.html")
    np.testing.assert_allclose(found.predict_proba(sounds()), heard.predict_proba(sounds()), atol=1e-4)


def test_a_page_that_is_not_what_was_written_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    write_wasm(make_model("gru", CLASSES), page)
    whole = page.read_text()
    program = whole.index('const program = "') + 400
    other = "A" if whole[program] != "A" else "B"
    for text, reason in (
        ("<p>no model</p>", "is no page of a model"),
        (whole[: len(whole) // 2], "is no page of a model"),
        (whole[:program] + other + whole[program + 1 :], "its program is not what was written"),
        (whole.replace('id="gatewise">{"version": 1', 'id="gatewise">{"version": 2'), "a page of version 2"),
        (whole.replace('"format": ', '"format": 1'), "model format 15"),
        (whole.replace('"classes": [', '"classes": 7, "other": [', 1), "damaged"),
    ):
        assert text != whole
        page.write_text(text)
        with pytest.raises(RunError, match=reason):
            load_wasm(page)
    page.unlink()
    with pytest.raises(RunError, match="cannot be read"):
        load_wasm(page)
