// What stands between a cell's step and the states that are carried on, in one place for both passes and all cells: zoneout, and the
// mask on the state before the recurrent product.
#pragma once

#include "layout.h"

namespace gatewise {
namespace GATEWISE_ISA {
namespace {

// The share of one new state, h or c, that is taken. `place` is that of a panel's row in matrices shaped as the output, `width` its units.
struct Zoneout {
    const Real* share;  // or null: then the constant
    Real constant;

    static Zoneout of_h(const Forward<Real>& layer) { return {layer.update_h, layer.constant_update_h}; }
    static Zoneout of_c(const Forward<Real>& layer) { return {layer.update_c, layer.constant_update_c}; }

    bool on() const { return share || constant != 1; }

    __attribute__((always_inline)) inline Vector taken(Vector before, Vector after, std::int64_t place, int width) const {
        return before + at(place, width) * (after - before);
    }

    // Of the gradient of the new state the part that comes to the cell; what is held goes past it to the old state.
    __attribute__((always_inline)) inline Vector divide(Vector gradient, std::int64_t place, int width, Vector& held) const {
        const Vector to_cell = at(place, width) * gradient;
        held = gradient - to_cell;
        return to_cell;
    }

  private:
    __attribute__((always_inline)) inline Vector at(std::int64_t place, int width) const {
        return share ? load_part(share + place, width) : splat(constant);
    }
};

// The factors on the units of a panel's row before the recurrent product; there must be a mask.
GATEWISE_INLINE Vector mask_of(const Forward<Real>& layer, const Slice& slice, std::int64_t panel, std::int64_t row) {
    const Real* mask = layer.recurrent_mask + slice.batch_index[row] * layer.hidden_size + panel * lanes;
    return load_part(mask, width_of(panel, layer.hidden_size));
}

// h of a panel's row as the recurrent product reads it.
GATEWISE_INLINE Vector seen(const Forward<Real>& layer, const Slice& slice, std::int64_t panel, std::int64_t row, Vector h) {
    return layer.recurrent_mask ? h * mask_of(layer, slice, panel, row) : h;
}

}  // namespace
}  // namespace GATEWISE_ISA
}  // namespace gatewise
