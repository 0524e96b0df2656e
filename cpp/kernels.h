// What the driver asks of one instruction set, and what it hands over. No standard-library templates here: this header is compiled
// once per instruction set, and an inline function shared between them could end up with instructions the processor lacks.
#pragma once

#include <cstddef>
#include <cstdint>

#include "step_kernels.h"
#include "team.h"

namespace gatewise {

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

// What a call is made of is listed once, as macros that take what is to be done with a name: the members here and in layer.h, the
// arguments that come from Python, and the names that Python orders them by all come from these lists.
//
// Weights of one direction in PyTorch's layout: [gates * hidden_size, size], biases [gates * hidden_size] or null. Cells with layer
// normalisation have its gains too: of W_ih x and of W_hh h [gates * hidden_size], and those with a c gain and shift of c [hidden_size].
#define GATEWISE_WEIGHTS(field) \
    field(w_ih) field(w_hh) field(b_ih) field(b_hh) field(gamma_ih) field(gamma_hh) field(gamma_c) field(beta_c)

#define GATEWISE_READ(name) const Real* name = nullptr;
#define GATEWISE_WRITTEN(name) Real* name = nullptr;

template <class Real>
struct Weights {
    std::int64_t input_size, hidden_size;
    GATEWISE_WEIGHTS(GATEWISE_READ)
};

template <class Real>
struct WeightGradients {
    GATEWISE_WEIGHTS(GATEWISE_WRITTEN)
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

// A cell as the driver sees it: what its structure in cells.h says of itself.
struct CellTraits {
    const char* name;  // as Python knows it
    int gates;
    bool recurrent, cell_state, normalized;
    bool bfloat16;  // whether this set takes its products of bfloat16
};

// One cell. Sizes are in elements. Every function of panels works on columns [first, last) of panels of `lanes` hidden units.
template <class Real>
struct CellKernels {
    CellTraits traits;
    std::int64_t (*packed_forward_size)(std::int64_t input_size, std::int64_t hidden_size);
    std::int64_t (*packed_backward_size)(std::int64_t input_size, std::int64_t hidden_size);
    std::int64_t (*saved_size)(std::int64_t hidden_size, std::int64_t positions);
    ScratchSize (*forward_scratch)(std::int64_t input_size, std::int64_t hidden_size, std::int64_t rows);
    ScratchSize (*backward_scratch)(std::int64_t input_size, std::int64_t hidden_size, std::int64_t rows);
    void (*pack_forward)(const Weights<Real>&, Real* packed, std::int64_t first, std::int64_t last);
    // Panels of packed backward weights, with those of the input side or without.
    std::int64_t (*backward_panels)(std::int64_t input_size, std::int64_t hidden_size, bool input_side);
    void (*pack_backward)(const Weights<Real>&, Real* packed, std::int64_t first, std::int64_t last);
    // The members of a team share one slice: `shared` is the team's scratch, `own` the member's.
    void (*forward)(const Forward<Real>&, const Slice&, Real* shared, Real* own, Member&);
    void (*backward)(const Backward<Real>&, const Slice&, Real* shared, Real* own, Member&);
    // Sums the groups in order and writes PyTorch's layout.
    void (*unpack_gradients)(const Weights<Real>&, const WeightGradients<Real>&, Real* const* groups, std::int64_t count,
                             std::int64_t first, std::int64_t last);
};

template <class Real>
struct Kernels {
    std::int64_t lanes;
    std::int64_t (*panels)(std::int64_t hidden_size);
    const CellKernels<Real>* cells;  // in the order of the list in cells.h, which is their number
    int cell_count;
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
