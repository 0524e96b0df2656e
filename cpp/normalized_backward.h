// The backward pass with layer normalisation inside the cell. A step goes back through c's normalisation first, where there is a c; then
// through the gates; then, once each row's sums are known, through the normalisation of the products. What is saved are normalised
// products, so activations are computed once more.
#pragma once

#include "backward.h"
#include "normalized_forward.h"

namespace gatewise {
namespace GATEWISE_ISA {
namespace {

template <class Plain>
class NormalizedBackward : BackwardSweep<Normalized<Plain>> {
    using Cell = Normalized<Plain>;
    using Base = BackwardSweep<Cell>;
    using Base::layer_, Base::forward_, Base::slice_, Base::member_, Base::layout_, Base::size_, Base::panels_, Base::first_, Base::last_,
        Base::stride_, Base::chunk_stride_, Base::state_h_, Base::state_c_, Base::input_;
    using Layout = NormLayout<Plain>;
    using Parameters = NormParameters<Plain>;
    static constexpr int gates = Cell::gates;
    // Gradients of normalised values, and their products with these values, sum up by row: of c, of the input and of the hidden side.
    static constexpr int cell_part = 2 * lanes, part = 4 * lanes, row_means = 4;

    // Behind what every sweep has. Shared: parts of the rows' sums. Own: parameters, means of rows.
    struct Sizes {
        std::int64_t cell_parts, parts, parameters, means;
        Sizes(std::int64_t hidden_size, std::int64_t rows)
            : cell_parts(panels_of(hidden_size) * rows * cell_part),
              parts(panels_of(hidden_size) * rows * part),
              parameters(panels_of(hidden_size) * Layout::count * lanes),
              means(rows * row_means) {}
    };

  public:
    NormalizedBackward(const Backward<Real>& layer, const Slice& slice, Real* shared, Real* own, Member& member)
        : Base(layer, slice, shared, own, member),
          sizes_(forward_.hidden_size, slice.rows),
          cell_parts_(shared + size_.shared()),
          parts_(cell_parts_ + sizes_.cell_parts),
          parameters_(own + size_.own(forward_.input_size)),
          means_(parameters_ + sizes_.parameters) {}

    static ScratchSize scratch(std::int64_t input_size, std::int64_t hidden_size, std::int64_t rows) {
        const BackwardScratch<Cell> size(hidden_size, rows);
        const Sizes more(hidden_size, rows);
        return {size.shared() + more.cell_parts + more.parts, size.own(input_size) + more.parameters + more.means};
    }

    void run() {
        for (std::int64_t panel = first_; panel < last_; ++panel)
            Layout::load_panel(*forward_.weights, panel, width_of(panel, forward_.hidden_size),
                               parameters_ + panel * Layout::count * lanes);
        Base::run_as(*this);
    }

    void retreat(std::int64_t step, const Real* later, Real* gradients, const std::int64_t* positions) {
        const std::int64_t active = slice_.active[step], both = later ? slice_.active[step + 1] : 0;
        for (std::int64_t panel = first_; panel < last_;) {
            const int groups = next_rows(last_ - panel, most_product_panels(both));
            Base::prefetch_step(step, panel, groups, positions);
            if (both) Base::through_weights(panel, groups, both, later);
            for (int group = 0; group < groups; ++group)
                if constexpr (Cell::cell_state)
                    close_output_gate(step, panel + group, gradients, positions);
                else
                    differentiate(step, panel + group, gradients, positions);
            panel += groups;
        }
        if constexpr (Cell::cell_state) {
            member_.wait();
            for (std::int64_t row = 0; row < active; ++row) read_means<1, 2>(cell_parts_, cell_part, row);
            for (std::int64_t panel = first_; panel < last_; ++panel) differentiate_cell(step, panel, gradients);
        }
        member_.wait();
        for (std::int64_t row = 0; row < active; ++row) read_means<gates, 4>(parts_, part, row);
        for (std::int64_t panel = first_; panel < last_; ++panel) through_normalization(step, panel, gradients);
    }

