// The cells, stated once: gate order, activations, and their derivatives. Gate order is PyTorch's and cuDNN's.
//
// gates         pre-activations per hidden unit, in the order of the weights
// apart   the gate whose hidden-side sum is kept apart (the GRU's n, which the reset gate multiplies), or -1
// saved         vectors kept per hidden unit for the backward pass
// gradients     vectors of gate gradients; hidden_side(g) and input_side(g) say which of them belongs to gate g of W_hh and of W_ih
// recurrent     whether there is a W_hh at all
// cell_state    whether there is a c beside h
//
// and, for those whose step takes more than one pass over the hidden units (staged_cells.h):
// staged        whether it does
// second_stage  gates, the last ones, whose product with the state waits for the others
// more_parameters  vectors of parameters per hidden unit beside the biases
// statistics    numbers kept per row, beside `saved`, for the backward pass
#pragma once

#include "activations.h"

// All cells, by the name that Python knows them by: tables and dispatch are made of this list, and a cell's number is its place here.
// New ones go to the end, because exported programs keep numbers.
#define GATEWISE_CELLS(cell)               \
    cell(gru, Gru)                         \
    cell(lstm, Lstm)                       \
    cell(rnn_tanh, Rnn<false>)             \
    cell(rnn_relu, Rnn<true>)              \
    cell(min_gru, MinGru)                  \
    cell(min_lstm, MinLstm)                \
    cell(gru_reset_before, GruResetBefore) \
    cell(norm_gru, Normalized<Gru>)        \
    cell(norm_lstm, Normalized<Lstm>)      \
    cell(norm_rnn_tanh, Normalized<Rnn<false>>) \
    cell(norm_rnn_relu, Normalized<Rnn<true>>) \
    cell(bfloat16_gru, Bfloat16<Gru>)      \
    cell(bfloat16_lstm, Bfloat16<Lstm>)    \
    cell(bfloat16_rnn_tanh, Bfloat16<Rnn<false>>) \
    cell(bfloat16_rnn_relu, Bfloat16<Rnn<true>>)

// Those that there are with weights of eight bits (int8.h), by the same names.
#define GATEWISE_INT8_CELLS(cell) \
    cell(gru, Gru)                \
    cell(lstm, Lstm)              \
    cell(rnn_tanh, Rnn<false>)    \
    cell(rnn_relu, Rnn<true>)

namespace gatewise {
namespace GATEWISE_ISA {
namespace {

struct State {
    Vector h, c;
};

struct OneStage {
    static constexpr bool staged = false;
    static constexpr int second_stage = 0, more_parameters = 0, statistics = 0;
};

// dh on entry: gradient of the new h; dc: of the new c. On exit h: what flows straight to the previous h, not through W_hh; c: to the
// previous c.
using StateGradient = State;

// Cho et al. 2014, with the reset gate after the product, as cuDNN has it:
// r = sigmoid(W_ir x + b_ir + W_hr h + b_hr), z likewise, n = tanh(W_in x + b_in + r * (W_hn h + b_hn)), h' = n + z * (h - n).
struct Gru : OneStage {
    static constexpr int gates = 3, apart = 2, saved = 4, gradients = 4;
    static constexpr bool recurrent = true, cell_state = false;
    static constexpr int hidden_side(int gate) { return gate; }
    static constexpr int input_side(int gate) { return gate == 2 ? 3 : gate; }

    GATEWISE_INLINE State step(const Vector* sum, Vector input_part, State before, Vector* save) {
        const Vector r = sigmoid(sum[0]), z = sigmoid(sum[1]), n = hyperbolic_tangent(input_part + r * sum[2]);
        save[0] = r;
        save[1] = z;
        save[2] = n;
        save[3] = sum[2];
        return {n + z * (before.h - n), zero()};
    }

