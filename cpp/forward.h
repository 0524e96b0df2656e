// The forward pass over a slice of the batch: one block of accumulators holds every gate of its hidden units, so that pre-activations
// never leave the first-level cache and a step is one pass over the weights.
#pragma once

#include "after_step.h"
#include "layout.h"

namespace gatewise {
namespace GATEWISE_ISA {
namespace {

template <class Cell>
class ForwardSweep {
  public:
    ForwardSweep(const Forward<Real>& layer, const Slice& slice, Real* shared, Real* own, Member& member)
        : layer_(layer),
          slice_(slice),
          member_(member),
          layout_(Elements::elements(layer.input_size), Elements::elements(layer.hidden_size)),
          size_(layer.hidden_size, slice.rows),
          panels_(panels_of(layer.hidden_size)),
          first_(panels_ * member.index / member.count),
          last_(panels_ * (member.index + 1) / member.count),
          stride_(slice.rows * lanes),
          states_{shared, shared + size_.plane},
          carried_(shared + 2 * size_.plane),
          cells_(shared + 3 * size_.plane),
          positions_(reinterpret_cast<std::int64_t*>(own)),
          input_(own + size_.input()),
          projected_(own + size_.projected(layer.input_size)),
          sums_(own + size_.sums(layer.input_size, layer.hidden_size)) {}

    static ScratchSize scratch(std::int64_t input_size, std::int64_t hidden_size, std::int64_t rows) {
        const ForwardScratch<Cell> size(hidden_size, rows);
        return {size.shared(), size.own(input_size, hidden_size)};
    }

    void run() {
        start();
        std::int64_t projected_until = 0, projected_from = 0;
        for (std::int64_t step = 0; step < slice_.steps && slice_.active[step] > 0; ++step) {
            // One step has nothing to share a pass over the input side's weights with.
            const bool few = slice_.steps > 1 && slice_.active[step] < most_rows(Cell::gates);
            if (few && step >= projected_until) {
                projected_from = step;
                projected_until = project(step);
            }
            if (few) {
                const std::int64_t before = slice_.active_before[step] - slice_.active_before[projected_from];
                advance(step, positions_ + before, projected_ + before * layout_.row);
            } else {
                position_rows(slice_, step, positions_);
                gather_inputs(slice_.active[step], size_.capacity);
                advance(step, positions_, nullptr);
            }
            member_.wait();
            finish(step);
        }
        if (layer_.stream_saved) order_stores();
    }

  protected:
    using Elements = ProductsOf<Cell>;
    static constexpr int most = most_rows(Cell::gates);
    static constexpr int beside = groups_beside(most, Cell::gates);
    // Elements of input or state whose weights take half of a first-level cache of 48 KB: the longest sum that is taken in one go.
    static constexpr std::int64_t range_of_weights = larger(24576 / (beside * Cell::gates * vector_bytes) / lanes * lanes, lanes);

    // Where the new states of one panel's rows go. `target` is a row's place in matrices shaped as the output.
    struct NewStates {
        const Forward<Real>& layer;
        const Slice& slice;
        const std::int64_t panel;
        const int width;
        const std::int64_t stride;
        Real* const carried;
        Real* const factor;  // what the product reads, the first row's; or null where that is what is carried
        Real* const cells;

        __attribute__((always_inline)) inline void put_h(std::int64_t row, std::int64_t target, Vector h) const {
            store_part(layer.output + target, h, width);
            store(carried + row * lanes, h);
            if (factor) Elements::put(factor + row * lanes, stride, panel, seen(layer, slice, panel, row, h));
        }
        __attribute__((always_inline)) inline void put_c(std::int64_t row, std::int64_t target, Vector c) const {
            store(cells + row * lanes, c);
            if (layer.cells) store_part(layer.cells + target, c, width);
        }
    };

