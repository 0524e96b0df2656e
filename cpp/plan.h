// How a batch is cut into slices that a thread can take from the first step to the last without waiting for another.
#pragma once

#include <cstdint>
#include <vector>

#include "layer.h"

namespace gatewise {

// Rows of a slice fall in length. The cut depends on the shapes and lengths alone, never on the number of threads: sums over a group of
// slices keep one order.
class Plan {
  public:
    static constexpr std::int64_t most_groups = 8;

    Plan(const Batch& batch, std::int64_t weights);

    std::int64_t slices() const { return static_cast<std::int64_t>(sizes_.size()); }
    std::int64_t groups() const { return groups_; }  // slice s belongs to group s % groups
    std::int64_t most_rows() const { return most_rows_; }
    std::int64_t positions() const { return positions_; }  // padding excluded
    bool ragged() const { return ragged_; }

    Slice slice(std::int64_t index, bool reverse) const;
    std::int64_t positions_before(std::int64_t slice) const { return position_start_[static_cast<std::size_t>(slice)]; }

    // Calls function(position) for every row of padding in the matrices of features.
    template <class Function>
    void for_padding(Function&& function) const {
        if (ragged_ && batch_.order != Order::packed)
            for (std::int64_t row = 0; row < batch_.rows; ++row)
                for (std::int64_t step = batch_.lengths[row]; step < batch_.steps; ++step) function(position(row, step));
    }

  private:
    std::int64_t position(std::int64_t row, std::int64_t step) const {
        return batch_.order == Order::batch_first ? row * batch_.steps + step : step * batch_.rows + row;
    }

    Batch batch_;
    std::int64_t groups_ = 1, most_rows_ = 0, positions_ = 0;
    bool ragged_ = false;
    std::vector<std::int64_t> step_offset_;
    // Of all slices, one after the other.
    std::vector<std::int64_t> sizes_, row_start_, step_start_, steps_, position_start_;
    std::vector<std::int64_t> batch_index_, row_offset_, length_, active_, active_before_;
};

}  // namespace gatewise
