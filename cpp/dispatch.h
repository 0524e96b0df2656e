// Which of the compiled instruction sets runs.
#pragma once

#include <string>
#include <vector>

#include "kernels.h"

namespace gatewise {

// Those compiled in that this processor and its operating system support, the fastest first; never empty.
std::vector<const InstructionSet*> instruction_sets();

// The selected one: the fastest, or the one that the environment variable GATEWISE_INSTRUCTION_SET names at the first call.
// A computation of several parts takes it once: another thread may select between them, and layouts in memory differ.
// Throws std::invalid_argument where the variable names none that is supported.
const InstructionSet& active();

// Selects for all threads. Throws std::invalid_argument, naming what is supported.
void select(const std::string& name);

template <class Real>
const Kernels<Real>& kernels(const InstructionSet& set);
template <>
inline const Kernels<float>& kernels<float>(const InstructionSet& set) {
    return *set.f32;
}
template <>
inline const Kernels<double>& kernels<double>(const InstructionSet& set) {
    return *set.f64;
}

}  // namespace gatewise
