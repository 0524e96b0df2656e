"""An LSTM by ARM's CMSIS-NN, `arm_lstm_unidirectional_s8`: the closest peer of the 8 bits that gatewise writes.

It is quantised as TensorFlow Lite quantises one: weights in one scale a matrix, inputs and state in 8 bits, the cell in 16, with
the ranges that they have on the very inputs that follow, which is the best case. The library's sources are read from a checkout
of it, of May 2026 or later: before, every call began at a state of zeros.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gatewise.export.c.constants import Constants, number

__all__ = ["PEER_FLAGS", "Peer", "Steps", "factor", "sources", "write_peer"]

HERE = Path(__file__).parent
PEER_FLAGS = ("-DCMSIS_NN_USE_REQUANTIZE_INLINE_ASSEMBLY",)
"""What its documentation says is faster on a Cortex-M4. That it multiplies in pairs follows from the processor."""

GATES = {"input": "ARM_SIGMOID", "forget": "ARM_SIGMOID", "cell": "ARM_TANH", "output": "ARM_SIGMOID"}
"""In the order of our weights, with their activations."""

_SOURCES = (
    "LSTMFunctions/arm_lstm_unidirectional_s8.c",
    "NNSupportFunctions/arm_nn_lstm_step_s8.c",
    "NNSupportFunctions/arm_nn_lstm_calculate_gate_s8_s16.c",
    "NNSupportFunctions/arm_nn_vec_mat_mul_result_acc_s8_s16.c",
    "NNSupportFunctions/arm_nntables.c",
    "ActivationFunctions/arm_nn_activation_s16.c",
    "BasicMathFunctions/arm_elementwise_mul_s16.c",
    "BasicMathFunctions/arm_elementwise_mul_acc_s16.c",
    "BasicMathFunctions/arm_elementwise_mul_s16_s8.c",
)

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Peer:
    """What was written. inputs: int8 [steps, channels], as it reads them. state: float64 [units], of the same LSTM in floats
    after the last step. ram: bytes of its state."""

    inputs: NDArray[np.int8]
    state: Values
    ram: int


@dataclass(frozen=True)
class Steps:
    """A number is size * (step - zero), a step an integer of 8 bits."""

    size: float
    zero: int

    @staticmethod
    def of(values: Values) -> Steps:
        """Steps that reach from the least to the greatest value, and have one at zero."""
        low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
        size = (high - low) / 255
        return Steps(size, round(-128 - low / size))

    def __call__(self, values: Values) -> NDArray[np.int8]:
        steps: NDArray[np.int8] = (np.rint(values / self.size) + self.zero).clip(-128, 127).astype(np.int8)
        return steps


def sources(folder: Path) -> list[Path]:
    """The files of a checkout that the LSTM needs. Raises FileNotFoundError where one is missing."""
    found = [folder / "Source" / name for name in _SOURCES]
    for path in found:
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing; give a checkout of CMSIS-NN")
    return found


def write_peer(weights: Mapping[str, NDArray[np.float32]], inputs: NDArray[np.float32], folder: Path) -> Peer:
    """Write an LSTM of one layer as `tested.h` and `tested.c`. inputs: [steps, channels], the ones that it will be run on."""
    exact = {name: values.astype(np.float64) for name, values in weights.items()}
    w_x, w_h = (exact[f"recurrent.weight_{name}_l0"] for name in ("ih", "hh"))
    bias = exact["recurrent.bias_ih_l0"] + exact["recurrent.bias_hh_l0"]
    units, channels = w_h.shape[1], w_x.shape[1]
    values = inputs.astype(np.float64)
    states, cells = _run(w_x, w_h, bias, values)
    x, h, c_power = Steps.of(values), Steps.of(states), math.ceil(math.log2(np.abs(cells).max())) - 15
    constants = Constants()
    constants.add_text(f"#define STATE_SIZE {number(h.size)}\n#define STATE_ZERO ({h.zero})")
    gates = []
    for gate, *parts in zip(GATES, np.split(w_x, 4), np.split(w_h, 4), np.split(bias, 4), strict=True):
        gates.append(_gate(constants, gate, x, h, *parts))
    sizes = {"time_major": 1, "batch_size": 1, "time_steps": 1, "input_size": channels, "hidden_size": units}
    rest = {"input_offset": -x.zero, "output_offset": h.zero, "cell_scale_power": c_power}
    scales = {"forget_to_cell": 2.0**-15, "input_to_cell": 2.0 ** (-30 - c_power), "output": 2.0**-30 / h.size}
    members = [f".{name} = {value}" for name, value in (sizes | rest).items()]
    members += [f".{name}_{part} = {value}" for name, scale in scales.items() for part, value in factor(scale).items()]
    lines = ",\n    ".join([*members, *gates])
    constants.add_text(f"static const cmsis_nn_lstm_params PARAMETERS = {{\n    {lines}}};")
    (folder / "tested.h").write_text(_HEADER.replace("UNITS", str(units)))
    begin = '#include "arm_nnfunctions.h"\n#include "tested.h"'
    (folder / "tested.c").write_text(f"{begin}\n\n{constants.text}\n\n{(HERE / 'cmsis_nn.c').read_text()}")
    return Peer(x(values), states[-1], 8 * units)


_HEADER = """#include <stdint.h>
#include <string.h>
#define TESTED_OUTPUTS UNITS
typedef struct {
    int16_t gates[2][UNITS], c[UNITS];
    int8_t h[UNITS], next[UNITS];
} tested_state;
void tested_reset(tested_state *state);
int tested_step(tested_state *state, const int8_t *x, float *y);
"""


def _gate(constants: Constants, gate: str, x: Steps, h: Steps, w_x: Values, w_h: Values, bias: Values) -> str:
    """The initialiser of a gate, whose arrays are added to the constants. Its sums have 12 bits behind the point."""
    members = [f".activation_type = {GATES[gate]}"]
    for source, steps, weights, first in (("input", x, w_x, bias), ("hidden", h, w_h, 0.0 * bias)):
        size = float(np.abs(weights).max()) / 127
        values = np.rint(weights / size).astype(np.int8)
        name = f"{gate}_{source}".upper()
        constants.add(f"{name}_WEIGHTS", values, "int8_t")
        begin = np.rint(first / (steps.size * size)).astype(np.int64) - steps.zero * values.sum(axis=1, dtype=np.int64)
        constants.add(f"{name}_BIAS", begin, "int")
        members += [f".{source}_weights = {name}_WEIGHTS", f".{source}_effective_bias = {name}_BIAS"]
        members += [f".{source}_{part} = {value}" for part, value in factor(steps.size * size * 2**12).items()]
    return f".{gate}_gate = {{{', '.join(members)}}}"


def factor(scale: float) -> dict[str, int]:
    """A scale as the library takes it: multiplier * 2 ** (shift - 31)."""
    fraction, shift = math.frexp(scale)
    multiplier = round(fraction * 2**31)
    return {"multiplier": min(multiplier, 2**31 - 1), "shift": shift}


def _run(w_x: Values, w_h: Values, bias: Values, inputs: Values) -> tuple[Values, Values]:
    """States and cells [steps, units] of the LSTM in floats."""
    h = c = np.zeros(w_h.shape[1])
    states, cells = [], []
    for x in inputs:
        i, f, g, o = np.split(w_x @ x + w_h @ h + bias, 4)
        c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
        h = np.tanh(c) / (1 + np.exp(-o))
        states.append(h)
        cells.append(c)
    return np.array(states), np.array(cells)
