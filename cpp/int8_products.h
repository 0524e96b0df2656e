// Products of bytes, four to a sum: what instruction sets have for them. Whole words of a row's bytes are spread over a vector and meet
// words of weights; all ways give the same 32-bit sums.
#pragma once

#include "simd.h"

namespace gatewise {
namespace GATEWISE_ISA {
namespace {

typedef IntegerVector UnalignedIntegers __attribute__((aligned(1), may_alias));

GATEWISE_INLINE IntegerVector load_words(const void* source) { return *static_cast<const UnalignedIntegers*>(source); }

GATEWISE_INLINE IntegerVector spread_word(const std::uint8_t* source) {
    std::int32_t word;
    std::memcpy(&word, source, sizeof word);
    return word - IntegerVector{};
}

// VPDPBUSD multiplies unsigned bytes by signed ones: values are 128 higher than they are, and sums begin that much lower.
#if defined(__AVX512VNNI__) || defined(__AVXVNNI__)

constexpr int zero_point = 128;
constexpr int sums_at_once = vector_registers == 32 ? 24 : 12;
using Spread = IntegerVector;

GATEWISE_INLINE Spread spread(const std::uint8_t* source) { return spread_word(source); }

GATEWISE_INLINE void add_products(IntegerVector& sum, const Spread& values, IntegerVector weights) {
#if defined(__AVX512VNNI__)
    sum = reinterpret_cast<IntegerVector>(
        _mm512_dpbusd_epi32(reinterpret_cast<__m512i>(sum), reinterpret_cast<__m512i>(values), reinterpret_cast<__m512i>(weights)));
#else
    sum = reinterpret_cast<IntegerVector>(
        _mm256_dpbusd_avx_epi32(reinterpret_cast<__m256i>(sum), reinterpret_cast<__m256i>(values), reinterpret_cast<__m256i>(weights)));
#endif
}

// Two products of -127 to 127 fit into 16 bits, so VPMADDUBSW cannot saturate here; the sign goes over to the weights.
#elif defined(__AVX2__)

constexpr int zero_point = 0;
constexpr int sums_at_once = 8;
struct Spread {
    __m256i values, sizes;
};

GATEWISE_INLINE Spread spread(const std::uint8_t* source) {
    const __m256i values = reinterpret_cast<__m256i>(spread_word(source));
    return {values, _mm256_abs_epi8(values)};
}

GATEWISE_INLINE void add_products(IntegerVector& sum, const Spread& spread, IntegerVector weights) {
    const __m256i pairs = _mm256_maddubs_epi16(spread.sizes, _mm256_sign_epi8(reinterpret_cast<__m256i>(weights), spread.values));
    sum += reinterpret_cast<IntegerVector>(_mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

#elif defined(__SSE2__)

constexpr int zero_point = 0;
constexpr int sums_at_once = 6;
using Spread = __m128i;

// The lower and the upper eight bytes as 16-bit numbers.
GATEWISE_INLINE __m128i lower(__m128i bytes) { return _mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8); }
GATEWISE_INLINE __m128i upper(__m128i bytes) { return _mm_srai_epi16(_mm_unpackhi_epi8(bytes, bytes), 8); }

GATEWISE_INLINE Spread spread(const std::uint8_t* source) { return lower(reinterpret_cast<__m128i>(spread_word(source))); }

GATEWISE_INLINE void add_products(IntegerVector& sum, const Spread& values, IntegerVector weights) {
    const __m128i bytes = reinterpret_cast<__m128i>(weights);
    const __m128 low = _mm_castsi128_ps(_mm_madd_epi16(values, lower(bytes)));
    const __m128 high = _mm_castsi128_ps(_mm_madd_epi16(values, upper(bytes)));
    sum +=
        reinterpret_cast<IntegerVector>(_mm_shuffle_ps(low, high, 0x88)) + reinterpret_cast<IntegerVector>(_mm_shuffle_ps(low, high, 0xdd));
}

#elif defined(__aarch64__)

constexpr int zero_point = 0;
constexpr int sums_at_once = 12;
using Spread = int8x16_t;

GATEWISE_INLINE Spread spread(const std::uint8_t* source) { return reinterpret_cast<int8x16_t>(spread_word(source)); }

GATEWISE_INLINE void add_products(IntegerVector& sum, const Spread& values, IntegerVector weights) {
    const int8x16_t bytes = reinterpret_cast<int8x16_t>(weights);
    const int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(values), vget_low_s8(bytes)));
    const int32x4_t high = vpaddlq_s16(vmull_high_s8(values, bytes));
    sum += reinterpret_cast<IntegerVector>(vpaddq_s32(low, high));
}

#else

constexpr int zero_point = 0;
constexpr int sums_at_once = 6;
using Spread = IntegerVector;

GATEWISE_INLINE Spread spread(const std::uint8_t* source) { return spread_word(source); }

GATEWISE_INLINE void add_products(IntegerVector& sum, const Spread& values, IntegerVector weights) {
    std::int8_t left[vector_bytes], right[vector_bytes];
    std::memcpy(left, &values, sizeof left);
    std::memcpy(right, &weights, sizeof right);
    for (int lane = 0; lane < lanes; ++lane)
        for (int byte = 4 * lane; byte < 4 * lane + 4; ++byte) sum[lane] += left[byte] * right[byte];
}

#endif

}  // namespace
}  // namespace GATEWISE_ISA
}  // namespace gatewise
