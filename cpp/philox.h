// Philox4x32-10 (Salmon et al. 2011): random numbers that follow from a key and a counter alone, so that what was drawn for a value can be
// drawn once more anywhere, by any number of threads, on any instruction set. For fp32 units only: a vector holds `lanes` of its words.
#pragma once

#include "simd.h"

namespace gatewise {
namespace GATEWISE_ISA {
namespace {

typedef std::uint32_t Words __attribute__((vector_size(vector_bytes)));
typedef std::uint64_t WideWords __attribute__((vector_size(vector_bytes)));

// The products of the words at even places, 64 bits each.
GATEWISE_INLINE WideWords multiply_even(Words left, Words right) {
#if defined(__AVX512F__)
    return reinterpret_cast<WideWords>(_mm512_mul_epu32(reinterpret_cast<__m512i>(left), reinterpret_cast<__m512i>(right)));
#elif defined(__AVX2__)
    return reinterpret_cast<WideWords>(_mm256_mul_epu32(reinterpret_cast<__m256i>(left), reinterpret_cast<__m256i>(right)));
#elif defined(__SSE2__)
    return reinterpret_cast<WideWords>(_mm_mul_epu32(reinterpret_cast<__m128i>(left), reinterpret_cast<__m128i>(right)));
#else
    WideWords product;
    for (int i = 0; i < lanes / 2; ++i) product[i] = std::uint64_t{left[2 * i]} * right[2 * i];
    return product;
#endif
}

struct WidePair {
    Words high, low;
};

GATEWISE_INLINE WidePair multiply_wide(Words words, std::uint32_t factor) {
    const Words factors = factor - Words{};
    const WideWords even = multiply_even(words, factors);
    const WideWords odd = multiply_even(reinterpret_cast<Words>(reinterpret_cast<WideWords>(words) >> 32), factors);
    const WideWords upper = std::uint64_t{0xffffffff00000000} - WideWords{};
    return {reinterpret_cast<Words>((even >> 32) | (odd & upper)), reinterpret_cast<Words>((even & ~upper) | (odd << 32))};
}

struct Random {
    Words words[4];
};

// For the counters (first + lane, one, two, three).
GATEWISE_INLINE Random philox(std::uint64_t key, std::uint32_t first, std::uint32_t one, std::uint32_t two, std::uint32_t three) {
    Words a, b = one - Words{}, c = two - Words{}, d = three - Words{};
    for (int i = 0; i < lanes; ++i) a[i] = first + static_cast<std::uint32_t>(i);
    std::uint32_t key_0 = static_cast<std::uint32_t>(key), key_1 = static_cast<std::uint32_t>(key >> 32);
    GATEWISE_UNROLL
    for (int round = 0; round < 10; ++round) {
        const WidePair left = multiply_wide(a, 0xD2511F53u), right = multiply_wide(c, 0xCD9E8D57u);
        a = right.high ^ b ^ key_0;
        b = right.low;
        c = left.high ^ d ^ key_1;
        d = left.low;
        key_0 += 0x9E3779B9u;
        key_1 += 0xBB67AE85u;
    }
    return {{a, b, c, d}};
}

}  // namespace
}  // namespace GATEWISE_ISA
}  // namespace gatewise