    __attribute__((always_inline)) inline NewStates new_states(std::int64_t step, std::int64_t panel) const {
        const std::int64_t place = panel * stride_;
        Real* const factor = factor_apart() ? states_[(step + 1) & 1] : nullptr;
        return {layer_, slice_, panel, width_of(panel, layer_.hidden_size), stride_, carried(step + 1) + place, factor, cells_ + place};
    }

    // Whether the product reads another copy of the state than is carried on: masked, or of other numbers.
    bool factor_apart() const { return numbers_of<Cell> > 1 || layer_.recurrent_mask; }

    // The state that the share kept by a cell (its z, its zoneout) is taken of.
    Real* carried(std::int64_t step) const { return factor_apart() ? carried_ : states_[step & 1]; }

    void start() {
        for (std::int64_t panel = first_; panel < last_; ++panel) {
            const int width = width_of(panel, layer_.hidden_size);
            for (std::int64_t row = 0; row < slice_.rows; ++row) {
                const std::int64_t place = panel * stride_ + row * lanes;
                const std::int64_t source = slice_.batch_index[row] * layer_.hidden_size + panel * lanes;
                const Vector h = layer_.h_0 ? load_part(layer_.h_0 + source, width) : zero();
                store(carried(0) + place, h);
                if (factor_apart()) Elements::put(states_[0] + row * lanes, stride_, panel, seen(layer_, slice_, panel, row, h));
                const Vector c = layer_.c_0 ? load_part(layer_.c_0 + source, width) : zero();
                if (Cell::cell_state) store(cells_ + place, c);
                if (slice_.length[row] == 0) {
                    store_part(layer_.h_n + source, h, width);
                    if (Cell::cell_state) store_part(layer_.c_n + source, c, width);
                }
            }
        }
        member_.wait();
    }

    // Rows whose last step this was.
    void finish(std::int64_t step) {
        const std::int64_t left = step + 1 < slice_.steps ? slice_.active[step + 1] : 0;
        for (std::int64_t panel = first_; panel < last_; ++panel) {
            const int width = width_of(panel, layer_.hidden_size);
            for (std::int64_t row = left; row < slice_.active[step]; ++row) {
                const std::int64_t place = panel * stride_ + row * lanes;
                const std::int64_t target = slice_.batch_index[row] * layer_.hidden_size + panel * lanes;
                store_part(layer_.h_n + target, load(carried(step + 1) + place), width);
                if (Cell::cell_state) store_part(layer_.c_n + target, load(cells_ + place), width);
            }
        }
    }

    void gather_inputs(std::int64_t count, std::int64_t capacity) {
        for (std::int64_t row = 0; row < count; ++row)
            Elements::gather(layer_.input + positions_[row] * layer_.input_stride, layer_.input_size, input_ + row * lanes,
                             capacity * lanes);
    }

    // Products of the input side for the steps from `step` on that fit a chunk; returns the first step left out.
    std::int64_t project(std::int64_t step) {
        std::int64_t end = step, count = 0;
        for (; end < slice_.steps && slice_.active[end] > 0 && count + slice_.active[end] <= size_.capacity; ++end) {
            position_rows(slice_, end, positions_ + count);
            count += slice_.active[end];
        }
        gather_inputs(count, size_.capacity);
        for (std::int64_t panel = first_; panel < last_; ++panel)
            for (std::int64_t row = 0; row < count;) {
                const int rows = next_rows(count - row, most);
                alignas(vector_bytes) Real buffer[most * (Cell::gates + 1) * lanes];
                for_ranges(Elements::elements(layer_.input_size), Begin::bias, [&](Begin begin, std::int64_t from, std::int64_t range) {
                    GateSums sums = gate_sums(panel, row);
                    take_input(sums, from, range);
                    sums.begin = begin;
                    sums.sums = buffer;
                    with_constant<most>(
                        rows, [&](auto number) { sum_gates<decltype(number)::number, 1, Cell::gates, -1, numbers_of<Cell>>(sums); });
                });
                Real* target = projected_ + panel * projected_panel() + row * layout_.row;
                for (int i = 0; i < rows; ++i)
                    for (int gate = 0; gate < Cell::gates; ++gate)
                        store(target + (i * Cell::gates + gate) * lanes, load(buffer + (i * (Cell::gates + 1) + gate) * lanes));
                row += rows;
            }
        return end;
    }

