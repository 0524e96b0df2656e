// The training step for Python. Everything has a name; tensors come as addresses, checked by the one caller, training/compiled_step.py,
// which also keeps them alive.
#include <nanobind/nanobind.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "training_step.h"

namespace nb = nanobind;

namespace gatewise {

namespace {

template <class Value>
Value field(const nb::dict& from, const char* name) {
    return nb::cast<Value>(from[name]);
}

// The memory of a tensor that the step cannot do without.
float* memory(const nb::dict& from, const char* name) {
    const std::uintptr_t address = field<std::uintptr_t>(from, name);
    if (!address) throw std::invalid_argument(std::string("a training step needs the memory of '") + name + "'");
    return reinterpret_cast<float*>(address);
}

Trained parameter_of(const nb::dict& from) {
    return {.value = memory(from, "value"),
            .gradient = memory(from, "gradient"),
            .first_moment = memory(from, "first_moment"),
            .second_moment = memory(from, "second_moment"),
            .average = memory(from, "average"),
            .count = field<std::int64_t>(from, "count")};
}

Table table_of(const nb::dict& from) {
    return {.value = memory(from, "value"),
            .first_moment = memory(from, "first_moment"),
            .second_moment = memory(from, "second_moment"),
            .average = memory(from, "average"),
            .vocabulary = field<std::int64_t>(from, "vocabulary"),
            .width = field<std::int64_t>(from, "width")};
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
            directions.push_back({.w_ih = field<int>(of, "w_ih"),
                                  .w_hh = field<int>(of, "w_hh"),
                                  .b_ih = field<int>(of, "b_ih"),
                                  .b_hh = field<int>(of, "b_hh")});
        }
        network.layers.push_back(directions);
    }
    for (const nb::handle parameter : nb::cast<nb::list>(from["parameters"]))
        network.parameters.push_back(parameter_of(nb::cast<nb::dict>(parameter)));
    if (!from["table"].is_none()) network.table = table_of(nb::cast<nb::dict>(from["table"]));
    const nb::dict pooling = nb::cast<nb::dict>(from["pooling"]);
    network.pooling = {.last = field<bool>(pooling, "last"),
                       .mean = field<bool>(pooling, "mean"),
                       .maximum = field<bool>(pooling, "maximum"),
                       .own_ends = field<bool>(pooling, "own_ends"),
                       .width = network.directions * network.hidden_size};
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
    return {.weight_decay = field<double>(from, "weight_decay"),
            .beta_1 = field<double>(from, "beta_1"),
            .beta_2 = field<double>(from, "beta_2"),
            .epsilon = field<double>(from, "epsilon"),
            .clip_norm = field<double>(from, "clip_norm"),
            .averaging = field<double>(from, "averaging")};
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
