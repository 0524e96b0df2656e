// Layers of eight bits one step at a time, as stream.h has it for layers of floats.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "int8_layer.h"

namespace gatewise {

class Int8Streams {
  public:
    using Value = float;

    // Each layer reads the one before it; all have one direction, one hidden size, one cell and one set.
    // Throws std::invalid_argument where they do not, or where there are no streams.
    Int8Streams(std::vector<std::shared_ptr<const Int8Layer>> layers, std::int64_t streams, int threads, float update_h, float update_c);

    std::int64_t streams() const { return streams_; }
    std::int64_t input_size() const { return layers_.front()->input_size(); }
    std::int64_t hidden_size() const { return layers_.front()->hidden_size(); }
    std::int64_t work() const { return work_; }

    // As the members of Streams. Results equal those of Int8Layer::run, bit by bit.
    void step(const float* input, float* output);
    void read(float* h, float* c) const;
    void write(const float* h, const float* c);
    void reset(std::int64_t stream);

  private:
    struct Job;
    void run_slice(std::int64_t slice, const float* input, float* output, int member);

    std::vector<std::shared_ptr<const Int8Layer>> layers_;
    std::int64_t streams_, width_, work_ = 0;
    float update_h_, update_c_;
    int members_ = 1;
    bool odd_ = false;
    std::vector<std::vector<float>> h_, c_;                          // of a layer: [streams, width_]
    std::vector<std::vector<float>> sums_, scales_;                  // of a member
    std::vector<std::vector<float*>> outputs_;
    std::vector<std::vector<std::uint8_t>> bytes_;
};

}  // namespace gatewise