    std::int64_t projected_panel() const { return size_.capacity * layout_.row; }

    // Calls function(begin, from, count) for the ranges of `size` columns, once if there are none.
    template <class Function>
    static void for_ranges(std::int64_t size, Begin begin, Function&& function) {
        std::int64_t from = 0;
        do {
            function(begin, from, smaller(range_of_weights, size - from));
            begin = Begin::zero;
            from += range_of_weights;
        } while (from < size);
    }

    void take_input(GateSums& sums, std::int64_t from, std::int64_t count) const {
        sums.input += from / lanes * sums.input_stride;
        sums.input_weights += from * layout_.row;
        sums.input_size = count;
    }

    // Everything but the target and the range of columns, of which there are none, for the block of rows from `row` on.
    GateSums gate_sums(std::int64_t panel, std::int64_t row) const {
        const Real* weights = layer_.packed + panel * layout_.panel;
        GateSums sums{};
        sums.bias = weights;
        sums.panel = layout_.panel;
        sums.projected_panel = projected_panel();
        sums.input = input_ + row * lanes;
        sums.input_stride = size_.capacity * lanes;
        sums.input_weights = weights + layout_.input;
        sums.state_stride = stride_;
        sums.hidden_weights = weights + layout_.hidden;
        for (int gate = 0; gate < Cell::gates; ++gate) sums.input_bias[gate] = Cell::input_side(gate);
        if (Cell::apart >= 0) sums.hidden_bias = Cell::hidden_side(Cell::apart);
        return sums;
    }

    // One step of every active row. projected: this step's input side if it is there already.
    void advance(std::int64_t step, const std::int64_t* positions, const Real* projected) {
        const std::int64_t active = slice_.active[step], panels = last_ - first_;
        const int together = active <= most ? panels_beside(static_cast<int>(active)) : beside;
        // Every other step takes the panels in reverse, so that the last ones are still in the cache.
        const bool reversed = layer_.odd != static_cast<bool>(step & 1);
        for (std::int64_t done = 0; done < panels;) {
            const int groups = next_rows(panels - done, together);
            const std::int64_t panel = reversed ? last_ - done - groups : first_ + done;
            sum(step, panel, groups, projected);
            for (int group = 0; group < groups; ++group)
                activate(step, panel + group, positions, sums_ + group * (Cell::gates + 1) * lanes, groups * (Cell::gates + 1) * lanes);
            done += groups;
        }
    }

    static int panels_beside(int rows) {
        int result = 1;
        with_constant<most>(rows, [&](auto number) { result = groups_beside(decltype(number)::number, Cell::gates); });
        return result;
    }

    // The sums of the active rows, one range of weights after the other: a range that all blocks of rows have had before the next one is
    // touched comes out of the second-level cache once a step, not once a block.
    void sum(std::int64_t step, std::int64_t panel, int groups, const Real* projected) {
        const std::int64_t input_size = projected ? 0 : Elements::elements(layer_.input_size);
        const std::int64_t hidden_size = Cell::recurrent ? Elements::elements(layer_.hidden_size) : 0;
        const std::int64_t first_hidden = smaller(hidden_size, range_of_weights);
        // The hidden side goes on from where the input side ends, in the same range where both are small.
        const bool joined = input_size + (slice_.active[step] <= most ? 0 : first_hidden) <= range_of_weights;
        for_ranges(input_size, projected ? Begin::projected : Begin::bias, [&](Begin begin, std::int64_t from, std::int64_t count) {
            sum_range(step, panel, groups, projected, {begin, from, count, 0, joined ? first_hidden : 0, joined});
        });
        if (!Cell::recurrent) return;
        if (!joined) sum_range(step, panel, groups, projected, {Begin::sums, 0, 0, 0, first_hidden, true});
        for (std::int64_t from = first_hidden; from < hidden_size; from += range_of_weights)
            sum_range(step, panel, groups, projected, {Begin::zero, 0, 0, from, smaller(range_of_weights, hidden_size - from), false});
    }

