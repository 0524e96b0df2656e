"""What the units do over many sequences: brute force beside it, and what numbers come to."""

import numpy as np
import pytest
import torch

from gatewise.cells import CELLS
from gatewise.inspection.trace import trace_layers
from gatewise.inspection.units import DEAD, OPEN, SHUT, LayerUse, measure_units, time_constants
from gatewise.nn import SequenceNetwork
from gatewise.nn.stack import Stack
from gatewise.training.networks import torch_network
from tests.inspection.models import CLASSES, FORECAST, TEXTS, dataset_of, make_model


def network_of(cell: str, source: str, **changes: object) -> tuple[SequenceNetwork, list[LayerUse]]:
    model = make_model(cell, source, **changes)
    network = torch_network(model)
    assert network is not None
    return network, measure_units(network, model.encode(list(dataset_of(source).sequences)[:30]))


@pytest.mark.parametrize(("cell", "source"), [("gru", TEXTS), ("lstm", CLASSES), ("min_lstm", FORECAST), ("rnn", TEXTS)])
def test_sums_over_batches_are_those_over_single_sequences(cell: str, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatewise.inspection.units.BATCH_STEPS", 50)
    model = make_model(cell, source, layers=2, bidirectional=True)
    network = torch_network(model)
    assert network is not None and isinstance(network.recurrent, Stack)
    sequences = list(dataset_of(source).sequences)[:12]
    found = measure_units(network, model.encode(sequences))
    alone = []
    for sequence in sequences:
        encoded = model.encode([sequence])
        # A window stands less its last value before a network.
        values = encoded.values - (encoded.values[-1:] if encoded.from_last else 0)
        inputs = torch.from_numpy(values)[None]
        vectors = inputs if network.embedding is None else network.embedding(inputs)
        alone.append(trace_layers(network.recurrent, vectors, torch.tensor([len(values)])))
    for place, use in enumerate(found):
        traces = [each[place] for each in alone]
        assert (use.layer, use.backward) == (traces[0].layer, traces[0].backward)
        for number, block in enumerate(CELLS[cell].blocks):
            if block.role is None:
                assert block.symbol not in use.gates
                continue
            values = np.concatenate([trace.blocks[number][0].double().numpy() for trace in traces])
            gate = use.gates[block.symbol]
            np.testing.assert_allclose(gate.mean, values.mean(0), atol=1e-6)
            np.testing.assert_allclose(gate.shut, (values < SHUT).mean(0), atol=1e-12)
            np.testing.assert_allclose(gate.open, (values > OPEN).mean(0), atol=1e-12)
        states = np.concatenate([np.zeros((1, 7)), *(trace.states[0].double().numpy() for trace in traces)])
        np.testing.assert_allclose(use.span, states.max(0) - states.min(0), atol=1e-6)
        kept = [trace.kept for trace in traces if trace.kept is not None]
        assert (use.kept is None) == (not kept) == (not CELLS[cell].keeps)
        if use.kept is not None:
            np.testing.assert_allclose(use.kept, np.concatenate([one[0].double().numpy() for one in kept]).mean(0), atol=1e-6)


def test_time_constants_are_steps_until_a_third_is_left() -> None:
    found = time_constants(np.array([0.0, 0.5, np.exp(-1 / 20), 1.0]))
    np.testing.assert_allclose(found[:3], [0, 1 / np.log(2), 20])
    assert found[3] == np.inf
    # After tau steps of keeping k, 1/e is left.
    assert 0.5 ** found[1] == pytest.approx(np.exp(-1))


def test_a_unit_that_never_moves_is_found_and_a_gate_that_never_opens() -> None:
    model = make_model("gru", CLASSES)
    network = torch_network(model)
    assert network is not None and isinstance(network.recurrent, Stack)
    encoded = model.encode(list(dataset_of(CLASSES).sequences))
    (before,) = measure_units(network, encoded)
    assert before.dead.tolist() == []
    with torch.no_grad():
        bias = network.recurrent.parameter("bias_ih_l0").view(3, 7)
        bias[1, 2] = 100.0  # unit 2 keeps everything, and so never leaves zero
        bias[0, 4] = -100.0  # unit 4 never looks back
    (after,) = measure_units(network, encoded)
    assert after.dead.tolist() == [2] and after.span[2] < DEAD
    assert after.gates["z"].always_open.tolist() == [2]
    assert after.gates["r"].always_shut.tolist() == [4] and after.gates["r"].always_open.tolist() == []
    constants = after.time_constants
    assert constants is not None and constants[2] > 1e6 and np.isfinite(np.delete(constants, 2)).all()


def test_a_forget_bias_is_the_time_constant_that_a_fresh_cell_has() -> None:
    """sigmoid(bias) is kept at a step: with weights of zero exactly."""
    model = make_model("lstm", CLASSES)
    network = torch_network(model)
    assert network is not None and isinstance(network.recurrent, Stack)
    with torch.no_grad():
        for parameter in network.recurrent.parameters():
            parameter.zero_()
        network.recurrent.parameter("bias_ih_l0").view(4, 7)[1] = 3.0
    (use,) = measure_units(network, model.encode(list(dataset_of(CLASSES).sequences)))
    assert use.time_constants is not None
    np.testing.assert_allclose(use.time_constants, -1 / np.log(1 / (1 + np.exp(-3.0))), rtol=1e-5)


def test_a_rival_without_gates_is_no_stack() -> None:
    network = torch_network(make_model("gru", CLASSES))
    assert network is not None
    network.recurrent = torch.nn.Identity()
    with pytest.raises(TypeError, match="Identity is no recurrent layer"):
        measure_units(network, make_model("gru", CLASSES).encode(list(dataset_of(CLASSES).sequences)))
