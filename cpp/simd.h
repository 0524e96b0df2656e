// Vectors of one instruction set, on the compiler's own vector types: arithmetic is written with operators, and only what has no
// operator is named here. `Real`, `Vector` and `lanes` are this translation unit's.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(__AVX512F__) || defined(__AVX2__) || defined(__SSE2__)
#include <immintrin.h>
#endif

#define GATEWISE_BITS_float 32
#define GATEWISE_BITS_double 64
#define GATEWISE_JOIN_(left, right) left##right
#define GATEWISE_JOIN(left, right) GATEWISE_JOIN_(left, right)
#define GATEWISE_REAL_BITS GATEWISE_JOIN(GATEWISE_BITS_, GATEWISE_REAL)

// A loop over registers: they are registers only where it is unrolled.
#define GATEWISE_UNROLL _Pragma("GCC unroll 24")

// Whether there are instructions for products of bfloat16 that are summed in float.
#if defined(__AVX512BF16__) && GATEWISE_REAL_BITS == 32
#define GATEWISE_BFLOAT16 1
#endif

#define GATEWISE_INLINE static inline __attribute__((always_inline))

namespace gatewise {
namespace GATEWISE_ISA {
namespace {

using Real = GATEWISE_REAL;

#if defined(__AVX512F__)
constexpr int vector_bytes = 64;
constexpr int vector_registers = 32;
#elif defined(__AVX__)
constexpr int vector_bytes = 32;
constexpr int vector_registers = 16;
#elif defined(__aarch64__)
constexpr int vector_bytes = 16;
constexpr int vector_registers = 32;
#else
constexpr int vector_bytes = 16;
constexpr int vector_registers = 16;
#endif
constexpr int lanes = vector_bytes / static_cast<int>(sizeof(Real));

template <int bytes>
struct IntegerOf;
template <>
struct IntegerOf<4> {
    using type = std::int32_t;
};
template <>
struct IntegerOf<8> {
    using type = std::int64_t;
};
using Integer = IntegerOf<sizeof(Real)>::type;

typedef Real Vector __attribute__((vector_size(vector_bytes)));
typedef Integer IntegerVector __attribute__((vector_size(vector_bytes)));
typedef Real UnalignedVector __attribute__((vector_size(vector_bytes), aligned(alignof(Real)), may_alias));

GATEWISE_INLINE Vector load(const Real* source) { return *reinterpret_cast<const UnalignedVector*>(source); }
GATEWISE_INLINE void store(Real* target, Vector value) { *reinterpret_cast<UnalignedVector*>(target) = value; }
GATEWISE_INLINE Vector splat(Real value) { return value - Vector{}; }
GATEWISE_INLINE Vector zero() { return Vector{}; }
GATEWISE_INLINE Vector select(IntegerVector condition, Vector yes, Vector no) { return condition ? yes : no; }

// The smaller and the larger of a bound and a value; a value that is not-a-number stays what it is.
#if defined(__SSE2__)
#if defined(__AVX512F__)
#define GATEWISE_WIDTH _mm512
#elif defined(__AVX__)
#define GATEWISE_WIDTH _mm256
#else
#define GATEWISE_WIDTH _mm
#endif
#if GATEWISE_REAL_BITS == 32
#define GATEWISE_INTRINSIC(name) GATEWISE_JOIN(GATEWISE_WIDTH, _##name##_ps)
#else
#define GATEWISE_INTRINSIC(name) GATEWISE_JOIN(GATEWISE_WIDTH, _##name##_pd)
#endif
// Of these instructions' operands the second is the result where either is not-a-number.
GATEWISE_INLINE Vector at_most(Vector value, Real bound) { return GATEWISE_INTRINSIC(min)(splat(bound), value); }
GATEWISE_INLINE Vector at_least(Vector value, Real bound) { return GATEWISE_INTRINSIC(max)(splat(bound), value); }
GATEWISE_INLINE Vector square_root(Vector value) { return GATEWISE_INTRINSIC(sqrt)(value); }
#else
GATEWISE_INLINE Vector at_most(Vector value, Real bound) { return select(value > splat(bound), splat(bound), value); }
GATEWISE_INLINE Vector at_least(Vector value, Real bound) { return select(value < splat(bound), splat(bound), value); }
GATEWISE_INLINE Vector square_root(Vector value) {
    for (int lane = 0; lane < lanes; ++lane) value[lane] = std::sqrt(value[lane]);
    return value;
}
#endif

// The first `count` elements, 0 <= count <= lanes; the rest are zero.
GATEWISE_INLINE Vector load_part(const Real* source, int count) {
    if (count == lanes) return load(source);
#if defined(__AVX512F__) && GATEWISE_REAL_BITS == 32
    return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), source);
#else
    alignas(vector_bytes) Real part[lanes] = {};
    std::memcpy(part, source, sizeof(Real) * static_cast<std::size_t>(count));
    return load(part);
#endif
}

GATEWISE_INLINE void store_part(Real* target, Vector value, int count) {
    if (count == lanes) {
        store(target, value);
        return;
    }
#if defined(__AVX512F__) && GATEWISE_REAL_BITS == 32
    _mm512_mask_storeu_ps(target, static_cast<__mmask16>((1u << count) - 1), value);
#else
    alignas(vector_bytes) Real part[lanes];
    store(part, value);
    std::memcpy(target, part, sizeof(Real) * static_cast<std::size_t>(count));
#endif
}

// A store that leaves the caches alone; the target is aligned to the vector.
GATEWISE_INLINE void store_past_caches(Real* target, Vector value) {
#if defined(__AVX512F__)
    _mm512_stream_si512(reinterpret_cast<__m512i*>(target), reinterpret_cast<__m512i>(value));
#elif defined(__AVX__)
    _mm256_stream_si256(reinterpret_cast<__m256i*>(target), reinterpret_cast<__m256i>(value));
#elif defined(__SSE2__)
    _mm_stream_si128(reinterpret_cast<__m128i*>(target), reinterpret_cast<__m128i>(value));
#else
    store(target, value);
#endif
}

// Stores past the caches are not ordered with others: before another thread may read them, they must be.
GATEWISE_INLINE void order_stores() {
#if defined(__SSE2__)
    _mm_sfence();
#endif
}

GATEWISE_INLINE void prefetch(const Real* source) { __builtin_prefetch(source, 0, 3); }

#if defined(__AVX512F__) && GATEWISE_REAL_BITS == 32
// target[j][i] = source[i][j] for 16 x 16 elements.
GATEWISE_INLINE void transpose_block(const Real* source, std::int64_t source_stride, Real* target, std::int64_t target_stride) {
    __m512 row[16], pair[16];
    for (int i = 0; i < 16; ++i) row[i] = _mm512_loadu_ps(source + i * source_stride);
    for (int i = 0; i < 8; ++i) {
        pair[2 * i] = _mm512_unpacklo_ps(row[2 * i], row[2 * i + 1]);
        pair[2 * i + 1] = _mm512_unpackhi_ps(row[2 * i], row[2 * i + 1]);
    }
    for (int i = 0; i < 4; ++i)
        for (int half = 0; half < 2; ++half) {
            const __m512d low = _mm512_castps_pd(pair[4 * i + half]), high = _mm512_castps_pd(pair[4 * i + 2 + half]);
            row[4 * i + 2 * half] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
            row[4 * i + 2 * half + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
        }
    for (int i = 0; i < 4; ++i)
        for (int half = 0; half < 2; ++half) {
            const __m512 low = _mm512_shuffle_f32x4(row[8 * half + i], row[8 * half + i + 4], 0x88);
            const __m512 high = _mm512_shuffle_f32x4(row[8 * half + i], row[8 * half + i + 4], 0xdd);
            pair[8 * half + i] = low;
            pair[8 * half + i + 4] = high;
        }
    for (int i = 0; i < 4; ++i) {
        _mm512_storeu_ps(target + i * target_stride, _mm512_shuffle_f32x4(pair[i], pair[i + 8], 0x88));
        _mm512_storeu_ps(target + (i + 8) * target_stride, _mm512_shuffle_f32x4(pair[i], pair[i + 8], 0xdd));
        _mm512_storeu_ps(target + (i + 4) * target_stride, _mm512_shuffle_f32x4(pair[i + 4], pair[i + 12], 0x88));
        _mm512_storeu_ps(target + (i + 12) * target_stride, _mm512_shuffle_f32x4(pair[i + 4], pair[i + 12], 0xdd));
    }
}
#endif

}  // namespace
}  // namespace GATEWISE_ISA
}  // namespace gatewise
