// One recurrent layer, all directions: what to compute, over which batch, on how many threads. Pointers follow PyTorch's layouts;
// null stands for "absent" wherever a comment says so.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dispatch.h"
#include "kernels.h"

namespace gatewise {

// Where the features of a row at a step stand in input and output.
enum class Order : int { time_major = 0, batch_first = 1, packed = 2 };

struct Batch {
    Order order;
    std::int64_t steps, rows;
    std::int64_t positions;  // rows of input and output
    // Padded: [rows], 0 to steps, or null for full rows. Packed: [steps], the rows still active at each step, never growing.
    const std::int64_t* lengths;
};

// Beside the weights, the forward pass reads: input [positions, input_size]; h_0 and c_0 [directions, rows, hidden_size] or null;
// recurrent_mask as h_0 or null; update_h and update_c as output, or null: then the constants.
#define GATEWISE_INPUTS(field) field(input) field(h_0) field(c_0) field(recurrent_mask) field(update_h) field(update_c)
// And it writes: output [positions, directions * hidden_size]; cells as output, or null; h_n, and c_n, null for cells without one
// [directions, rows, hidden_size].
#define GATEWISE_RESULTS(field) field(output) field(cells) field(h_n) field(c_n)
// The backward pass reads gradients of the results, as the results are, and writes those of the inputs; each may be null.
#define GATEWISE_INCOMING(field) field(grad_output) field(grad_cells) field(grad_h_n) field(grad_c_n)
#define GATEWISE_OUTGOING(field) field(grad_input) field(grad_h_0) field(grad_c_0)

template <class Real>
struct LayerForward {
    std::int64_t cell;  // its number
    Batch batch;
    std::int64_t input_size, hidden_size;
    int directions, threads;
    double constant_update_h, constant_update_c;
    Weights<Real> weights[2];  // of each direction; the second reads in reverse
    GATEWISE_INPUTS(GATEWISE_READ)
    GATEWISE_RESULTS(GATEWISE_WRITTEN)
    void* saved;  // or null at inference
    std::int64_t saved_bytes;
};

template <class Real>
struct LayerBackward {
    LayerForward<Real> forward;  // as it ran; of its results output alone is read
    GATEWISE_INCOMING(GATEWISE_READ)
    WeightGradients<Real> grad_weights[2];
    GATEWISE_OUTGOING(GATEWISE_WRITTEN)
};

// Bytes that the forward pass leaves for the backward pass, at most: `positions` counts rows over all steps, padding included.
template <class Real>
std::size_t saved_bytes(const InstructionSet& set, std::int64_t cell, std::int64_t hidden_size, int directions, std::int64_t positions);

// Both throw std::invalid_argument, before anything is read or written, where a number is out of range, a pointer that the cell needs is
// null, or lengths do not fit the shapes: they index memory.
// Output beyond a row's length is set to zero, h_n is the state after its last step. The result of a row depends neither on the other
// rows nor on the number of threads; gradients of the weights do not depend on the latter.
template <class Real>
void forward(const LayerForward<Real>& layer);

// Runs on the instruction set that wrote `saved`. What stands there is not trusted: whatever it holds, no memory but the layer's is read,
// and what no forward pass of this process wrote for a layer of these sizes is refused.
template <class Real>
void backward(const LayerBackward<Real>& layer);

}  // namespace gatewise
