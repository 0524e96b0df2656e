// Forward passes against plain loops in double; backward passes against differences of those loops along a random direction in each
// variable's space, which an error in any one of its elements shifts.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "check.h"
#include "layer.h"
#include "naive.h"
#include "workspace.h"

namespace {

// What the kernels should find, independent of type and instruction set.
struct Expected {
    Problem problem;
    Outcome outcome;
    Outcome upstream;                 // gradient of the loss by each part of the outcome
    std::vector<Values> directions;   // one in each variable's space
    std::vector<double> derivatives;  // of the loss along them

    explicit Expected(Problem given) : problem(std::move(given)), outcome(naive_forward(problem)) {
        std::mt19937 random(7);
        const std::vector<Values*> parts = outcome.parts(), gradients = upstream.parts();
        for (std::size_t i = 0; i < parts.size(); ++i)
            *gradients[i] = random_values(random, static_cast<std::int64_t>(parts[i]->size()), 1);
        for (Values* variable : problem.variables()) {
            const double step = 2e-5 / std::sqrt(static_cast<double>(variable->size() + 1));
            directions.push_back(random_values(random, static_cast<std::int64_t>(variable->size()), 1));
            const Values here = *variable;
            const auto loss_at = [&](double distance) {
                for (std::size_t i = 0; i < here.size(); ++i) (*variable)[i] = here[i] + distance * directions.back()[i];
                return loss(naive_forward(problem));
            };
            derivatives.push_back((loss_at(step) - loss_at(-step)) / (2 * step));
            *variable = here;
        }
    }

    double loss(Outcome result) {
        double sum = 0;
        const std::vector<Values*> parts = result.parts(), gradients = upstream.parts();
        for (std::size_t part = 0; part < parts.size(); ++part)
            for (std::size_t i = 0; i < parts[part]->size(); ++i) sum += (*parts[part])[i] * (*gradients[part])[i];
        return sum;
    }
};

template <class Real>
using Vector = std::vector<Real>;

template <class Real>
Vector<Real> rounded(const Values& values) {
    return Vector<Real>(values.begin(), values.end());
}

template <class Real>
Real* or_null(Vector<Real>& values) {
    return values.empty() ? nullptr : values.data();
}

// Every array that the kernels write starts as NaN, so that what they leave out shows.
template <class Real>
Vector<Real> unwritten(const Values& like) {
    return Vector<Real>(like.size(), std::numeric_limits<Real>::quiet_NaN());
}

template <class Real>
struct Computed {
    std::vector<Vector<Real>> outcome;    // as Outcome::parts
    std::vector<Vector<Real>> gradients;  // as Problem::variables

