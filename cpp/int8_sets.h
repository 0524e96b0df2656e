// Which of the compiled ways to multiply bytes runs.
#pragma once

#include <string>
#include <vector>

#include "int8.h"

namespace gatewise {

// Names of those that this processor has, the fastest first; never empty.
std::vector<std::string> int8_sets();

// The one of that name, or for an empty one the fastest that the selected instruction set (dispatch.h) allows.
// Throws std::invalid_argument where there is none of that name.
const Int8Kernels& int8_kernels(const std::string& name);

}  // namespace gatewise
