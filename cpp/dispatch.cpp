#include "dispatch.h"

#include <atomic>
#include <cstdlib>
#include <iterator>
#include <stdexcept>

namespace gatewise {

namespace {

[[maybe_unused]] bool always() { return true; }

}  // namespace

#define GATEWISE_DECLARE(set)               \
    namespace set {                         \
    extern const Kernels<float> f32;        \
    extern const Kernels<double> f64;       \
    extern const StepKernels step;          \
    }

// Each set is compiled by CMakeLists.txt with the flags its test asks for. __builtin_cpu_supports also asks the operating system, which
// must save the wider registers.
#if defined(__x86_64__)

GATEWISE_DECLARE(avx512_bf16)
GATEWISE_DECLARE(avx512)
GATEWISE_DECLARE(avx2)
GATEWISE_DECLARE(baseline)

namespace {

bool supports_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

bool supports_avx512() {
    return supports_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
}

bool supports_avx512_bf16() { return supports_avx512() && __builtin_cpu_supports("avx512bf16"); }

const InstructionSet compiled[] = {
    // In double, and around the layers of a step, there are no products of bfloat16.
    {"avx512_bf16", supports_avx512_bf16, &avx512_bf16::f32, &avx512::f64, &avx512::step},
    {"avx512", supports_avx512, &avx512::f32, &avx512::f64, &avx512::step},
    {"avx2", supports_avx2, &avx2::f32, &avx2::f64, &avx2::step},
    {"baseline", always, &baseline::f32, &baseline::f64, &baseline::step},
};

#elif defined(__aarch64__)

GATEWISE_DECLARE(neon)

namespace {

const InstructionSet compiled[] = {{"neon", always, &neon::f32, &neon::f64, &neon::step}};

#else

GATEWISE_DECLARE(baseline)

namespace {

const InstructionSet compiled[] = {{"baseline", always, &baseline::f32, &baseline::f64, &baseline::step}};

#endif

std::atomic<const InstructionSet*> selected{nullptr};

// `origin` opens the message: where the name came from, if not from a call.
const InstructionSet& named(const std::string& name, const std::string& origin) {
    std::string supported;
    for (const InstructionSet* set : instruction_sets()) {
        if (name == set->name) return *set;
        supported += supported.empty() ? set->name : std::string(", ") + set->name;
    }
    throw std::invalid_argument(origin + "'" + name +
                                "' is not an instruction set of this build and processor; expected one of: " + supported);
}

}  // namespace

std::vector<const InstructionSet*> instruction_sets() {
    std::vector<const InstructionSet*> supported;
    for (const InstructionSet& set : compiled) {
        if (set.supported()) supported.push_back(&set);
    }
    return supported;
}

int number_of(const InstructionSet& set) { return static_cast<int>(&set - compiled); }

const InstructionSet* supported_set(int number) {
    const bool known = number >= 0 && number < static_cast<int>(std::size(compiled));
    return known && compiled[number].supported() ? &compiled[number] : nullptr;
}

const InstructionSet& active() {
    if (const InstructionSet* set = selected.load(std::memory_order_acquire)) return *set;
    const char* const name = std::getenv("GATEWISE_INSTRUCTION_SET");
    const InstructionSet& first =
        name && *name ? named(name, "the environment variable GATEWISE_INSTRUCTION_SET: ") : *instruction_sets().front();
    // A selection made by another thread meanwhile stays.
    const InstructionSet* current = nullptr;
    return selected.compare_exchange_strong(current, &first, std::memory_order_acq_rel) ? first : *current;
}

void select(const std::string& name) { selected.store(&named(name, ""), std::memory_order_release); }

}  // namespace gatewise
