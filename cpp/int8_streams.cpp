#include "int8_streams.h"

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <utility>

#include "flush_tiny.h"
#include "team.h"

namespace gatewise {

namespace {

constexpr std::int64_t slice_rows = 48;
constexpr std::int64_t shared_work = 400'000;  // multiplications a step below which a team costs more than it gains

}  // namespace

Int8Streams::Int8Streams(std::vector<std::shared_ptr<const Int8Layer>> layers, std::int64_t streams, int threads, float update_h,
                         float update_c)
    : layers_(std::move(layers)), streams_(streams), width_(0), update_h_(update_h), update_c_(update_c) {
    bool fits = streams >= 1 && !layers_.empty();
    for (std::size_t i = 0; i < layers_.size() && fits; ++i) {
        const Int8Layer &layer = *layers_[i], &first = *layers_.front();
        fits = layer.directions() == 1 && layer.hidden_size() == first.hidden_size() && &layer.cell() == &first.cell() &&
               (i == 0 || layer.input_size() == first.hidden_size());
    }
    if (!fits) throw std::invalid_argument("there are no streams of these layers of eight bits");
    width_ = layers_.front()->width();
    const std::int64_t rows = std::min(streams, slice_rows), slices = (streams + slice_rows - 1) / slice_rows;
    std::int64_t longest = hidden_size();
    for (const auto& layer : layers_) {
        h_.emplace_back(static_cast<std::size_t>(streams * width_));
        c_.emplace_back(static_cast<std::size_t>(layer->cell().cell_state ? streams * width_ : 0));
        work_ += layer->work() * streams;
        longest = std::max(longest, layer->input_size());
    }
    if (work_ >= shared_work) members_ = static_cast<int>(std::min<std::int64_t>(std::max(threads, 1), slices));
    for (int member = 0; member < members_; ++member) {
        sums_.emplace_back(static_cast<std::size_t>(rows * width_ * layers_.front()->cell().gates));
        scales_.emplace_back(static_cast<std::size_t>(2 * rows));
        outputs_.emplace_back(static_cast<std::size_t>(rows));
        bytes_.emplace_back(static_cast<std::size_t>(2 * rows * int8_row_bytes(longest)));
    }
}

void Int8Streams::run_slice(std::int64_t slice, const float* input, float* output, int member) {
    const std::int64_t first = slice * slice_rows, rows = std::min(slice_rows, streams_ - first), hidden = hidden_size();
    const auto quantize = layers_.front()->kernels().quantize;
    const std::size_t own = static_cast<std::size_t>(member);
    float *const sums = sums_[own].data(), *const input_scale = scales_[own].data(), *const state_scale = input_scale + rows;
    const float* from = input + first * input_size();
    std::int64_t stride = input_size();
    for (std::size_t i = 0; i < layers_.size(); ++i) {
        const Int8Layer& layer = *layers_[i];
        const std::int64_t input_row = int8_row_bytes(layer.input_size()), state_row = int8_row_bytes(hidden);
        std::uint8_t *const input_bytes = bytes_[own].data(), *const state_bytes = input_bytes + rows * input_row;
        float* const h = h_[i].data() + first * width_;
        for (std::int64_t row = 0; row < rows; ++row) {
            input_scale[row] = quantize(from + row * stride, layer.input_size(), input_bytes + row * input_row);
            state_scale[row] = quantize(h + row * width_, hidden, state_bytes + row * state_row);
            outputs_[own][static_cast<std::size_t>(row)] = i + 1 == layers_.size() ? output + (first + row) * hidden : h + row * width_;
        }
        const Int8Rows inputs = {rows, input_row, input_bytes, input_scale}, state = {rows, state_row, state_bytes, state_scale};
        float* const c = c_[i].empty() ? nullptr : c_[i].data() + first * width_;
        const Int8States states = {h, h, c, outputs_[own].data(), update_h_, update_c_};
        // Both products of some panels before the next ones, in turns from either end: what was read last is still in the cache.
        constexpr std::int64_t beside = 4;
        const std::int64_t panels = layer.panels(), parts = (panels + beside - 1) / beside;
        for (std::int64_t turn = 0; turn < parts; ++turn) {
            const std::int64_t part = odd_ ? parts - 1 - turn : turn, last = std::min(panels, (part + 1) * beside);
            layer.cell().project(layer.packed(0), inputs, sums, part * beside, last);
            layer.cell().step(layer.packed(0), state, sums, states, part * beside, last);
        }
        from = h;
        stride = width_;
    }
}

struct Int8Streams::Job {
    Int8Streams& streams;
    const float* input;
    float* output;
    TaskCounter slices;
};

void Int8Streams::step(const float* input, float* output) {
    odd_ = !odd_;
    Job job{*this, input, output, TaskCounter((streams_ + slice_rows - 1) / slice_rows)};
    run_team(
        members_,
        [](Member& member, void* context) {
            const FlushTiny flush;
            Job& work = *static_cast<Job*>(context);
            for (std::int64_t slice; work.slices.next(slice);) work.streams.run_slice(slice, work.input, work.output, member.index);
        },
        &job);
}

void Int8Streams::read(float* h, float* c) const {
    const std::int64_t hidden = hidden_size();
    for (std::size_t i = 0; i < layers_.size(); ++i)
        for (std::int64_t row = 0; row < streams_; ++row) {
            h = std::copy_n(h_[i].data() + row * width_, hidden, h);
            if (c && !c_[i].empty()) c = std::copy_n(c_[i].data() + row * width_, hidden, c);
        }
}

void Int8Streams::write(const float* h, const float* c) {
    const std::int64_t hidden = hidden_size();
    for (std::size_t i = 0; i < layers_.size(); ++i)
        for (std::int64_t row = 0; row < streams_; ++row, h += hidden) {
            std::copy_n(h, hidden, h_[i].data() + row * width_);
            if (c_[i].empty()) continue;
            std::copy_n(c, hidden, c_[i].data() + row * width_);
            c += hidden;
        }
}

void Int8Streams::reset(std::int64_t stream) {
    for (std::vector<std::vector<float>>* states : {&h_, &c_})
        for (std::vector<float>& state : *states)
            if (!state.empty()) std::fill_n(state.begin() + stream * width_, width_, 0.0f);
}

}  // namespace gatewise
