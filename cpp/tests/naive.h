// One recurrent layer as plain loops in double, after the equations and not after the kernels.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "layer.h"

using Values = std::vector<double>;

// Values are multiples of 1/4096 below 8, so that float and double kernels are given one problem.
struct Problem {
    std::int64_t cell;  // its number
    gatewise::CellTraits traits;
    gatewise::Order order;
    std::int64_t steps, rows, input_size, hidden_size;
    int directions;
    std::vector<std::int64_t> lengths;  // of each row
    bool zoneout, masked;
    double constant_update_h, constant_update_c;  // where there is no zoneout
    // Of each direction w_ih, w_hh, b_ih, b_hh, gamma_ih, gamma_hh, gamma_c, beta_c; empty where absent.
    static constexpr std::size_t weight_count = 8;
    Values input, weights[2][weight_count], h_0, c_0;
    Values recurrent_mask, update_h, update_c;

    Problem(std::int64_t cell, std::int64_t input_size, std::int64_t hidden_size, unsigned seed);

    std::string plain() const;  // its name without layer normalisation
    std::int64_t positions() const;
    std::int64_t position(std::int64_t row, std::int64_t step) const;
    std::vector<std::int64_t> batch_sizes() const;  // of a packed batch
    std::vector<Values*> variables();               // whatever has a gradient; in the order of Gradients of the kernel's test
};

struct Outcome {
    Values output, cells, h_n, c_n;

    std::vector<Values*> parts() { return {&output, &cells, &h_n, &c_n}; }
};

Outcome naive_forward(const Problem& problem);
Values random_values(std::mt19937& random, std::int64_t count, double scale);