    void add_weight_gradients(const typename Base::Factors& of) {
        constexpr int beside = groups_beside(most_rows(gates), gates);
        for (std::int64_t panel = first_; panel < last_;) {
            const int groups = last_ - panel >= beside ? beside : 1;
            if (groups == beside)
                add_panels<beside>(panel, of);
            else
                add_panels<1>(panel, of);
            panel += groups;
        }
    }

  private:
    template <int groups>
    void add_panels(std::int64_t panel, const typename Base::Factors& of) {
        Real* target = layer_.grad_packed + panel * layout_.panel;
        Base::template add_matrix<groups, false>(input_, forward_.input_size, of, panel, target + layout_.input);
        Base::template add_matrix<groups, true>(of.states(), forward_.hidden_size, of, panel, target + layout_.hidden);
    }

    const Real* statistics(std::int64_t step, std::int64_t row) const {
        return statistics_of<Cell>(slice_, forward_.hidden_size, forward_.saved, slice_.active_before[step] + row);
    }

    template <int count, int sums>
    void read_means(const Real* parts, std::int64_t row_stride, std::int64_t row) const {
        for (int n = 0; n < sums; ++n)
            means_[row * row_means + n] =
                read_mean<count>(parts + row * row_stride + n * lanes, slice_.rows * row_stride, forward_.hidden_size);
    }

    // A row's state as it was, its normalised products, and the activations that follow from them.
    struct Replay {
        Vector products[2 * gates];  // input side, hidden side
        Vector save[Plain::saved];
        State before, after;
    };

    __attribute__((always_inline)) inline Replay replay(const Parameters& parameters, std::int64_t step, std::int64_t panel,
                                                        std::int64_t row) const {
        Replay result;
        const Real* saved = Base::saved_of(step, panel, row);
        for (int n = 0; n < 2 * gates; ++n) result.products[n] = load(saved + n * lanes);
        result.before = Base::state_before(step, panel, row, width_of(panel, forward_.hidden_size));
        Vector sum[gates];
        const Vector input_part = parameters.sums(result.products, result.products + gates, sum);
        result.after = Plain::step(sum, input_part, result.before, result.save);
        return result;
    }

    // What comes to a row's new state from its uses, `held` of it past the cell by zoneout.
    struct Arriving {
        StateGradient after, held;
    };

    Arriving arriving(std::int64_t panel, std::int64_t row, const std::int64_t* positions) const {
        const std::int64_t place = positions[row] * forward_.output_stride + panel * lanes, state = panel * stride_ + row * lanes;
        const int width = width_of(panel, forward_.hidden_size);
        const auto divide = [&](const Zoneout& zoneout, Vector& after, Vector& held) {
            if (zoneout.on()) after = zoneout.divide(after, place, width, held);
        };
        Arriving result{{load(state_h_ + state), zero()}, {zero(), zero()}};
        if (layer_.grad_output) result.after.h += load_part(layer_.grad_output + place, width);
        divide(Zoneout::of_h(forward_), result.after.h, result.held.h);
        if constexpr (Cell::cell_state) {
            result.after.c = load(state_c_ + state);
            if (layer_.grad_cells) result.after.c += load_part(layer_.grad_cells + place, width);
            divide(Zoneout::of_c(forward_), result.after.c, result.held.c);
        }
        return result;
    }

    // The factor of W_hh's gradient: h as the product read it.
    void store_factor(std::int64_t panel, std::int64_t row, Vector h, Real* target) const {
        store(target + Cell::gradients * size_.plane + row * lanes, seen(forward_, slice_, panel, row, h));
    }

    // Sums over a step's rows of the gradients of one panel's parameters.
    struct ParameterSums {
        Vector value[Layout::count] = {};

        void add_to(Real* target) const {
            for (int n = 0; n < Layout::count; ++n) store(target + n * lanes, load(target + n * lanes) + value[n]);
        }
    };

    Real* parameter_gradients(std::int64_t panel) const { return layer_.grad_packed + panel * layout_.panel + layout_.bias; }

