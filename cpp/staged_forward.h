// What the forward passes of the staged cells share: the input side is projected ahead, in chunks of steps, and the products with the
// state come bare, in passes of some of the gates.
#pragma once

#include "forward.h"

namespace gatewise {
namespace GATEWISE_ISA {
namespace {

template <class Cell>
class StagedForward : protected ForwardSweep<Cell> {
  protected:
    using Base = ForwardSweep<Cell>;
    using Base::Base, Base::layer_, Base::slice_, Base::member_, Base::layout_, Base::size_, Base::panels_, Base::first_, Base::last_,
        Base::stride_, Base::states_, Base::cells_, Base::positions_, Base::projected_, Base::carried;

    // Of one step: its rows' places in input and output, and their input side, by panel.
    struct Step {
        std::int64_t number, active;
        const std::int64_t* positions;
        const Real* input_side;
    };

    // Steps as `sweep` takes them, which may also have a part in the projection.
    template <class Sweep>
    void run_as(Sweep& sweep) {
        Base::start();
        std::int64_t until = 0, from = 0;
        for (std::int64_t step = 0; step < slice_.steps && slice_.active[step] > 0; ++step) {
            if (step >= until) {
                from = step;
                until = Base::project(step);
                sweep.projected(from, until);
            }
            const std::int64_t before = slice_.active_before[step] - slice_.active_before[from];
            sweep.advance(Step{step, slice_.active[step], positions_ + before, projected_ + before * layout_.row});
            member_.wait();
            Base::finish(step);
        }
        if (layer_.stream_saved) order_stores();
    }

    const Real* input_side(const Step& step, std::int64_t panel, std::int64_t row) const {
        return step.input_side + panel * Base::projected_panel() + row * layout_.row;
    }

    // Products of the state with `width` gates of W_hh from `gate` on, without biases: done(panel, row, sums) for every active row and
    // every panel of this member.
    template <int gate, int width, class Done>
    void multiply_state(const Step& step, const Real* state, Done&& done) const {
        constexpr int most = most_rows(width), together = groups_beside(most, width);
        int groups_at_once = together;
        if (step.active < most)
            with_constant<most>(static_cast<int>(step.active),
                                [&](auto rows) { groups_at_once = groups_beside(decltype(rows)::number, width); });
        for (std::int64_t panel = first_; panel < last_;) {
            const int groups = next_rows(last_ - panel, groups_at_once);
            for (std::int64_t row = 0; row < step.active;) {
                const int rows = next_rows(step.active - row, most);
                alignas(vector_bytes) Real buffer[accumulators * 2 * lanes];
                Base::for_ranges(layer_.hidden_size, Begin::bias, [&](Begin begin, std::int64_t from, std::int64_t range) {
                    GateSums sums = Base::gate_sums(panel, row);
                    for (int n = 0; n < width; ++n) sums.input_bias[n] = Cell::zeros;
                    sums.state = state + row * lanes + from / lanes * stride_;
                    sums.hidden_weights = layer_.packed + panel * layout_.panel + layout_.hidden_gate(gate) + from * width * lanes;
                    sums.hidden_size = range;
                    sums.begin = begin;
                    sums.sums = buffer;
                    with_constant<most>(rows, [&](auto row_count) {
                        constexpr int count = decltype(row_count)::number, limit = groups_beside(count, width);
                        with_constant<limit>(groups,
                                             [&](auto group_count) { sum_gates<count, decltype(group_count)::number, width, -1>(sums); });
                    });
                });
                for (int group = 0; group < groups; ++group)
                    for (int i = 0; i < rows; ++i) done(panel + group, row + i, buffer + (i * groups + group) * (width + 1) * lanes);
                row += rows;
            }
            panel += groups;
        }
    }

    // The new h of a row, up to zoneout.
    void settle_h(const Step& step, std::int64_t panel, std::int64_t row, Vector after) const {
        const auto states = Base::new_states(step.number, panel);
        const std::int64_t target = step.positions[row] * layer_.output_stride + panel * lanes;
        const Zoneout zoneout = Zoneout::of_h(layer_);
        if (zoneout.on()) after = zoneout.taken(load(carried(step.number) + panel * stride_ + row * lanes), after, target, states.width);
        states.put_h(row, target, after);
    }

    // The new c of a row, up to zoneout; returns what is carried on.
    Vector settle_c(const Step& step, std::int64_t panel, std::int64_t row, Vector after) const {
        const auto states = Base::new_states(step.number, panel);
        const std::int64_t target = step.positions[row] * layer_.output_stride + panel * lanes;
        const Zoneout zoneout = Zoneout::of_c(layer_);
        if (zoneout.on()) after = zoneout.taken(load(states.cells + row * lanes), after, target, states.width);
        states.put_c(row, target, after);
        return after;
    }

    void save(const Step& step, std::int64_t panel, std::int64_t row, const Vector* values) const {
        if (!layer_.saved) return;
        save_vectors<Cell::saved>(values, layer_.saved + saved_place<Cell>(slice_, panels_, step.number, panel, row), layer_.stream_saved);
    }
};

}  // namespace
}  // namespace GATEWISE_ISA
}  // namespace gatewise
