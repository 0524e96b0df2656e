// Layer normalisation of rows that lie in the lanes of many panels: statistics, gains and shifts.
//
// Every panel contributes a few vectors per row, and whoever needs a row's statistics adds those of all panels in their order: the result
// depends neither on the other rows nor on who computed which panel.
#pragma once

#include "blocks.h"
#include "kernels.h"
#include "staged_cells.h"

namespace gatewise {
namespace GATEWISE_ISA {
namespace {

constexpr Real norm_epsilon = Real(1e-5);

GATEWISE_INLINE Real total(Vector value) {
    alignas(vector_bytes) Real part[lanes];
    store(part, value);
    for (int half = lanes / 2; half > 0; half /= 2)
        for (int lane = 0; lane < half; ++lane) part[lane] += part[lane + half];
    return part[0];
}

// One in the first `width` lanes, zero in the padding.
GATEWISE_INLINE Vector lanes_below(int width) {
    alignas(vector_bytes) Real part[lanes];
    for (int lane = 0; lane < lanes; ++lane) part[lane] = lane < width ? Real(1) : Real(0);
    return load(part);
}

struct Moments {
    Real mean, scale;  // scale = 1 / sqrt(variance + epsilon)
};

// A panel's part in the moments of a row: in every lane the sum of `count` values, and of their squared distances from its mean.
constexpr int moment_vectors = 2;

template <int count>
GATEWISE_INLINE void write_moments(const Vector* values, Real* part) {
    Vector sum = values[0];
    for (int n = 1; n < count; ++n) sum += values[n];
    const Vector mean = sum * splat(Real(1) / count);
    Vector squares = zero();
    for (int n = 0; n < count; ++n) squares += (values[n] - mean) * (values[n] - mean);
    store(part, sum);
    store(part + lanes, squares);
}

// Of a row of count * size values, from its parts in all panels, `stride` elements apart. The squared distances from the row's mean are
// those from each lane's mean, plus the lane means' own: no difference of large sums.
template <int count>
Moments read_moments(const Real* parts, std::int64_t stride, std::int64_t size) {
    const std::int64_t panels = (size + lanes - 1) / lanes;
    const Vector tail = lanes_below(static_cast<int>(size - (panels - 1) * lanes));
    Vector sum = zero(), squares = zero();
    for (std::int64_t panel = 0; panel < panels; ++panel) sum += load(parts + panel * stride);
    const Real mean = total(sum) / static_cast<Real>(count * size);
    for (std::int64_t panel = 0; panel < panels; ++panel) {
        Vector distance = load(parts + panel * stride) * splat(Real(1) / count) - splat(mean);
        if (panel == panels - 1) distance *= tail;
        squares += load(parts + panel * stride + lanes) + splat(count) * distance * distance;
    }
    return {mean, Real(1) / std::sqrt(total(squares) / static_cast<Real>(count * size) + norm_epsilon)};
}

// Mean over a row of `count` values per hidden unit, from the sums that stand in the lanes of all panels.
template <int count>
GATEWISE_INLINE Real read_mean(const Real* parts, std::int64_t stride, std::int64_t size) {
    Vector sum = zero();
    for (std::int64_t panel = 0; panel < (size + lanes - 1) / lanes; ++panel) sum += load(parts + panel * stride);
    return total(sum) / static_cast<Real>(count * size);
}

// Vectors of parameters per panel, and of their gradients: biases as a plain cell has them, gains of both sides, gain and shift of c.
template <class Cell>
struct NormLayout {
    static constexpr int gamma_ih = Cell::gradients, gamma_hh = gamma_ih + Cell::gates, gamma_c = gamma_hh + Cell::gates,
                         beta_c = gamma_c + 1;
    static constexpr int count = gamma_c + 2 * Cell::cell_state;

    static void load_panel(const Weights<Real>& weights, std::int64_t panel, int width, Real* target) {
        const auto part = [&](const Real* source, std::int64_t row) { return source ? load_part(source + row, width) : zero(); };
        for (int gate = 0; gate < Cell::gates; ++gate) {
            const std::int64_t row = gate * weights.hidden_size + panel * lanes;
            const Vector input_bias = part(weights.b_ih, row), hidden_bias = part(weights.b_hh, row);
            if (gate == Cell::apart) {
                store(target + Cell::hidden_side(gate) * lanes, hidden_bias);
                store(target + Cell::input_side(gate) * lanes, input_bias);
            } else {
                store(target + Cell::hidden_side(gate) * lanes, input_bias + hidden_bias);
            }
            store(target + (gamma_ih + gate) * lanes, part(weights.gamma_ih, row));
            store(target + (gamma_hh + gate) * lanes, part(weights.gamma_hh, row));
        }
        if (Cell::cell_state) {
            store(target + gamma_c * lanes, part(weights.gamma_c, panel * lanes));
            store(target + beta_c * lanes, part(weights.beta_c, panel * lanes));
        }
    }

    // The gradients of a gate's `width` units that start in `row` of PyTorch's layout.
    static void unpack(const Real* sum, int gate, std::int64_t row, int width, const WeightGradients<Real>& gradients) {
        const auto put = [&](Real* target, std::int64_t place, int vector) {
            if (target) store_part(target + place, load(sum + vector * lanes), width);
        };
        put(gradients.b_ih, row, Cell::input_side(gate));
        put(gradients.b_hh, row, Cell::hidden_side(gate));
        put(gradients.gamma_ih, row, gamma_ih + gate);
        put(gradients.gamma_hh, row, gamma_hh + gate);
        if (Cell::cell_state && gate == 0) {
            put(gradients.gamma_c, row, gamma_c);
            put(gradients.beta_c, row, beta_c);
        }
    }
};

// The parameters of one panel, and what they make of a row's normalised products.
template <class Cell>
struct NormParameters {
    using Layout = NormLayout<Cell>;
    Vector value[Layout::count];

    explicit NormParameters(const Real* source) {
        for (int n = 0; n < Layout::count; ++n) value[n] = load(source + n * lanes);
    }

    // Fills the sums of the gates and returns the input part of the gate kept apart.
    __attribute__((always_inline)) inline Vector sums(const Vector* input, const Vector* hidden, Vector* sum) const {
        Vector input_part = zero();
        for (int gate = 0; gate < Cell::gates; ++gate) {
            const Vector from_input = value[Layout::gamma_ih + gate] * input[gate],
                         from_hidden = value[Layout::gamma_hh + gate] * hidden[gate];
            if (gate == Cell::apart) {
                sum[gate] = from_hidden + value[Cell::hidden_side(gate)];
                input_part = from_input + value[Cell::input_side(gate)];
            } else {
                sum[gate] = from_input + from_hidden + value[Cell::hidden_side(gate)];
            }
        }
        return input_part;
    }

    // What the LSTM squashes, from the normalised c.
    __attribute__((always_inline)) inline Vector squashed_argument(Vector c) const {
        return value[Layout::gamma_c] * c + value[Layout::beta_c];
    }
};

}  // namespace
}  // namespace GATEWISE_ISA
}  // namespace gatewise
