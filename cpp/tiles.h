// The two products everything is made of, as blocks of accumulators that stay in registers.
//
// A "panel" holds `lanes` columns of a matrix: [rows][lanes]. The left operand is read one element at a time from panels, the right
// one by whole vectors. Each accumulator is a plain sum in the order of its index, whatever the block's shape: a row's result does not
// depend on the rows beside it. Whoever sums over much does so in ranges of fixed length and adds their sums.
#pragma once

#include "products.h"

namespace gatewise {
namespace GATEWISE_ISA {
namespace {

constexpr int accumulators = vector_registers == 32 ? 24 : 12;

// Sums enough to keep two multipliers of four cycles busy, and to spare.
constexpr int most_beside = 12;

constexpr int at_least_one(int value) { return value < 1 ? 1 : value; }
constexpr int at_most(int value, int limit) { return value > limit ? limit : value; }

// Rows of a block whose every row has `width` vectors.
constexpr int most_rows(int width) { return at_most(at_least_one(accumulators / width), vector_registers == 32 ? 8 : 4); }
// Groups of `width` vectors beside each other in a block of `rows`; few rows take more groups, to keep the multipliers busy.
constexpr int groups_beside(int rows, int width) { return at_least_one(at_most(accumulators / rows, most_beside) / width); }

// Rows of the next block, so that `left` rows are shared out evenly over as few blocks as hold them.
GATEWISE_INLINE int next_rows(std::int64_t left, int most) {
    const std::int64_t blocks = (left + most - 1) / most;
    return static_cast<int>((left + blocks - 1) / blocks);
}

constexpr std::int64_t round_up(std::int64_t value, std::int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }
constexpr std::int64_t smaller(std::int64_t left, std::int64_t right) { return left < right ? left : right; }
constexpr std::int64_t larger(std::int64_t left, std::int64_t right) { return left > right ? left : right; }

// sum[row][group * width + n] += sum over k < count of left(row, k) * right(group, k, n).
// left: panels of columns, `left_stride` apart; right: [count][width][lanes], groups `right_stride` apart; of elements, see products.h.
template <int rows, int groups, int width, int numbers>
GATEWISE_INLINE void multiply(Vector (&sum)[rows][groups * width], const Real* left, std::int64_t left_stride, std::int64_t count,
                              const Real* right, std::int64_t right_stride) {
    // One loop, not one inside another: around an inner one the compiler would put the accumulators into memory and fetch them again.
    const Real* panel_end = left + lanes;
    for (const Real* const end = right + count * width * lanes; right != end; right += width * lanes) {
        Vector columns[groups * width];
        GATEWISE_UNROLL
        for (int n = 0; n < groups * width; ++n) columns[n] = load(right + (n / width) * right_stride + (n % width) * lanes);
        GATEWISE_UNROLL
        for (int row = 0; row < rows; ++row) {
            const Vector element = Products<numbers>::spread(left + row * lanes);
            GATEWISE_UNROLL
            for (int n = 0; n < groups * width; ++n) Products<numbers>::add(sum[row][n], element, columns[n]);
        }
        if (++left == panel_end) {
            left += left_stride - lanes;
            panel_end += left_stride;
        }
    }
}

// sum[column][n] += sum over row < count of left[row * lanes + column] * right[n][row * lanes ..].
template <int columns, int vectors, int numbers>
GATEWISE_INLINE void multiply_transposed(Vector (&sum)[columns][vectors], const Real* left, const Real* const (&right)[vectors],
                                         std::int64_t count) {
    for (std::int64_t row = 0; row < count; ++row) {
        Vector factors[vectors];
        GATEWISE_UNROLL
        for (int n = 0; n < vectors; ++n) factors[n] = load(right[n] + row * lanes);
        GATEWISE_UNROLL
        for (int column = 0; column < columns; ++column) {
            const Vector element = Products<numbers>::spread(left + row * lanes + column);
            GATEWISE_UNROLL
            for (int n = 0; n < vectors; ++n) Products<numbers>::add(sum[column][n], element, factors[n]);
        }
    }
}

}  // namespace
}  // namespace GATEWISE_ISA
}  // namespace gatewise
