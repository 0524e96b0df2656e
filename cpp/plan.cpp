#include "plan.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>

namespace gatewise {

namespace {

constexpr std::int64_t block_rows = 8;  // rows of the kernels' largest block of accumulators
constexpr std::int64_t slice_rows = 32;
// Weights from which on reading them anew for every slice costs more than the slices gain: they outgrow the second-level cache.
constexpr std::int64_t many_weights = 600'000;

std::int64_t divide_up(std::int64_t value, std::int64_t divisor) { return (value + divisor - 1) / divisor; }

std::int64_t slice_count(std::int64_t rows, std::int64_t weights) {
    if (rows <= block_rows) return 1;
    if (weights >= many_weights) return divide_up(rows, 2 * slice_rows);
    return std::max(std::min(std::max<std::int64_t>(2, divide_up(rows, 2 * block_rows)), std::int64_t{Plan::most_groups}),
                    divide_up(rows, slice_rows));
}

void check(const Batch& batch) {
    const std::int64_t expected = batch.order == Order::packed
                                      ? std::accumulate(batch.lengths, batch.lengths + batch.steps, std::int64_t{0})
                                      : batch.steps * batch.rows;
    if (expected != batch.positions)
        throw std::invalid_argument("input has " + std::to_string(batch.positions) + " rows of features, its " +
                                    (batch.order == Order::packed ? "batch_sizes sum to " : "steps and batch make ") +
                                    std::to_string(expected));
    if (!batch.lengths) return;
    if (batch.order == Order::packed) {
        for (std::int64_t step = 0; step < batch.steps; ++step) {
            const std::int64_t before = step ? batch.lengths[step - 1] : batch.rows;
            if (batch.lengths[step] < 0 || batch.lengths[step] > before)
                throw std::invalid_argument("batch_sizes must fall from the batch's " + std::to_string(batch.rows) + " rows on; at step " +
                                            std::to_string(step) + " came " + std::to_string(batch.lengths[step]) + " after " +
                                            std::to_string(before));
        }
    } else {
        for (std::int64_t row = 0; row < batch.rows; ++row)
            if (batch.lengths[row] < 0 || batch.lengths[row] > batch.steps)
                throw std::invalid_argument("lengths must lie in 0 to " + std::to_string(batch.steps) + ", the steps of the input; row " +
                                            std::to_string(row) + " has " + std::to_string(batch.lengths[row]));
    }
}

}  // namespace

Plan::Plan(const Batch& batch, std::int64_t weights) : batch_(batch) {
    check(batch);
    const std::size_t rows = static_cast<std::size_t>(batch.rows);
    std::vector<std::int64_t> length(rows, batch.steps), rank(rows);
    std::iota(rank.begin(), rank.end(), std::int64_t{0});
    step_offset_.resize(static_cast<std::size_t>(batch.steps));
    if (batch.order == Order::packed) {
        std::fill(length.begin(), length.end(), std::int64_t{0});
        std::int64_t offset = 0;
        for (std::int64_t step = 0; step < batch.steps; ++step) {
            step_offset_[static_cast<std::size_t>(step)] = offset;
            offset += batch.lengths[step];
            for (std::int64_t row = 0; row < batch.lengths[step]; ++row) length[static_cast<std::size_t>(row)] = step + 1;
        }
        ragged_ = true;
    } else {
        const std::int64_t stride = batch.order == Order::batch_first ? 1 : batch.rows;
        for (std::int64_t step = 0; step < batch.steps; ++step) step_offset_[static_cast<std::size_t>(step)] = step * stride;
        if (batch.lengths) {
            length.assign(batch.lengths, batch.lengths + batch.rows);
            ragged_ = std::any_of(length.begin(), length.end(), [&](std::int64_t value) { return value != batch.steps; });
            if (ragged_)
                std::stable_sort(rank.begin(), rank.end(), [&](std::int64_t left, std::int64_t right) {
                    return length[static_cast<std::size_t>(left)] > length[static_cast<std::size_t>(right)];
                });
        }
    }

    const std::int64_t count = batch.rows > 0 ? slice_count(batch.rows, weights) : 0;
    groups_ = std::max<std::int64_t>(1, std::min<std::int64_t>(count, most_groups));
    // Full rows: neighbours together, in multiples of the block. Ragged ones are dealt out, so that every slice has long and short.
    const std::int64_t together = count ? divide_up(divide_up(batch.rows, count), block_rows) * block_rows : 0;
    for (std::int64_t slice = 0, taken = 0; slice < count; ++slice) {
        row_start_.push_back(static_cast<std::int64_t>(batch_index_.size()));
        step_start_.push_back(static_cast<std::int64_t>(active_.size()));
        position_start_.push_back(positions_);
        if (ragged_) {
            for (std::int64_t i = slice; i < batch.rows; i += count) batch_index_.push_back(rank[static_cast<std::size_t>(i)]);
        } else {
            for (std::int64_t i = 0; i < together && taken < batch.rows; ++i) batch_index_.push_back(taken++);
        }
        const std::int64_t size = static_cast<std::int64_t>(batch_index_.size()) - row_start_.back();
        sizes_.push_back(size);
        most_rows_ = std::max(most_rows_, size);
        for (std::int64_t i = row_start_.back(); i < row_start_.back() + size; ++i) {
            const std::int64_t row = batch_index_[static_cast<std::size_t>(i)];
            row_offset_.push_back(batch.order == Order::batch_first ? row * batch.steps : row);
            length_.push_back(length[static_cast<std::size_t>(row)]);
        }
        const std::int64_t* lengths = length_.data() + row_start_.back();
        const std::int64_t steps = size ? lengths[0] : 0;
        steps_.push_back(steps);
        std::int64_t before = 0, still = size;
        for (std::int64_t step = 0; step < steps; ++step) {
            while (lengths[still - 1] <= step) --still;
            active_.push_back(still);
            active_before_.push_back(before);
            before += still;
        }
        positions_ += before;
    }
}

Slice Plan::slice(std::int64_t index, bool reverse) const {
    const std::size_t i = static_cast<std::size_t>(index);
    return {
        .rows = sizes_[i],
        .steps = steps_[i],
        .active = active_.data() + step_start_[i],
        .active_before = active_before_.data() + step_start_[i],
        .length = length_.data() + row_start_[i],
        .row_offset = row_offset_.data() + row_start_[i],
        .step_offset = step_offset_.data(),
        .batch_index = batch_index_.data() + row_start_[i],
        .reverse = reverse,
    };
}

}  // namespace gatewise
