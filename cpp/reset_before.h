// The GRU whose reset gate acts before the recurrent product: all of r * h must be known before the candidate, and back the same way.
#pragma once

#include "backward.h"
#include "staged_forward.h"

namespace gatewise {
namespace GATEWISE_ISA {
namespace {

class ResetBeforeForward : StagedForward<GruResetBefore> {
    using Cell = GruResetBefore;
    using Base = StagedForward<Cell>;

  public:
    // Shared, behind what every sweep has: r * h. Own: r and z.
    ResetBeforeForward(const Forward<Real>& layer, const Slice& slice, Real* shared, Real* own, Member& member)
        : Base(layer, slice, shared, own, member),
          reset_state_(shared + size_.shared()),
          gates_(own + size_.own(layer.input_size, layer.hidden_size)) {}

    static ScratchSize scratch(std::int64_t input_size, std::int64_t hidden_size, std::int64_t rows) {
        const ForwardScratch<Cell> size(hidden_size, rows);
        return {size.shared() + size.plane, size.own(input_size, hidden_size) + 2 * size.plane};
    }

    void run() { run_as(*this); }

    void projected(std::int64_t, std::int64_t) {}

    void advance(const Step& step) {
        const Real* state = states_[step.number & 1];
        multiply_state<0, 2>(step, state, [&](std::int64_t panel, std::int64_t row, const Real* sums) {
            const Real* side = input_side(step, panel, row);
            const std::int64_t place = panel * stride_ + row * lanes;
            const Vector r = sigmoid(load(side) + load(sums)), z = sigmoid(load(side + lanes) + load(sums + lanes));
            store(gates_ + 2 * place, r);
            store(gates_ + 2 * place + lanes, z);
            store(reset_state_ + place, r * load(state + place));
        });
        member_.wait();
        multiply_state<2, 1>(step, reset_state_, [&](std::int64_t panel, std::int64_t row, const Real* sums) {
            const std::int64_t place = panel * stride_ + row * lanes;
            const Vector r = load(gates_ + 2 * place), z = load(gates_ + 2 * place + lanes);
            const Vector n = hyperbolic_tangent(load(input_side(step, panel, row) + 2 * lanes) + load(sums));
            settle_h(step, panel, row, n + z * (load(carried(step.number) + place) - n));
            const Vector values[Cell::saved] = {r, z, n};
            save(step, panel, row, values);
        });
    }

  private:
    Real* const reset_state_;
    Real* const gates_;
};

class ResetBeforeBackward : BackwardSweep<GruResetBefore> {
    using Cell = GruResetBefore;
    using Base = BackwardSweep<Cell>;

  public:
    using Base::Base, Base::scratch;

    void run() { run_as(*this); }

    void retreat(std::int64_t step, const Real* later, Real* gradients, const std::int64_t* positions) {
        const std::int64_t active = slice_.active[step], both = later ? slice_.active[step + 1] : 0;
        for (std::int64_t panel = first_; panel < last_;) {
            const int groups = next_rows(last_ - panel, most_product_panels(both));
            prefetch_step(step, panel, groups, positions);
            if (both) through_weights(panel, groups, both, later);
            for (int group = 0; group < groups; ++group) through_candidate(step, panel + group, gradients, positions);
            panel += groups;
        }
        member_.wait();
        for (std::int64_t panel = first_; panel < last_;) {
            const int groups = next_rows(last_ - panel, most_product_panels(active));
            through_reset(step, panel, groups, gradients);
            panel += groups;
        }
    }

    void add_weight_gradients(const Factors& of) {
        for (std::int64_t panel = first_; panel < last_; ++panel) {
            Real* target = layer_.grad_packed + panel * layout_.panel;
            add_matrix<1, false>(input_, forward_.input_size, of, panel, target + layout_.input);
            add_hidden<0, 2>(of.states(), of, panel, target);
            add_hidden<2, 1>(of.gates + Cell::reset_state * of.plane, of, panel, target);
            for (int gate = 0; gate < Cell::gates; ++gate) {
                const Real* source = of.gates + gate * of.plane + panel * of.stride;
                Vector sum = zero();
                for (std::int64_t row = 0; row < of.count; ++row) sum += load(source + row * lanes);
                Real* bias = target + layout_.bias + gate * lanes;
                store(bias, load(bias) + sum);
            }
        }
    }

