// A layer of eight bits over whole sequences, its weights packed once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "int8.h"
#include "workspace.h"

namespace gatewise {

// A batch of sequences. Strides are in elements; what a direction puts out lies beside the other.
struct Int8Call {
    std::int64_t rows, steps;
    const float* input;
    std::int64_t input_row, input_step;
    const std::int64_t* lengths;  // [rows], 0 to steps, or null
    const float *h_0, *c_0;       // [directions, rows, hidden_size], or null
    float* output;                // zero beyond a row's length
    std::int64_t output_row, output_step;
    float *h_n, *c_n;  // [directions, rows, hidden_size]; c_n is null for cells without c
    float update_h, update_c;
    int threads;
};

class Int8Layer {
  public:
    // weights: a direction each, read here and not kept. `set` is as int8_kernels takes it. Throws std::invalid_argument for a cell, set, size or weight that there is not.
    Int8Layer(const std::string& cell, const std::vector<Int8Weights>& weights, const std::string& set);

    void run(const Int8Call& call) const;

    const Int8Kernels& kernels() const { return *kernels_; }
    const Int8Cell& cell() const { return *cell_; }
    std::int64_t input_size() const { return packed_.front().input_size; }
    std::int64_t hidden_size() const { return packed_.front().hidden_size; }
    std::int64_t directions() const { return static_cast<std::int64_t>(packed_.size()); }
    std::int64_t panels() const { return (hidden_size() + kernels_->lanes - 1) / kernels_->lanes; }
    std::int64_t width() const { return panels() * kernels_->lanes; }
    const Int8Packed& packed(std::int64_t direction) const { return packed_[static_cast<std::size_t>(direction)]; }
    std::int64_t packed_bytes() const { return static_cast<std::int64_t>(memory_.size()); }
    // Multiplications of one direction at one position.
    std::int64_t work() const { return cell_->gates * hidden_size() * (input_size() + hidden_size()); }

  private:
    const Int8Kernels* kernels_;
    const Int8Cell* cell_;
    Block memory_;
    std::vector<Int8Packed> packed_;
};

}  // namespace gatewise
