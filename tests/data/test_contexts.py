"""Data of which a model sees less: what is left, and that targets and splits stay those of the whole."""

import numpy as np
import pytest

from gatewise.data.builtin.dataset import builtin_dataset
from gatewise.data.dataset.splits import make_split
from gatewise.data.dataset.windows import Windows
from gatewise.data.encoding.contexts import in_pieces, in_random_order, last_steps
from gatewise.data.encoding.encoders import fit_encoder
from gatewise.data.encoding.prepared import Prepared, prepare
from gatewise.records import Reading
from tests.arrays import series_of


def prepared_of(name: str) -> Prepared:
    reading = Reading(window=48, horizon=6) if name.startswith("seasonal") else None
    return prepare(builtin_dataset(name, 0, reading))


def test_the_last_steps_of_series_and_the_last_tokens_of_texts_are_kept() -> None:
    series, texts = prepared_of("temporal-order?length=20&rows=200"), prepared_of("reviews?rows=200")
    for one, other in zip(last_steps(series, 7).series, series.series, strict=True):
        np.testing.assert_array_equal(one, other[-7:])
    cut = last_steps(texts, 5)
    assert [list(row) for row in cut.tokens] == [row[-5:] for row in texts.tokens]
    assert cut.lengths.tolist() == [min(5, length) for length in texts.lengths]


def test_steps_beyond_what_the_encoder_reads_do_not_count_as_the_last() -> None:
    texts = prepared_of("reviews?rows=200")
    assert [list(row) for row in last_steps(texts, 3, most=6).tokens] == [row[:6][-3:] for row in texts.tokens]


def test_windows_of_a_forecast_lose_their_beginning() -> None:
    whole = prepared_of("seasonal?rows=600")
    part = last_steps(whole, 10)
    assert isinstance(part.series, Windows)
    for one, other in zip(part.series, whole.series, strict=True):
        np.testing.assert_array_equal(one, other[-10:])
    rows = np.arange(50)
    encoded = fit_encoder(part, rows).encode_rows(part, rows)
    assert set(encoded.lengths) == {10}
    np.testing.assert_array_equal(encoded.targets, whole.dataset.targets[rows])


@pytest.mark.parametrize("name", ["temporal-order?length=20&rows=200", "reviews?rows=200", "seasonal?rows=600"])
def test_random_order_moves_steps_and_changes_none(name: str) -> None:
    whole = prepared_of(name)
    mixed, again = in_random_order(whole, 1), in_random_order(whole, 1)
    moved = 0
    for row in range(0, len(whole.lengths), 17):
        if whole.tokens:
            assert sorted(mixed.tokens[row]) == sorted(whole.tokens[row])
            assert mixed.tokens[row] == again.tokens[row]
            moved += mixed.tokens[row] != whole.tokens[row]
            continue
        one, other = mixed.series[row], whole.series[row]
        np.testing.assert_array_equal(one[np.lexsort(one.T)], other[np.lexsort(other.T)])
        np.testing.assert_array_equal(one, again.series[row])
        moved += not np.array_equal(one, other)
        if name.startswith("seasonal"):
            np.testing.assert_array_equal(one[-1], other[-1])
    assert moved > 5


def test_pieces_predict_every_step_once_and_have_the_parts_of_their_sequences() -> None:
    whole = prepared_of("chords?length=30&rows=200")
    split = make_split(whole.dataset, 3, 0)
    pieces = in_pieces(whole, 4, split)
    predicted = np.concatenate([piece[1:] for piece in pieces.series])
    np.testing.assert_array_equal(predicted, np.concatenate([row[1:] for row in series_of(whole.dataset)]))
    assert max(len(piece) for piece in pieces.series) == 5
    own = make_split(pieces.dataset, 0, 0)
    for part in ("train", "validation", "test"):
        steps = sum(len(whole.series[row]) - 1 for row in getattr(split, part))
        assert sum(len(pieces.series[row]) - 1 for row in getattr(own, part)) == steps
