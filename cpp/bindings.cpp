// The Python module: threads, memory and instruction sets here, the layers in layer_bindings.cpp.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dispatch.h"
#include "team.h"
#include "workspace.h"

namespace nb = nanobind;

namespace gatewise {

void bind_int8(nb::module_& module);
void bind_layer(nb::module_& module);
void bind_streams(nb::module_& module);
void bind_training_step(nb::module_& module);

}  // namespace gatewise

namespace {

using Bytes = nb::ndarray<std::uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

std::vector<std::string> supported_names() {
    std::vector<std::string> names;
    for (const gatewise::InstructionSet* set : gatewise::instruction_sets()) names.emplace_back(set->name);
    return names;
}

int team_size(int threads) {
    int count = 0;
    const auto body = [](gatewise::Member& member, void* context) {
        if (member.index == 0) *static_cast<int*>(context) = member.count;
    };
    gatewise::run_team(threads, body, &count);
    return count;
}

Bytes workspace_tensor(std::size_t bytes) {
    auto block = std::make_unique<gatewise::Block>(gatewise::take(bytes));
    void* const data = block->data();
    nb::capsule owner(block.get(), [](void* owned) noexcept { delete static_cast<gatewise::Block*>(owned); });
    block.release();
    return Bytes(data, {bytes}, owner);
}

}  // namespace

NB_MODULE(_compiled, module) {
    // What is alive when the process ends is no leak.
    nb::set_leak_warnings(false);
    module.def("instruction_sets", supported_names);
    module.def("instruction_set", [] { return gatewise::active().name; });
    module.def("select", [](const std::string& name) { gatewise::select(name); }, nb::arg("name"));
    module.def("team_runtime", gatewise::team_runtime);
    module.def("team_size", team_size, nb::arg("threads"), nb::call_guard<nb::gil_scoped_release>());

    module.def("workspace_tensor", workspace_tensor, nb::arg("bytes"));
    module.def("release_workspace", gatewise::release_workspace);
    module.def("workspace_bytes", [] {
        const gatewise::WorkspaceBytes bytes = gatewise::workspace_bytes();
        return std::pair(bytes.in_use, bytes.idle);
    });
    module.def("poison", gatewise::poison, nb::arg("on"));

    gatewise::bind_int8(module);
    gatewise::bind_layer(module);
    gatewise::bind_streams(module);
    gatewise::bind_training_step(module);
}
