// The backward pass over a slice: steps in reverse, and after every chunk of steps the gradients of weights, biases and input, while
// the gates' gradients are still in the cache.
#pragma once

#include "after_step.h"
#include "layout.h"

namespace gatewise {
namespace GATEWISE_ISA {
namespace {

template <class Cell>
class BackwardSweep {
  public:
    BackwardSweep(const Backward<Real>& layer, const Slice& slice, Real* shared, Real* own, Member& member)
        : layer_(layer),
          forward_(layer.forward),
          slice_(slice),
          member_(member),
          layout_(forward_.input_size, forward_.hidden_size),
          columns_(forward_.hidden_size),
          size_(forward_.hidden_size, slice.rows),
          panels_(panels_of(forward_.hidden_size)),
          first_(panels_ * member.index / member.count),
          last_(panels_ * (member.index + 1) / member.count),
          stride_(slice.rows * lanes),
          chunk_stride_(size_.capacity * lanes),
          chunks_{shared, shared + size_.chunk()},
          state_h_(shared + 2 * size_.chunk()),
          state_c_(state_h_ + size_.state),
          positions_(reinterpret_cast<std::int64_t*>(own)),
          input_(own + size_.input()),
          pairs_(own + size_.pairs(forward_.input_size)) {}

    static ScratchSize scratch(std::int64_t input_size, std::int64_t hidden_size, std::int64_t rows) {
        const BackwardScratch<Cell> size(hidden_size, rows);
        return {size.shared(), size.own(input_size)};
    }

    void run() { run_as(*this); }

  protected:
    // With the steps and the sums of `sweep`, which may be of a class built on this one.
    template <class Sweep>
    void run_as(Sweep& sweep) {
        start();
        std::int64_t end = slice_.steps;
        while (end > 0 && slice_.active[end - 1] == 0) --end;
        const Real* later = nullptr;  // gate gradients of the step after
        for (int turn = 0; end > 0; turn ^= 1) {
            std::int64_t begin = end, count = 0;
            while (begin > 0 && count + slice_.active[begin - 1] <= size_.capacity) count += slice_.active[--begin];
            for (std::int64_t step = begin; step < end; ++step) position_rows(slice_, step, positions_ + in_chunk(step, begin));
            for (std::int64_t step = end - 1; step >= begin; --step) {
                Real* gradients = chunks_[turn] + in_chunk(step, begin) * lanes;
                sweep.retreat(step, later, gradients, positions_ + in_chunk(step, begin));
                later = gradients;
                member_.wait();
            }
            sweep.add_weight_gradients(as_factors(chunks_[turn], count));
            if (layer_.grad_input) write_input_gradients(chunks_[turn], count);
            end = begin;
        }
        write_initial_state(later);
    }

    using Elements = ProductsOf<Cell>;

    static constexpr int block_vectors = product_rows * most_beside;

    std::int64_t in_chunk(std::int64_t step, std::int64_t begin) const { return slice_.active_before[step] - slice_.active_before[begin]; }

    void start() {
        for (std::int64_t panel = first_; panel < last_; ++panel) {
            const int width = width_of(panel, forward_.hidden_size);
            for (std::int64_t row = 0; row < slice_.rows; ++row) {
                const std::int64_t place = panel * stride_ + row * lanes;
                const std::int64_t source = slice_.batch_index[row] * forward_.hidden_size + panel * lanes;
                store(state_h_ + place, layer_.grad_h_n ? load_part(layer_.grad_h_n + source, width) : zero());
                if (Cell::cell_state) store(state_c_ + place, layer_.grad_c_n ? load_part(layer_.grad_c_n + source, width) : zero());
            }
        }
    }

    // One step back. later: gate gradients of the step after, of the rows active there.
    void retreat(std::int64_t step, const Real* later, Real* gradients, const std::int64_t* positions) {
        const std::int64_t active = slice_.active[step];
        const std::int64_t both = later ? slice_.active[step + 1] : 0;
        const bool reversed = step & 1;
        for (std::int64_t done = 0; done < last_ - first_;) {
            const int groups = next_rows(last_ - first_ - done, most_product_panels(both));
            const std::int64_t panel = reversed ? last_ - done - groups : first_ + done;
            prefetch_step(step, panel, groups, positions);
            if (Cell::recurrent && both) through_weights(panel, groups, both, later);
            for (int group = 0; group < groups; ++group) differentiate(step, panel + group, active, gradients, positions);
            done += groups;
        }
    }

