"""One tokeniser for all scripts; its quick way for ASCII finds the same tokens."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewise.data.dataset import tokens as module
from gatewise.data.dataset.tokens import has_tokens, tokenize, tokenize_all


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't STOP, it’s 5€!", ["don't", "stop", ",", "it's", "5", "€", "!"]),
        ("'quoted' rock'n'roll dogs'", ["'", "quoted", "'", "rock'n'roll", "dogs", "'"]),
        ("ｆｕｌｌ Ｗｉｄｔｈ cafe\u0301", ["full", "width", "café"]),
        ("我喜欢。very好", ["我", "喜", "欢", "。", "very", "好"]),
        ("コーヒー ありがと", ["コ", "ー", "ヒ", "ー", "あ", "り", "が", "と"]),
        ("สวัสดี", ["ส", "วั", "ส", "ดี"]),
        ("မြန်မာ", ["မြ", "န်", "မာ"]),
        ("བོད་སྐད", ["བོ", "ད", "་", "སྐ", "ད"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("한국어 좋아요", ["한국어", "좋아요"]),
        ("a_b\u200b 👍", ["a", "_", "b", "👍"]),
        (" \u200b\u00a0\x00\n", []),
    ],
)
def test_scripts(text: str, expected: list[str]) -> None:
    assert tokenize(text) == expected
    assert has_tokens(text) == bool(expected)


@given(st.text(st.characters(max_codepoint=127)))
def test_the_quick_way_finds_the_same_tokens(text: str) -> None:
    assert tokenize(text) == module._TOKEN.findall(text.lower())


@given(st.text())
def test_no_visible_character_is_lost(text: str) -> None:
    def visible(characters: str) -> list[str]:
        return [item for item in characters if not item.isspace() and unicodedata.category(item) not in {"Cc", "Cf"}]

    normal = text if text.isascii() else unicodedata.normalize("NFKC", text).replace("\u2019", "'")
    assert visible("".join(tokenize(text))) == visible(normal.lower())
    assert has_tokens(text) == bool(tokenize(text))


def test_equal_tokens_are_one_object() -> None:
    first, second = tokenize_all(["Same word", "the SAME"])
    assert first[0] is second[1]
