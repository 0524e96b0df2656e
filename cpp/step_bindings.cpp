// The training step for Python. Everything has a name; tensors come as addresses, checked by the one caller, training/compiled_step.py,
// which also keeps them alive.
#include <nanobind/nanobind.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <vector>

#include "training_step.h"

namespace nb = nanobind;

namespace gatewise {

namespace {

template <class Value>
Value field(const nb::dict& from, const char* name) {
    return nb::cast<Value>(from[name]);
}

float* memory(const nb::dict& from, const char* name) { return reinterpret_cast<float*>(field<std::uintptr_t>(from, name)); }

Trained parameter_of(const nb::dict& from) {
    return {memory(from, "value"),         memory(from, "gradient"), memory(from, "first_moment"),
            memory(from, "second_moment"), memory(from, "average"),  field<std::int64_t>(from, "count")};
}

StepNetwork network_of(const nb::dict& from) {
    StepNetwork network{};
    network.cell = field<std::int64_t>(from, "cell");
    network.input_size = field<std::int64_t>(from, "input_size");
    network.hidden_size = field<std::int64_t>(from, "hidden_size");
    network.directions = field<int>(from, "directions");
    for (const nb::handle layer : nb::cast<nb::list>(from["layers"])) {
        std::vector<LayerParameters> directions;
        for (const nb::handle direction : nb::cast<nb::list>(layer)) {
            const nb::dict of = nb::cast<nb::dict>(direction);
            directions.push_back({field<int>(of, "w_ih"), field<int>(of, "w_hh"), field<int>(of, "b_ih"), field<int>(of, "b_hh")});
        }
        network.layers.push_back(directions);
    }
    for (const nb::handle parameter : nb::cast<nb::list>(from["parameters"]))
        network.parameters.push_back(parameter_of(nb::cast<nb::dict>(parameter)));
    if (!from["table"].is_none()) {
        const nb::dict table = nb::cast<nb::dict>(from["table"]);
        network.table = {memory(table, "value"),
                         memory(table, "first_moment"),
                         memory(table, "second_moment"),
                         memory(table, "average"),
                         field<std::int64_t>(table, "vocabulary"),
                         field<std::int64_t>(table, "width")};
    }
    const nb::dict pooling = nb::cast<nb::dict>(from["pooling"]);
    network.pooling = {field<bool>(pooling, "last"), field<bool>(pooling, "mean"), field<bool>(pooling, "maximum"),
                       field<bool>(pooling, "own_ends"), network.directions * network.hidden_size};
    network.head_weight = field<int>(from, "head_weight");
    network.head_bias = field<int>(from, "head_bias");
    network.outputs = field<std::int64_t>(from, "outputs");
    network.skip_weight = field<int>(from, "skip_weight");
    network.skip_bias = field<int>(from, "skip_bias");
    network.skip_channels = field<std::vector<std::int64_t>>(from, "skip_channels");
    network.input_dropout = field<double>(from, "input_dropout");
    network.dropout = field<double>(from, "dropout");
    network.seed = field<std::uint64_t>(from, "seed");
    return network;
}

StepOptimizer optimizer_of(const nb::dict& from) {
    return {field<double>(from, "weight_decay"), field<double>(from, "beta_1"),    field<double>(from, "beta_2"),
            field<double>(from, "epsilon"),      field<double>(from, "clip_norm"), field<double>(from, "averaging")};
}

template <class Pointer>
Pointer pointer(std::uintptr_t address) {
    return reinterpret_cast<Pointer>(address);
}

}  // namespace

void bind_training_step(nb::module_& module) {
    nb::class_<TrainingStep>(module, "TrainingStep")
        .def(
            "__init__",
            [](TrainingStep* self, const nb::dict& network, const nb::dict& optimizer) {
                new (self) TrainingStep(network_of(network), optimizer_of(optimizer));
            },
            nb::arg("network"), nb::arg("optimizer"))
        .def(
            "forward",
            [](TrainingStep& self, std::uintptr_t inputs, std::uintptr_t lengths, std::int64_t rows, std::int64_t steps,
               std::uintptr_t states, int threads) {
                self.forward(pointer<const void*>(inputs), {rows, steps, pointer<const std::int64_t*>(lengths)}, pointer<float*>(states),
                             threads);
            },
            nb::arg("inputs"), nb::arg("lengths"), nb::arg("rows"), nb::arg("steps"), nb::arg("states"), nb::arg("threads"),
            nb::call_guard<nb::gil_scoped_release>())
        .def(
            "loss",
            [](TrainingStep& self, int kind, std::uintptr_t targets, std::uintptr_t weights) {
                return self.loss(static_cast<Loss>(kind), pointer<const void*>(targets), pointer<const float*>(weights));
            },
            nb::arg("kind"), nb::arg("targets"), nb::arg("weights"), nb::call_guard<nb::gil_scoped_release>())
        .def(
            "backward", [](TrainingStep& self, std::uintptr_t grad_states) { self.backward(pointer<const float*>(grad_states)); },
            nb::arg("grad_states"), nb::call_guard<nb::gil_scoped_release>())
        .def("update", &TrainingStep::update, nb::arg("learning_rate"), nb::call_guard<nb::gil_scoped_release>())
        .def("settle", &TrainingStep::settle, nb::call_guard<nb::gil_scoped_release>());
    module.def(
        "dropout_factors",
        [](std::uint64_t seed, std::uint32_t step, std::uint32_t place, std::uint32_t threshold, float scale, std::uintptr_t out,
           std::int64_t rows,
           std::int64_t width) { active().step->factors({seed, step, place, threshold, scale}, pointer<float*>(out), rows, width); },
        nb::arg("seed"), nb::arg("step"), nb::arg("place"), nb::arg("threshold"), nb::arg("scale"), nb::arg("out"), nb::arg("rows"),
        nb::arg("width"));
}

}  // namespace gatewise
