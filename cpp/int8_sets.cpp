#include "int8_sets.h"

#include <stdexcept>

#include "dispatch.h"

namespace gatewise {

#define GATEWISE_DECLARE_INT8(set) \
    namespace set {                \
    extern const Int8Kernels int8; \
    }

namespace {

struct Int8Set {
    bool (*supported)();
    bool (*allowed)(const std::string& instruction_set);  // where that one is selected
    const Int8Kernels* kernels;
};

[[maybe_unused]] bool always() { return true; }
[[maybe_unused]] bool anywhere(const std::string&) { return true; }

}  // namespace

#if defined(__x86_64__)

GATEWISE_DECLARE_INT8(avx512_vnni)
GATEWISE_DECLARE_INT8(avx_vnni)
GATEWISE_DECLARE_INT8(avx2)
GATEWISE_DECLARE_INT8(baseline)

namespace {

bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

bool has_avx512_vnni() {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni");
}

// Neither GCC 11 nor Clang 14 knows this by name. Leaf 7.1; AVX2 says that the system saves the registers.
bool has_avx_vnni() {
    unsigned a = 7, b = 0, c = 1, d = 0;
    asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if (a < 1) return false;
    a = 7, c = 1;
    asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return has_avx2() && (a & (1u << 4));
}

bool where_avx512(const std::string& set) { return set.rfind("avx512", 0) == 0; }
bool where_avx2(const std::string& set) { return set != "baseline"; }

const Int8Set compiled[] = {
    {has_avx512_vnni, where_avx512, &avx512_vnni::int8},
    {has_avx_vnni, where_avx2, &avx_vnni::int8},
    {has_avx2, where_avx2, &avx2::int8},
    {always, anywhere, &baseline::int8},
};

#elif defined(__aarch64__)

GATEWISE_DECLARE_INT8(neon)

namespace {

const Int8Set compiled[] = {{always, anywhere, &neon::int8}};

#else

GATEWISE_DECLARE_INT8(baseline)

namespace {

const Int8Set compiled[] = {{always, anywhere, &baseline::int8}};

#endif

}  // namespace

std::vector<std::string> int8_sets() {
    std::vector<std::string> names;
    for (const Int8Set& set : compiled)
        if (set.supported()) names.emplace_back(set.kernels->name);
    return names;
}

const Int8Kernels& int8_kernels(const std::string& name) {
    const std::string selected = active().name;
    for (const Int8Set& set : compiled)
        if (set.supported() && (name.empty() ? set.allowed(selected) : name == set.kernels->name)) return *set.kernels;
    throw std::invalid_argument("there is no set of products of bytes named " + name);
}

}  // namespace gatewise
