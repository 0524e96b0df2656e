"""On a Cortex-M4F in QEMU a model says what it says here, in floats and in 8 bits."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks.edge.board import missing, on_board

from tests.export.c.models import compiled, make_model
from tests.inspection.models import CLASSES

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"there is no {', '.join(missing())} here")


@pytest.mark.parametrize(
    ("cell", "int8", "flags"), [("gru", False, ()), ("lstm", True, ()), ("lstm", True, ("-DTESTED_PLAIN_C",))]
)
def test_the_same_answers(tmp_path: Path, cell: str, int8: bool, flags: tuple[str, ...]) -> None:
    model = make_model(cell, CLASSES, layers=2)
    here = compiled(model, tmp_path, int8=int8)
    inputs = np.random.default_rng(0).normal(size=(25, len(model.channels))).astype(np.float32)
    answers = on_board(tmp_path, inputs, flags)
    np.testing.assert_allclose(answers.said, here.predict_proba([inputs])[0], atol=1e-6)
    assert 100 < answers.step < answers.step_and_said
