// Layers of eight bits for Python; arrays come by their addresses, checked in kernels/int8.py.
#include <nanobind/nanobind.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "int8_layer.h"
#include "int8_sets.h"

namespace nb = nanobind;

namespace gatewise {

namespace {

#define GATEWISE_PLUS_ONE(type, name) +1
// Of a direction, in the order of their list; 0 where absent.
using Addresses = std::array<std::uintptr_t, GATEWISE_INT8_WEIGHTS(GATEWISE_PLUS_ONE)>;

std::shared_ptr<Int8Layer> layer_of(const std::string& cell, std::int64_t input_size, std::int64_t hidden_size,
                                    const std::vector<Addresses>& directions, const std::string& products) {
    std::vector<Int8Weights> weights;
    for (const Addresses& addresses : directions) {
        Int8Weights direction{.input_size = input_size, .hidden_size = hidden_size};
        const std::uintptr_t* next = addresses.data();
#define GATEWISE_TAKE(type, name) direction.name = reinterpret_cast<const type*>(*next++);
        GATEWISE_INT8_WEIGHTS(GATEWISE_TAKE)
#undef GATEWISE_TAKE
        weights.push_back(direction);
    }
    return std::make_shared<Int8Layer>(cell, weights, products);
}

// rows, steps, strides of a row and a step of input and output, threads
using Numbers = std::array<std::int64_t, 7>;
// input, lengths, h_0, c_0, output, h_n, c_n; 0 where absent
using Arrays = std::array<std::uintptr_t, 7>;

void run(const Int8Layer& layer, const Numbers& numbers, const std::array<float, 2>& updates, const Arrays& arrays) {
    const auto [rows, steps, input_row, input_step, output_row, output_step, threads] = numbers;
    const auto read = [&](std::size_t place) { return reinterpret_cast<const float*>(arrays[place]); };
    const auto written = [&](std::size_t place) { return reinterpret_cast<float*>(arrays[place]); };
    const nb::gil_scoped_release release;
    layer.run({
        .rows = rows,
        .steps = steps,
        .input = read(0),
        .input_row = input_row,
        .input_step = input_step,
        .lengths = reinterpret_cast<const std::int64_t*>(arrays[1]),
        .h_0 = read(2),
        .c_0 = read(3),
        .output = written(4),
        .output_row = output_row,
        .output_step = output_step,
        .h_n = written(5),
        .c_n = written(6),
        .update_h = updates[0],
        .update_c = updates[1],
        .threads = static_cast<int>(threads),
    });
}

}  // namespace

void bind_int8(nb::module_& module) {
    module.def("int8_sets", int8_sets);
    nb::class_<Int8Layer>(module, "Int8Layer")
        .def(nb::new_(&layer_of), nb::arg("cell"), nb::arg("input_size"), nb::arg("hidden_size"), nb::arg("directions"),
             nb::arg("products"))
        .def("run", &run, nb::arg("numbers"), nb::arg("updates"), nb::arg("arrays"))
        .def_prop_ro("products", [](const Int8Layer& layer) { return layer.kernels().name; })
        .def_prop_ro("packed_bytes", &Int8Layer::packed_bytes);
}

}  // namespace gatewise
