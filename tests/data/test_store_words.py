"""Numbers for words, and sizes of groups, where all at once would be too many."""

import numpy as np
import pytest

from gatewise.data.store import groups as module
from gatewise.data.store.groups import group_sizes
from gatewise.data.store.words import WordNumbers, words_of


def texts_of(numbers: np.ndarray, width: int = 10) -> list[str]:
    return [" ".join(f"w{number}" for number in row) for row in numbers.reshape(-1, width).tolist()]


def test_frequent_words_outlive_rare_ones() -> None:
    generator = np.random.default_rng(0)
    kept = WordNumbers(kept=50)
    given, texts = [], []
    for block in range(40):
        # Twenty words that come often, and others that come once or twice.
        often = generator.integers(0, 20, 600)
        rare = 1000 + 400 * block + generator.integers(0, 400, 400)
        mixed = generator.permutation(np.concatenate([often, rare]))
        texts += texts_of(mixed)
        given.append(kept.add(words_of(texts_of(mixed))))
    words, places = kept.finished()
    assert set(words[:20]) == {f"w{number}" for number in range(20)}
    assert len(words) <= 50
    found = places[np.concatenate(given)].reshape(len(texts), -1)
    for text, row in zip(texts, found, strict=True):
        for word, place in zip(text.split(), row.tolist(), strict=True):
            assert place == len(words) or words[place] == word
            # What is frequent has one number from its first appearance on.
            assert place < 20 or word not in words[:20]


def test_a_text_without_words_is_one_unknown_word() -> None:
    block = words_of(["", "a b", " \u3000 "])
    assert block.lengths.tolist() == [1, 2, 1]
    numbers = WordNumbers()
    given = numbers.add(block)
    words, places = numbers.finished()
    assert words == ["a", "b"]
    assert places[given].tolist() == [2, 0, 1, 2]


@pytest.mark.parametrize("at_once", [1 << 20, 100])
def test_sizes_of_groups_do_not_depend_on_the_passes(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", at_once)
    monkeypatch.setattr(module, "BLOCK", 64)
    generator = np.random.default_rng(1)
    digests = generator.integers(-(2**63), 2**63 - 1, 300)
    groups = digests[generator.integers(0, 300, 1000)]
    _, sizes = np.unique(groups, return_counts=True)
    squares = (sizes / 1000.0) ** 2
    assert group_sizes(groups) == (1000 - len(sizes), int(squares.sum() ** 2 / (squares**2).sum()))
    assert group_sizes(digests) == (0, None)