    GATEWISE_INLINE StateGradient back(const Vector* save, State before, StateGradient after, Vector* gradient) {
        const Vector r = save[0], z = save[1], n = save[2], one = splat(1);
        const Vector dn = after.h * (one - z) * (one - n * n);
        gradient[0] = dn * save[3] * (r * (one - r));
        gradient[1] = after.h * (before.h - n) * (z * (one - z));
        gradient[2] = dn * r;
        gradient[3] = dn;
        return {after.h * z, zero()};
    }
};

// Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000: i, f, o sigmoids, g tanh, c' = f c + i g, h' = o tanh(c').
struct Lstm : OneStage {
    static constexpr int gates = 4, apart = -1, saved = 5, gradients = 4;
    static constexpr bool recurrent = true, cell_state = true;
    static constexpr int hidden_side(int gate) { return gate; }
    static constexpr int input_side(int gate) { return gate; }

    // save[4], the new c, is the caller's to write: zoneout may still change it.
    GATEWISE_INLINE State step(const Vector* sum, Vector, State before, Vector* save) {
        const Vector i = sigmoid(sum[0]), f = sigmoid(sum[1]), g = hyperbolic_tangent(sum[2]), o = sigmoid(sum[3]);
        save[0] = i;
        save[1] = f;
        save[2] = g;
        save[3] = o;
        const Vector c = f * before.c + i * g;
        return {o * hyperbolic_tangent(c), c};
    }

    GATEWISE_INLINE StateGradient back(const Vector* save, State before, StateGradient after, Vector* gradient) {
        const Vector i = save[0], f = save[1], g = save[2], o = save[3], one = splat(1);
        const Vector squashed = hyperbolic_tangent(f * before.c + i * g);
        const Vector dc = after.h * o * (one - squashed * squashed) + after.c;
        return back_from_cell(save, before, dc, after.h * squashed, gradient);
    }

    // The same from the gradients of c' before its squashing, all paths together, and of the output gate.
    GATEWISE_INLINE StateGradient back_from_cell(const Vector* save, State before, Vector dc, Vector d_output, Vector* gradient) {
        const Vector i = save[0], f = save[1], g = save[2], o = save[3], one = splat(1);
        gradient[0] = dc * g * (i * (one - i));
        gradient[1] = dc * before.c * (f * (one - f));
        gradient[2] = dc * i * (one - g * g);
        gradient[3] = d_output * (o * (one - o));
        return {zero(), dc * f};
    }
};

// Elman 1990: h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu in place of tanh.
template <bool relu>
struct Rnn : OneStage {
    static constexpr int gates = 1, apart = -1, saved = 1, gradients = 1;
    static constexpr bool recurrent = true, cell_state = false;
    static constexpr int hidden_side(int) { return 0; }
    static constexpr int input_side(int) { return 0; }

    GATEWISE_INLINE State step(const Vector* sum, Vector, State, Vector* save) {
        // The comparison is this way round so that not-a-number passes.
        save[0] = relu ? select(sum[0] <= zero(), zero(), sum[0]) : hyperbolic_tangent(sum[0]);
        return {save[0], zero()};
    }

    GATEWISE_INLINE StateGradient back(const Vector* save, State, StateGradient after, Vector* gradient) {
        gradient[0] = relu ? select(save[0] > zero(), after.h, zero()) : after.h * (splat(1) - save[0] * save[0]);
        return {zero(), zero()};
    }
};

// The positive candidate of Feng et al. 2024, appendix B: x + 1/2 from 0 up, sigmoid(x) below.
// Just below 0 it stays below 1/2, which tells the two branches apart when the slope is taken.
GATEWISE_INLINE Vector positive(Vector x) {
    constexpr Real below_half = GATEWISE_REAL_BITS == 32 ? Real(0x1.fffffep-2) : Real(0x1.fffffffffffffp-2);
    return select(x >= zero(), x + splat(Real(0.5)), at_most(sigmoid(x), below_half));
}
GATEWISE_INLINE Vector positive_slope(Vector y) { return select(y >= splat(Real(0.5)), splat(1), y * (splat(1) - y)); }

// minGRU, Feng et al. 2024: z = sigmoid(W_z x), candidate g(W_h x), h' = h + z (candidate - h).
struct MinGru : OneStage {
    static constexpr int gates = 2, apart = -1, saved = 2, gradients = 2;
    static constexpr bool recurrent = false, cell_state = false;
    static constexpr int hidden_side(int gate) { return gate; }
    static constexpr int input_side(int gate) { return gate; }