    void prefetch_step(std::int64_t step, std::int64_t panel, int groups, const std::int64_t* positions) const {
        const std::int64_t active = slice_.active[step];
        const Real* saved = saved_of(step, panel, 0);
        for (std::int64_t i = 0; i < groups * active * Cell::saved; ++i) prefetch(saved + i * lanes);
        for (std::int64_t row = 0; row < active; ++row)
            for (int group = 0; group < groups; ++group) {
                const std::int64_t place = positions[row] * forward_.output_stride + (panel + group) * lanes;
                if (layer_.grad_output) prefetch(layer_.grad_output + place);
            }
    }

    const Real* saved_of(std::int64_t step, std::int64_t panel, std::int64_t row) const {
        return forward_.saved + saved_place<Cell>(slice_, panels_, step, panel, row);
    }

    // gates: gradients at the first of the rows. hidden: through W_hh, else through W_ih.
    template <bool hidden>
    GateProduct product(std::int64_t panel, const Real* gates) const {
        GateProduct result{};
        result.gates = hidden ? Cell::gates - Cell::second_stage : Cell::gates;
        for (int gate = 0; gate < Cell::gates; ++gate)
            result.left[gate] = gates + (hidden ? Cell::hidden_side(gate) : Cell::input_side(gate)) * size_.plane;
        result.left_stride = chunk_stride_;
        result.count = Elements::elements(forward_.hidden_size);
        result.right = layer_.packed + (hidden ? 0 : columns_.input) + panel * columns_.panel;
        result.right_gate = columns_.gate;
        result.right_panel = columns_.panel;
        return result;
    }

    // state_h += gradients of the gates times W_hh.
    void through_weights(std::int64_t panel, int groups, std::int64_t count, const Real* gates) {
        for (std::int64_t row = 0; row < count;) {
            const int rows = next_rows(count - row, product_rows);
            GateProduct block = product<true>(panel, gates + row * lanes);
            Real* state = state_h_ + panel * stride_ + row * lanes;
            if (!forward_.recurrent_mask) {
                block.target = state;
                block.target_stride = stride_;
                block.add = true;
                multiply_block<numbers_of<Cell>>(rows, groups, block);
            } else {
                alignas(vector_bytes) Real buffer[block_vectors * lanes];
                block.target = buffer;
                block.target_stride = product_rows * lanes;
                multiply_block<numbers_of<Cell>>(rows, groups, block);
                for (int n = 0; n < groups; ++n)
                    for (int i = 0; i < rows; ++i) {
                        const Vector mask = mask_of(forward_, slice_, panel + n, row + i);
                        Real* place = state + n * stride_ + i * lanes;
                        store(place, load(place) + load(buffer + (n * product_rows + i) * lanes) * mask);
                    }
            }
            row += rows;
        }
    }

    void differentiate(std::int64_t step, std::int64_t panel, std::int64_t active, Real* gradients, const std::int64_t* positions) {
        const std::int64_t column = panel * lanes, plane = size_.plane;
        const int width = width_of(panel, forward_.hidden_size);
        const Real* saved = saved_of(step, panel, 0);
        const Zoneout zoneout_h = Zoneout::of_h(forward_), zoneout_c = Zoneout::of_c(forward_);
        const bool zoneout = zoneout_h.on() || zoneout_c.on();
        Real* dh = state_h_ + panel * stride_;
        Real* dc = state_c_ + panel * stride_;
        for (std::int64_t row = 0; row < active; ++row) {
            Vector save[Cell::saved], gradient[Cell::gradients];
            for (int n = 0; n < Cell::saved; ++n) save[n] = load(saved + (row * Cell::saved + n) * lanes);
            const State before = state_before(step, panel, row, width);
            const std::int64_t place = positions[row] * forward_.output_stride + column;
            StateGradient after{load(dh + row * lanes), Cell::cell_state ? load(dc + row * lanes) : zero()};
            if (layer_.grad_output) after.h += load_part(layer_.grad_output + place, width);
            if (Cell::cell_state && layer_.grad_cells) after.c += load_part(layer_.grad_cells + place, width);
            StateGradient kept{zero(), zero()};
            if (zoneout) {
                after.h = zoneout_h.divide(after.h, place, width, kept.h);
                if (Cell::cell_state) after.c = zoneout_c.divide(after.c, place, width, kept.c);
            }
            const StateGradient previous = Cell::back(save, before, after, gradient);
            store(dh + row * lanes, previous.h + kept.h);
            if (Cell::cell_state) store(dc + row * lanes, previous.c + kept.c);
            for (int n = 0; n < Cell::gradients; ++n) Elements::put(gradients + n * plane + row * lanes, chunk_stride_, panel, gradient[n]);
            if (Cell::recurrent)
                Elements::put(gradients + Cell::gradients * plane + row * lanes, chunk_stride_, panel,
                              seen(forward_, slice_, panel, row, before.h));
        }
    }

