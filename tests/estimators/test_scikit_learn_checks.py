"""scikit-learn's own checks of estimators, all that apply; those that do not pass are named with the reason."""

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest
from sklearn.base import clone
from sklearn.utils import estimator_checks

from gatewise.estimators import Forecaster, SequenceClassifier, SequenceRegressor

ESTIMATORS = (
    SequenceClassifier(hidden_size=8, max_epochs=12, batch_size=16, learning_rate=0.03, dropout=0.0),
    SequenceRegressor(hidden_size=16, max_epochs=30, batch_size=16, learning_rate=0.02, dropout=0.0),
)

NOT_PASSING = {
    "check_sample_weight_equivalence_on_dense_data": (
        "It wants a row of weight 2 to give exactly the model of that row given twice. Training goes through shuffled batches "
        "and holds out a validation part, both of which depend on the number of rows."
    ),
}

# A forecaster's table is one series in the order of time, which the other checks shuffle, label, or cut to a handful of rows.
OF_A_FORECASTER = (
    estimator_checks.check_do_not_raise_errors_in_init_or_set_params,
    estimator_checks.check_estimator_repr,
    estimator_checks.check_estimator_tags_renamed,
    estimator_checks.check_estimators_unfitted,
    estimator_checks.check_get_params_invariance,
    estimator_checks.check_mixin_order,
    estimator_checks.check_no_attributes_set_in_init,
    estimator_checks.check_parameters_default_constructible,
    estimator_checks.check_set_params,
    estimator_checks.check_valid_tag_types,
)


def name_of(check: Any) -> str:
    return str(getattr(check, "func", check).__name__)


CASES = [
    pytest.param(estimator, check, id=f"{type(estimator).__name__}-{number}-{name_of(check)}")
    for one in ESTIMATORS
    for number, (estimator, check) in enumerate(estimator_checks.estimator_checks_generator(one, mark=None))
]


@pytest.mark.parametrize(("estimator", "check"), CASES)
@pytest.mark.filterwarnings("default")  # the checks provoke warnings on purpose
def test_checks(estimator: Any, check: Callable[[Any], None]) -> None:
    if name_of(check) in NOT_PASSING:
        with pytest.raises(AssertionError):
            check(estimator)
    else:
        check(estimator)


def test_what_does_not_pass_is_among_the_checks() -> None:
    assert set(NOT_PASSING) <= {name_of(case.values[1]) for case in CASES}


@pytest.mark.parametrize("check", OF_A_FORECASTER, ids=name_of)
def test_checks_of_a_forecaster(check: Callable[[str, Any], None]) -> None:
    check("Forecaster", clone(Forecaster(horizon=2)))


@pytest.mark.parametrize("kind", [SequenceClassifier, SequenceRegressor, Forecaster])
def test_every_parameter_is_described_once(kind: type[Any]) -> None:
    described = (kind.__doc__ or "").partition("Parameters\n")[2].partition("Attributes\n")[0]
    names = [name for head in re.findall(r"^    (\w.*?) : ", described, re.MULTILINE) for name in head.split(", ")]
    assert sorted(names) == sorted(inspect.signature(kind).parameters)
