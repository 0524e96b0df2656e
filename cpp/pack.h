// Weights from PyTorch's layout into panels, and their gradients back.
#pragma once

#include "layout.h"
#include "normalize.h"

namespace gatewise {
namespace GATEWISE_ISA {
namespace {

template <class Cell>
void pack_forward(const Weights<Real>& weights, Real* packed, std::int64_t first, std::int64_t last) {
    const std::int64_t input_size = weights.input_size, hidden_size = weights.hidden_size;
    const ForwardLayout<Cell> layout(ProductsOf<Cell>::elements(input_size), ProductsOf<Cell>::elements(hidden_size));
    for (std::int64_t panel = first; panel < last; ++panel) {
        Real* target = packed + panel * layout.panel;
        const int width = width_of(panel, hidden_size);
        for (int gate = 0; gate < Cell::gates; ++gate) {
            const std::int64_t row = gate * hidden_size + panel * lanes;
            const Vector input_bias = weights.b_ih ? load_part(weights.b_ih + row, width) : zero();
            const Vector hidden_bias = weights.b_hh ? load_part(weights.b_hh + row, width) : zero();
            if constexpr (Cell::staged) store(target + Cell::zeros * lanes, zero());
            if constexpr (is_normalized<Cell>) {
                // Products are taken bare; gains and biases come after, from PyTorch's layout.
                store(target + Cell::hidden_side(gate) * lanes, zero());
                store(target + Cell::input_side(gate) * lanes, zero());
            } else if (gate == Cell::apart) {
                store(target + Cell::hidden_side(gate) * lanes, hidden_bias);
                store(target + Cell::input_side(gate) * lanes, input_bias);
            } else {
                store(target + Cell::hidden_side(gate) * lanes, input_bias + hidden_bias);
            }
            ProductsOf<Cell>::transpose(weights.w_ih + row * input_size, input_size, width, target + layout.input + gate * lanes,
                                        layout.row);
            if constexpr (Cell::recurrent)
                ProductsOf<Cell>::transpose(weights.w_hh + row * hidden_size, hidden_size, width, target + layout.hidden_gate(gate),
                                            layout.hidden_row(gate));
        }
    }
}

template <class Cell>
void pack_backward(const Weights<Real>& weights, Real* packed, std::int64_t first, std::int64_t last) {
    const std::int64_t hidden_size = weights.hidden_size;
    const BackwardLayout<Cell> layout(hidden_size);
    const std::int64_t hidden_panels = Cell::recurrent ? panels_of(hidden_size) : 0;
    for (std::int64_t place = first; place < last; ++place) {
        const bool hidden = place < hidden_panels;
        const Real* matrix = hidden ? weights.w_hh : weights.w_ih;
        const std::int64_t columns = hidden ? hidden_size : weights.input_size, panel = hidden ? place : place - hidden_panels;
        const int width = width_of(panel, columns);
        for (int gate = 0; gate < Cell::gates; ++gate)
            ProductsOf<Cell>::copy(matrix + gate * hidden_size * columns + panel * lanes, columns, hidden_size, width,
                                   packed + place * layout.panel + gate * layout.gate);
    }
}

// target[column * target_stride + k] = source[k * row_stride + column] for columns < width.
GATEWISE_INLINE void transpose_out(const Real* source, std::int64_t row_stride, std::int64_t count, int width, Real* target,
                                   std::int64_t target_stride) {
    std::int64_t k = 0;
#if defined(__AVX512F__) && GATEWISE_REAL_BITS == 32
    if (width == lanes)
        for (; k + lanes <= count; k += lanes) transpose_block(source + k * row_stride, row_stride, target + k, target_stride);
#endif
    for (; k < count; ++k)
        for (int column = 0; column < width; ++column) target[column * target_stride + k] = source[k * row_stride + column];
}

template <class Cell>
void unpack_gradients(const Weights<Real>& weights, const WeightGradients<Real>& gradients, Real* const* groups, std::int64_t count,
                      std::int64_t first, std::int64_t last) {
    const std::int64_t input_size = weights.input_size, hidden_size = weights.hidden_size;
    const ForwardLayout<Cell> layout(input_size, hidden_size);
    for (std::int64_t panel = first; panel < last; ++panel) {
        Real* sum = groups[0] + panel * layout.panel;
        for (std::int64_t group = 1; group < count; ++group) {
            const Real* other = groups[group] + panel * layout.panel;
            for (std::int64_t i = 0; i < layout.panel; i += lanes) store(sum + i, load(sum + i) + load(other + i));
        }
        const int width = width_of(panel, hidden_size);
        for (int gate = 0; gate < Cell::gates; ++gate) {
            const std::int64_t row = gate * hidden_size + panel * lanes;
            if constexpr (is_normalized<Cell>) {
                NormLayout<typename Cell::Plain>::unpack(sum, gate, row, width, gradients);
            } else {
                if (gradients.b_ih) store_part(gradients.b_ih + row, load(sum + Cell::input_side(gate) * lanes), width);
                if (gradients.b_hh) store_part(gradients.b_hh + row, load(sum + Cell::hidden_side(gate) * lanes), width);
            }
            transpose_out(sum + layout.input + gate * lanes, layout.row, input_size, width, gradients.w_ih + row * input_size, input_size);
            if constexpr (Cell::recurrent)
                transpose_out(sum + layout.hidden_gate(gate), layout.hidden_row(gate), hidden_size, width,
                              gradients.w_hh + row * hidden_size, hidden_size);
        }
    }
}

}  // namespace
}  // namespace GATEWISE_ISA
}  // namespace gatewise
