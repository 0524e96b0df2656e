// Recurrent layers one step at a time: weights packed once, states kept, any number of independent streams side by side.
#pragma once

#include <cstdint>
#include <vector>

#include "dispatch.h"
#include "kernels.h"
#include "workspace.h"

namespace gatewise {

// What all layers of a stack have in common.
struct StreamOptions {
    std::int64_t cell;
    double update_h, update_c;  // share of the new state that is taken (zoneout), else 1
    std::int64_t streams;
    int threads;  // at most; few streams run on the caller alone
};

template <class Real>
class Streams {
  public:
    using Value = Real;

    // Each layer reads the one before it; all have one hidden size. The weights are read here and not kept.
    // Throws std::invalid_argument for a cell that cannot be stepped, sizes below 1, and weights that are not there.
    Streams(const StreamOptions& options, const std::vector<Weights<Real>>& layers);

    std::int64_t streams() const { return options_.streams; }
    std::int64_t layers() const { return static_cast<std::int64_t>(layers_.size()); }
    std::int64_t input_size() const { return layers_.front().input_size; }
    std::int64_t hidden_size() const { return hidden_size_; }
    bool has_cell_state() const { return kernels_.traits.cell_state; }
    // Multiplications of one step of all streams.
    std::int64_t work() const { return work_ * options_.streams; }

    // input: [streams, input_size], output: [streams, hidden_size]. Results equal those of the whole sequence in one call, bit by bit.
    void step(const Real* input, Real* output);

    // All states: [layers, streams, hidden_size]; c is null for cells without one.
    void read(Real* h, Real* c) const;
    void write(const Real* h, const Real* c);
    // Sets the states of one stream to zero.
    void reset(std::int64_t stream);

  private:
    struct Layer {
        std::int64_t input_size;
        Block packed;
        std::vector<Real> h, c;  // [streams, hidden_size]
    };
    struct Job;

    void run_slice(std::int64_t slice, const Real* input, Real* output, Real* scratch);

    const StreamOptions options_;
    const InstructionSet& set_;
    const CellKernels<Real>& kernels_;
    std::int64_t hidden_size_;
    std::vector<Layer> layers_;
    std::vector<std::int64_t> ones_, index_;  // of one slice's rows
    std::int64_t work_ = 0;                   // of one stream
    ScratchSize scratch_size_{};
    Block scratch_;
    int members_;
    bool odd_ = false;
};

extern template class Streams<float>;
extern template class Streams<double>;

}  // namespace gatewise