    // From the gates' gradients, as the plain cell has them, to those of the normalised products and of the parameters.
    __attribute__((always_inline)) inline void through_gains(const Parameters& parameters, const Vector* gradient, const Vector* products,
                                                             ParameterSums& sums, Real* target, Real* part_of_row) const {
        Vector of_row[4] = {};
        for (int n = 0; n < Plain::gradients; ++n) sums.value[n] += gradient[n];
        for (int gate = 0; gate < gates; ++gate) {
            const Vector input = gradient[Plain::input_side(gate)], hidden = gradient[Plain::hidden_side(gate)];
            sums.value[Layout::gamma_ih + gate] += input * products[gate];
            sums.value[Layout::gamma_hh + gate] += hidden * products[gates + gate];
            const Vector d_input = input * parameters.value[Layout::gamma_ih + gate];
            const Vector d_hidden = hidden * parameters.value[Layout::gamma_hh + gate];
            of_row[0] += d_input;
            of_row[1] += d_input * products[gate];
            of_row[2] += d_hidden;
            of_row[3] += d_hidden * products[gates + gate];
            store(target + Cell::input_side(gate) * size_.plane, d_input);
            store(target + Cell::hidden_side(gate) * size_.plane, d_hidden);
        }
        for (int n = 0; n < 4; ++n) store(part_of_row + n * lanes, of_row[n]);
    }

    Real* part_of(std::int64_t panel, std::int64_t row) const { return parts_ + (panel * slice_.rows + row) * part; }
    Real* cell_part_of(std::int64_t panel, std::int64_t row) const { return cell_parts_ + (panel * slice_.rows + row) * cell_part; }

    // A cell without c.
    __attribute__((noinline)) void differentiate(std::int64_t step, std::int64_t panel, Real* gradients, const std::int64_t* positions) {
        const Parameters parameters(parameters_ + panel * Layout::count * lanes);
        Real* target = gradients + panel * chunk_stride_;
        ParameterSums sums;
        for (std::int64_t row = 0; row < slice_.active[step]; ++row) {
            const Replay replayed = replay(parameters, step, panel, row);
            const Arriving arrived = arriving(panel, row, positions);
            Vector gradient[Plain::gradients];
            const StateGradient previous = Plain::back(replayed.save, replayed.before, arrived.after, gradient);
            store(state_h_ + panel * stride_ + row * lanes, previous.h + arrived.held.h);
            store_factor(panel, row, replayed.before.h, target);
            through_gains(parameters, gradient, replayed.products, sums, target + row * lanes, part_of(panel, row));
        }
        sums.add_to(parameter_gradients(panel));
    }

    // h' = o tanh(LN(c')): gradients of o and of the normalised c. The gates wait where their gradients will be; beside them wait, on the
    // input side, the gradient of the normalised c, that c, the gradient of c' from elsewhere, and that of o.
    __attribute__((noinline)) void close_output_gate(std::int64_t step, std::int64_t panel, Real* gradients,
                                                     const std::int64_t* positions) {
        const Parameters parameters(parameters_ + panel * Layout::count * lanes);
        const Vector tail = lanes_below(width_of(panel, forward_.hidden_size));
        Real* target = gradients + panel * chunk_stride_;
        Vector gain_sum = zero(), shift_sum = zero();
        for (std::int64_t row = 0; row < slice_.active[step]; ++row) {
            const Replay replayed = replay(parameters, step, panel, row);
            const Arriving arrived = arriving(panel, row, positions);
            const Real* known = statistics(step, row);
            const Vector c = (replayed.after.c - splat(known[mean_c])) * splat(known[scale_c]) * tail;
            const Vector squashed = hyperbolic_tangent(parameters.squashed_argument(c));
            const Vector d_argument = arrived.after.h * replayed.save[3] * (splat(1) - squashed * squashed);
            const Vector d_normal = d_argument * parameters.value[Layout::gamma_c];
            gain_sum += d_argument * c;
            shift_sum += d_argument;
            store(cell_part_of(panel, row), d_normal);
            store(cell_part_of(panel, row) + lanes, d_normal * c);
            const Vector waiting[gates] = {d_normal, c, arrived.after.c, arrived.after.h * squashed};
            for (int n = 0; n < gates; ++n) {
                store(target + Cell::hidden_side(n) * size_.plane + row * lanes, replayed.save[n]);
                store(target + Cell::input_side(n) * size_.plane + row * lanes, waiting[n]);
            }
            const std::int64_t state = panel * stride_ + row * lanes;
            store(state_h_ + state, arrived.held.h);
            store(state_c_ + state, arrived.held.c);
            store_factor(panel, row, replayed.before.h, target);
        }
        Real* sums = parameter_gradients(panel);
        store(sums + Layout::gamma_c * lanes, load(sums + Layout::gamma_c * lanes) + gain_sum);
        store(sums + Layout::beta_c * lanes, load(sums + Layout::beta_c * lanes) + shift_sum);
    }