    bool operator==(const Computed&) const = default;
};

template <class Real>
Computed<Real> run(Expected& expected, int threads) {
    Problem& p = expected.problem;
    Computed<Real> result;
    std::vector<Vector<Real>> variables, upstream;
    for (const Values* part : expected.outcome.parts()) result.outcome.push_back(unwritten<Real>(*part));
    for (const Values* part : expected.upstream.parts()) upstream.push_back(rounded<Real>(*part));
    for (const Values* variable : p.variables()) {
        variables.push_back(rounded<Real>(*variable));
        result.gradients.push_back(unwritten<Real>(*variable));
    }
    Vector<Real> mask = rounded<Real>(p.recurrent_mask), update_h = rounded<Real>(p.update_h), update_c = rounded<Real>(p.update_c);
    const std::vector<std::int64_t> lengths = p.order == gatewise::Order::packed ? p.batch_sizes() : p.lengths;
    gatewise::LayerBackward<Real> backward{};
    gatewise::LayerForward<Real>& layer = backward.forward;
    layer.cell = p.cell;
    layer.saved_bytes =
        static_cast<std::int64_t>(gatewise::saved_bytes<Real>(gatewise::active(), p.cell, p.hidden_size, p.directions, p.positions()));
    // Full rows are given without lengths, which is a path of its own.
    const bool full = p.order != gatewise::Order::packed &&
                      std::all_of(lengths.begin(), lengths.end(), [&](std::int64_t length) { return length == p.steps; });
    layer.batch = {
        .order = p.order, .steps = p.steps, .rows = p.rows, .positions = p.positions(), .lengths = full ? nullptr : lengths.data()};
    layer.input_size = p.input_size;
    layer.hidden_size = p.hidden_size;
    layer.directions = p.directions;
    layer.threads = threads;
    layer.input = variables[0].data();
    layer.h_0 = or_null(variables[1]);
    layer.c_0 = or_null(variables[2]);
    for (std::size_t direction = 0; direction < 2; ++direction) {
        gatewise::Weights<Real>& weights = layer.weights[direction];
        gatewise::WeightGradients<Real>& gradients = backward.grad_weights[direction];
        weights.input_size = p.input_size;
        weights.hidden_size = p.hidden_size;
        std::size_t place = 3 + Problem::weight_count * direction;
#define TAKE(name)                                     \
    weights.name = or_null(variables[place]);          \
    gradients.name = or_null(result.gradients[place]); \
    ++place;
        GATEWISE_WEIGHTS(TAKE)
#undef TAKE
    }
    layer.recurrent_mask = or_null(mask);
    layer.update_h = or_null(update_h);
    layer.update_c = or_null(update_c);
    layer.constant_update_h = p.constant_update_h;
    layer.constant_update_c = p.constant_update_c;
    layer.output = or_null(result.outcome[0]);
    layer.cells = or_null(result.outcome[1]);
    layer.h_n = or_null(result.outcome[2]);
    layer.c_n = or_null(result.outcome[3]);
    gatewise::Block saved = gatewise::take(static_cast<std::size_t>(layer.saved_bytes));
    layer.saved = saved.data();
    gatewise::forward(layer);

    backward.grad_output = or_null(upstream[0]);
    backward.grad_cells = or_null(upstream[1]);
    backward.grad_h_n = or_null(upstream[2]);
    backward.grad_c_n = or_null(upstream[3]);
    backward.grad_input = or_null(result.gradients[0]);
    backward.grad_h_0 = or_null(result.gradients[1]);
    backward.grad_c_0 = or_null(result.gradients[2]);
    gatewise::backward(backward);

    std::vector<Vector<Real>> with_saved = std::move(result.outcome);
    for (const Values* part : expected.outcome.parts()) result.outcome.push_back(unwritten<Real>(*part));
    layer.output = or_null(result.outcome[0]);
    layer.cells = or_null(result.outcome[1]);
    layer.h_n = or_null(result.outcome[2]);
    layer.c_n = or_null(result.outcome[3]);
    layer.saved = nullptr;
    gatewise::forward(layer);
    CHECK(result.outcome == with_saved);
    return result;
}

template <class Real>
void check(Expected& expected, const Computed<Real>& computed) {
    const bool single = std::is_same_v<Real, float>;
    // Products of bfloat16 are off by some thousandths; a sum that is rounded to the other side of a kink has another slope altogether.
    const gatewise::CellTraits& cell = gatewise::cell_kernels<Real>(gatewise::active(), expected.problem.cell).traits;
    const bool kink = std::string(cell.name) == "bfloat16_rnn_relu";
    const double of_value = cell.bfloat16 ? 0.05 : single ? 1e-5 : 1e-12;
    const double of_gradient = cell.bfloat16 ? (kink ? 0.2 : 0.03) : single ? 2e-5 : 1e-6;
    const std::vector<Values*> parts = expected.outcome.parts();
    for (std::size_t part = 0; part < parts.size(); ++part)
        for (std::size_t i = 0; i < parts[part]->size(); ++i) {
            const double value = (*parts[part])[i], error = std::abs(static_cast<double>(computed.outcome[part][i]) - value);
            CHECK(error <= of_value * std::max(1.0, std::abs(value)));
        }
    for (std::size_t variable = 0; variable < expected.directions.size(); ++variable) {
        const Vector<Real>& gradient = computed.gradients[variable];
        double along = 0, squares = 0;
        for (std::size_t i = 0; i < gradient.size(); ++i) {
            along += static_cast<double>(gradient[i]) * expected.directions[variable][i];
            squares += static_cast<double>(gradient[i]) * static_cast<double>(gradient[i]);
        }
        CHECK(std::abs(along - expected.derivatives[variable]) <= of_gradient * (1 + std::sqrt(squares)));
    }
}

// On each number of threads, and from several callers at once, results are equal to the last bit.
template <class Real>
void all_threads_agree(Expected& expected) {
    const Computed<Real> alone = run<Real>(expected, 1);
    check(expected, alone);
    for (int threads = 2; threads <= 4; ++threads) CHECK(run<Real>(expected, threads) == alone);
}

template <class Real>
void callers_do_not_disturb_each_other(std::vector<Expected>& problems) {
    std::vector<Computed<Real>> alone;
    for (Expected& expected : problems) alone.push_back(run<Real>(expected, 1));
    std::vector<std::thread> callers;
    for (std::size_t first = 0; first < 4; ++first)
        callers.emplace_back([&, first] {
            for (std::size_t turn = 0; turn < 8; ++turn) {
                const std::size_t which = (first + turn) % problems.size();
                Expected own = problems[which];
                CHECK(run<Real>(own, 1 + static_cast<int>(turn % 3)) == alone[which]);
            }
        });
    for (std::thread& caller : callers) caller.join();
}

std::int64_t number_of(const std::string& name) {
    const gatewise::Kernels<float>& kernels = *gatewise::instruction_sets().front()->f32;
    for (std::int64_t cell = 0; cell < kernels.cell_count; ++cell)
        if (name == kernels.cells[cell].traits.name) return cell;
    throw std::logic_error("there is no cell " + name);
}

template <class Function>
bool refused(Function&& function) {
    try {
        function();
    } catch (const std::invalid_argument&) {
        return true;
    }
    return false;
}

// One step of one row of an LSTM with one unit, forward and back, whose notes are `notes`.
struct Smallest {
    static constexpr std::size_t most = 4096;
    float values[4] = {}, weights[4] = {}, gradients[2][4] = {}, written[6] = {};
    alignas(64) unsigned char notes[most] = {};
    gatewise::LayerBackward<float> backward{};
    gatewise::LayerForward<float>& layer = backward.forward;

