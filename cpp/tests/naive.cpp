#include "naive.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

using gatewise::Order;

namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
// Feng et al. 2024, appendix B: keeps the state positive.
double positive(double x) { return x >= 0 ? x + 0.5 : sigmoid(x); }

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

// Row `row` of matrix times vector, or 0 where there is no matrix.
double dot(const Values& matrix, std::int64_t row, const double* vector, std::int64_t size) {
    double sum = 0;
    if (!matrix.empty())
        for (std::int64_t k = 0; k < size; ++k) sum += matrix[at(row * size + k)] * vector[k];
    return sum;
}

double bias(const Values& values, std::int64_t row) { return values.empty() ? 0 : values[at(row)]; }

// Ba et al. 2016: (x - mean) / sqrt(variance + 1e-5) times gamma, plus beta where there is one.
Values layer_norm(const Values& values, const Values& gamma, const Values& beta) {
    const double count = static_cast<double>(values.size());
    double mean = 0, variance = 0;
    for (const double value : values) mean += value / count;
    for (const double value : values) variance += (value - mean) * (value - mean) / count;
    Values result;
    for (std::size_t i = 0; i < values.size(); ++i)
        result.push_back((values[i] - mean) / std::sqrt(variance + 1e-5) * gamma[i] + (beta.empty() ? 0 : beta[i]));
    return result;
}

// One side's sums of all gates.
Values side(const Values& matrix, const double* vector, std::int64_t size, std::int64_t rows, const Values& gamma, const Values& shift) {
    Values sums(at(rows));
    for (std::int64_t row = 0; row < rows; ++row) sums[at(row)] = dot(matrix, row, vector, size);
    if (!gamma.empty()) sums = layer_norm(sums, gamma, {});
    for (std::int64_t row = 0; row < rows; ++row) sums[at(row)] += bias(shift, row);
    return sums;
}

}  // namespace

Values random_values(std::mt19937& random, std::int64_t count, double scale) {
    std::uniform_real_distribution<double> uniform(-scale, scale);
    Values values(at(count));
    for (double& value : values) value = std::round(uniform(random) * 4096) / 4096;
    return values;
}

Problem::Problem(std::int64_t cell, std::int64_t input_size, std::int64_t hidden_size, unsigned seed)
    : cell(cell),
      traits(gatewise::cell_kernels<float>(*gatewise::instruction_sets().front(), cell).traits),
      input_size(input_size),
      hidden_size(hidden_size) {
    std::mt19937 random(seed);
    const auto one_of = [&](int count) { return static_cast<int>(random() % static_cast<unsigned>(count)); };
    order = static_cast<Order>(one_of(3));
    steps = 1 + one_of(8);
    rows = 1 + one_of(19);
    directions = 1 + one_of(2);
    zoneout = one_of(2) == 1;
    masked = traits.recurrent && one_of(2) == 1;
    constant_update_h = one_of(2) == 1 ? 0.75 : 1;
    constant_update_c = traits.cell_state && one_of(2) == 1 ? 0.875 : 1;
    const bool ragged = one_of(3) > 0;
    const int shortest = order == Order::packed ? 1 : 0;
    for (std::int64_t row = 0; row < rows; ++row)
        lengths.push_back(ragged ? shortest + one_of(static_cast<int>(steps) + 1 - shortest) : steps);
    if (order == Order::packed) {
        std::sort(lengths.rbegin(), lengths.rend());
        steps = lengths.front();
    }

    const std::int64_t state = directions * rows * hidden_size;
    const double scale = 1.5 / std::sqrt(static_cast<double>(std::max(hidden_size, input_size)));
    const bool biased = one_of(4) > 0, from_zero = one_of(4) == 0;
    input = random_values(random, positions() * input_size, 1);
    for (int direction = 0; direction < directions; ++direction) {
        weights[direction][0] = random_values(random, traits.gates * hidden_size * input_size, scale);
        if (traits.recurrent) weights[direction][1] = random_values(random, traits.gates * hidden_size * hidden_size, scale);
        if (biased) weights[direction][2] = random_values(random, traits.gates * hidden_size, 0.5);
        if (biased && traits.recurrent) weights[direction][3] = random_values(random, traits.gates * hidden_size, 0.5);
        for (const std::size_t gain : {4, 5, 6})
            if (traits.normalized && (gain < 6 || traits.cell_state)) {
                weights[direction][gain] = random_values(random, gain < 6 ? traits.gates * hidden_size : hidden_size, 0.5);
                for (double& value : weights[direction][gain]) value += 1;
            }
        if (traits.normalized && traits.cell_state) weights[direction][7] = random_values(random, hidden_size, 0.5);
    }
    if (!from_zero) h_0 = random_values(random, state, 1);
    if (!from_zero && traits.cell_state) c_0 = random_values(random, state, 1);
    const auto zero_or = [&](std::int64_t count, double other) {
        Values values(at(count));
        for (double& value : values) value = one_of(3) == 0 ? 0 : other;
        return values;
    };
    if (masked) recurrent_mask = zero_or(state, 1.5);
    if (zoneout) update_h = zero_or(positions() * directions * hidden_size, 1);
    if (zoneout && traits.cell_state) update_c = zero_or(positions() * directions * hidden_size, 1);
}