    // Through c's normalisation to c' and the gates.
    __attribute__((noinline)) void differentiate_cell(std::int64_t step, std::int64_t panel, Real* gradients) {
        const Parameters parameters(parameters_ + panel * Layout::count * lanes);
        const int width = width_of(panel, forward_.hidden_size);
        const Vector tail = lanes_below(width);
        Real* target = gradients + panel * chunk_stride_;
        ParameterSums sums;
        for (std::int64_t row = 0; row < slice_.active[step]; ++row) {
            Vector save[gates], waiting[gates], products[2 * gates], gradient[Plain::gradients];
            const Real* saved = Base::saved_of(step, panel, row);
            for (int n = 0; n < 2 * gates; ++n) products[n] = load(saved + n * lanes);
            for (int n = 0; n < gates; ++n) {
                save[n] = load(target + Cell::hidden_side(n) * size_.plane + row * lanes);
                waiting[n] = load(target + Cell::input_side(n) * size_.plane + row * lanes);
            }
            const Real* means = means_ + row * row_means;
            const Vector scale = splat(statistics(step, row)[scale_c]) * tail;
            const Vector dc = (waiting[0] - splat(means[0]) - waiting[1] * splat(means[1])) * scale + waiting[2];
            const State before = Base::state_before(step, panel, row, width);
            const StateGradient previous = Plain::back_from_cell(save, before, dc, waiting[3], gradient);
            Real* state = state_c_ + panel * stride_ + row * lanes;
            store(state, load(state) + previous.c);
            through_gains(parameters, gradient, products, sums, target + row * lanes, part_of(panel, row));
        }
        sums.add_to(parameter_gradients(panel));
    }

    // From the normalised products' gradients to the products': scale * (d - mean(d) - value * mean(d * value)).
    __attribute__((noinline)) void through_normalization(std::int64_t step, std::int64_t panel, Real* gradients) {
        const Vector tail = lanes_below(width_of(panel, forward_.hidden_size));
        for (std::int64_t row = 0; row < slice_.active[step]; ++row) {
            const Real* saved = Base::saved_of(step, panel, row);
            const Real* means = means_ + row * row_means;
            const Real* known = statistics(step, row);
            Real* target = gradients + panel * chunk_stride_ + row * lanes;
            const auto back = [&](Real* place, const Real* value, const Real* mean, Vector scale) {
                store(place, (load(place) - splat(mean[0]) - load(value) * splat(mean[1])) * scale);
            };
            for (int gate = 0; gate < gates; ++gate) {
                back(target + Cell::input_side(gate) * size_.plane, saved + gate * lanes, means, splat(known[scale_ih]) * tail);
                back(target + Cell::hidden_side(gate) * size_.plane, saved + (gates + gate) * lanes, means + 2,
                     splat(known[scale_hh]) * tail);
            }
        }
    }

    const Sizes sizes_;
    Real* const cell_parts_;
    Real* const parts_;
    Real* const parameters_;
    Real* const means_;
};

}  // namespace
}  // namespace GATEWISE_ISA
}  // namespace gatewise
