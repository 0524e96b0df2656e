// Where everything lies: packed weights, saved activations, scratch.
#pragma once

#include "blocks.h"
#include "cells.h"
#include "kernels.h"
#include "staged_cells.h"

namespace gatewise {
namespace GATEWISE_ISA {
namespace {

constexpr std::int64_t panels_of(std::int64_t size) { return (size + lanes - 1) / lanes; }
GATEWISE_INLINE int width_of(std::int64_t panel, std::int64_t size) { return static_cast<int>(smaller(lanes, size - panel * lanes)); }

// Positions (a row at a step) whose products with the input side are done together. Enough to amortise a pass over the weights, few
// enough to stay in the second-level cache.
constexpr std::int64_t chunk_positions = 128;

template <class Cell>
using ProductsOf = Products<numbers_of<Cell>>;

// Forward weights, their sizes in elements, and their gradient, in numbers: one panel after the other, each
// [bias: gradients][more_parameters][input_size: gates][hidden_size: gates] vectors. The bias of a gate is the sum of
// both sides; the gate whose hidden-side sum is kept apart has its two biases at hidden_side and input_side. Of the hidden side, the
// gates of the second stage follow those of the first.
template <class Cell>
struct ForwardLayout {
    static constexpr std::int64_t bias = 0;
    static constexpr std::int64_t input = (Cell::gradients + Cell::more_parameters) * lanes;
    static constexpr std::int64_t row = Cell::gates * lanes;
    std::int64_t hidden, panel;
    ForwardLayout(std::int64_t input_size, std::int64_t hidden_size)
        : hidden(input + input_size * row), panel(hidden + (Cell::recurrent ? hidden_size : 0) * row) {}

    // Where a gate's column of W_hh starts in its panel, and how far apart its elements are.
    std::int64_t hidden_gate(int gate) const {
        constexpr int first = Cell::gates - Cell::second_stage;
        return gate < first ? hidden + gate * lanes : hidden + (panel - hidden) / Cell::gates * first + (gate - first) * lanes;
    }
    static constexpr std::int64_t hidden_row(int gate) {
        constexpr int first = Cell::gates - Cell::second_stage;
        return (gate < first ? first : Cell::second_stage) * lanes;
    }
};

// Backward weights: for each panel of columns, [gates][elements of hidden_size] vectors; W_hh's panels, then W_ih's.
template <class Cell>
struct BackwardLayout {
    std::int64_t gate, panel, input;
    explicit BackwardLayout(std::int64_t hidden_size)
        : gate(ProductsOf<Cell>::elements(hidden_size) * lanes),
          panel(Cell::gates * gate),
          input(Cell::recurrent ? panels_of(hidden_size) * panel : 0) {}
};

// Elements that hold `count` 64-bit integers.
constexpr std::int64_t elements_of_integers(std::int64_t count) {
    return round_up(count * 8 / static_cast<std::int64_t>(sizeof(Real)), 64);
}

template <class Cell>
struct ForwardScratch {
    std::int64_t rows, plane, capacity;
    ForwardScratch(std::int64_t hidden_size, std::int64_t rows)
        : rows(rows), plane(panels_of(hidden_size) * rows * lanes), capacity(larger(chunk_positions, rows)) {}
    // h as the product sees it twice (before, after), h as it is carried where that is another, c.
    std::int64_t shared() const { return 4 * plane; }
    std::int64_t input() const { return elements_of_integers(capacity); }
    std::int64_t projected(std::int64_t input_size) const { return input() + panels_of(input_size) * capacity * lanes; }
    std::int64_t sums(std::int64_t input_size, std::int64_t hidden_size) const {
        return projected(input_size) + panels_of(hidden_size) * capacity * Cell::gates * lanes;
    }
    std::int64_t own(std::int64_t input_size, std::int64_t hidden_size) const {
        return sums(input_size, hidden_size) + rows * most_beside * (Cell::gates + 1) * lanes;
    }
};

template <class Cell>
struct BackwardScratch {
    std::int64_t plane, state, capacity;
    BackwardScratch(std::int64_t hidden_size, std::int64_t rows)
        : plane(panels_of(hidden_size) * larger(chunk_positions, rows) * lanes),
          state(panels_of(hidden_size) * rows * lanes),
          capacity(larger(chunk_positions, rows)) {}
    // Gate gradients and previous h of two chunks in turn; dh, dc.
    std::int64_t chunk() const { return (Cell::gradients + 1) * plane; }
    std::int64_t shared() const { return 2 * chunk() + 2 * state; }
    std::int64_t input() const { return elements_of_integers(capacity); }
    // As chunk(), by pairs of rows.
    std::int64_t pairs(std::int64_t input_size) const { return input() + panels_of(input_size) * capacity * lanes; }
    std::int64_t own(std::int64_t input_size) const { return pairs(input_size) + (numbers_of<Cell> > 1 ? chunk() : 0); }
};

// Where the saved vectors of a panel's row at a step begin, counted from those of its slice.
template <class Cell>
GATEWISE_INLINE std::int64_t saved_place(const Slice& slice, std::int64_t panels, std::int64_t step, std::int64_t panel, std::int64_t row) {
    return (slice.active_before[step] * panels + panel * slice.active[step] + row) * Cell::saved * lanes;
}

template <int count>
GATEWISE_INLINE void save_vectors(const Vector* values, Real* slot, bool past_caches) {
    if (past_caches)
        for (int n = 0; n < count; ++n) store_past_caches(slot + n * lanes, values[n]);
    else
        for (int n = 0; n < count; ++n) store(slot + n * lanes, values[n]);
}

GATEWISE_INLINE void position_rows(const Slice& slice, std::int64_t step, std::int64_t* positions) {
    for (std::int64_t row = 0; row < slice.active[step]; ++row) {
        const std::int64_t time = slice.reverse ? slice.length[row] - 1 - step : step;
        positions[row] = slice.step_offset[time] + slice.row_offset[row];
    }
}

}  // namespace
}  // namespace GATEWISE_ISA
}  // namespace gatewise
