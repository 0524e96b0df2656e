// The layers' entry points for Python. Tensors come as addresses, their shapes checked by the one caller, kernels/cpu.py: an array
// argument costs more than a small layer computes.
#include <nanobind/nanobind.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "dispatch.h"
#include "layer.h"

namespace nb = nanobind;

namespace gatewise {

namespace {

// The numbers and addresses of a call come in the order of these lists. Python asks for their names and orders what it has by them.
#define GATEWISE_NUMBERS(field)                                                                                          \
    field(cell) field(order) field(steps) field(rows) field(positions) field(input_size) field(hidden_size) field(directions) \
        field(threads) field(saved_bytes)
#define GATEWISE_CONSTANTS(field) field(constant_update_h) field(constant_update_c)

#define GATEWISE_PLUS_ONE(name) +1
#define GATEWISE_PLACE(name) name,
#define GATEWISE_QUOTED(name) #name,

constexpr std::size_t weight_count = GATEWISE_WEIGHTS(GATEWISE_PLUS_ONE);

struct Number {
    enum : std::size_t { GATEWISE_NUMBERS(GATEWISE_PLACE) count };
};
struct Constant {
    enum : std::size_t { GATEWISE_CONSTANTS(GATEWISE_PLACE) count };
};

using Names = std::vector<std::string>;

void append_weights(Names& names, const std::string& prefix) {
    for (const char* const suffix : {"", "_reverse"})
        for (const char* const name : {GATEWISE_WEIGHTS(GATEWISE_QUOTED)}) names.push_back(prefix + name + suffix);
}

Names forward_names() {
    Names names;
    append_weights(names, "");
    for (const char* const name : {"lengths", GATEWISE_INPUTS(GATEWISE_QUOTED) GATEWISE_RESULTS(GATEWISE_QUOTED) "saved"})
        names.push_back(name);
    return names;
}

Names backward_names() {
    Names names;
    append_weights(names, "grad_");
    for (const char* const name : {GATEWISE_INCOMING(GATEWISE_QUOTED) GATEWISE_OUTGOING(GATEWISE_QUOTED)}) names.push_back(name);
    return names;
}

using Address = std::uintptr_t;
using Numbers = std::array<std::int64_t, Number::count>;
using Constants = std::array<double, Constant::count>;
using ForwardAddresses =
    std::array<Address, 2 * weight_count + 1 GATEWISE_INPUTS(GATEWISE_PLUS_ONE) GATEWISE_RESULTS(GATEWISE_PLUS_ONE) + 1>;
using BackwardAddresses = std::array<Address, 2 * weight_count GATEWISE_INCOMING(GATEWISE_PLUS_ONE) GATEWISE_OUTGOING(GATEWISE_PLUS_ONE)>;

// Hands out addresses one after the other, as forward_names and backward_names list them.
class Addresses {
  public:
    explicit Addresses(const Address* first) : next_(first) {}

    template <class Value>
    void to(Value*& pointer) {
        pointer = reinterpret_cast<Value*>(*next_++);
    }

