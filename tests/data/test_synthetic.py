"""The generators' answers are recomputed from their sequences alone."""

import re
from collections import Counter

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from gatewise.data.builtin.dataset import builtin_dataset
from gatewise.data.builtin.synthetic.reviews import NEGATIVE, POSITIVE
from gatewise.records import Dataset, Reading
from tests.arrays import series_of

PAIRS = {"(": ")", "[": "]"}


def labels(dataset: Dataset) -> list[str]:
    return [dataset.classes[target] for target in dataset.targets]


def symbols(dataset: Dataset, row: int) -> str:
    sequence = series_of(dataset)[row]
    assert (np.sort(sequence, axis=1)[:, -2:] == [0, 1]).all(), "one-hot"
    return "".join(dataset.channels[code] for code in sequence.argmax(axis=1))


def is_balanced(word: str) -> bool:
    expected: list[str] = []
    for bracket in word:
        if bracket in PAIRS:
            expected.append(PAIRS[bracket])
        elif not expected or expected.pop() != bracket:
            return False
    return not expected


def test_adding() -> None:
    dataset = builtin_dataset("adding?length=20&rows=300", 0)
    assert (dataset.task, dataset.outputs, dataset.classes) == ("regression", ("sum",), ())
    assert dataset.targets.shape == (300, 1)
    assert dataset.targets.dtype == np.float32
    for sequence, (target,) in zip(series_of(dataset), dataset.targets, strict=True):
        assert sequence.shape == (20, 2)
        marked = np.flatnonzero(sequence[:, 1])
        assert len(marked) == 2
        assert marked[0] < 10 <= marked[1]
        assert target == pytest.approx(sequence[marked, 0].sum())


def test_adding_is_as_hard_as_stated() -> None:
    targets = builtin_dataset("adding?rows=20000", 0).targets
    assert ((targets - 1) ** 2).mean() == pytest.approx(1 / 6, rel=0.03)
    assert np.abs(targets - 1).mean() == pytest.approx(1 / 3, rel=0.03)


def test_adding_as_classes_asks_of_the_same_sequences_whether_the_sum_is_above_one() -> None:
    numbers, classes = builtin_dataset("adding?rows=300", 1), builtin_dataset("adding?rows=300&classes=2", 1)
    assert classes.task == "classification"
    assert np.array_equal(np.stack(numbers.sequences), np.stack(classes.sequences))
    assert labels(classes) == ["above 1" if target > 1 else "at most 1" for (target,) in numbers.targets]


