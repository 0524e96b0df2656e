// Which of the compiled instruction sets runs.
#pragma once

#include <cstdint>
#include <stdexcept>
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

// The number of a set, and the set of a number where this processor supports it, else null: for whatever outlives a call and must not
// hold an address.
int number_of(const InstructionSet& set);
const InstructionSet* supported_set(int number);

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

// Throws std::invalid_argument where there is no cell of that number.
template <class Real>
const CellKernels<Real>& cell_kernels(const InstructionSet& set, std::int64_t cell) {
    const Kernels<Real>& all = kernels<Real>(set);
    if (cell < 0 || cell >= all.cell_count)
        throw std::invalid_argument("there is no cell " + std::to_string(cell) + "; expected 0 to " + std::to_string(all.cell_count - 1));
    return all.cells[cell];
}

}  // namespace gatewise