  private:
    const Address* next_;
};

// A number that the layer takes as an int; what does not fit is as wrong as any.
int narrowed(std::int64_t number) { return number == static_cast<int>(number) ? static_cast<int>(number) : -1; }

#define GATEWISE_TAKE_WEIGHT(name) addresses.to(weights.name);
#define GATEWISE_TAKE(name) addresses.to(layer.name);

template <class Real>
LayerForward<Real> layer_of(const Numbers& numbers, const Constants& constants, const ForwardAddresses& given) {
    LayerForward<Real> layer{
        .cell = numbers[Number::cell],
        .batch =
            {
                .order = static_cast<Order>(narrowed(numbers[Number::order])),
                .steps = numbers[Number::steps],
                .rows = numbers[Number::rows],
                .positions = numbers[Number::positions],
                .lengths = nullptr,
            },
        .input_size = numbers[Number::input_size],
        .hidden_size = numbers[Number::hidden_size],
        .directions = narrowed(numbers[Number::directions]),
        .threads = narrowed(numbers[Number::threads]),
        .constant_update_h = constants[Constant::constant_update_h],
        .constant_update_c = constants[Constant::constant_update_c],
        .saved_bytes = numbers[Number::saved_bytes],
    };
    Addresses addresses(given.data());
    for (Weights<Real>& weights : layer.weights) {
        weights.input_size = layer.input_size;
        weights.hidden_size = layer.hidden_size;
        GATEWISE_WEIGHTS(GATEWISE_TAKE_WEIGHT)
    }
    addresses.to(layer.batch.lengths);
    GATEWISE_INPUTS(GATEWISE_TAKE)
    GATEWISE_RESULTS(GATEWISE_TAKE)
    addresses.to(layer.saved);
    return layer;
}

template <class Real>
void run_forward(const Numbers& numbers, const Constants& constants, const ForwardAddresses& given) {
    forward(layer_of<Real>(numbers, constants, given));
}

template <class Real>
void run_backward(const Numbers& numbers, const Constants& constants, const ForwardAddresses& given, const BackwardAddresses& gradients) {
    LayerBackward<Real> layer{.forward = layer_of<Real>(numbers, constants, given)};
    Addresses addresses(gradients.data());
    for (WeightGradients<Real>& weights : layer.grad_weights) {
        GATEWISE_WEIGHTS(GATEWISE_TAKE_WEIGHT)
    }
    GATEWISE_INCOMING(GATEWISE_TAKE)
    GATEWISE_OUTGOING(GATEWISE_TAKE)
    backward(layer);
}

nb::dict fields() {
    nb::dict lists;
    lists["numbers"] = nb::cast(Names{GATEWISE_NUMBERS(GATEWISE_QUOTED)});
    lists["constants"] = nb::cast(Names{GATEWISE_CONSTANTS(GATEWISE_QUOTED)});
    lists["weights"] = nb::cast(Names{GATEWISE_WEIGHTS(GATEWISE_QUOTED)});
    lists["forward"] = nb::cast(forward_names());
    lists["backward"] = nb::cast(backward_names());
    return lists;
}

// What every instruction set was compiled from.
nb::list cells() {
    const Kernels<float>& kernels = *instruction_sets().front()->f32;
    nb::list all;
    for (int cell = 0; cell < kernels.cell_count; ++cell) {
        const CellTraits& traits = kernels.cells[cell].traits;
        nb::dict row;
        row["name"] = traits.name;
        row["gates"] = traits.gates;
        row["recurrent"] = traits.recurrent;
        row["cell_state"] = traits.cell_state;
        row["normalized"] = traits.normalized;
        all.append(row);
    }
    return all;
}

// Bytes at the start of what the active instruction set saves, and for each position.
std::pair<std::size_t, std::size_t> saved_layout(bool float64, std::int64_t cell, std::int64_t hidden_size, int directions) {
    const InstructionSet& set = active();
    const auto bytes = float64 ? saved_bytes<double> : saved_bytes<float>;
    const std::size_t start = bytes(set, cell, hidden_size, directions, 0);
    return {start, bytes(set, cell, hidden_size, directions, 1) - start};
}

}  // namespace

void bind_layer(nb::module_& module) {
    module.def("forward_float32", run_forward<float>, nb::call_guard<nb::gil_scoped_release>());
    module.def("forward_float64", run_forward<double>, nb::call_guard<nb::gil_scoped_release>());
    module.def("backward_float32", run_backward<float>, nb::call_guard<nb::gil_scoped_release>());
    module.def("backward_float64", run_backward<double>, nb::call_guard<nb::gil_scoped_release>());
    module.def("saved_layout", saved_layout);
    module.def("fields", fields);
    module.def("cells", cells);
    module.def(
        "peak", [](double seconds) { return active().f32->peak(seconds); }, nb::arg("seconds"), nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace gatewise
