// Layers of eight bits: a step against plain loops in double; longer calls on every set against each other, which must agree bit by bit
// for any number of threads, whole or step by step.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "check.h"
#include "int8_sets.h"
#include "int8_streams.h"

namespace {

using gatewise::Int8Layer;

struct Matrix {
    std::vector<std::int8_t> weights;
    std::vector<float> scale;
};

struct Problem {
    std::string cell;
    std::int64_t gates, rows, steps, input_size, hidden_size, directions;
    std::vector<Matrix> w_ih, w_hh;
    std::vector<std::vector<float>> b_ih, b_hh;
    std::vector<float> input, h_0, c_0;
    std::vector<std::int64_t> lengths;

    Problem(const std::string& name, std::int64_t rows, std::int64_t steps, std::int64_t input_size, std::int64_t hidden_size,
            std::int64_t directions)
        : cell(name),
          gates(name == "gru"    ? 3
                : name == "lstm" ? 4
                                 : 1),
          rows(rows),
          steps(steps),
          input_size(input_size),
          hidden_size(hidden_size),
          directions(directions) {
        std::mt19937 random(static_cast<unsigned>(rows + hidden_size));
        std::uniform_int_distribution<int> bytes(-127, 127);
        std::uniform_real_distribution<float> floats(-1, 1);
        const auto draw = [&](std::int64_t count) {
            std::vector<float> values(static_cast<std::size_t>(count));
            for (float& value : values) value = floats(random);
            return values;
        };
        const auto matrix = [&](std::int64_t columns) {
            Matrix drawn;
            drawn.weights.resize(static_cast<std::size_t>(gates * hidden_size * columns));
            for (std::int8_t& weight : drawn.weights) weight = static_cast<std::int8_t>(bytes(random));
            drawn.scale = draw(gates * hidden_size);
            for (float& scale : drawn.scale) scale *= 0.01f;
            return drawn;
        };
        for (std::int64_t direction = 0; direction < directions; ++direction) {
            w_ih.push_back(matrix(input_size));
            w_hh.push_back(matrix(hidden_size));
            b_ih.push_back(draw(gates * hidden_size));
            b_hh.push_back(draw(gates * hidden_size));
        }
        input = draw(rows * steps * input_size);
        h_0 = draw(directions * rows * hidden_size);
        c_0 = draw(directions * rows * hidden_size);
        for (std::int64_t row = 0; row < rows; ++row) lengths.push_back((row * 5 + 1) % (steps + 1));
    }

    Int8Layer layer(const std::string& set) const {
        std::vector<gatewise::Int8Weights> weights;
        for (std::size_t i = 0; i < w_ih.size(); ++i)
            weights.push_back({.input_size = input_size,
                               .hidden_size = hidden_size,
                               .w_ih = w_ih[i].weights.data(),
                               .scale_ih = w_ih[i].scale.data(),
                               .w_hh = w_hh[i].weights.data(),
                               .scale_hh = w_hh[i].scale.data(),
                               .b_ih = b_ih[i].data(),
                               .b_hh = b_hh[i].data()});
        return Int8Layer(cell, weights, set);
    }

