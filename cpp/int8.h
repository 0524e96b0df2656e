// Recurrent layers whose weights and inputs are eight bits wide, for one instruction set; gates and states are float. As in kernels.h, no
// standard-library templates here.
//
// Weights are symmetric with a factor a row, -127 to 127; so are inputs and states, with a factor for every row of the batch at every
// step. Products are summed exactly, in 32 bits, and what is float is written without fused multiply-adds and compiled without, so that
// results are the same to the last bit on every instruction set, and those of the twin, src/gatewise/kernels/int8_equations.py.
#pragma once

#include <cstdint>

namespace gatewise {

// The longest row whose sum of products is sure to fit into 32 bits.
constexpr std::int64_t int8_longest_row = 131072;

// One direction in PyTorch's layout, rows [gates * hidden_size]; biases may be null.
#define GATEWISE_INT8_WEIGHTS(field) \
    field(std::int8_t, w_ih) field(float, scale_ih) field(std::int8_t, w_hh) field(float, scale_hh) field(float, b_ih) field(float, b_hh)

struct Int8Weights {
    std::int64_t input_size, hidden_size;
#define GATEWISE_READ_TYPED(type, name) const type* name = nullptr;
    GATEWISE_INT8_WEIGHTS(GATEWISE_READ_TYPED)
#undef GATEWISE_READ_TYPED
};

// Weights as `pack` wrote them.
struct Int8Packed {
    std::int64_t input_size, hidden_size;
    const unsigned char* memory;
};

// Rows as bytes, `stride` bytes apart, a factor each.
struct Int8Rows {
    std::int64_t rows, stride;
    const std::uint8_t* bytes;
    const float* scale;
};

// States before and after a step: [rows, padded hidden units]. Before and after may be the same memory.
struct Int8States {
    const float* h_before;
    float *h_after, *c;       // c is null for cells without one
    float* const* output;     // [rows], where the new h goes too, without padding
    float update_h, update_c;  // share of the new state that is taken (zoneout), else 1
};

// Panels hold `lanes` hidden units of all gates; functions of panels work on [first, last) of them.
struct Int8Cell {
    const char* name;
    int gates;
    bool cell_state;
    std::int64_t (*packed_bytes)(std::int64_t input_size, std::int64_t hidden_size);
    void (*pack)(const Int8Weights&, unsigned char* memory);
    // sums[row]: the input's share of the gates, biases included, [panels, gates, lanes].
    void (*project)(const Int8Packed&, const Int8Rows& input, float* sums, std::int64_t first, std::int64_t last);
    void (*step)(const Int8Packed&, const Int8Rows& state, const float* sums, const Int8States&, std::int64_t first, std::int64_t last);
};

struct Int8Kernels {
    const char* name;
    int lanes;
    // Writes `count` values as bytes and returns their factor: NaN where a value is not finite.
    float (*quantize)(const float* values, std::int64_t count, std::uint8_t* bytes);
    const Int8Cell* cells;
    int cell_count;
};

// Bytes of a row, padded so that whole words can be read.
constexpr std::int64_t int8_row_bytes(std::int64_t count) { return (count + 3) / 4 * 4; }

}  // namespace gatewise
