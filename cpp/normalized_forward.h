// The forward pass with layer normalisation inside the cell: products of all gates, then each row's statistics, then the activations; with
// a c, its own statistics and the new h after that.
#pragma once

#include "normalize.h"
#include "staged_forward.h"

namespace gatewise {
namespace GATEWISE_ISA {
namespace {

// Numbers that a row keeps for the backward pass, behind the saved vectors of all positions of its slice.
enum Statistic : int { scale_ih = 0, scale_hh = 1, mean_c = 2, scale_c = 3 };

template <class Cell>
Real* statistics_of(const Slice& slice, std::int64_t hidden_size, Real* saved, std::int64_t position) {
    const std::int64_t last = slice.steps - 1, positions = slice.active_before[last] + slice.active[last];
    return saved + positions * panels_of(hidden_size) * Cell::saved * lanes + position * Cell::statistics;
}

template <class Plain>
class NormalizedForward : StagedForward<Normalized<Plain>> {
    using Cell = Normalized<Plain>;
    using Base = StagedForward<Cell>;
    using typename Base::Step;
    using Base::layer_, Base::slice_, Base::member_, Base::layout_, Base::size_, Base::panels_, Base::first_, Base::last_, Base::cells_,
        Base::projected_, Base::stride_, Base::carried;
    using Parameters = NormParameters<Plain>;
    static constexpr int gates = Cell::gates;
    static constexpr int parameter_size = NormLayout<Plain>::count * lanes, part = moment_vectors * lanes;

    // Behind what every sweep has. Shared: parts of the moments of the input side of a chunk, of a step's hidden side, of c. Own: the
    // parameters, a step's products, moments of rows.
    struct Sizes {
        std::int64_t input_parts, parts, parameters, products, moments;
        Sizes(std::int64_t hidden_size, std::int64_t rows) {
            const std::int64_t panels = panels_of(hidden_size), capacity = ForwardScratch<Cell>(hidden_size, rows).capacity;
            input_parts = panels * capacity * part;
            parts = panels * rows * part;
            parameters = panels * parameter_size;
            products = panels * rows * gates * lanes;
            moments = 2 * capacity;
        }
    };

  public:
    NormalizedForward(const Forward<Real>& layer, const Slice& slice, Real* shared, Real* own, Member& member)
        : Base(layer, slice, shared, own, member),
          sizes_(layer.hidden_size, slice.rows),
          input_parts_(shared + size_.shared()),
          hidden_parts_(input_parts_ + sizes_.input_parts),
          cell_parts_(hidden_parts_ + sizes_.parts),
          parameters_(own + size_.own(layer.input_size, layer.hidden_size)),
          products_(parameters_ + sizes_.parameters),
          moments_(products_ + sizes_.products) {}

    static ScratchSize scratch(std::int64_t input_size, std::int64_t hidden_size, std::int64_t rows) {
        const ForwardScratch<Cell> size(hidden_size, rows);
        const Sizes more(hidden_size, rows);
        return {size.shared() + more.input_parts + 2 * more.parts,
                size.own(input_size, hidden_size) + more.parameters + more.products + more.moments};
    }

    void run() {
        for (std::int64_t panel = first_; panel < last_; ++panel)
            NormLayout<Plain>::load_panel(*layer_.weights, panel, width_of(panel, layer_.hidden_size),
                                          parameters_ + panel * parameter_size);
        Base::run_as(*this);
    }

    // The projection of steps [from, until), normalised in place.
    void projected(std::int64_t from, std::int64_t until) {
        const std::int64_t start = slice_.active_before[from], count = slice_.active_before[until - 1] + slice_.active[until - 1] - start;
        const std::int64_t parts_panel = size_.capacity * part;
        for (std::int64_t panel = first_; panel < last_; ++panel)
            for (std::int64_t i = 0; i < count; ++i) {
                Vector values[gates];
                for (int n = 0; n < gates; ++n) values[n] = load(projection(panel, i) + n * lanes);
                write_moments<gates>(values, input_parts_ + panel * parts_panel + i * part);
            }
        member_.wait();
        for (std::int64_t i = 0; i < count; ++i) {
            const Moments row = read_moments<gates>(input_parts_ + i * part, parts_panel, layer_.hidden_size);
            keep(start + i, scale_ih, row.scale);
            moments_[2 * i] = row.mean;
            moments_[2 * i + 1] = row.scale;
        }
        for (std::int64_t panel = first_; panel < last_; ++panel) {
            const Vector tail = lanes_below(width_of(panel, layer_.hidden_size));
            for (std::int64_t i = 0; i < count; ++i) {
                const Vector mean = splat(moments_[2 * i]), scale = splat(moments_[2 * i + 1]) * tail;
                for (int n = 0; n < gates; ++n) {
                    Real* place = projection(panel, i) + n * lanes;
                    store(place, (load(place) - mean) * scale);
                }
            }
        }
    }

