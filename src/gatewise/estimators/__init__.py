"""Estimators with scikit-learn's manners: one cell, trained as in a comparison, with `fit`, `predict` and `score`.

inputs      whatever scikit-learn users hold -> texts or series
targets     y and sample_weight, checked
parts       the rows that stop the training
settings    an estimator's parameters, checked
learning    Dataset -> Model
base        what the estimators share
sequences   what those share that say something of every sequence
classifier, regressor, forecaster
saving      a fitted estimator as a folder, without pickle
"""

from gatewise.estimators.classifier import SequenceClassifier
from gatewise.estimators.forecaster import Forecaster
from gatewise.estimators.regressor import SequenceRegressor

__all__ = ["Forecaster", "SequenceClassifier", "SequenceRegressor"]