    State state_before(std::int64_t step, std::int64_t panel, std::int64_t row, int width) const {
        State state{zero(), zero()};
        if (step == 0) {
            const std::int64_t source = slice_.batch_index[row] * forward_.hidden_size + panel * lanes;
            if (forward_.h_0) state.h = load_part(forward_.h_0 + source, width);
            if (Cell::cell_state && forward_.c_0) state.c = load_part(forward_.c_0 + source, width);
        } else {
            const std::int64_t time = slice_.reverse ? slice_.length[row] - step : step - 1;
            const std::int64_t position = slice_.step_offset[time] + slice_.row_offset[row];
            state.h = load_part(forward_.output + position * forward_.output_stride + panel * lanes, width);
            if (Cell::cell_state) state.c = load(saved_of(step - 1, panel, row) + (Cell::saved - 1) * lanes);
        }
        return state;
    }

    // A chunk as the sums over its rows read it: the gates' gradients, [plane][panel][row][lanes], behind them h before. The input is in
    // `input_`, [panel][row][lanes].
    struct Factors {
        const Real* gates;
        std::int64_t plane, stride, count;

        const Real* states() const { return gates + Cell::gradients * plane; }
    };

    Factors as_factors(const Real* gates, std::int64_t count) {
        const auto input = [&](std::int64_t row) { return forward_.input + positions_[row] * forward_.input_stride; };
        if constexpr (numbers_of<Cell> == 1) {
            for (std::int64_t row = 0; row < count; ++row)
                Elements::gather(input(row), forward_.input_size, input_ + row * lanes, chunk_stride_);
            return {gates, size_.plane, chunk_stride_, count};
        } else {
            // So far numbers are paired along a row; a sum over rows takes them across two.
            const std::int64_t pairs = (count + 1) / 2, stride = (size_.capacity + 1) / 2 * lanes, plane = panels_ * stride;
            for (int n = 0; n <= Cell::gradients; ++n) {
                const bool states = n == Cell::gradients;
                for (std::int64_t panel = states ? 0 : first_; panel < (states ? panels_ : last_); ++panel) {
                    const Real* source = gates + n * size_.plane + Elements::place(chunk_stride_, panel);
                    for (std::int64_t row = 0; row < count; row += 2)
                        store(pairs_ + n * plane + panel * stride + row / 2 * lanes,
                              Elements::pairs_across(source + row * lanes, row + 1 < count ? source + (row + 1) * lanes : nullptr));
                }
            }
            for (std::int64_t row = 0; row < count; row += 2)
                for (std::int64_t column = 0; column < forward_.input_size; column += lanes) {
                    const int width = width_of(column / lanes, forward_.input_size);
                    const Vector second = row + 1 < count ? load_part(input(row + 1) + column, width) : zero();
                    store(input_ + column / lanes * stride + row / 2 * lanes,
                          Elements::pairs_across(load_part(input(row) + column, width), second));
                }
            return {pairs_, plane, stride, pairs};
        }
    }

    void add_weight_gradients(const Factors& of) {
        constexpr int beside = groups_beside(most_rows(Cell::gates), Cell::gates);
        for (std::int64_t panel = first_; panel < last_;) {
            const int groups = last_ - panel >= beside ? beside : 1;
            if (groups == beside)
                add_panel<beside>(panel, of);
            else
                add_panel<1>(panel, of);
            panel += groups;
        }
    }

    template <int groups>
    void add_panel(std::int64_t panel, const Factors& of) {
        Real* target = layer_.grad_packed + panel * layout_.panel;
        add_matrix<groups, false>(input_, forward_.input_size, of, panel, target + layout_.input);
        if constexpr (Cell::recurrent) add_matrix<groups, true>(of.states(), forward_.hidden_size, of, panel, target + layout_.hidden);
        for (int group = 0; group < groups; ++group) {
            Vector sum[Cell::gradients] = {};
            const Real* source = of.gates + (panel + group) * of.stride;
            for (std::int64_t row = 0; row < of.count; ++row)
                for (int n = 0; n < Cell::gradients; ++n) Elements::count(sum[n], load(source + n * of.plane + row * lanes));
            Real* bias = target + group * layout_.panel + layout_.bias;
            for (int n = 0; n < Cell::gradients; ++n) store(bias + n * lanes, load(bias + n * lanes) + sum[n]);
        }
    }