std::string Problem::plain() const {
    std::string name = traits.name;
    for (const std::string prefix : {"bfloat16_", "norm_"})
        if (name.rfind(prefix, 0) == 0) name = name.substr(prefix.size());
    return name;
}

std::vector<std::int64_t> Problem::batch_sizes() const {
    std::vector<std::int64_t> sizes;
    for (std::int64_t step = 0; step < steps; ++step)
        sizes.push_back(std::count_if(lengths.begin(), lengths.end(), [&](std::int64_t length) { return length > step; }));
    return sizes;
}

std::int64_t Problem::positions() const {
    if (order != Order::packed) return steps * rows;
    std::int64_t sum = 0;
    for (const std::int64_t length : lengths) sum += length;
    return sum;
}

std::int64_t Problem::position(std::int64_t row, std::int64_t step) const {
    if (order == Order::time_major) return step * rows + row;
    if (order == Order::batch_first) return row * steps + step;
    std::int64_t before = 0;
    for (const std::int64_t length : lengths) before += std::min(length, step);
    return before + row;
}

std::vector<Values*> Problem::variables() {
    std::vector<Values*> all = {&input, &h_0, &c_0};
    for (auto& direction : weights)
        for (Values& values : direction) all.push_back(&values);
    return all;
}

Outcome naive_forward(const Problem& p) {
    const std::int64_t hidden = p.hidden_size, width = p.directions * hidden;
    const std::string plain = p.plain();
    Outcome outcome;
    outcome.output.resize(at(p.positions() * width));
    outcome.h_n.resize(at(p.directions * p.rows * hidden));
    if (p.traits.cell_state) {
        outcome.cells.resize(outcome.output.size());
        outcome.c_n.resize(outcome.h_n.size());
    }
    for (int direction = 0; direction < p.directions; ++direction) {
        const auto& [w_ih, w_hh, b_ih, b_hh, gamma_ih, gamma_hh, gamma_c, beta_c] = p.weights[direction];
        for (std::int64_t row = 0; row < p.rows; ++row) {
            const std::int64_t state = (direction * p.rows + row) * hidden;
            Values h(at(hidden)), c(at(hidden));
            if (!p.h_0.empty()) std::copy_n(p.h_0.begin() + state, hidden, h.begin());
            if (!p.c_0.empty()) std::copy_n(p.c_0.begin() + state, hidden, c.begin());
            const std::int64_t length = p.lengths[at(row)];
            for (std::int64_t step = 0; step < length; ++step) {
                const std::int64_t position = p.position(row, direction == 1 ? length - 1 - step : step);
                const double* x = &p.input[at(position * p.input_size)];
                Values seen = h;
                if (p.masked)
                    for (std::int64_t j = 0; j < hidden; ++j) seen[at(j)] *= p.recurrent_mask[at(state + j)];
                const Values old_h = h, old_c = c;
                const std::int64_t all = p.traits.gates * hidden;
                const Values from_input = side(w_ih, x, p.input_size, all, gamma_ih, b_ih);
                Values from_hidden = side(w_hh, seen.data(), hidden, all, gamma_hh, b_hh), new_h(at(hidden)), new_c(at(hidden));
                if (plain == "gru_reset_before") {
                    Values reset_state = seen;
                    for (std::size_t j = 0; j < seen.size(); ++j) reset_state[j] *= sigmoid(from_input[j] + from_hidden[j]);
                    const Values candidate = side(w_hh, reset_state.data(), hidden, all, gamma_hh, b_hh);
                    std::copy(candidate.begin() + 2 * hidden, candidate.end(), from_hidden.begin() + 2 * hidden);
                }
                for (std::int64_t j = 0; j < hidden; ++j) {
                    double from_x[4], from_h[4], sum[4];
                    for (std::int64_t gate = 0; gate < p.traits.gates; ++gate) {
                        const std::int64_t r = gate * hidden + j;
                        from_x[gate] = from_input[at(r)];
                        from_h[gate] = from_hidden[at(r)];
                        sum[gate] = from_x[gate] + from_h[gate];
                    }
                    if (plain == "gru") {
                        const double reset = sigmoid(sum[0]), keep = sigmoid(sum[1]);
                        new_h[at(j)] = (1 - keep) * std::tanh(from_x[2] + reset * from_h[2]) + keep * old_h[at(j)];
                    } else if (plain == "gru_reset_before") {
                        const double keep = sigmoid(sum[1]);
                        new_h[at(j)] = (1 - keep) * std::tanh(sum[2]) + keep * old_h[at(j)];
                    } else if (plain == "lstm") {
                        new_c[at(j)] = sigmoid(sum[1]) * old_c[at(j)] + sigmoid(sum[0]) * std::tanh(sum[2]);
                        new_h[at(j)] = sigmoid(sum[3]) * std::tanh(new_c[at(j)]);
                    } else if (plain == "rnn_tanh") {
                        new_h[at(j)] = std::tanh(sum[0]);
                    } else if (plain == "rnn_relu") {
                        new_h[at(j)] = std::max(0.0, sum[0]);
                    } else if (plain == "min_gru") {
                        const double take = sigmoid(sum[0]);
                        new_h[at(j)] = (1 - take) * old_h[at(j)] + take * positive(sum[1]);
                    } else if (plain == "min_lstm") {
                        const double forget = sigmoid(sum[0]), take = sigmoid(sum[1]);
                        new_h[at(j)] = (forget * old_h[at(j)] + take * positive(sum[2])) / (forget + take);
                    } else {
                        throw std::logic_error("no equations here for " + plain);
                    }
                }
                if (p.traits.normalized && p.traits.cell_state) {
                    const Values argument = layer_norm(new_c, gamma_c, beta_c);
                    for (std::int64_t j = 0; j < hidden; ++j)
                        new_h[at(j)] =
                            sigmoid(from_input[at(3 * hidden + j)] + from_hidden[at(3 * hidden + j)]) * std::tanh(argument[at(j)]);
                }
                for (std::int64_t j = 0; j < hidden; ++j) {
                    const std::size_t out = at(position * width + direction * hidden + j);
                    const double share_h = p.zoneout ? p.update_h[out] : p.constant_update_h;
                    const double share_c = p.zoneout && p.traits.cell_state ? p.update_c[out] : p.constant_update_c;
                    h[at(j)] = old_h[at(j)] + share_h * (new_h[at(j)] - old_h[at(j)]);
                    c[at(j)] = old_c[at(j)] + share_c * (new_c[at(j)] - old_c[at(j)]);
                    outcome.output[out] = h[at(j)];
                    if (p.traits.cell_state) outcome.cells[out] = c[at(j)];
                }
            }
            std::copy_n(h.begin(), hidden, outcome.h_n.begin() + state);
            if (p.traits.cell_state) std::copy_n(c.begin(), hidden, outcome.c_n.begin() + state);
        }
    }
    return outcome;
}