  private:
    // Gradients of z and of the candidate; what waits for that of r.
    void through_candidate(std::int64_t step, std::int64_t panel, Real* gradients, const std::int64_t* positions) {
        const int width = width_of(panel, forward_.hidden_size);
        for (std::int64_t row = 0; row < slice_.active[step]; ++row) {
            const Real* saved = saved_of(step, panel, row);
            const Vector r = load(saved), z = load(saved + lanes), n = load(saved + 2 * lanes), one = splat(1);
            const Vector before = state_before(step, panel, row, width).h;
            const std::int64_t place = positions[row] * forward_.output_stride + panel * lanes;
            Real* state = state_h_ + panel * stride_ + row * lanes;
            Vector dh = load(state), held = zero();
            if (layer_.grad_output) dh += load_part(layer_.grad_output + place, width);
            const Zoneout zoneout = Zoneout::of_h(forward_);
            if (zoneout.on()) dh = zoneout.divide(dh, place, width, held);
            const Vector factor = seen(forward_, slice_, panel, row, before);
            store(state, dh * z + held);
            Real* target = gradients + panel * chunk_stride_ + row * lanes;
            store(target + size_.plane, dh * (before - n) * (z * (one - z)));
            store(target + 2 * size_.plane, dh * (one - z) * (one - n * n));
            store(target + Cell::reset_state * size_.plane, r * factor);
            store(target + Cell::gradients * size_.plane, factor);
        }
    }

    // From the candidate through its weights to r and to the state that r multiplies.
    void through_reset(std::int64_t step, std::int64_t panel, int groups, Real* gradients) {
        for (std::int64_t row = 0; row < slice_.active[step];) {
            const int rows = next_rows(slice_.active[step] - row, product_rows);
            alignas(vector_bytes) Real buffer[block_vectors * lanes];
            GateProduct block = product<true>(panel, gradients + row * lanes);
            block.gates = 1;
            block.left[0] = block.left[2];
            block.right += 2 * block.right_gate;
            block.target = buffer;
            block.target_stride = product_rows * lanes;
            multiply_block(rows, groups, block);
            for (int n = 0; n < groups; ++n)
                for (int i = 0; i < rows; ++i) {
                    const Vector r = load(saved_of(step, panel + n, row + i)), d_product = load(buffer + (n * product_rows + i) * lanes);
                    Real* target = gradients + (panel + n) * chunk_stride_ + (row + i) * lanes;
                    Real* state = state_h_ + (panel + n) * stride_ + (row + i) * lanes;
                    store(target, d_product * load(target + Cell::gradients * size_.plane) * (r * (splat(1) - r)));
                    store(state, load(state) + seen(forward_, slice_, panel + n, row + i, d_product * r));
                }
            row += rows;
        }
    }

    // W_hh's gradient of `width` gates of one panel, from `gate` on, whose product was with `left`.
    template <int gate, int width>
    void add_hidden(const Real* left, const Factors& of, std::int64_t panel, Real* target) {
        constexpr int limit = at_most(most_rows(width), lanes);
        const Real* right[width];
        for (int n = 0; n < width; ++n) right[n] = of.gates + (gate + n) * of.plane + panel * of.stride;
        for (std::int64_t k = 0; k < forward_.hidden_size;) {
            const int columns = next_rows(smaller(lanes - k % lanes, forward_.hidden_size - k), limit);
            with_constant<limit>(columns, [&](auto number) {
                add_outer<decltype(number)::number, 1, width>(left + (k / lanes) * of.stride + k % lanes, right, of.count,
                                                              target + layout_.hidden_gate(gate) + k * layout_.hidden_row(gate),
                                                              layout_.panel);
            });
            k += columns;
        }
    }
};

}  // namespace
}  // namespace GATEWISE_ISA
}  // namespace gatewise