    // target[k] += sum over rows of left(row, k) times the gradients of every gate of `groups` panels.
    template <int groups, bool hidden>
    void add_matrix(const Real* left, std::int64_t size, const Factors& of, std::int64_t panel, Real* target) {
        constexpr int gate_count = Cell::gates, limit = at_most(most_rows(gate_count), lanes);
        const Real* right[groups * gate_count];
        for (int n = 0; n < groups * gate_count; ++n) {
            const int gate = n % gate_count;
            right[n] =
                of.gates + (hidden ? Cell::hidden_side(gate) : Cell::input_side(gate)) * of.plane + (panel + n / gate_count) * of.stride;
        }
        for (std::int64_t k = 0; k < size;) {
            const std::int64_t in_panel = k % lanes;
            const int columns = next_rows(smaller(lanes - in_panel, size - k), limit);
            with_constant<limit>(columns, [&](auto number) {
                add_outer<decltype(number)::number, groups, gate_count, numbers_of<Cell>>(
                    left + (k / lanes) * of.stride + in_panel, right, of.count, target + k * layout_.row, layout_.panel);
            });
            k += columns;
        }
    }

    void write_input_gradients(const Real* gates, std::int64_t count) {
        const std::int64_t panels = panels_of(forward_.input_size);
        // Shared out over the team by blocks of rows; a row's result does not depend on its block.
        for (std::int64_t row = product_rows * member_.index; row < count; row += product_rows * member_.count) {
            const int rows = static_cast<int>(smaller(product_rows, count - row));
            for (std::int64_t panel = 0; panel < panels;) {
                const int groups = next_rows(panels - panel, most_product_panels(rows));
                alignas(vector_bytes) Real buffer[block_vectors * lanes];
                GateProduct block = product<false>(panel, gates + row * lanes);
                block.target = buffer;
                block.target_stride = product_rows * lanes;
                multiply_block<numbers_of<Cell>>(rows, groups, block);
                for (int i = 0; i < rows; ++i) {
                    Real* target = layer_.grad_input + positions_[row + i] * forward_.input_stride + panel * lanes;
                    for (int n = 0; n < groups; ++n)
                        store_part(target + n * lanes, load(buffer + (n * product_rows + i) * lanes),
                                   width_of(panel + n, forward_.input_size));
                }
                panel += groups;
            }
        }
    }

    void write_initial_state(const Real* later) {
        const std::int64_t active = slice_.steps > 0 ? slice_.active[0] : 0;
        for (std::int64_t panel = first_; layer_.grad_h_0 && Cell::recurrent && active && panel < last_;) {
            const int groups = next_rows(last_ - panel, most_product_panels(active));
            through_weights(panel, groups, active, later);
            panel += groups;
        }
        for (std::int64_t panel = first_; panel < last_; ++panel) {
            const int width = width_of(panel, forward_.hidden_size);
            for (std::int64_t row = 0; row < slice_.rows; ++row) {
                const std::int64_t target = slice_.batch_index[row] * forward_.hidden_size + panel * lanes;
                const std::int64_t place = panel * stride_ + row * lanes;
                if (layer_.grad_h_0) store_part(layer_.grad_h_0 + target, load(state_h_ + place), width);
                if (Cell::cell_state && layer_.grad_c_0) store_part(layer_.grad_c_0 + target, load(state_c_ + place), width);
            }
        }
    }

    const Backward<Real>& layer_;
    const Forward<Real>& forward_;
    const Slice& slice_;
    Member& member_;
    const ForwardLayout<Cell> layout_;
    const BackwardLayout<Cell> columns_;
    const BackwardScratch<Cell> size_;
    const std::int64_t panels_, first_, last_, stride_, chunk_stride_;
    Real* const chunks_[2];
    Real* const state_h_;
    Real* const state_c_;
    std::int64_t* const positions_;
    Real* const input_;
    Real* const pairs_;
};

}  // namespace
}  // namespace GATEWISE_ISA
}  // namespace gatewise