    void advance(const Step& step) {
        Base::template multiply_state<0, gates>(step, Base::states_[step.number & 1],
                                                [&](std::int64_t panel, std::int64_t row, const Real* sums) {
                                                    Vector values[gates];
                                                    for (int n = 0; n < gates; ++n) {
                                                        values[n] = load(sums + n * lanes);
                                                        store(product(panel, row) + n * lanes, values[n]);
                                                    }
                                                    write_moments<gates>(values, hidden_parts_ + panel * parts_panel() + row * part);
                                                });
        member_.wait();
        for (std::int64_t row = 0; row < step.active; ++row) {
            const Moments moments = read_moments<gates>(hidden_parts_ + row * part, parts_panel(), layer_.hidden_size);
            keep(slice_.active_before[step.number] + row, scale_hh, moments.scale);
            moments_[2 * row] = moments.mean;
            moments_[2 * row + 1] = moments.scale;
        }
        for (std::int64_t panel = first_; panel < last_; ++panel) activate(step, panel);
        if constexpr (Cell::cell_state) {
            member_.wait();
            for (std::int64_t row = 0; row < step.active; ++row) {
                const Moments moments = read_moments<1>(cell_parts_ + row * part, parts_panel(), layer_.hidden_size);
                keep(slice_.active_before[step.number] + row, mean_c, moments.mean);
                keep(slice_.active_before[step.number] + row, scale_c, moments.scale);
                moments_[2 * row] = moments.mean;
                moments_[2 * row + 1] = moments.scale;
            }
            for (std::int64_t panel = first_; panel < last_; ++panel) open_output_gate(step, panel);
        }
    }

  private:
    std::int64_t parts_panel() const { return slice_.rows * part; }
    Real* projection(std::int64_t panel, std::int64_t i) const { return projected_ + panel * Base::projected_panel() + i * layout_.row; }
    Real* product(std::int64_t panel, std::int64_t row) const { return products_ + (panel * slice_.rows + row) * gates * lanes; }

    void keep(std::int64_t position, Statistic which, Real value) const {
        if (layer_.saved && member_.index == 0) statistics_of<Cell>(slice_, layer_.hidden_size, layer_.saved, position)[which] = value;
    }

    // One panel from the products to the new h; with a c only to the new c, which leaves itself and the output gate where the products
    // were.
    __attribute__((noinline)) void activate(const Step& step, std::int64_t panel) {
        const Parameters parameters(parameters_ + panel * parameter_size);
        const Vector tail = lanes_below(width_of(panel, layer_.hidden_size));
        for (std::int64_t row = 0; row < step.active; ++row) {
            const Vector mean = splat(moments_[2 * row]), scale = splat(moments_[2 * row + 1]) * tail;
            const Real* input_side = Base::input_side(step, panel, row);
            Real* products = product(panel, row);
            Vector save[Cell::saved], sum[gates], activations[Plain::saved];
            for (int n = 0; n < gates; ++n) {
                save[n] = load(input_side + n * lanes);
                save[gates + n] = (load(products + n * lanes) - mean) * scale;
            }
            const Vector input_part = parameters.sums(save, save + gates, sum);
            const std::int64_t place = panel * stride_ + row * lanes;
            const State before{load(carried(step.number) + place), Cell::cell_state ? load(cells_ + place) : zero()};
            const State after = Plain::step(sum, input_part, before, activations);
            if constexpr (Cell::cell_state) {
                store(products, after.c);
                store(products + lanes, activations[3]);
                write_moments<1>(&after.c, cell_parts_ + panel * parts_panel() + row * part);
                save[2 * gates] = Base::settle_c(step, panel, row, after.c);
            } else {
                Base::settle_h(step, panel, row, after.h);
            }
            Base::save(step, panel, row, save);
        }
    }

    // h' = o tanh(LN(c')).
    void open_output_gate(const Step& step, std::int64_t panel) {
        const Parameters parameters(parameters_ + panel * parameter_size);
        for (std::int64_t row = 0; row < step.active; ++row) {
            const Real* products = product(panel, row);
            const Vector c = (load(products) - splat(moments_[2 * row])) * splat(moments_[2 * row + 1]);
            Base::settle_h(step, panel, row, load(products + lanes) * hyperbolic_tangent(parameters.squashed_argument(c)));
        }
    }

    const Sizes sizes_;
    Real* const input_parts_;
    Real* const hidden_parts_;
    Real* const cell_parts_;
    Real* const parameters_;
    Real* const products_;
    Real* const moments_;
};

}  // namespace
}  // namespace GATEWISE_ISA
}  // namespace gatewise
