#include "stream.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>

#include "flush_tiny.h"
#include "team.h"

namespace gatewise {

namespace {

constexpr std::int64_t slice_rows = 48;  // a multiple of the rows of every cell's largest block
constexpr std::int64_t shared_work = 200'000;  // multiplications a step below which a team costs more than it gains

std::int64_t to_cache_lines(std::int64_t elements) { return (elements + 15) / 16 * 16; }

}  // namespace

template <class Real>
Streams<Real>::Streams(const StreamOptions& options, const std::vector<Weights<Real>>& layers)
    : options_(options),
      set_(active()),
      kernels_(cell_kernels<Real>(set_, options.cell)),
      hidden_size_(layers.empty() ? 0 : layers.front().hidden_size) {
    const CellTraits& traits = kernels_.traits;
    bool complete = options.streams >= 1 && hidden_size_ >= 1;
    for (const Weights<Real>& weights : layers)
        complete = complete && weights.input_size >= 1 && weights.hidden_size == hidden_size_ && weights.w_ih &&
                   (weights.w_hh != nullptr) == traits.recurrent;
    if (!complete || traits.normalized)
        throw std::invalid_argument(std::string("there is no stream of ") + traits.name + " with these sizes and weights");
    const std::int64_t rows = std::min(options.streams, slice_rows), slices = (options.streams + slice_rows - 1) / slice_rows;
    const std::size_t state = static_cast<std::size_t>(options.streams * hidden_size_);
    ones_.assign(static_cast<std::size_t>(rows), 1);
    index_.resize(static_cast<std::size_t>(rows));
    std::iota(index_.begin(), index_.end(), std::int64_t{0});
    for (const Weights<Real>& weights : layers) {
        const std::int64_t size = kernels_.packed_forward_size(weights.input_size, hidden_size_);
        Layer layer{weights.input_size, take(static_cast<std::size_t>(size) * sizeof(Real)), {}, {}};
        layer.h.assign(state, Real(0));
        if (has_cell_state()) layer.c.assign(state, Real(0));
        kernels_.pack_forward(weights, layer.packed.template as<Real>(), 0, kernels<Real>(set_).panels(hidden_size_));
        layers_.push_back(std::move(layer));
        work_ += size;
        const ScratchSize scratch = kernels_.forward_scratch(weights.input_size, hidden_size_, rows);
        scratch_size_.shared = std::max(scratch_size_.shared, to_cache_lines(scratch.shared));
        scratch_size_.own = std::max(scratch_size_.own, to_cache_lines(scratch.own));
    }
    members_ = work() < shared_work ? 1 : static_cast<int>(std::min<std::int64_t>(std::max(options.threads, 1), slices));
    scratch_ = take(static_cast<std::size_t>((scratch_size_.shared + scratch_size_.own) * members_) * sizeof(Real));
}

template <class Real>
void Streams<Real>::run_slice(std::int64_t slice, const Real* input, Real* output, Real* scratch) {
    const std::int64_t first = slice * slice_rows, rows = std::min(slice_rows, options_.streams - first), none = 0;
    const std::int64_t state = first * hidden_size_;
    const Slice view = {
        .rows = rows,
        .steps = 1,
        .active = &rows,
        .active_before = &none,
        .length = ones_.data(),
        .row_offset = index_.data(),
        .step_offset = &none,
        .batch_index = index_.data(),
        .reverse = false,
    };
    Member alone{0, 1, nullptr};
    Forward<Real> forward{};
    forward.hidden_size = hidden_size_;
    forward.input = input + first * input_size();
    forward.constant_update_h = static_cast<Real>(options_.update_h);
    forward.constant_update_c = static_cast<Real>(options_.update_c);
    forward.output_stride = hidden_size_;
    // What the last step read last is still in the cache.
    forward.odd = odd_;
    for (Layer& layer : layers_) {
        forward.input_size = forward.input_stride = layer.input_size;
        forward.packed = layer.packed.template as<Real>();
        // The kernel has read the old states before it writes the new ones.
        forward.h_n = layer.h.data() + state;
        forward.c_n = layer.c.empty() ? nullptr : layer.c.data() + state;
        forward.h_0 = forward.h_n;
        forward.c_0 = forward.c_n;
        forward.output = &layer == &layers_.back() ? output + state : forward.h_n;
        kernels_.forward(forward, view, scratch, scratch + scratch_size_.shared, alone);
        forward.input = forward.h_n;
    }
}

template <class Real>
struct Streams<Real>::Job {
    Streams& streams;
    const Real* input;
    Real* output;
    TaskCounter slices;
};

template <class Real>
void Streams<Real>::step(const Real* input, Real* output) {
    odd_ = !odd_;
    Job job{*this, input, output, TaskCounter((options_.streams + slice_rows - 1) / slice_rows)};
    run_team(
        members_,
        [](Member& member, void* context) {
            const FlushTiny flush;
            Job& work = *static_cast<Job*>(context);
            Streams& streams = work.streams;
            Real* scratch =
                streams.scratch_.template as<Real>() + (streams.scratch_size_.shared + streams.scratch_size_.own) * member.index;
            for (std::int64_t slice; work.slices.next(slice);) streams.run_slice(slice, work.input, work.output, scratch);
        },
        &job);
}

template <class Real>
void Streams<Real>::read(Real* h, Real* c) const {
    for (const Layer& layer : layers_) {
        h = std::copy(layer.h.begin(), layer.h.end(), h);
        if (c) c = std::copy(layer.c.begin(), layer.c.end(), c);
    }
}

template <class Real>
void Streams<Real>::write(const Real* h, const Real* c) {
    for (Layer& layer : layers_) {
        const std::size_t size = layer.h.size();
        std::copy_n(h, size, layer.h.begin());
        h += size;
        if (layer.c.empty()) continue;
        std::copy_n(c, size, layer.c.begin());
        c += size;
    }
}

template <class Real>
void Streams<Real>::reset(std::int64_t stream) {
    const auto clear = [&](std::vector<Real>& state) {
        if (!state.empty()) std::fill_n(state.begin() + stream * hidden_size_, hidden_size_, Real(0));
    };
    for (Layer& layer : layers_) {
        clear(layer.h);
        clear(layer.c);
    }
}

template class Streams<float>;
template class Streams<double>;

}  // namespace gatewise
