"""What stands around the LSTM of CMSIS-NN is right: its scales, its ranges, and the LSTM in floats that it is held against."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks.edge.__main__ import Row, model_of, table
from benchmarks.edge.cmsis_nn import Steps, factor, sources, write_peer

from gatewise.export.c.design import design_of


def test_steps_reach_from_the_least_to_the_greatest_value_and_zero_is_one() -> None:
    values = np.array([-0.3, 0.0, 0.11, 0.9])
    steps = Steps.of(values)
    back = steps.size * (steps(values).astype(float) - steps.zero)
    assert steps(values).dtype == np.int8 and back[1] == 0.0
    np.testing.assert_allclose(back, values, atol=0.5001 * steps.size)


@pytest.mark.parametrize("scale", [2.0**-15, 3.1e-4, 0.75, 1.0 - 2.0**-40, 41.3])
def test_a_scale_is_a_multiplier_and_a_shift(scale: float) -> None:
    found = factor(scale)
    assert 2**30 <= found["multiplier"] < 2**31
    assert found["multiplier"] * 2.0 ** (found["shift"] - 31) == pytest.approx(scale, rel=2.0**-30)


def test_the_lstm_in_floats_is_the_models(tmp_path: Path) -> None:
    model = model_of("lstm", 8)
    weights = design_of(model, "tested", int8=True).weights
    inputs = np.random.default_rng(0).normal(size=(30, len(model.channels))).astype(np.float32)
    peer = write_peer(weights, inputs, tmp_path)
    scores = weights["head.weight"] @ peer.state + weights["head.bias"]
    np.testing.assert_allclose(np.exp(scores) / np.exp(scores).sum(), model.predict_proba([inputs])[0], atol=1e-6)
    assert peer.inputs.shape == inputs.shape and peer.ram == 64
    written = (tmp_path / "tested.c").read_text()
    assert all(f".{gate}_gate = " in written for gate in ("forget", "input", "cell", "output"))


def test_a_checkout_that_lacks_a_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="arm_lstm_unidirectional_s8"):
        sources(tmp_path)


def test_a_row_of_another_library_has_its_name() -> None:
    row = Row("lstm", 32, "int8", 7000, 256, 2000, None, 12345.6, None, 0.001, None, "CMSIS-NN")
    cells = table([row]).rows[0]
    assert cells[0] == "LSTM, CMSIS-NN" and "12,346" in cells and cells.count("–") == 2
