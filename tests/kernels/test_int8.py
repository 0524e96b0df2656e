"""Layers of eight bits: the kernels beside their twin in NumPy, bit by bit, and the twin beside float64."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gatewise.cells import EQUATIONS
from gatewise.errors import OptionError
from gatewise.kernels.int8 import CELLS, LONGEST_ROW, Int8Layer, Int8Weights, quantize_weights
from gatewise.kernels.int8_equations import product, quantize_rows, sigmoid, tanh

_compiled = pytest.importorskip("gatewise.kernels._compiled", reason="the kernels were not compiled")

Values = NDArray[np.float32]
Results = tuple[Values, Values, Values | None]
SETS = _compiled.int8_sets()


def draw(generator: np.random.Generator, cell: str, input_size: int, hidden_size: int, *, bias: bool = True) -> Int8Weights:
    rows, reach = EQUATIONS[cell].gates * hidden_size, 3 / np.sqrt(hidden_size)

    def uniform(*shape: int) -> Values:
        return generator.uniform(-reach, reach, shape).astype(np.float32)

    w_ih, scale_ih = quantize_weights("w_ih", uniform(rows, input_size))
    w_hh, scale_hh = quantize_weights("w_hh", uniform(rows, hidden_size))
    b_ih, b_hh = (uniform(rows), uniform(rows)) if bias else (None, None)
    return Int8Weights(w_ih, scale_ih, w_hh, scale_hh, b_ih, b_hh)


def twin(cell: str, weights: list[Int8Weights], *arguments: Any, **options: Any) -> Results:
    layer = Int8Layer(cell, weights, **options)
    layer.compiled = None
    return layer.run(*arguments)


def assert_equal(found: Results, expected: Results) -> None:
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.fixture(autouse=True)
def _poisoned(poisoned_memory: None) -> None:
    """What nobody wrote is NaN."""


@pytest.mark.parametrize("products", SETS)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("sizes", [(1, 1), (3, 3), (5, 17), (7, 64), (101, 100)], ids=str)
def test_kernels_equal_the_twin_bit_by_bit(products: str, cell: str, sizes: tuple[int, int]) -> None:
    generator = np.random.default_rng(sum(sizes))
    for rows, steps, directions in ((1, 9, 1), (2, 5, 2), (5, 7, 1), (13, 4, 2), (50, 3, 1)):
        weights = [draw(generator, cell, *sizes, bias=rows != 5) for _ in range(directions)]
        inputs = generator.normal(size=(rows, steps, sizes[0])).astype(np.float32)
        lengths = generator.integers(0, steps + 1, rows)
        h_0 = generator.uniform(-1, 1, (directions, rows, sizes[1])).astype(np.float32)
        c_0 = 2 * h_0[::-1] if EQUATIONS[cell].cell_state else None
        layer = Int8Layer(cell, weights, products=products)
        assert layer.products == products
        assert_equal(layer.run(inputs, lengths, h_0, c_0), twin(cell, weights, inputs, lengths, h_0, c_0))
        assert_equal(layer.run(inputs), twin(cell, weights, inputs))


@pytest.mark.parametrize("products", SETS)
def test_sums_of_extremes_are_exact(products: str) -> None:
    """Every product is as large as there is: no sum may saturate, be it of 16 bits or of 32."""
    columns, hidden_size = 4099, 5
    weights = np.full((3 * hidden_size, columns), 127, np.int8)
    weights[1::2] = -127
    scale = np.full(3 * hidden_size, 1e-7, np.float32)
    layer = [Int8Weights(weights, scale, np.zeros((3 * hidden_size, hidden_size), np.int8), scale, None, None)]
    inputs = np.full((3, 2, columns), -5, np.float32)
    inputs[1] = 5
    inputs[2, :, ::2] = 5
    found = Int8Layer("gru", layer, products=products).run(inputs)
    assert_equal(found, twin("gru", layer, inputs))
    assert np.abs(found[0]).max() > 0.1


@pytest.mark.parametrize("products", SETS)
@pytest.mark.parametrize("cell", CELLS)
def test_a_value_that_is_not_finite_stays_in_its_row(products: str, cell: str) -> None:
    generator = np.random.default_rng(4)
    weights = [draw(generator, cell, 6, 19)]
    inputs = generator.normal(size=(4, 6, 6)).astype(np.float32)
    layer = Int8Layer(cell, weights, products=products)
    clean = layer.run(inputs)[0]
    for value in (np.nan, np.inf, -np.inf):
        inputs[2, 3, 5] = value
        found = layer.run(inputs)
        assert_equal(found, twin(cell, weights, inputs))
        assert np.isnan(found[0][2, 3:]).all()
        np.testing.assert_array_equal(np.delete(found[0], 2, 0), np.delete(clean, 2, 0))
        np.testing.assert_array_equal(found[0][2, :3], clean[2, :3])


@pytest.mark.parametrize("products", SETS)
@pytest.mark.parametrize("size", [0.0, 1e-40, 1e-31, 1e-20, 1e30, 3e38])
def test_inputs_of_every_size(products: str, size: float) -> None:
    generator = np.random.default_rng(5)
    weights = [draw(generator, "lstm", 9, 20)]
    inputs = (generator.choice([-1, 0, 1], size=(3, 4, 9)) * np.float32(size)).astype(np.float32)
    found, expected = Int8Layer("lstm", weights, products=products).run(inputs), twin("lstm", weights, inputs)
    assert np.isfinite(found[0]).all()
    for one, other in zip(found, expected, strict=True):
        assert one is not None
        assert other is not None
        # The kernels take what is below the smallest normal float for zero.
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-37)


@pytest.mark.parametrize("products", SETS[:1])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("hidden_size, rows", [(40, 120), (320, 1), (320, 3), (600, 9)])
def test_threads_change_nothing(products: str, cell: str, hidden_size: int, rows: int) -> None:
    """Rows are shared out, and where there are few of them, or weights for more than one cache, hidden units."""
    generator = np.random.default_rng(6)
    weights = [draw(generator, cell, hidden_size, hidden_size) for _ in range(2)]
    inputs = generator.normal(size=(rows, 12, hidden_size)).astype(np.float32)
    lengths = generator.integers(0, 13, rows)
    layer = Int8Layer(cell, weights, products=products)
    alone = layer.run(inputs, lengths)
    for threads in (2, 3, 7):
        assert_equal(layer.run(inputs, lengths, threads=threads), alone)
    assert_equal(twin(cell, weights, inputs, lengths), alone)


def test_a_row_does_not_depend_on_the_others() -> None:
    generator = np.random.default_rng(7)
    weights = [draw(generator, "gru", 11, 37)]
    inputs = generator.normal(size=(60, 5, 11)).astype(np.float32)
    layer = Int8Layer("gru", weights)
    together = layer.run(inputs)[0]
    for row in (0, 30, 59):
        np.testing.assert_array_equal(layer.run(inputs[row : row + 1])[0][0], together[row])


def test_any_layout_of_rows_and_steps_will_do() -> None:
    generator = np.random.default_rng(8)
    weights = [draw(generator, "lstm", 6, 18)]
    inputs = generator.normal(size=(4, 7, 6)).astype(np.float32)
    layer = Int8Layer("lstm", weights)
    expected = layer.run(inputs)
    by_step, output = np.ascontiguousarray(inputs.swapaxes(0, 1)), np.empty((7, 4, 18), np.float32)
    assert_equal(layer.run(by_step.swapaxes(0, 1), output=output.swapaxes(0, 1)), expected)
    np.testing.assert_array_equal(output.swapaxes(0, 1), expected[0])
    assert_equal(layer.run(np.repeat(inputs, 2, axis=2)[:, :, ::2]), expected)


def test_no_rows_have_no_results() -> None:
    layer = Int8Layer("lstm", [draw(np.random.default_rng(9), "lstm", 3, 4)])
    output, h_n, c_n = layer.run(np.empty((0, 5, 3), np.float32))
    assert output.shape == (0, 5, 4)
    assert h_n.shape == (1, 0, 4)
    assert c_n is not None


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("streams", [1, 3, 70])
def test_streams_equal_whole_sequences(cell: str, streams: int) -> None:
    generator = np.random.default_rng(10)
    updates = (0.75, 0.5)
    layers = [Int8Layer(cell, [draw(generator, cell, size, 33)], updates=updates) for size in (5, 33)]
    inputs = generator.normal(size=(streams, 6, 5)).astype(np.float32)
    whole = layers[1].run(layers[0].run(inputs)[0])[0]
    for threads in (1, 3):
        stepped = _compiled.Int8Streams([layer.compiled for layer in layers], streams, threads, *updates)
        for step in range(6):
            np.testing.assert_array_equal(stepped.step(np.ascontiguousarray(inputs[:, step])), whole[:, step])


def test_each_product_is_as_near_as_rounding_allows() -> None:
    """Half a step of the values for each weight, and half a step of the weights for each value."""
    generator = np.random.default_rng(11)
    for columns in (1, 7, 100):
        values = generator.normal(size=(20, columns)).astype(np.float32)
        values[:, 0] *= 30
        matrix = generator.normal(size=(50, columns)).astype(np.float32)
        rounded, scale = quantize_rows(matrix)
        exact = values.astype(np.float64) @ matrix.astype(np.float64).T
        step = np.abs(values).max(axis=1)[:, None] / 127
        bound = step / 2 * np.abs(matrix).sum(axis=1) + scale / 2 * (np.abs(values).sum(axis=1)[:, None] + columns * step / 2)
        assert (np.abs(product(values, rounded, scale) - exact) <= bound * (1 + 1e-5)).all()


def test_rounding_keeps_zero_and_the_largest() -> None:
    numbers, scale = quantize_rows(np.array([[0, -2.5, 1.25], [0, 0, 0], [np.nan, 1, 2]], np.float32))
    np.testing.assert_array_equal(numbers, [[0, -127, 64], [0, 0, 0], [0, 0, 0]])  # 63.5 goes to the even one
    np.testing.assert_array_equal(scale, np.array([2.5 / 127, 0, np.nan], np.float32))


def test_activations_are_those_of_float64() -> None:
    x = np.concatenate([np.linspace(-100, 100, 4001), np.linspace(-1, 1, 4001)]).astype(np.float32)
    exact = 1 / (1 + np.exp(-x.astype(np.float64)))
    np.testing.assert_allclose(sigmoid(x), exact, rtol=3e-7, atol=1e-37)
    np.testing.assert_allclose(tanh(x), np.tanh(x.astype(np.float64)), rtol=3e-7, atol=1e-37)


def test_weights_that_cannot_be_rounded_are_told() -> None:
    with pytest.raises(OptionError, match="weight_hh_l0 holds values that are not finite"):
        quantize_weights("weight_hh_l0", np.array([[1, np.inf]], np.float32))
    with pytest.raises(OptionError, match=r"rows of 131073; expected at most 131072"):
        quantize_weights("weight_ih_l0", np.zeros((1, LONGEST_ROW + 1), np.float32))


def test_arrays_of_another_kind_are_told() -> None:
    weights = draw(np.random.default_rng(12), "gru", 3, 4)
    with pytest.raises(ValueError, match=r"scale_hh is float64 \(12,\); expected float32 \(12,\)"):
        Int8Layer("gru", [weights._replace(scale_hh=weights.scale_hh.astype(np.float64))])
    with pytest.raises(ValueError, match=r"w_ih is int8 \(9, 3\)"):
        Int8Layer("gru", [weights._replace(w_ih=weights.w_ih[:9])])
    with pytest.raises(ValueError, match="no set of products of bytes named abacus"):
        Int8Layer("gru", [weights], products="abacus")


def test_arguments_of_another_shape_dtype_or_value_are_told() -> None:
    layer, inputs = Int8Layer("gru", [draw(np.random.default_rng(12), "gru", 3, 4)]), np.zeros((2, 5, 3), np.float32)
    with pytest.raises(ValueError, match=r"inputs are float64 \(2, 5, 3\); expected float32"):
        layer.run(inputs.astype(np.float64))
    with pytest.raises(ValueError, match=r"inputs are float32 \(2, 5, 2\); expected float32 \(2, 5, 3\)"):
        layer.run(inputs[:, :, :2])
    with pytest.raises(ValueError, match="lengths are 1 to 6; expected 0 to 5"):
        layer.run(inputs, np.array([1, 6]))
    with pytest.raises(ValueError, match="lengths are int32"):
        layer.run(inputs, np.array([1, 5], np.int32))
    with pytest.raises(ValueError, match=r"h_0 are float32 \(1, 1, 4\); expected float32 \(1, 2, 4\)"):
        layer.run(inputs, None, np.zeros((1, 1, 4), np.float32))


def test_the_instruction_set_that_is_selected_bounds_the_products() -> None:
    weights = [draw(np.random.default_rng(13), "gru", 3, 4)]
    _compiled.select(_compiled.instruction_sets()[-1])
    assert Int8Layer("gru", weights).products == SETS[-1]
    _compiled.select(_compiled.instruction_sets()[0])
    assert Int8Layer("gru", weights).products == SETS[0]


WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
import numpy as np
from gatewise.kernels.int8 import Int8Layer, Int8Weights, quantize_weights
one = quantize_weights("w", np.ones((12, 4), np.float32))
layer = Int8Layer("gru", [Int8Weights(*one, *one, None, None)])
assert layer.run(np.ones((2, 3, 4), np.float32), threads=2)[0].shape == (2, 3, 4)
"""


def test_torch_is_not_needed() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT_TORCH], check=True)
