// The layers' entry points for Python. Tensors come as addresses, checked by the one caller, kernels/cpu.py: an array argument costs
// more than a small layer computes.
#include <nanobind/nanobind.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/string.h>

#include <array>
#include <cstdint>

#include "dispatch.h"
#include "layer.h"

namespace nb = nanobind;

namespace gatewise {

namespace {

using Address = std::uintptr_t;

template <class Pointer>
Pointer pointer(Address address) {
    return reinterpret_cast<Pointer>(address);
}

// cell, order, steps, rows, positions, input_size, hidden_size, directions, threads
using Sizes = std::array<std::int64_t, 9>;
// w_ih, w_hh, b_ih, b_hh of each direction, then gamma_ih, gamma_hh, gamma_c, beta_c of each direction
using WeightAddresses = std::array<Address, 16>;
// lengths, input, h_0, c_0, recurrent_mask, update_h, update_c, output, cells, h_n, c_n, saved
using ForwardAddresses = std::array<Address, 12>;
// grad_output, grad_cells, grad_h_n, grad_c_n, grad_input, grad_h_0, grad_c_0
using BackwardAddresses = std::array<Address, 7>;
// share of the new h, of the new c
using Constants = std::array<double, 2>;

template <class Real>
LayerForward<Real> layer_of(const Sizes& sizes, const WeightAddresses& weights, const ForwardAddresses& addresses, const Constants& constants) {
    LayerForward<Real> layer{};
    layer.cell = static_cast<Cell>(sizes[0]);
    layer.batch = {static_cast<Order>(sizes[1]), sizes[2], sizes[3], sizes[4], pointer<const std::int64_t*>(addresses[0])};
    layer.input_size = sizes[5];
    layer.hidden_size = sizes[6];
    layer.directions = static_cast<int>(sizes[7]);
    layer.threads = static_cast<int>(sizes[8]);
    for (std::size_t i = 0; i < 2; ++i)
        layer.weights[i] = {layer.input_size,
                            layer.hidden_size,
                            pointer<const Real*>(weights[4 * i]),
                            pointer<const Real*>(weights[4 * i + 1]),
                            pointer<const Real*>(weights[4 * i + 2]),
                            pointer<const Real*>(weights[4 * i + 3]),
                            pointer<const Real*>(weights[4 * i + 8]),
                            pointer<const Real*>(weights[4 * i + 9]),
                            pointer<const Real*>(weights[4 * i + 10]),
                            pointer<const Real*>(weights[4 * i + 11])};
    layer.input = pointer<const Real*>(addresses[1]);
    layer.h_0 = pointer<const Real*>(addresses[2]);
    layer.c_0 = pointer<const Real*>(addresses[3]);
    layer.recurrent_mask = pointer<const Real*>(addresses[4]);
    layer.update_h = pointer<const Real*>(addresses[5]);
    layer.update_c = pointer<const Real*>(addresses[6]);
    layer.constant_update_h = constants[0];
    layer.constant_update_c = constants[1];
    layer.output = pointer<Real*>(addresses[7]);
    layer.cells = pointer<Real*>(addresses[8]);
    layer.h_n = pointer<Real*>(addresses[9]);
    layer.c_n = pointer<Real*>(addresses[10]);
    layer.saved = pointer<void*>(addresses[11]);
    return layer;
}

template <class Real>
void run_forward(const Sizes& sizes, const WeightAddresses& weights, const ForwardAddresses& addresses, const Constants& constants) {
    forward(layer_of<Real>(sizes, weights, addresses, constants));
}

template <class Real>
void run_backward(const Sizes& sizes, const WeightAddresses& weights, const ForwardAddresses& addresses, const Constants& constants,
                  const BackwardAddresses& gradients, const WeightAddresses& weight_gradients) {
    LayerBackward<Real> layer{};
    layer.forward = layer_of<Real>(sizes, weights, addresses, constants);
    layer.grad_output = pointer<const Real*>(gradients[0]);
    layer.grad_cells = pointer<const Real*>(gradients[1]);
    layer.grad_h_n = pointer<const Real*>(gradients[2]);
    layer.grad_c_n = pointer<const Real*>(gradients[3]);
    layer.grad_input = pointer<Real*>(gradients[4]);
    layer.grad_h_0 = pointer<Real*>(gradients[5]);
    layer.grad_c_0 = pointer<Real*>(gradients[6]);
    for (std::size_t i = 0; i < 2; ++i)
        layer.grad_weights[i] = {pointer<Real*>(weight_gradients[4 * i]),      pointer<Real*>(weight_gradients[4 * i + 1]),
                                 pointer<Real*>(weight_gradients[4 * i + 2]),  pointer<Real*>(weight_gradients[4 * i + 3]),
                                 pointer<Real*>(weight_gradients[4 * i + 8]),  pointer<Real*>(weight_gradients[4 * i + 9]),
                                 pointer<Real*>(weight_gradients[4 * i + 10]), pointer<Real*>(weight_gradients[4 * i + 11])};
    backward(layer);
}

}  // namespace

void bind_layer(nb::module_& module) {
    module.def("forward_float32", run_forward<float>, nb::call_guard<nb::gil_scoped_release>());
    module.def("forward_float64", run_forward<double>, nb::call_guard<nb::gil_scoped_release>());
    module.def("backward_float32", run_backward<float>, nb::call_guard<nb::gil_scoped_release>());
    module.def("backward_float64", run_backward<double>, nb::call_guard<nb::gil_scoped_release>());
    module.def("saved_bytes", [](bool float64, int cell, std::int64_t hidden_size, int directions, std::int64_t positions) {
        const InstructionSet& set = active();
        return float64 ? saved_bytes<double>(set, static_cast<Cell>(cell), hidden_size, directions, positions)
                       : saved_bytes<float>(set, static_cast<Cell>(cell), hidden_size, directions, positions);
    });
    module.def(
        "peak", [](double seconds) { return active().f32->peak(seconds); }, nb::arg("seconds"),
        nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace gatewise
