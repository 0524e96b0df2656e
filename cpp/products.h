// What the left operand of a product and the weights are made of: an element is one number, or a pair of bfloat16 that stand side by side
// in a sum. Either way it takes as much room as a number, and what is summed up is a Real.
//
// A left operand is panels of `lanes` elements: [panel][row][lanes], `stride` between panels.
#pragma once

#include "simd.h"

namespace gatewise {
namespace GATEWISE_ISA {
namespace {

// numbers: how many an element holds.
template <int numbers>
struct Products;

template <>
struct Products<1> {
    static constexpr std::int64_t elements(std::int64_t size) { return size; }

    GATEWISE_INLINE Vector spread(const Real* element) { return splat(*element); }
    GATEWISE_INLINE void add(Vector& sum, Vector left, Vector right) { sum += left * right; }

    // Adds an element of each column to a plain sum.
    GATEWISE_INLINE void count(Vector& sum, Vector elements) { sum += elements; }

    // `lanes` units of one row, the panel-th such, as elements of the operand that starts with that row.
    GATEWISE_INLINE void put(Real* row, std::int64_t stride, std::int64_t panel, Vector units) { store(row + panel * stride, units); }

    // A row of a matrix as elements; the last panel is padded with zeros.
    GATEWISE_INLINE void gather(const Real* source, std::int64_t size, Real* row, std::int64_t stride) {
        std::int64_t column = 0;
        for (; column + lanes <= size; column += lanes, row += stride) store(row, load(source + column));
        if (column < size) store(row, load_part(source + column, static_cast<int>(size - column)));
    }

    // Weights, from `width` rows of a matrix of `size` columns: an element of each row after the other, `stride` between them, zero up to
    // `lanes` rows.
    GATEWISE_INLINE void transpose(const Real* source, std::int64_t size, int width, Real* target, std::int64_t stride) {
        std::int64_t k = 0;
#if defined(__AVX512F__) && GATEWISE_REAL_BITS == 32
        if (width == lanes)
            for (; k + lanes <= size; k += lanes) transpose_block(source + k, size, target + k * stride, stride);
#endif
        for (; k < size; ++k)
            for (int column = 0; column < lanes; ++column) target[k * stride + column] = column < width ? source[column * size + k] : 0;
    }

    // Weights, from `width` columns of a matrix of `columns`, whose `size` rows are summed over.
    GATEWISE_INLINE void copy(const Real* source, std::int64_t columns, std::int64_t size, int width, Real* target) {
        for (std::int64_t k = 0; k < size; ++k) store(target + k * lanes, load_part(source + k * columns, width));
    }
};

#if GATEWISE_BFLOAT16

// Numbers are rounded to the nearest bfloat16. A sum takes both products of a pair, each rounded to float; what is too small for a normal
// number is zero.
template <>
struct Products<2> {
    static constexpr std::int64_t elements(std::int64_t size) { return (size + 1) / 2; }

    GATEWISE_INLINE Vector spread(const Real* element) {
        int bits;
        std::memcpy(&bits, element, sizeof bits);
        return _mm512_castsi512_ps(_mm512_set1_epi32(bits));
    }
    GATEWISE_INLINE void add(Vector& sum, Vector left, Vector right) {
        sum = _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(left), reinterpret_cast<__m512bh>(right));
    }

    GATEWISE_INLINE void count(Vector& sum, Vector elements) { add(sum, _mm512_castsi512_ps(_mm512_set1_epi32(0x3f803f80)), elements); }

    GATEWISE_INLINE void put(Real* row, std::int64_t stride, std::int64_t panel, Vector units) {
        Real* const half = row + place(stride, panel);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(half), reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(units)));
    }

    GATEWISE_INLINE void gather(const Real* source, std::int64_t size, Real* row, std::int64_t stride) {
        for (std::int64_t column = 0; column < size; column += 2 * lanes, row += stride)
            store(row, pairs_along(source + column, size - column));
    }

    GATEWISE_INLINE void transpose(const Real* source, std::int64_t size, int width, Real* target, std::int64_t stride) {
        alignas(vector_bytes) Real block[lanes * lanes], transposed[lanes * lanes];
        for (std::int64_t from = 0; from < size; from += 2 * lanes, target += lanes * stride) {
            for (int row = 0; row < lanes; ++row)
                store(block + row * lanes, row < width ? pairs_along(source + row * size + from, size - from) : zero());
            transpose_block(block, lanes, transposed, lanes);
            const std::int64_t left = elements(size - from);
            for (int k = 0; k < lanes && k < left; ++k) store(target + k * stride, load(transposed + k * lanes));
        }
    }

    GATEWISE_INLINE void copy(const Real* source, std::int64_t columns, std::int64_t size, int width, Real* target) {
        for (std::int64_t k = 0; k < size; k += 2, target += lanes)
            store(target, pairs_across(load_part(source + k * columns, width),
                                       k + 1 < size ? load_part(source + (k + 1) * columns, width) : zero()));
    }

    // The next 2 * lanes numbers, of which there may be fewer: pairs of neighbours.
    GATEWISE_INLINE Vector pairs_along(const Real* source, std::int64_t count) {
        if (count >= 2 * lanes) return rounded(load(source), load(source + lanes));
        const int first = static_cast<int>(count < lanes ? count : lanes), second = static_cast<int>(count) - first;
        return rounded(load_part(source, first), second ? load_part(source + lanes, second) : zero());
    }

    // Pairs of a number of one vector and that at the same place of another.
    GATEWISE_INLINE Vector pairs_across(Vector first, Vector second) { return interleaved(rounded(first, second)); }

    // The same of two rows, from `put`, of one panel; the second may be absent.
    GATEWISE_INLINE Vector pairs_across(const Real* first, const Real* second) {
        const auto half = [](const Real* place) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(place)); };
        const __m512i both = _mm512_inserti64x4(_mm512_castsi256_si512(half(first)), second ? half(second) : _mm256_setzero_si256(), 1);
        return interleaved(_mm512_castsi512_ps(both));
    }
    // Where a panel's units begin in a row.
    static constexpr std::int64_t place(std::int64_t stride, std::int64_t panel) { return panel / 2 * stride + panel % 2 * (lanes / 2); }

  private:
    GATEWISE_INLINE Vector rounded(Vector first, Vector second) { return reinterpret_cast<Vector>(_mm512_cvtne2ps_pbh(second, first)); }
    GATEWISE_INLINE Vector interleaved(Vector halves) {
        alignas(64) static constexpr std::int16_t order[32] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                                               8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
        return _mm512_castsi512_ps(_mm512_permutexvar_epi16(_mm512_load_si512(order), _mm512_castps_si512(halves)));
    }
};

#endif

}  // namespace
}  // namespace GATEWISE_ISA
}  // namespace gatewise