    GATEWISE_INLINE State step(const Vector* sum, Vector, State before, Vector* save) {
        const Vector z = sigmoid(sum[0]), candidate = positive(sum[1]);
        save[0] = z;
        save[1] = candidate;
        return {before.h + z * (candidate - before.h), zero()};
    }

    GATEWISE_INLINE StateGradient back(const Vector* save, State before, StateGradient after, Vector* gradient) {
        const Vector z = save[0], candidate = save[1], one = splat(1);
        gradient[0] = after.h * (candidate - before.h) * (z * (one - z));
        gradient[1] = after.h * z * positive_slope(candidate);
        return {after.h * (one - z), zero()};
    }
};

// minLSTM, Feng et al. 2024: f, i = sigmoid(W_f x), sigmoid(W_i x), normalised to f + i = 1; h' = f h + i candidate.
struct MinLstm : OneStage {
    static constexpr int gates = 3, apart = -1, saved = 4, gradients = 3;
    static constexpr bool recurrent = false, cell_state = false;
    static constexpr int hidden_side(int gate) { return gate; }
    static constexpr int input_side(int gate) { return gate; }

    GATEWISE_INLINE State step(const Vector* sum, Vector, State before, Vector* save) {
        // f / (f + i) through the reciprocals 1 / f and 1 / i. Where a gate is so shut that its own would overflow, only the distance to
        // the other one counts, and both are moved.
        constexpr Real shut = GATEWISE_REAL_BITS == 32 ? -80 : -600, shutter = GATEWISE_REAL_BITS == 32 ? -87 : -700;
        const Vector lower = select(sum[0] < sum[1], sum[0], sum[1]);
        const Vector moved = at_most(at_least(splat(shut) - lower, 0), Real(1e30));
        const Vector over_f = one_plus_exponential(sum[0] + moved, shutter), over_i = one_plus_exponential(sum[1] + moved, shutter);
        const Vector keep = over_i * reciprocal(over_f + over_i), candidate = positive(sum[2]);
        save[0] = keep;
        save[1] = candidate;
        save[2] = reciprocal(over_f);
        save[3] = reciprocal(over_i);
        return {candidate + keep * (before.h - candidate), zero()};
    }

    GATEWISE_INLINE StateGradient back(const Vector* save, State before, StateGradient after, Vector* gradient) {
        // i / (f + i) from the gates: 1 - keep has few digits where nearly all is kept.
        const Vector keep = save[0], candidate = save[1], one = splat(1), take = save[3] * reciprocal(save[2] + save[3]);
        const Vector slope = after.h * (before.h - candidate) * (keep * take);
        gradient[0] = slope * (one - save[2]);
        gradient[1] = -slope * (one - save[3]);
        gradient[2] = after.h * take * positive_slope(candidate);
        return {after.h * keep, zero()};
    }
};

// A cell whose products are of bfloat16, where there are instructions for them; elsewhere the cell itself. Sums, gates, states and what is
// saved are as they are without.
#if GATEWISE_BFLOAT16
template <class Plain>
struct Bfloat16 : Plain {};
#else
template <class Plain>
using Bfloat16 = Plain;
#endif

// How many numbers an element of a cell's products holds.
template <class Cell>
constexpr int numbers_of = 1;
#if GATEWISE_BFLOAT16
template <class Plain>
constexpr int numbers_of<Bfloat16<Plain>> = 2;
#endif

}  // namespace
}  // namespace GATEWISE_ISA
}  // namespace gatewise
