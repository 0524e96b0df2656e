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

template <class Real>
struct LayerForward {
    Cell cell;
    Batch batch;
    std::int64_t input_size, hidden_size;
    int directions, threads;
    const Real* input;           // [positions, input_size]
    Weights<Real> weights[2];    // of each direction; the second reads in reverse
    const Real *h_0, *c_0;       // [directions, rows, hidden_size] or null
    const Real* recurrent_mask;  // as h_0, or null
    const Real *update_h, *update_c;  // as output, or null: then the constants
    double constant_update_h, constant_update_c;
    Real* output;                // [positions, directions * hidden_size]
    Real* cells;                 // as output, or null
    Real *h_n, *c_n;             // [directions, rows, hidden_size]; c_n null for cells without one
    void* saved;                 // saved_bytes, or null at inference
};

template <class Real>
struct LayerBackward {
    LayerForward<Real> forward;  // the pointers it ran with
    const Real *grad_output, *grad_cells, *grad_h_n, *grad_c_n;  // each may be null
    Real* grad_input;            // or null
    WeightGradients<Real> grad_weights[2];
    Real *grad_h_0, *grad_c_0;   // each may be null
};

// Bytes that the forward pass leaves for the backward pass, at most: `positions` counts rows over all steps, padding included.
template <class Real>
std::size_t saved_bytes(const InstructionSet& set, Cell cell, std::int64_t hidden_size, int directions, std::int64_t positions);

// Throws std::invalid_argument where lengths do not fit the shapes: they index memory.
// Output beyond a row's length is set to zero, h_n is the state after its last step. The result of a row depends neither on the other
// rows nor on the number of threads; gradients of the weights do not depend on the latter.
template <class Real>
void forward(const LayerForward<Real>& layer);

// Runs on the instruction set that wrote `saved`.
template <class Real>
void backward(const LayerBackward<Real>& layer);

}  // namespace gatewise
