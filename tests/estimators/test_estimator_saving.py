"""Saved without pickle and loaded as it was; damage is told."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError

import gatewise
from gatewise.errors import OptionError, RunError
from gatewise.estimators import Forecaster, SequenceClassifier, SequenceRegressor

FILES = ["README.md", "estimator.json", "model.json", "model.safetensors"]


@pytest.fixture
def saved(quick: dict[str, Any], ragged: Any, tmp_path: Path) -> tuple[SequenceClassifier, Path]:
    model = SequenceClassifier(**quick, class_weight={"falling": 2.0, "rising": 1.0}).fit(ragged.X, ragged.y)
    model.save(tmp_path / "deep" / "model")
    return model, tmp_path / "deep" / "model"


def test_a_classifier_comes_back_whole(saved: tuple[SequenceClassifier, Path], ragged: Any) -> None:
    model, path = saved
    back = SequenceClassifier.load(str(path))
    assert back.get_params() == model.get_params()
    assert_array_equal(back.classes_, model.classes_)
    assert back.classes_.dtype == model.classes_.dtype
    assert (back.history_, back.best_epoch_) == (model.history_, model.best_epoch_)
    assert_array_equal(back.predict_proba(ragged.X), model.predict_proba(ragged.X))
    assert sorted(file.name for file in path.iterdir()) == FILES
    assert sorted(file.name for file in path.parent.iterdir()) == ["model"]


@pytest.mark.parametrize("labels", [[0, 1], [-1.5, 2.0], [False, True], np.array(["a", "b"], dtype=object)], ids=str)
def test_classes_keep_their_type(labels: Any, quick: dict[str, Any], tmp_path: Path) -> None:
    table = np.random.default_rng(0).normal(size=(40, 3))
    y = np.asarray(labels)[np.arange(40) % 2]
    if y.dtype.kind == "f":
        y = y.round()
    model = SequenceClassifier(**quick).fit(table, y)
    model.save(tmp_path / "model")
    back = SequenceClassifier.load(tmp_path / "model")
    assert back.classes_.dtype == model.classes_.dtype
    assert_array_equal(back.predict(table), model.predict(table))
    assert back.n_features_in_ == 3


def test_a_regressor_of_texts(quick: dict[str, Any], texts: Any, tmp_path: Path) -> None:
    model = SequenceRegressor(embedding_size=4, **quick).fit(texts.X, texts.y * 5.0)
    model.save(tmp_path / "model")
    assert_array_equal(SequenceRegressor.load(tmp_path / "model").predict(texts.X), model.predict(texts.X))


def test_a_forecaster(wave: Any, tmp_path: Path) -> None:
    model = Forecaster(horizon=3, window=12, season=12, target=[0], hidden_size=4, max_epochs=2).fit(wave)
    model.save(tmp_path / "model")
    back = Forecaster.load(tmp_path / "model")
    assert_array_equal(back.predict(), model.predict())
    assert back.score(wave) == model.score(wave)
    assert (back.horizon_, back.window_, back.season_) == (3, 12, 12)


def test_the_folder_is_a_model_too(saved: tuple[SequenceClassifier, Path], ragged: Any) -> None:
    model, path = saved
    assert gatewise.load_model(path).predict(ragged.X) == model.predict(ragged.X).tolist()


def test_saving_again_replaces(saved: tuple[SequenceClassifier, Path], ragged: Any) -> None:
    model, path = saved
    model.set_params(random_state=1).fit(ragged.X, ragged.y).save(path)
    assert SequenceClassifier.load(path).random_state == 1


def test_pickle_is_not_prevented(saved: tuple[SequenceClassifier, Path], ragged: Any) -> None:
    model, _ = saved
    assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(ragged.X), model.predict_proba(ragged.X))


def test_nothing_is_overwritten_that_is_no_estimator(saved: tuple[SequenceClassifier, Path], tmp_path: Path) -> None:
    model, _ = saved
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter.txt").write_text("one", encoding="utf-8")
    with pytest.raises(RunError, match="thesis exists and holds no saved estimator"):
        model.save(folder)
    assert (folder / "chapter.txt").read_text(encoding="utf-8") == "one"
    with pytest.raises(RunError, match="cannot be written"):
        model.save(folder / "chapter.txt" / "model")


def test_what_cannot_be_saved(quick: dict[str, Any], ragged: Any, tmp_path: Path) -> None:
    with pytest.raises(NotFittedError):
        SequenceClassifier().save(tmp_path / "model")
    drawn = np.random.RandomState(0)
    model = SequenceClassifier(**quick, random_state=drawn).fit(ragged.X, ragged.y)
    with pytest.raises(OptionError, match="random_state holds a RandomState, which cannot be saved as JSON"):
        model.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_loading_what_is_not_there_or_another_class(saved: tuple[SequenceClassifier, Path], tmp_path: Path) -> None:
    _, path = saved
    with pytest.raises(RunError, match=r"holds no saved estimator \(no estimator.json in it\)"):
        SequenceClassifier.load(tmp_path / "nowhere")
    with pytest.raises(RunError, match=r"holds a SequenceClassifier; load it with SequenceClassifier\.load"):
        SequenceRegressor.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "has estimator format 2, this version reads 1; install a newer gatewise"),
        ({"format": 0}, "install an older gatewise"),
        ({"parameters": {"colour": "red"}}, "is damaged"),
        ({"attributes": {"classes_": {"array": [1]}}}, "is damaged"),
    ],
)
def test_damage_is_told(change: dict[str, Any], message: str, saved: tuple[SequenceClassifier, Path]) -> None:
    _, path = saved
    content = json.loads((path / "estimator.json").read_text(encoding="utf-8"))
    (path / "estimator.json").write_text(json.dumps(content | change), encoding="utf-8")
    with pytest.raises(RunError, match=message):
        SequenceClassifier.load(path)


def test_a_cut_file_is_told(saved: tuple[SequenceClassifier, Path]) -> None:
    _, path = saved
    (path / "estimator.json").write_text('{"format": 1', encoding="utf-8")
    with pytest.raises(RunError, match="is damaged"):
        SequenceClassifier.load(path)