    Smallest() {
        layer.cell = number_of("lstm");
        layer.batch = {.order = gatewise::Order::time_major, .steps = 1, .rows = 1, .positions = 1, .lengths = nullptr};
        layer.input_size = layer.hidden_size = 1;
        layer.directions = layer.threads = 1;
        layer.constant_update_h = layer.constant_update_c = 1;
        layer.input = values;
        layer.weights[0] = {.input_size = 1, .hidden_size = 1, .w_ih = weights, .w_hh = weights};
        layer.output = written;
        layer.h_n = written + 1;
        layer.c_n = written + 2;
        layer.saved = notes;
        layer.saved_bytes = most;
        backward.grad_weights[0] = {.w_ih = gradients[0], .w_hh = gradients[1]};
    }
};

// Whatever an argument is, it is refused before memory is read or written; so is whatever stands in the notes.
void wrong_calls_are_refused() {
    const auto wrong = [](auto&& spoil) {
        Smallest one;
        gatewise::forward(one.layer);
        gatewise::backward(one.backward);
        spoil(one);
        return refused([&] { gatewise::forward(one.layer); }) && refused([&] { gatewise::backward(one.backward); });
    };
    CHECK(wrong([](Smallest& one) { one.layer.cell = -1; }));
    CHECK(wrong([](Smallest& one) { one.layer.cell = 1 << 20; }));
    CHECK(wrong([](Smallest& one) { one.layer.cell = number_of("norm_lstm"); }));
    CHECK(wrong([](Smallest& one) { one.layer.cell = number_of("min_gru"); }));
    CHECK(wrong([](Smallest& one) { one.layer.batch.order = static_cast<gatewise::Order>(3); }));
    CHECK(wrong([](Smallest& one) { one.layer.batch.order = gatewise::Order::packed; }));
    CHECK(wrong([](Smallest& one) { one.layer.batch.steps = 2; }));
    CHECK(wrong([](Smallest& one) { one.layer.directions = 3; }));
    CHECK(wrong([](Smallest& one) { one.layer.hidden_size = 0; }));
    CHECK(wrong([](Smallest& one) { one.layer.input = nullptr; }));
    CHECK(wrong([](Smallest& one) { one.layer.weights[0].w_hh = nullptr; }));
    CHECK(wrong([](Smallest& one) { one.layer.output = nullptr; }));
    CHECK(wrong([](Smallest& one) { one.layer.saved_bytes = 100; }));
    const auto wrong_back = [](auto&& spoil) {
        Smallest one;
        gatewise::forward(one.layer);
        spoil(one);
        return refused([&] { gatewise::backward(one.backward); });
    };
    CHECK(wrong_back([](Smallest& one) { one.backward.grad_weights[0].w_hh = nullptr; }));
    CHECK(wrong_back([](Smallest& one) { one.layer.saved = nullptr; }));
    CHECK(wrong_back([](Smallest& one) { one.layer.hidden_size = 2; }));
    for (std::size_t place = 0; place < 40; ++place) CHECK(wrong_back([&](Smallest& one) { one.notes[place] ^= 0x41; }));
}

// Lengths index memory: wrong ones are refused before anything is read.
void wrong_lengths_are_refused() {
    const float value = 0;
    float written = 0;
    for (const std::int64_t length : {std::int64_t{-1}, std::int64_t{2}}) {
        for (const gatewise::Order order : {gatewise::Order::time_major, gatewise::Order::packed}) {
            gatewise::LayerForward<float> layer{};
            layer.cell = number_of("rnn_relu");
            layer.batch = {.order = order, .steps = 1, .rows = 1, .positions = 1, .lengths = &length};
            layer.input_size = layer.hidden_size = 1;
            layer.directions = layer.threads = 1;
            layer.input = &value;
            layer.weights[0] = {.input_size = 1, .hidden_size = 1, .w_ih = &value, .w_hh = &value};
            layer.output = layer.h_n = &written;
            CHECK(refused([&] { gatewise::forward(layer); }));
        }
    }
}

}  // namespace

