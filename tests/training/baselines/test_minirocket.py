"""MiniRocket's features against aeon's and a naive version; the ridge regression behind them against scikit-learn's."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from gatewise.runtime.scoring import Truth, score
from gatewise.training.baselines import closed_form, convolutions
from gatewise.training.baselines.closed_form import fit_ridge_classes, fit_ridge_numbers
from gatewise.training.baselines.convolutions import Convolutions, fit_convolutions
from gatewise.training.baselines.minirocket import MiniRocket, MiniRocketRidge, extent
from gatewise.training.examples import Examples

REFERENCE = Path(__file__).parent / "reference" / "minirocket.npz"
Series = list[NDArray[np.float32]]


@pytest.mark.parametrize("case", ["one", "five"])
def test_features_are_those_of_aeon(case: str) -> None:
    with np.load(REFERENCE) as file:
        found = {key.removeprefix(f"{case}_"): file[key] for key in file if key.startswith(case)}
    names = ("dilations", "counts", "thresholds", "channels", "channel_counts")
    fitted = Convolutions(*(found[name] for name in names))
    series = [np.ascontiguousarray(one.T) for one in found["series"]]
    np.testing.assert_allclose(fitted.transform(series), found["features"], atol=1e-6)
    dilations, counts = convolutions._dilations(len(series[0]), len(fitted.thresholds) // 84)
    assert dilations.tolist() == found["dilations"].tolist()
    assert counts.tolist() == found["counts"].tolist()


def naive(fitted: Convolutions, values: NDArray[np.float32]) -> list[float]:
    """Step by step, kernel by kernel."""
    steps, features, feature, first_channel = len(values), [], 0, 0
    for number, (dilation, count) in enumerate(zip(fitted.dilations, fitted.counts, strict=True)):
        for kernel, places in enumerate(combinations(range(9), 3)):
            read = fitted.channel_counts[84 * number + kernel]
            channels = fitted.channels[first_channel : first_channel + read]
            first_channel += read
            outputs = []
            for step in range(steps):
                total = 0.0
                for place in range(9):
                    at = step + (place - 4) * dilation
                    if 0 <= at < steps:
                        total += (2 if place in places else -1) * float(values[at, channels].sum())
                outputs.append(total)
            padding = 4 * dilation if (number + kernel) % 2 and steps > 8 * dilation else 0
            inside = np.array(outputs[padding : steps - padding])
            features += [float((inside > threshold).mean()) for threshold in fitted.thresholds[feature : feature + count]]
            feature += count
    return features


@pytest.mark.parametrize("channels", [1, 3])
def test_features_of_unequal_lengths_equal_a_naive_version_whatever_the_company(channels: int) -> None:
    generator = np.random.default_rng(0)
    series: Series = [generator.normal(size=(steps, channels)).astype(np.float32) for steps in (1, 5, 9, 17, 30, 30)]
    fitted = fit_convolutions(series, 84 * 5, generator)
    # Half way between values, where rounding decides nothing.
    fitted = Convolutions(fitted.dilations, fitted.counts, fitted.thresholds + 1e-3, fitted.channels, fitted.channel_counts)
    together = fitted.transform(series)
    for row, one in enumerate(series):
        np.testing.assert_allclose(together[row], naive(fitted, one), atol=1e-6)
        np.testing.assert_array_equal(fitted.transform([one])[0], together[row])


def test_rows_worked_on_together_fit_the_cache_with_their_padding() -> None:
    lengths = np.random.default_rng(3).integers(1, 2000, 300)
    chunks = list(convolutions._chunks(lengths))
    assert sorted(np.concatenate(chunks).tolist()) == list(range(300))
    assert all(len(rows) == 1 or len(rows) * lengths[rows].max() <= convolutions.CHUNK for rows in chunks)


def test_series_longer_than_a_byte_counts_are_counted_whole() -> None:
    generator = np.random.default_rng(1)
    series: Series = [generator.normal(size=(steps, 1)).astype(np.float32) for steps in (700, 256, 255)]
    fitted = fit_convolutions(series, 84, generator)
    thresholds = np.full(len(fitted.thresholds), -1e9, dtype=np.float32)
    everything = Convolutions(fitted.dilations, fitted.counts, thresholds, fitted.channels, fitted.channel_counts)
    np.testing.assert_array_equal(everything.transform(series), 1.0)


def test_thresholds_are_quantiles_of_training_convolutions() -> None:
    generator = np.random.default_rng(2)
    one = generator.normal(size=(40, 1)).astype(np.float32)
    fitted = fit_convolutions([one], 84 * 4, generator)
    features = fitted.transform([one])[0]
    # Kernels that count all steps of the one series the quantiles are of.
    whole = np.concatenate(
        [np.repeat((np.arange(84) + number) % 2 == 0, count) for number, count in enumerate(fitted.counts.tolist())]
    )
    quantiles = np.arange(1, len(features) + 1) * ((5**0.5 + 1) / 2) % 1
    np.testing.assert_allclose(features[whole], 1 - quantiles[whole], atol=1.5 / 40)


@pytest.mark.parametrize("shape", [(30, 60), (60, 12)])
@pytest.mark.parametrize("weighted", [False, True])
def test_ridge_equals_scikit_learns_with_more_and_with_fewer_features_than_rows(shape: tuple[int, int], weighted: bool) -> None:
    generator = np.random.default_rng(0)
    features = generator.normal(3, 2, shape).astype(np.float32)
    targets = (features[:, :2] + generator.normal(size=(shape[0], 2))).astype(np.float32)
    weights = generator.uniform(0.5, 2, shape[0]) if weighted else None
    train = Examples(list(features), targets, weights=weights)
    fitted = fit_ridge_numbers(features, train, features, Examples(list(features), targets), penalties=(5.0,))
    own = np.ones(shape[0]) if weights is None else weights / weights.mean()
    mean = np.average(features, axis=0, weights=own)
    scale = np.sqrt(np.average(np.square(features - mean), axis=0, weights=own))
    oracle = Ridge(alpha=5.0).fit((features - mean) / scale, targets, sample_weight=own)
    np.testing.assert_allclose(fitted(features), oracle.predict((features - mean) / scale), rtol=1e-3, atol=1e-3)


def test_scores_of_classes_become_probabilities_that_suit_the_validation_part() -> None:
    generator = np.random.default_rng(0)
    targets = generator.integers(3, size=300)
    features = (np.eye(3)[targets] + generator.normal(0, 0.7, (300, 3))).astype(np.float32)
    train = Examples(list(features), targets, 4)
    fitted = fit_ridge_classes(features, train, features, train)
    said = closed_form.probabilities(fitted(features))
    assert not said[:, 3].any()
    confidence = said.max(1).mean()
    assert confidence == pytest.approx((said.argmax(1) == targets).mean(), abs=0.05)


def shapes(rows: int, seed: int) -> tuple[Series, NDArray[np.int64]]:
    """Noise in which a short wave goes up first, or down first, anywhere: nothing that a mean or an extreme tells."""
    generator = np.random.default_rng(seed)
    targets = generator.integers(2, size=rows)
    wave = np.sin(np.linspace(0, 2 * np.pi, 12))
    series = []
    for target in targets:
        one = generator.normal(0, 0.3, (generator.integers(40, 60), 2))
        start = generator.integers(0, len(one) - 12)
        one[start : start + 12, 0] += 2 * wave * (1 if target else -1)
        series.append(one.astype(np.float32))
    return series, targets


def test_it_learns_shapes_and_is_rebuilt_from_its_state() -> None:
    (train, targets), (held, truth), (test, wanted) = (shapes(rows, rows) for rows in (80, 30, 60))
    model = MiniRocket.fit(Examples(train, targets, 2), Examples(held, truth, 2))
    said = model.predict(test)
    assert score("accuracy", said, Truth(wanted)) > 0.9
    again = MiniRocket.from_state(*model.state())
    np.testing.assert_array_equal(again.predict(test), said)
    assert model.predict([]).shape == (0, 2)
    numbers = [(3.0 * values + 1)[:, np.newaxis].astype(np.float32) for values in (targets, truth, wanted)]
    ridge = MiniRocketRidge.fit(Examples(train, numbers[0]), Examples(held, numbers[1]))
    assert score("r2", ridge.predict(test), Truth(numbers[2])) > 0.5
    np.testing.assert_array_equal(MiniRocketRidge.from_state(*ridge.state()).predict(test), ridge.predict(test))


def test_series_shorter_than_a_kernel_do() -> None:
    generator = np.random.default_rng(0)
    targets = np.arange(40) % 2
    series: Series = [generator.normal(target, 0.2, (3, 1)).astype(np.float32) for target in targets]
    model = MiniRocket.fit(Examples(series, targets, 2), Examples(series, targets, 2))
    assert np.isfinite(model.predict(series)).all()


def test_long_and_many_series_are_learned_from_in_part() -> None:
    assert extent(200, 100.0) == (200, 9996)
    assert extent(5000, 100.0) == (5000, 1512)
    rows, features = extent(1_000_000, 2000.0)
    assert rows == 1500
    assert features == 1008
