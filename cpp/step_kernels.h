// What a training step does beside its recurrent layers, for one instruction set; in float, on one thread. As in kernels.h, no
// standard-library templates here.
#pragma once

#include <cstdint>

namespace gatewise {

// One place where training drops values. Column c of row r is dropped where the random word of (seed, step, place, r, c) is below
// `threshold`, which is the probability times 2^32; what is kept is multiplied by `scale`. 64 columns share 16 counters of Philox4x32:
// word j of counter 16 * (c / 64) + c % 16 is that of column c, where j = c % 64 / 16.
struct Dropout {
    std::uint64_t seed;
    std::uint32_t step, place, threshold;
    float scale;
};

// Rows of `steps` positions each, of which the first lengths[row] are real; 1 <= lengths[row] <= steps.
struct Rows {
    std::int64_t rows, steps;
    const std::int64_t* lengths;
};

// What the head reads of the states of a row: of those that are asked for the last one, their mean and their maximum, side by side.
struct Pooling {
    bool last, mean, maximum;
    bool own_ends;       // the last one of either direction is where that direction ends; a direction has half of the width
    std::int64_t width;  // of a state
    int parts() const { return last + mean + maximum; }
};

// One tensor of parameters with what AdamW keeps of it, and its moving average.
struct Trained {
    float *value, *gradient, *first_moment, *second_moment, *average;
    std::int64_t count;
};

// One step of AdamW (Loshchilov & Hutter 2019) and of the moving average: value *= keep; value -= rate * m / (sqrt(v) * root + epsilon).
struct Update {
    float keep, rate, root, take;  // rate: learning rate over 1 - beta_1^t; root: 1 / sqrt(1 - beta_2^t); take: of the new value
};
struct Decay {
    float beta_1, beta_2, epsilon;
};

struct StepKernels {
    // out[row] = in[row] with dropout, for rows [0, rows) of `width`; in and out may be the same.
    void (*drop)(const Dropout&, const float* in, float* out, std::int64_t rows, std::int64_t width);
    // factors[row, column]: 0 or scale.
    void (*factors)(const Dropout&, float* out, std::int64_t rows, std::int64_t width);
    // out[position] = table[token], with dropout; zero beyond a row's length.
    void (*embed)(const Rows&, const std::int64_t* tokens, const float* table, std::int64_t width, const Dropout&, float* out);
    // Adds the gradient of position p, with dropout, to gradients[slot[p]], for slots from 0 up.
    void (*gather)(const Rows&, const std::int32_t* slots, const float* in, std::int64_t width, const Dropout&, float* gradients);
    // out: [rows, parts * width]; best: [rows, width], the step of the maximum, the first of equal ones.
    void (*pool)(const Rows&, const Pooling&, const float* states, float* out, std::int32_t* best);
    void (*pool_back)(const Rows&, const Pooling&, const float* grad_out, const std::int32_t* best, float* grad_states);
    // out[m, n] = in[m] . weight[n] + bias[n]
    void (*linear)(const float* in, const float* weight, const float* bias, float* out, std::int64_t rows, std::int64_t inputs,
                   std::int64_t outputs);
    // grad_in[m] = sum of grad_out[m, n] weight[n]; grad_weight[n] = sum of grad_out[m, n] in[m]; grad_bias[n] = sum of grad_out[m, n]
    void (*linear_back)(const float* in, const float* weight, const float* grad_out, float* grad_in, float* grad_weight, float* grad_bias,
                        std::int64_t rows, std::int64_t inputs, std::int64_t outputs);
    double (*square_sum)(const float* values, std::int64_t count);
    void (*update)(const Trained&, const Update&, const Decay&, float gradient_scale);
    // `count` updates of one row whose gradient was zero. Without moments, which nothing was ever added to, only its decay.
    void (*catch_up)(const Trained&, const Update* updates, std::int64_t count, const Decay&, bool moments);
};

}  // namespace gatewise