void test_kernels() {
    wrong_lengths_are_refused();
    wrong_calls_are_refused();
    gatewise::poison(true);
    const std::vector<const gatewise::InstructionSet*> sets = gatewise::instruction_sets();
    std::vector<Expected> large;
    for (std::int64_t cell = 0; cell < sets.front()->f32->cell_count; ++cell) {
        // Cells that differ in their products alone have the same problems, whose seeds are such that no difference crosses relu's kink.
        const std::string name = sets.front()->f32->cells[cell].traits.name, prefix = "bfloat16_";
        unsigned seed = 15 * static_cast<unsigned>(name.rfind(prefix, 0) == 0 ? number_of(name.substr(prefix.size())) : cell);
        for (const std::int64_t hidden_size : {1, 5, 17, 33, 64})
            for (const std::int64_t input_size : {1, 3, 50}) {
                Expected expected(Problem(cell, input_size, hidden_size, ++seed));
                for (const gatewise::InstructionSet* set : sets) {
                    gatewise::select(set->name);
                    all_threads_agree<float>(expected);
                    all_threads_agree<double>(expected);
                }
                if (hidden_size == 64 && input_size == 50) large.push_back(std::move(expected));
            }
    }
    for (const gatewise::InstructionSet* set : sets) {
        gatewise::select(set->name);
        callers_do_not_disturb_each_other<float>(large);
        callers_do_not_disturb_each_other<double>(large);
    }
    gatewise::select(sets.front()->name);
    gatewise::poison(false);
}
