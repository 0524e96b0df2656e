// The blocks of accumulators as functions, one for each shape of block and not for each cell: they are most of the compiled code.
// Sizes and counts are of elements, which hold so many numbers (products.h).
#pragma once

#include "tiles.h"

namespace gatewise {
namespace GATEWISE_ISA {
namespace {

template <int value>
struct Constant {
    static constexpr int number = value;
};

// Calls function(Constant<value>{}) for 1 <= value <= limit.
template <int limit, class Function>
GATEWISE_INLINE void with_constant(int value, Function&& function) {
    static_assert(limit <= 12, "cases below");
    // clang-format off: a case a line
    switch (value) {
        case 1: function(Constant<1>{}); break;
        case 2: if constexpr (limit >= 2) function(Constant<2>{}); break;
        case 3: if constexpr (limit >= 3) function(Constant<3>{}); break;
        case 4: if constexpr (limit >= 4) function(Constant<4>{}); break;
        case 5: if constexpr (limit >= 5) function(Constant<5>{}); break;
        case 6: if constexpr (limit >= 6) function(Constant<6>{}); break;
        case 7: if constexpr (limit >= 7) function(Constant<7>{}); break;
        case 8: if constexpr (limit >= 8) function(Constant<8>{}); break;
        case 9: if constexpr (limit >= 9) function(Constant<9>{}); break;
        case 10: if constexpr (limit >= 10) function(Constant<10>{}); break;
        case 11: if constexpr (limit >= 11) function(Constant<11>{}); break;
        default: if constexpr (limit >= 12) function(Constant<12>{}); break;
    }
    // clang-format on
}

// Where the sums of a range of columns begin. Ranges after the first one of either side are summed up by themselves and then added: a sum
// over many columns has the rounding errors of a short one, in an order that depends on nothing but the layer's sizes.
enum class Begin { bias, projected, sums, zero };

// Sums of all gates of `groups` panels for a block of rows, input side then hidden side, over a range of their columns.
struct GateSums {
    const Real* bias;           // of the panel: gates, then the hidden-side bias of the gate kept apart
    std::int64_t panel;         // elements between panels of weights
    const Real* projected;      // input side done before: [row][gates]
    std::int64_t projected_panel;
    const Real* input;          // panels of columns
    std::int64_t input_stride, input_size;
    const Real* input_weights;
    const Real* state;
    std::int64_t state_stride, hidden_size;
    const Real* hidden_weights;
    int input_bias[4];           // vector of `bias` that starts each gate
    int hidden_bias;             // vector of `bias` that starts the hidden side of the gate kept apart
    Real* sums;                  // [row][group][gates + 1]; the last is the input part of the gate kept apart
    Begin begin;                 // from sums: on from those of the ranges before; from zero: then added to them
    bool hidden_begins;          // this range starts the hidden side
};

// apart: the gate whose input part is kept apart, or -1.
template <int rows, int groups, int gates, int apart, int numbers = 1>
__attribute__((noinline)) void sum_gates(const GateSums& of) {
    constexpr int vectors = groups * gates;
    Vector sum[rows][vectors];
    const auto slot = [&](int row, int n) { return of.sums + ((row * groups + n / gates) * (gates + 1) + n % gates) * lanes; };
    if (of.begin == Begin::zero) {
        GATEWISE_UNROLL
        for (int i = 0; i < rows; ++i) {
            GATEWISE_UNROLL
            for (int n = 0; n < vectors; ++n) sum[i][n] = zero();
        }
    } else if (of.begin == Begin::sums) {
        GATEWISE_UNROLL
        for (int i = 0; i < rows; ++i) {
            GATEWISE_UNROLL
            for (int n = 0; n < vectors; ++n) sum[i][n] = load(slot(i, n));
        }
    } else if (of.begin == Begin::projected) {
        GATEWISE_UNROLL
        for (int n = 0; n < vectors; ++n) {
            GATEWISE_UNROLL
            for (int i = 0; i < rows; ++i)
                sum[i][n] = load(of.projected + (n / gates) * of.projected_panel + (i * gates + n % gates) * lanes);
        }
    } else {
        GATEWISE_UNROLL
        for (int n = 0; n < vectors; ++n) {
            const Vector bias = load(of.bias + (n / gates) * of.panel + of.input_bias[n % gates] * lanes);
            GATEWISE_UNROLL
            for (int i = 0; i < rows; ++i) sum[i][n] = bias;
        }
    }
    multiply<rows, groups, gates, numbers>(sum, of.input, of.input_stride, of.input_size, of.input_weights, of.panel);
    if (apart >= 0 && of.hidden_begins) {
        GATEWISE_UNROLL
        for (int group = 0; group < groups; ++group) {
            const int n = group * gates + apart;
            const Vector bias = load(of.bias + group * of.panel + of.hidden_bias * lanes);
            GATEWISE_UNROLL
            for (int i = 0; i < rows; ++i) {
                store(slot(i, group * gates) + gates * lanes, sum[i][n]);
                sum[i][n] = bias;
            }
        }
    }
    multiply<rows, groups, gates, numbers>(sum, of.state, of.state_stride, of.hidden_size, of.hidden_weights, of.panel);
    if (of.begin == Begin::zero) {
        GATEWISE_UNROLL
        for (int i = 0; i < rows; ++i) {
            GATEWISE_UNROLL
            for (int n = 0; n < vectors; ++n) sum[i][n] += load(slot(i, n));
        }
    }
    GATEWISE_UNROLL
    for (int i = 0; i < rows; ++i) {
        GATEWISE_UNROLL
        for (int n = 0; n < vectors; ++n) store(slot(i, n), sum[i][n]);
    }
}

// Products that are summed one after the other; longer sums are sums of such.
constexpr std::int64_t longest_sum = 512;

// target (+)= sum over gates of left[gate] times the gate's part of the weights, for a block of rows and panels of columns.
struct GateProduct {
    int gates;
    const Real* left[4];
    std::int64_t left_stride, count;
    const Real* right;
    std::int64_t right_gate, right_panel;
    Real* target;  // [panel][row], panels target_stride apart
    std::int64_t target_stride;
    bool add;
};

template <int rows, int panels, int numbers>
__attribute__((noinline)) void multiply_gates(const GateProduct& of) {
    Vector sum[rows][panels];
    const auto place = [&](int i, int n) { return of.target + n * of.target_stride + i * lanes; };
    GATEWISE_UNROLL
    for (int n = 0; n < panels; ++n) {
        GATEWISE_UNROLL
        for (int i = 0; i < rows; ++i) sum[i][n] = of.add ? load(place(i, n)) : zero();
    }
    std::int64_t summed = 0;
    bool first = true;
    for (int gate = 0; gate < of.gates; ++gate)
        for (std::int64_t from = 0; from < of.count; from += longest_sum) {
            const std::int64_t count = smaller(of.count - from, longest_sum);
            if (summed + count > longest_sum) {
                GATEWISE_UNROLL
                for (int n = 0; n < panels; ++n) {
                    GATEWISE_UNROLL
                    for (int i = 0; i < rows; ++i) {
                        store(place(i, n), first ? sum[i][n] : load(place(i, n)) + sum[i][n]);
                        sum[i][n] = zero();
                    }
                }
                summed = 0;
                first = false;
            }
            multiply<rows, panels, 1, numbers>(sum, of.left[gate] + from / lanes * of.left_stride, of.left_stride, count,
                                               of.right + gate * of.right_gate + from * lanes, of.right_panel);
            summed += count;
        }
    GATEWISE_UNROLL
    for (int n = 0; n < panels; ++n) {
        GATEWISE_UNROLL
        for (int i = 0; i < rows; ++i) store(place(i, n), first ? sum[i][n] : load(place(i, n)) + sum[i][n]);
    }
}

constexpr int product_rows = most_rows(1);
constexpr int product_panels(int rows) { return groups_beside(rows, 1); }

template <int numbers = 1>
GATEWISE_INLINE void multiply_block(int rows, int panels, const GateProduct& of) {
    with_constant<product_rows>(rows, [&](auto row_count) {
        constexpr int fixed = decltype(row_count)::number;
        with_constant<product_panels(fixed)>(panels,
                                             [&](auto panel_count) { multiply_gates<fixed, decltype(panel_count)::number, numbers>(of); });
    });
}

GATEWISE_INLINE int most_product_panels(std::int64_t rows) {
    int result = product_panels(product_rows);
    if (rows > 0 && rows <= product_rows)
        with_constant<product_rows>(static_cast<int>(rows), [&](auto count) { result = product_panels(decltype(count)::number); });
    return result;
}

// target += left transposed times right, for a block of left's columns and all gates of `groups` panels.
template <int columns, int groups, int gates, int numbers = 1>
__attribute__((noinline)) void add_outer(const Real* left, const Real* const (&right)[groups * gates], std::int64_t count, Real* target,
                                         std::int64_t target_panel) {
    constexpr int vectors = groups * gates;
    Vector sum[columns][vectors];
    GATEWISE_UNROLL
    for (int i = 0; i < columns; ++i) {
        GATEWISE_UNROLL
        for (int n = 0; n < vectors; ++n) sum[i][n] = zero();
    }
    multiply_transposed<columns, vectors, numbers>(sum, left, right, count);
    GATEWISE_UNROLL
    for (int i = 0; i < columns; ++i) {
        GATEWISE_UNROLL
        for (int n = 0; n < vectors; ++n) {
            Real* place = target + (n / gates) * target_panel + (i * gates + n % gates) * lanes;
            store(place, load(place) + sum[i][n]);
        }
    }
}

}  // namespace
}  // namespace GATEWISE_ISA
}  // namespace gatewise