@pytest.mark.parametrize("length", [10, 30])
def test_temporal_order(length: int) -> None:
    dataset = builtin_dataset(f"temporal-order?length={length}&rows=300", 0)
    assert (dataset.channels, dataset.classes) == (("X", "Y", "marker"), ("XX", "XY", "YX", "YY"))
    assert {len(sequence) for sequence in dataset.sequences} == set(range(length, length + length // 10 + 1))
    for sequence, label in zip(dataset.sequences, labels(dataset), strict=True):
        values = np.asarray(sequence)
        assert (np.sort(values[:, :2], axis=1) == [0, 1]).all(), "one-hot"
        marked, half = np.flatnonzero(values[:, 2]), len(values) // 2
        assert len(marked) == 2 and marked[0] < half <= marked[1]
        assert "".join("XY"[code] for code in values[marked, 1].astype(int)) == label
        for part in (values[:half], values[half:]):
            assert abs(part[:, 0].sum() - part[:, 1].sum()) <= len(part) % 2, "counts tell nothing"


def test_temporal_order_is_as_hard_as_stated() -> None:
    dataset = builtin_dataset("temporal-order?length=10&rows=4000", 0)
    assert np.bincount(dataset.targets).max() < 0.28 * len(dataset)
    # Unordered, XY and YX are one class of half the rows, of which a guess gets half right.
    mixed = np.mean([len(set(label)) == 2 for label in labels(dataset)])
    assert 1 - mixed / 2 == pytest.approx(0.75, abs=0.02)


def test_parity() -> None:
    dataset = builtin_dataset("parity?length=12&rows=200", 0)
    for sequence, label in zip(series_of(dataset), labels(dataset), strict=True):
        assert sequence.shape == (12, 1)
        assert label == ("odd" if sequence.sum() % 2 else "even")


@pytest.mark.parametrize("length", [20, 21, 50])
def test_counting(length: int) -> None:
    dataset = builtin_dataset(f"counting?length={length}&rows=400", 0)
    differences = set()
    for row, label in enumerate(labels(dataset)):
        word = symbols(dataset, row).replace("start", "<").replace("end", ">")
        assert len(word) == length
        match = re.fullmatch("[ab]*<(a+)(b+)>[ab]*", word)
        assert match
        difference = len(match[1]) - len(match[2])
        assert label == ("unequal" if difference else "equal")
        differences.add(difference)
    assert differences == {-2, -1, 0, 1, 2}
    assert np.bincount(dataset.targets).tolist() == [200, 200]


def test_copy() -> None:
    dataset = builtin_dataset("copy?delay=7&rows=2000", 0)
    assert dataset.classes == tuple("abcdefgh")
    for row, label in enumerate(labels(dataset)):
        match = re.fullmatch(r"([a-h]{10})(blank){7}position (\d+)", symbols(dataset, row))
        assert match
        assert match[1][int(match[3]) - 1] == label
    assert np.bincount(dataset.targets).min() > 0.8 * 2000 / 8


def test_copy_cannot_be_solved_by_counting_symbols() -> None:
    dataset = builtin_dataset("copy?rows=5000", 0)
    guessed = [Counter(symbols(dataset, row)[:10]).most_common(1)[0][0] for row in range(len(dataset))]
    right = np.mean([guess == label for guess, label in zip(guessed, labels(dataset), strict=True)])
    assert right == pytest.approx(0.29, abs=0.02)


@pytest.mark.parametrize("pairs", [2, 4, 26])
def test_recall(pairs: int) -> None:
    dataset = builtin_dataset(f"recall?pairs={pairs}&rows=400", 0)
    for row, label in enumerate(labels(dataset)):
        match = re.fullmatch(r"((?:[a-z][0-9])+)\?([a-z])", symbols(dataset, row))
        assert match
        values = dict(re.findall("([a-z])([0-9])", match[1]))
        assert len(values) == pairs, "no key comes twice"
        assert values[match[2]] == label


def test_recall_is_as_hard_as_stated() -> None:
    dataset = builtin_dataset("recall?rows=5000", 0)
    first = [symbols(dataset, row)[1] for row in range(len(dataset))]
    assert np.bincount(dataset.targets).max() < 0.12 * len(dataset)
    right = np.mean([guess == label for guess, label in zip(first, labels(dataset), strict=True)])
    assert right == pytest.approx(0.1 + 0.9 / 4, abs=0.03)


@pytest.mark.parametrize("length", [20, 21, 50])
@pytest.mark.parametrize("name", ["dyck1", "dyck2"])
def test_dyck(name: str, length: int) -> None:
    dataset = builtin_dataset(f"{name}?length={length}&rows=400", 0)
    assert dataset.channels == (("(", ")") if name == "dyck1" else ("(", "[", ")", "]"))
    for row, label in enumerate(labels(dataset)):
        word = symbols(dataset, row)
        assert length / 2 <= len(word) <= length
        assert label == ("balanced" if is_balanced(word) else "unbalanced")
        assert word.count("(") + word.count("[") == word.count(")") + word.count("]"), "counts tell nothing"
    assert np.bincount(dataset.targets).tolist() == [200, 200]


def test_unbalanced_dyck1_does_not_show_at_its_ends() -> None:
    dataset = builtin_dataset("dyck1", 0)
    words = [symbols(dataset, row) for row, label in enumerate(labels(dataset)) if label == "unbalanced"]
    assert all(word[0] == "(" and word[-1] == ")" for word in words)


def test_unbalanced_dyck1_closes_one_bracket_too_many_once() -> None:
    dataset = builtin_dataset("dyck1", 0)
    for row, label in enumerate(labels(dataset)):
        heights = np.cumsum([1 if bracket == "(" else -1 for bracket in symbols(dataset, row)])
        assert (heights < 0).sum() == (label == "unbalanced")
        assert heights.min() >= -1


def test_dyck1_is_as_hard_as_stated() -> None:
    dataset = builtin_dataset("dyck1?rows=6000", 0)
    words = [symbols(dataset, row) for row in range(len(dataset))]
    for most, stated in ((2, 0.5), (6, 0.8)):
        counts = CountVectorizer(ngram_range=(1, most), analyzer="char").fit_transform(words)
        model = LogisticRegression(C=0.1, max_iter=1000).fit(counts[:4000], dataset.targets[:4000])
        assert model.score(counts[4000:], dataset.targets[4000:]) == pytest.approx(stated, abs=0.05)


def test_unbalanced_dyck2_needs_the_kinds_of_the_brackets() -> None:
    dataset = builtin_dataset("dyck2", 0)
    adjacent = 0
    for row in range(len(dataset)):
        word = symbols(dataset, row)
        assert is_balanced(word.replace("[", "(").replace("]", ")")), "with kinds ignored all are balanced"
        assert word.count("(") == word.count(")")
        adjacent += "(]" in word or "[)" in word
    assert adjacent < 0.05 * len(dataset), "neighbours tell next to nothing"


def test_balanced_words_are_uniform() -> None:
    dataset = builtin_dataset("dyck2?length=20&rows=8000", 0)
    words = [symbols(dataset, row) for row, label in enumerate(labels(dataset)) if label == "balanced"]
    counts = Counter(word.replace("[", "(").replace("]", ")") for word in words if len(word) == 10)
    assert len(counts) == 42, "the fifth Catalan number"
    mean = sum(counts.values()) / 42
    assert sum((count - mean) ** 2 / mean for count in counts.values()) < 75, "chi-square of 41 degrees, p = 0.001"


# ---------------------------------------------------------------- reviews


def opinion(clause: str) -> bool:
    """Whether an opinion is positive, by the rules of English rather than the generator's."""
    match = re.fullmatch(r"the \w+ is (.*?)\b(\w+)((?: at all)?)", clause)
    assert match, clause
    before, adjective, after = match.groups()
    assert (adjective in POSITIVE) != (adjective in NEGATIVE)
    turning = after != "" or before in ("not ", "not at all ", "not very ", "hardly ", "never ", "far from ", "anything but ")
    assert turning or before in ("", "very ", "really ", "rather ", "nothing short of ", "nothing if not ", "never anything but ")
    return (adjective in POSITIVE) != turning


def sentiment(text: str) -> bool:
    (core,) = (sentence for sentence in text.removesuffix(".").split(". ") if " is " in sentence)
    if " in truth " in core:
        return opinion(core.split("; in truth ")[1])
    if core.startswith("although "):
        beside, main = core.removeprefix("although ").split(", ")
    elif match := re.fullmatch("(.*), (?:although|even if) (.*)", core):
        main, beside = match.groups()
    elif match := re.fullmatch("(.*), (?:but|yet) (.*)", core):
        beside, main = match.groups()
    else:
        assert len({opinion(clause) for clause in core.split(" and ")}) == 1
        return opinion(core.split(" and ")[0])
    assert opinion(main) != opinion(beside)
    return opinion(main)


def test_reviews() -> None:
    dataset = builtin_dataset("reviews", 0)
    assert (dataset.kind, dataset.classes) == ("text", ("negative", "positive"))
    for text, label in zip(dataset.sequences, labels(dataset), strict=True):
        assert label == ("positive" if sentiment(str(text)) else "negative"), text
    assert np.bincount(dataset.targets).tolist() == [1000, 1000]


def test_reviews_hardly_repeat() -> None:
    assert len(set(builtin_dataset("reviews?rows=12000", 0).sequences)) > 11_800


@pytest.mark.parametrize("words", [1, 2])
def test_reviews_are_not_solved_by_counting_words(words: int) -> None:
    dataset = builtin_dataset("reviews?rows=6000", 0)
    counts = CountVectorizer(ngram_range=(1, words), token_pattern=r"\w+|[^\w\s]").fit_transform(dataset.sequences)
    model = LogisticRegression(C=0.3, max_iter=1000).fit(counts[:4000], dataset.targets[:4000])
    right = model.score(counts[4000:], dataset.targets[4000:])
    assert right < 0.75, "the grammar decides all labels, as another test recomputes"


# ---------------------------------------------------------------- numbers, forecasts, next steps


def test_waves() -> None:
    dataset = builtin_dataset("waves?rows=300&length=100", 0)
    assert (dataset.task, dataset.outputs) == ("regression", ("frequency",))
    values = np.stack(dataset.sequences)[:, :, 0]
    assert values.dtype == np.float32
    # The highest peak of a finely sampled spectrum, in cycles per 100 steps.
    spectrum = np.abs(np.fft.rfft(values, n=10_000, axis=1))
    found = spectrum.argmax(axis=1) / 100
    assert np.median(np.abs(found - dataset.targets[:, 0])) < 0.1
    assert np.mean(np.abs(found - dataset.targets[:, 0]) < 1) > 0.97


def test_waves_are_as_hard_as_stated() -> None:
    targets = builtin_dataset("waves?rows=5000", 0).targets
    assert targets.min() >= 2
    assert targets.max() <= 20
    assert np.abs(targets - 11).mean() == pytest.approx(4.5, rel=0.05)
    assert ((targets - 11) ** 2).mean() == pytest.approx(27, rel=0.05)


def test_seasonal() -> None:
    dataset = builtin_dataset("seasonal", 0, Reading(window=168, horizon=24))
    assert (dataset.task, dataset.channels, dataset.outputs) == ("forecast", ("load",), ("load",))
    assert dataset.forecast is not None
    assert (dataset.forecast.window, dataset.forecast.horizon, dataset.forecast.step_seconds) == (168, 24, 3600)
    assert len(dataset) == 2000 - 168 - 24 + 1
    # The first window is the first week: its days repeat, and its weekend lies lower.
    week = series_of(dataset)[0][:, 0].reshape(7, 24)
    assert np.asarray(np.corrcoef(week))[np.triu_indices(7, 1)].min() > 0.8
    assert week[:5].mean() - week[5:].mean() == pytest.approx(15, abs=4)


def test_seasonal_last_season_beats_the_last_value() -> None:
    dataset = builtin_dataset("seasonal", 0, Reading(window=168, horizon=24))
    windows = np.stack([window[:, 0] for window in series_of(dataset)])
    last = np.abs(dataset.targets - windows[:, -1:]).mean()
    day = np.abs(dataset.targets - windows[:, -24:]).mean()
    assert day < 0.5 * last


def test_chords() -> None:
    dataset = builtin_dataset("chords", 0)
    assert dataset.task == "next_step"
    assert len(dataset.channels) == len(set(dataset.channels)) == 16
    lengths = {len(roll) for roll in dataset.sequences}
    assert (min(lengths), max(lengths)) == (25, 50)
    assert all(set(np.unique(roll)) <= {0.0, 1.0} for roll in dataset.sequences)


def heard(roll: np.ndarray) -> list[int]:
    """The likeliest root of every two steps."""
    roots = np.array([[key in (root, root + 2, root + 4, root + 7) for key in range(16)] for root in range(8)])
    chances = np.where(roots, 0.9, 0.02)
    pairs = roll[: len(roll) // 2 * 2].reshape(-1, 2, 16)
    fits = np.log(chances) @ pairs.sum(1).T + np.log(1 - chances) @ (1 - pairs).sum(1).T
    return [int(root) for root in fits.argmax(axis=0)]


def test_chords_follow_from_the_two_before_and_not_from_one() -> None:
    rolls = series_of(builtin_dataset("chords", 0))
    triples = [triple for roll in rolls for triple in zip(*(heard(roll)[shift:] for shift in range(3)), strict=False)]
    by_two = Counter((c - 3 * a - b) % 8 for a, b, c in triples)
    assert by_two[1] / len(triples) == pytest.approx(0.8, abs=0.05)
    assert by_two[4] / len(triples) == pytest.approx(0.2, abs=0.05)
    by_one = Counter((b, c) for _, b, c in triples)
    assert max(by_one.values()) < 3 * len(triples) / 64


def test_chords_are_as_hard_as_stated() -> None:
    steps = np.concatenate(builtin_dataset("chords?rows=1000", 0).sequences)
    frequencies = steps.mean(0)
    nll = -(steps * np.log(frequencies) + (1 - steps) * np.log(1 - frequencies)).sum(1).mean()
    assert nll == pytest.approx(8.2, abs=0.2)
