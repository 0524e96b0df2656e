"""The tokeniser in C gives the numbers of tokens that Python's does, whatever the text and the vocabulary's script."""

import ctypes
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewise.data.dataset.tokens import tokenize
from gatewise.data.encoding.text import TextEncoder
from gatewise.errors import DataError
from tests.export.c.models import compiled, text_model

SAMPLES = [
    "Don't STOP, it’s 5€! 'quoted' rock'n'roll dogs' '' a'",
    "ｆｕｌｌ Ｗｉｄｔｈ cafe\u0301 Café CAFE\u0301 naïve ﬁne ½ ™ … №5 ①",
    "我喜欢。very好 コーヒー ありが\u3099と ﾊﾟﾋﾟﾌﾟ ㈱",
    "สวัสดี มြန်မာ བོད་སྐད မြန်မာ",
    "हिन्दी में की कि क़ क\u093c",
    "می\u200cخواهم كتاب ﷺ ﻻ",
    "한국어 좋아요 \u1112\u1161\u11ab각",
    "a_b\u200b 👍🏽 x\u200dy \u200d z=\u0338 ≠ \ufeffok",
    "ΟΔΟΣ ΟΔΌΣ Σ σας ΑΣ. ἄλφα ΆΛΦΑ",
    "Tiếng Việt TIE\u0302\u0301NG e\u0323\u0302 e\u0302\u0323 ẹ\u0302 đường İstanbul ıI ß ẞ ŉ",
    " \u200b\u00a0\x00\n",
    "",
]
VOCABULARIES = {
    "ascii": ("don't", "stop", ",", "it's", "5", "'", "rock'n'roll", "dogs", "a", "fine", "full", "x\u200dy"),
    "all": tuple(sorted({token for text in SAMPLES for token in tokenize(text)})),
}


@cache
def program(name: str) -> ctypes.CDLL:
    """Compiled once for all examples."""
    return compiled(text_model(VOCABULARIES[name]), Path(mkdtemp()) / name).program.library


def tokens_in_c(name: str, text: str) -> list[int]:
    content = text.encode()
    ids, count = (ctypes.c_int32 * 4096)(), ctypes.c_size_t()
    assert (
        program(name)["tested_tokens"](content, ctypes.c_size_t(len(content)), ids, ctypes.c_size_t(4096), ctypes.byref(count))
        == 0
    )
    return list(ids[: count.value])


def tokens_in_python(name: str, text: str) -> list[int]:
    numbers = {word: number for number, word in enumerate(VOCABULARIES[name], 2)}
    return [numbers.get(token, 1) for token in tokenize(text)]


@pytest.mark.parametrize("name", VOCABULARIES)
@pytest.mark.parametrize("text", SAMPLES)
def test_samples(name: str, text: str) -> None:
    assert tokens_in_c(name, text) == tokens_in_python(name, text)


LETTERS = st.sampled_from(sorted({letter for text in SAMPLES for letter in text} | set("ABCXYZ09'.-")))


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(VOCABULARIES)), st.text(st.one_of(LETTERS, st.characters(exclude_categories=["Cs"])), max_size=12))
def test_any_text(name: str, text: str) -> None:
    # What the header says is different: a sigma before what is passed over, and capitals of letters that have no composed one.
    if "\u03a3" in text or any(len(letter.lower()) == 1 and alone(letter) for letter in text):
        return
    assert tokens_in_c(name, text) == tokens_in_python(name, text)


def alone(letter: str) -> bool:
    """Whether only the small form of a letter is composed with some mark."""
    return letter in "HTWYJ"


@pytest.mark.parametrize(
    "content", [b"\xff", b"a\xc3", b"\xc0\x80", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80"]
)
def test_what_is_no_utf8_is_refused(content: bytes) -> None:
    count = ctypes.c_size_t()
    found = program("all")["tested_tokens"](content, ctypes.c_size_t(len(content)), None, ctypes.c_size_t(0), ctypes.byref(count))
    assert found == -4


def test_a_lone_surrogate_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no UTF-8"):
        compiled(text_model(("good",)), tmp_path).predict(["good \ud800"])


def test_an_empty_vocabulary_knows_nothing(tmp_path: Path) -> None:
    model = text_model(())
    assert isinstance(model.encoder, TextEncoder)
    found = compiled(model, tmp_path).predict_proba(["good film", ""])
    assert abs(found - model.predict_proba(["good film", ""])).max() < 1e-6