    struct Range {
        Begin begin;
        std::int64_t input_from, input_count, hidden_from, hidden_count;
        bool hidden_begins;
    };

    void sum_range(std::int64_t step, std::int64_t panel, int groups, const Real* projected, const Range& range) {
        constexpr int gates = Cell::gates;
        const std::int64_t active = slice_.active[step];
        for (std::int64_t row = 0; row < active;) {
            const int rows = next_rows(active - row, most);
            GateSums sums = gate_sums(panel, row);
            sums.sums = sums_ + row * groups * (gates + 1) * lanes;
            sums.begin = range.begin;
            if (projected) sums.projected = projected + panel * projected_panel() + row * layout_.row;
            take_input(sums, range.input_from, range.input_count);
            sums.state = states_[step & 1] + row * lanes + range.hidden_from / lanes * stride_;
            sums.hidden_weights += range.hidden_from * layout_.row;
            sums.hidden_size = range.hidden_count;
            sums.hidden_begins = range.hidden_begins;
            with_constant<most>(rows, [&](auto number) {
                constexpr int count = decltype(number)::number, limit = groups_beside(count, gates);
                with_constant<limit>(groups, [&](auto group_count) {
                    sum_gates<count, decltype(group_count)::number, gates, Cell::apart, numbers_of<Cell>>(sums);
                });
            });
            row += rows;
        }
    }

    // From the sums of one panel's gates, rows `sums_stride` elements apart, to the new state.
    __attribute__((noinline)) void activate(std::int64_t step, std::int64_t panel, const std::int64_t* positions, const Real* sums,
                                            int sums_stride) {
        constexpr int gates = Cell::gates;
        const std::int64_t column = panel * lanes, place = panel * stride_, active = slice_.active[step];
        const Real* before_h = carried(step) + place;
        const Real* before_c = cells_ + place;
        const NewStates states = new_states(step, panel);
        Real* saved = layer_.saved;
        if (saved) saved += saved_place<Cell>(slice_, panels_, step, panel, 0);
        const Zoneout zoneout_h = Zoneout::of_h(layer_), zoneout_c = Zoneout::of_c(layer_);
        const bool zoneout = zoneout_h.on() || zoneout_c.on();
        for (std::int64_t i = 0; i < active; ++i) {
            Vector gate[gates], save[Cell::saved];
            for (int n = 0; n < gates; ++n) gate[n] = load(sums + i * sums_stride + n * lanes);
            const Vector input_part = Cell::apart >= 0 ? load(sums + i * sums_stride + gates * lanes) : zero();
            const State before{load(before_h + i * lanes), Cell::cell_state ? load(before_c + i * lanes) : zero()};
            State after = Cell::step(gate, input_part, before, save);
            const std::int64_t target = positions[i] * layer_.output_stride + column;
            if (zoneout) {
                after.h = zoneout_h.taken(before.h, after.h, target, states.width);
                if (Cell::cell_state) after.c = zoneout_c.taken(before.c, after.c, target, states.width);
            }
            states.put_h(i, target, after.h);
            if (Cell::cell_state) {
                states.put_c(i, target, after.c);
                save[Cell::saved - 1] = after.c;
            }
            if (saved) save_vectors<Cell::saved>(save, saved + i * Cell::saved * lanes, layer_.stream_saved);
        }
    }

    const Forward<Real>& layer_;
    const Slice& slice_;
    Member& member_;
    const ForwardLayout<Cell> layout_;
    const ForwardScratch<Cell> size_;
    const std::int64_t panels_, first_, last_, stride_;
    Real* const states_[2];
    Real* const carried_;
    Real* const cells_;
    std::int64_t* const positions_;
    Real* const input_;
    Real* const projected_;
    Real* const sums_;
};

}  // namespace
}  // namespace GATEWISE_ISA
}  // namespace gatewise