    // output, h_n and c_n end to end
    std::vector<float> run(const Int8Layer& layer, int threads, bool ragged) const {
        const std::int64_t outputs = rows * steps * directions * hidden_size, states = directions * rows * hidden_size;
        std::vector<float> results(static_cast<std::size_t>(outputs + 2 * states), 0);
        float* const output = results.data();
        layer.run({.rows = rows,
                   .steps = steps,
                   .input = input.data(),
                   .input_row = steps * input_size,
                   .input_step = input_size,
                   .lengths = ragged ? lengths.data() : nullptr,
                   .h_0 = h_0.data(),
                   .c_0 = c_0.data(),
                   .output = output,
                   .output_row = steps * directions * hidden_size,
                   .output_step = directions * hidden_size,
                   .h_n = output + outputs,
                   .c_n = cell == "lstm" ? output + outputs + states : nullptr,
                   .update_h = 1,
                   .update_c = 1,
                   .threads = threads});
        return results;
    }
};

bool same(const std::vector<float>& left, const std::vector<float>& right) {
    return left.size() == right.size() && !std::memcmp(left.data(), right.data(), left.size() * sizeof(float));
}

// The product of a row of values with a row of weights, by the rules of int8.h.
double product(const float* values, const Matrix& matrix, std::int64_t row, std::int64_t columns) {
    float size = 0;
    for (std::int64_t i = 0; i < columns; ++i) size = std::max(size, std::abs(values[i]));
    std::int64_t sum = 0;
    for (std::int64_t i = 0; i < columns; ++i)
        sum += static_cast<std::int64_t>(std::nearbyint(values[i] * (127.0f / size))) *
               matrix.weights[static_cast<std::size_t>(row * columns + i)];
    return static_cast<double>(sum) * size / 127 * matrix.scale[static_cast<std::size_t>(row)];
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

void a_step_is_that_of_plain_loops(const std::string& cell) {
    const Problem problem(cell, 3, 1, 7, 21, 1);
    const std::int64_t hidden = problem.hidden_size;
    for (const std::string& set : gatewise::int8_sets()) {
        const std::vector<float> found = problem.run(problem.layer(set), 1, false);
        for (std::int64_t row = 0; row < problem.rows; ++row)
            for (std::int64_t unit = 0; unit < hidden; ++unit) {
                const auto input_side = [&](std::int64_t gate) {
                    const std::int64_t at = gate * hidden + unit;
                    return product(problem.input.data() + row * problem.input_size, problem.w_ih[0], at, problem.input_size) +
                           problem.b_ih[0][static_cast<std::size_t>(at)];
                };
                const auto hidden_side = [&](std::int64_t gate) {
                    const std::int64_t at = gate * hidden + unit;
                    return product(problem.h_0.data() + row * hidden, problem.w_hh[0], at, hidden) +
                           problem.b_hh[0][static_cast<std::size_t>(at)];
                };
                const auto both = [&](std::int64_t gate) { return input_side(gate) + hidden_side(gate); };
                const std::size_t place = static_cast<std::size_t>(row * hidden + unit);
                const double before = problem.h_0[place];
                double expected = 0;
                if (cell == "gru") {
                    const double n = std::tanh(input_side(2) + sigmoid(both(0)) * hidden_side(2));
                    expected = n + sigmoid(both(1)) * (before - n);
                } else if (cell == "lstm") {
                    const double c = sigmoid(both(1)) * problem.c_0[place] + sigmoid(both(0)) * std::tanh(both(2));
                    expected = sigmoid(both(3)) * std::tanh(c);
                } else {
                    expected = cell == "rnn_tanh" ? std::tanh(both(0)) : std::max(both(0), 0.0);
                }
                CHECK(std::abs(found[place] - expected) < 1e-5);
            }
    }
}

void all_sets_and_threads_agree(const std::string& cell) {
    const std::vector<std::string> sets = gatewise::int8_sets();
    const std::int64_t shapes[][5] = {{1, 9, 1, 1, 1}, {2, 6, 5, 33, 2}, {7, 5, 17, 20, 1}, {61, 4, 3, 64, 2}, {2, 4, 20, 370, 1}};
    for (const auto& shape : shapes) {
        const Problem problem(cell, shape[0], shape[1], shape[2], shape[3], shape[4]);
        for (const bool ragged : {false, true}) {
            const std::vector<float> expected = problem.run(problem.layer(sets.front()), 1, ragged);
            for (const std::string& set : sets)
                for (const int threads : {1, 2, 3}) CHECK(same(problem.run(problem.layer(set), threads, ragged), expected));
        }
    }
}

void streams_agree_with_whole_sequences(const std::string& cell) {
    const Problem problem(cell, 60, 5, 6, 35, 1);
    for (const std::string& set : gatewise::int8_sets()) {
        const auto layer = std::make_shared<const Int8Layer>(problem.layer(set));
        const std::vector<float> whole = problem.run(*layer, 1, false);
        gatewise::Int8Streams streams({layer}, problem.rows, 2, 1, 1);
        streams.write(problem.h_0.data(), problem.c_0.data());
        std::vector<float> output(static_cast<std::size_t>(problem.rows * problem.hidden_size)), input;
        for (std::int64_t step = 0; step < problem.steps; ++step) {
            input.clear();
            for (std::int64_t row = 0; row < problem.rows; ++row) {
                const float* const from = problem.input.data() + (row * problem.steps + step) * problem.input_size;
                input.insert(input.end(), from, from + problem.input_size);
            }
            streams.step(input.data(), output.data());
            for (std::int64_t row = 0; row < problem.rows; ++row)
                CHECK(std::equal(output.begin() + row * problem.hidden_size, output.begin() + (row + 1) * problem.hidden_size,
                                 whole.begin() + (row * problem.steps + step) * problem.hidden_size));
        }
        streams.reset(1);
        std::vector<float> h(output.size()), c(output.size());
        streams.read(h.data(), c.data());
        CHECK(std::all_of(h.begin() + problem.hidden_size, h.begin() + 2 * problem.hidden_size, [](float x) { return x == 0; }));
        CHECK(std::equal(h.begin(), h.begin() + problem.hidden_size, output.begin()));
    }
}

void not_a_number_stays_in_its_row() {
    Problem problem("gru", 3, 4, 5, 18, 1);
    for (const std::string& set : gatewise::int8_sets()) {
        const Int8Layer layer = problem.layer(set);
        const std::vector<float> clean = problem.run(layer, 1, false);
        const float kept = problem.input[static_cast<std::size_t>(problem.steps * problem.input_size)];
        problem.input[static_cast<std::size_t>(problem.steps * problem.input_size)] = std::numeric_limits<float>::infinity();
        const std::vector<float> found = problem.run(layer, 1, false);
        problem.input[static_cast<std::size_t>(problem.steps * problem.input_size)] = kept;
        const std::size_t row = static_cast<std::size_t>(problem.steps * problem.hidden_size);
        for (std::size_t i = 0; i < 3 * row; ++i) CHECK(i / row == 1 ? std::isnan(found[i]) : found[i] == clean[i]);
    }
}

}  // namespace

void test_int8() {
    for (const std::string& set : gatewise::int8_sets()) std::printf("  %s\n", set.c_str());
    for (const char* const cell : {"gru", "lstm", "rnn_tanh", "rnn_relu"}) {
        a_step_is_that_of_plain_loops(cell);
        all_sets_and_threads_agree(cell);
        streams_agree_with_whole_sequences(cell);
    }
    not_a_number_stays_in_its_row();
}
