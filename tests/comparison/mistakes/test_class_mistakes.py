"""Mistakes in classes, against scikit-learn and sums that can be done by hand."""

from collections.abc import Mapping

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, precision_score, recall_score

from gatewise.comparison.mistakes.classes import calibration_of, class_mistakes, class_rows
from gatewise.comparison.mistakes.pooling import Pooled, pool
from gatewise.mistakes import Agreement, ClassPredictions

ARMS = ("gru", "lstm")


def predictions(rows: list[int], truth: list[int], said: list[int], p_truth: list[float] | None = None) -> ClassPredictions:
    right = np.equal(truth, said)
    chosen = np.array(p_truth if p_truth is not None else np.where(right, 0.8, 0.1), dtype=np.float32)
    return ClassPredictions(
        np.array(rows, dtype=np.int32),
        np.array(truth, dtype=np.int32),
        np.array(said, dtype=np.int32),
        np.where(right, chosen, np.float32(0.7)).astype(np.float32),
        chosen,
    )


def pooled_at_random(classes: int, replicates: int = 3, rows: int = 200) -> Pooled[ClassPredictions]:
    generator = np.random.default_rng(3)
    kept: dict[str, dict[int, ClassPredictions]] = {name: {} for name in ARMS}
    for replicate in range(replicates):
        truth = generator.integers(classes, size=rows)
        for name in ARMS:
            said = np.where(generator.random(rows) < 0.7, truth, generator.integers(classes, size=rows))
            # Rows overlap from replicate to replicate.
            kept[name][replicate] = predictions(list(range(50 * replicate, 50 * replicate + rows)), truth.tolist(), said.tolist())
    return pool(kept, replicates)


def test_matrices_recall_and_precision_are_those_of_scikit_learn() -> None:
    pooled = pooled_at_random(4)
    found = class_mistakes(pooled, list("abcd"), ARMS, ARMS)
    for name in ARMS:
        truth, said = pooled.joined(name, "truth"), pooled.joined(name, "predicted")
        np.testing.assert_array_equal(np.array(found.confusions[name]), confusion_matrix(truth, said))
        recall, precision = recall_score(truth, said, average=None), precision_score(truth, said, average=None)
        assert [score.recall[name] for score in found.scores] == pytest.approx(recall.tolist())
        assert [score.precision[name] for score in found.scores] == pytest.approx(precision.tolist())
    assert [score.rows for score in found.scores] == np.bincount(pooled.joined("gru", "truth")).tolist()
    assert (found.labels, found.folded) == (("a", "b", "c", "d"), 0)


def test_a_class_that_never_occurs_has_no_recall() -> None:
    one = predictions([0, 1], [0, 0], [0, 1])
    found = class_mistakes(pool({name: {0: one} for name in ARMS}, 1), ["a", "b", "c"], ARMS, ARMS)
    assert [score.recall["gru"] for score in found.scores] == [0.5, None, None]
    assert [score.precision["gru"] for score in found.scores] == [1.0, 0.0, None]


def test_many_classes_are_folded_to_those_that_are_confused_most() -> None:
    truth = [*range(50), *[7] * 30, *[9] * 20]
    said = [*range(50), *[33] * 30, *[33] * 20]
    one = predictions(list(range(100)), truth, said)
    found = class_mistakes(pool({name: {0: one} for name in ARMS}, 1), [f"c{n}" for n in range(50)], ARMS, ARMS)
    assert len(found.labels) == 12
    assert {"c7", "c9", "c33"} < set(found.labels)
    assert found.labels[-1] == "the others"
    assert found.folded == 50 - 11
    matrix = np.array(found.confusions["gru"])
    assert matrix.sum() == 100
    assert matrix[found.labels.index("c7"), found.labels.index("c33")] == 30
    assert matrix[11, 11] == 39
    assert len(found.scores) == 50


def test_calibration_error_by_hand() -> None:
    confidence = np.array([0.95, 0.95, 0.95, 0.95, 0.55, 0.55, 1.0])
    right = np.array([True, True, True, False, True, False, True])
    found = calibration_of(confidence, right)
    # The last bin takes 1.0 in: five predictions of mean confidence 0.96, four of them right; |0.8 - 0.96| and |0.5 - 0.55|.
    assert found.error == pytest.approx((5 * 0.16 + 2 * 0.05) / 7)
    assert [(one.low, one.rows) for one in found.bins] == [(0.5, 2), (0.9, 5)]
    assert found.bins[1].accuracy == pytest.approx(0.8)


def test_agreement_counts_every_prediction() -> None:
    kept = {
        "gru": {0: predictions([0, 1, 2, 3], [0, 0, 1, 1], [0, 0, 0, 0])},
        "lstm": {0: predictions([0, 1, 2, 3], [0, 0, 1, 1], [0, 1, 1, 0])},
    }
    found = class_mistakes(pool(kept, 1), ["a", "b"], ARMS, ARMS)
    assert found.agreements == (Agreement("gru", "lstm", both=1, only_first=1, only_second=1, neither=1),)


def test_a_row_that_several_replicates_test_is_one_row_with_the_mean() -> None:
    def kept(first: float, second: float) -> Mapping[int, ClassPredictions]:
        return {0: predictions([4, 7], [0, 1], [1, 1], [first, 0.9]), 1: predictions([4, 9], [0, 1], [0, 1], [second, 0.9])}

    pooled = pool({"gru": kept(0.1, 0.6), "lstm": kept(0.3, 0.8)}, 2)
    rows = class_rows(pooled, ["a", "b"], ARMS)
    assert [(row.row, row.tests, row.truth) for row in rows] == [(4, 2, "a")]
    assert rows[0].answers["gru"].p_truth == pytest.approx(0.35)
    assert rows[0].answers["lstm"].wrong == 1


def test_worst_mistakes_and_disagreements_come_in_their_order() -> None:
    rows, truth = [0, 1, 2, 3], [0, 0, 0, 0]
    kept = {
        "gru": {0: predictions(rows, truth, [1, 1, 0, 0], [0.01, 0.4, 0.9, 0.6])},
        "lstm": {0: predictions(rows, truth, [1, 0, 1, 0], [0.02, 0.6, 0.2, 0.6])},
    }
    found = class_mistakes(pool(kept, 1), ["a", "b"], ARMS, ARMS)
    assert [row.row for row in found.worst] == [0, 1, 2]  # 3 is right twice
    assert [row.row for row in found.disagreements] == [2, 1]  # first what only the GRU has right


def test_replicates_that_a_model_lacks_or_that_hold_other_rows_are_left_out() -> None:
    one, other = predictions([0, 1], [0, 1], [0, 1]), predictions([0, 2], [0, 1], [0, 1])
    pooled = pool({"gru": {0: one, 1: one, 2: one, 5: one}, "lstm": {0: one, 2: other, 5: one}}, 4)
    assert pooled.replicates == (0,)
