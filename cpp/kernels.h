// What the driver asks of one instruction set, and what it hands over. No standard-library templates here: this header is compiled
// once per instruction set, and an inline function shared between them could end up with instructions the processor lacks.
#pragma once

#include <cstddef>
#include <cstdint>

#include "step_kernels.h"
#include "team.h"

namespace gatewise {

// The last five: the GRU whose reset gate acts before the recurrent product, and cells with layer normalisation inside.
enum class Cell : int {
    gru = 0,
    lstm = 1,
    rnn_tanh = 2,
    rnn_relu = 3,
    min_gru = 4,
    min_lstm = 5,
    gru_reset_before = 6,
    norm_gru = 7,
    norm_lstm = 8,
    norm_rnn_tanh = 9,
    norm_rnn_relu = 10,
};

// A slice of a batch: rows sorted by falling length, so that the rows still active at a step are the first active[step].
// Step counts from the start of the reading direction; row m's features at step s stand in row
// step_offset[reverse ? length[m] - 1 - s : s] + row_offset[m] of the input and output matrices, which makes time-major,
// batch-first and packed layouts one case.
struct Slice {
    std::int64_t rows;
    std::int64_t steps;
    const std::int64_t* active;       // [steps]
    const std::int64_t* active_before;  // [steps]: sum of active over earlier steps
    const std::int64_t* length;       // [rows]
    const std::int64_t* row_offset;   // [rows]
    const std::int64_t* step_offset;  // [longest sequence]
    const std::int64_t* batch_index;  // [rows], the row of h_0, c_0 and masks
    bool reverse;
};

// Weights of one direction in PyTorch's layout: [gates * hidden_size, size], biases [gates * hidden_size] or null. Cells with layer
// normalisation have its gains too: of W_ih x and of W_hh h [gates * hidden_size], and the LSTM gain and shift of c [hidden_size].
template <class Real>
struct Weights {
    std::int64_t input_size, hidden_size;
    const Real *w_ih, *w_hh, *b_ih, *b_hh;
    const Real *gamma_ih = nullptr, *gamma_hh = nullptr, *gamma_c = nullptr, *beta_c = nullptr;
};

template <class Real>
struct WeightGradients {
    Real *w_ih, *w_hh, *b_ih, *b_hh;
    Real *gamma_ih = nullptr, *gamma_hh = nullptr, *gamma_c = nullptr, *beta_c = nullptr;
};

// One direction of one layer. Pointers are to Real, null where absent. "stride" counts elements between matrix rows.
template <class Real>
struct Forward {
    std::int64_t input_size, hidden_size;
    const Real* input;             // [positions, input_size]
    std::int64_t input_stride;
    const Real* packed;            // weights and biases as written by pack_forward
    const Real* h_0;               // [batch, hidden_size]
    const Real* c_0;
    const Real* recurrent_mask;    // [batch, hidden_size]: factor on h before the recurrent product
    const Real* update_h;          // [positions, output_stride]: share of the new state that is taken (zoneout), else 1
    const Real* update_c;
    Real constant_update_h, constant_update_c;  // used where the pointer is null
    Real* output;                  // [positions, hidden_size]
    Real* cells;                   // as output, or null
    std::int64_t output_stride;
    Real* h_n;                     // [batch, hidden_size]
    Real* c_n;
    Real* saved;                   // this slice's part, or null at inference
    bool odd;                      // the first step takes the panels in reverse
    bool stream_saved;             // write it past the caches
    const Weights<Real>* weights;  // for the gains and biases of cells with layer normalisation; else it may be null
};

template <class Real>
struct Backward {
    Forward<Real> forward;         // as it ran
    const Real* packed;            // as written by pack_backward
    const Real* grad_output;       // as output, or null
    const Real* grad_cells;
    const Real* grad_h_n;          // [batch, hidden_size], or null
    const Real* grad_c_n;
    Real* grad_input;              // as input, or null
    Real* grad_packed;             // this group's sum, laid out as packed of pack_forward
    Real* grad_h_0;                // or null
    Real* grad_c_0;
};

struct ScratchSize {
    std::int64_t shared, own;  // elements: of a team, of each of its members
};

// Sizes are in elements. Every function of panels works on columns [first, last) of panels of `lanes` hidden units.
template <class Real>
struct Kernels {
    std::int64_t lanes;
    std::int64_t (*panels)(std::int64_t hidden_size);
    std::int64_t (*packed_forward_size)(Cell, std::int64_t input_size, std::int64_t hidden_size);
    std::int64_t (*packed_backward_size)(Cell, std::int64_t input_size, std::int64_t hidden_size);
    std::int64_t (*saved_size)(Cell, std::int64_t hidden_size, std::int64_t positions);
    ScratchSize (*forward_scratch)(Cell, std::int64_t input_size, std::int64_t hidden_size, std::int64_t rows);
    ScratchSize (*backward_scratch)(Cell, std::int64_t input_size, std::int64_t hidden_size, std::int64_t rows);
    void (*pack_forward)(Cell, const Weights<Real>&, Real* packed, std::int64_t first, std::int64_t last);
    // Panels of packed backward weights, with those of the input side or without.
    std::int64_t (*backward_panels)(Cell, std::int64_t input_size, std::int64_t hidden_size, bool input_side);
    void (*pack_backward)(Cell, const Weights<Real>&, Real* packed, std::int64_t first, std::int64_t last);
    // The members of a team share one slice: `shared` is the team's scratch, `own` the member's.
    void (*forward)(Cell, const Forward<Real>&, const Slice&, Real* shared, Real* own, Member&);
    void (*backward)(Cell, const Backward<Real>&, const Slice&, Real* shared, Real* own, Member&);
    // Sums the groups in order and writes PyTorch's layout.
    void (*unpack_gradients)(Cell, const Weights<Real>&, const WeightGradients<Real>&, Real* const* groups, std::int64_t count,
                             std::int64_t first, std::int64_t last);
    // Floating-point operations a second of one thread that only multiplies and adds in registers: the best stretch of `seconds`.
    double (*peak)(double seconds);
};

struct InstructionSet {
    const char* name;
    bool (*supported)();
    const Kernels<float>* f32;
    const Kernels<double>* f64;
    const StepKernels* step;
};

}  // namespace gatewise
