// Cells whose step takes more than one pass over the hidden units: a row's statistics, or all of r * h, must be known before the rest.
#pragma once

#include "cells.h"

namespace gatewise {
namespace GATEWISE_ISA {
namespace {

// Cho et al. 2014, with the reset gate before the product: n = tanh(W_in x + b_in + W_hn (r * h) + b_hn), the rest as in Gru.
// Beside the gates' gradients stands r * h: the first three are the gates', on either side.
struct GruResetBefore {
    static constexpr int gates = 3, apart = -1, saved = 3, gradients = 4;
    static constexpr bool recurrent = true, cell_state = false, staged = true;
    static constexpr int second_stage = 1, more_parameters = 0, statistics = 0;
    static constexpr int reset_state = 3;
    static constexpr int zeros = 3;  // vector of the packed weights that is zero
    static constexpr int hidden_side(int gate) { return gate; }
    static constexpr int input_side(int gate) { return gate; }
};

// Ba et al. 2016: the cell on LN(W_ih x) + b_ih and LN(W_hh h) + b_hh in place of the products, all gates normalised together; h' from
// tanh(LN(c')) where there is a c. What is saved are the normalised products of input and hidden side, and c'.
template <class Cell>
struct Normalized {
    using Plain = Cell;
    static constexpr int gates = Cell::gates, apart = -1, saved = 2 * gates + Cell::cell_state, gradients = 2 * gates;
    static constexpr bool recurrent = true, cell_state = Cell::cell_state, staged = true;
    static constexpr int second_stage = 0;
    static constexpr int more_parameters = Cell::gradients + 2 * cell_state;
    static constexpr int statistics = 4;
    static constexpr int zeros = 0;
    static constexpr int hidden_side(int gate) { return gate; }
    static constexpr int input_side(int gate) { return gates + gate; }
};

template <class Cell>
constexpr bool is_normalized = false;
template <class Cell>
constexpr bool is_normalized<Normalized<Cell>> = true;

}  // namespace
}  // namespace GATEWISE_ISA
}  // namespace gatewise
