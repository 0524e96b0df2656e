#include "training_step.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>

#include "flush_tiny.h"

namespace gatewise {

namespace {

// Where training drops values; from the last one on there is a place for each layer's output.
enum Place : std::uint32_t { at_inputs = 0, at_embedding = 1, at_head = 2, at_layers = 3 };

template <class Element>
Element* room(Block& block, std::int64_t elements) {
    block = take(static_cast<std::size_t>(std::max<std::int64_t>(elements, 1)) * sizeof(Element));
    return block.as<Element>();
}

[[noreturn]] void refuse(const std::string& what) { throw std::invalid_argument(what); }

double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

// The share of a row in the mean cross-entropy, and the slope of its scores.
double class_loss(std::int64_t target, std::int64_t classes, double share, const float* scores, float* slope) {
    if (target < 0 || target >= classes) refuse("class " + std::to_string(target) + " is none of the " + std::to_string(classes));
    const float greatest = *std::max_element(scores, scores + classes);
    double sum = 0;
    for (std::int64_t n = 0; n < classes; ++n) sum += std::exp(static_cast<double>(scores[n] - greatest));
    for (std::int64_t n = 0; n < classes; ++n)
        slope[n] = static_cast<float>((std::exp(static_cast<double>(scores[n] - greatest)) / sum - (n == target)) * share);
    return (std::log(sum) - static_cast<double>(scores[target] - greatest)) * share;
}

// The same of a row of numbers, by their absolute or squared errors.
double number_loss(Loss kind, const float* wanted, std::int64_t numbers, double share, const float* said, float* slope) {
    const double each = share / static_cast<double>(numbers);
    double total = 0;
    for (std::int64_t n = 0; n < numbers; ++n) {
        const double error = static_cast<double>(said[n]) - static_cast<double>(wanted[n]);
        const double sign = error > 0 ? 1 : error < 0 ? -1 : error;  // not-a-number stays
        total += (kind == Loss::absolute ? std::abs(error) : error * error) * each;
        slope[n] = static_cast<float>((kind == Loss::absolute ? sign : 2 * error) * each);
    }
    return total;
}

// Of every key at every next step, the mean over the steps that are predicted; the slopes of all others are zero.
double next_step_loss(const Rows& batch, const float* values, std::int64_t keys, const float* scores, float* slope) {
    std::int64_t predicted = 0;
    for (std::int64_t row = 0; row < batch.rows; ++row) predicted += batch.lengths[row] - 1;
    const double share = 1.0 / static_cast<double>(std::max<std::int64_t>(predicted, 1));
    std::fill_n(slope, batch.rows * batch.steps * keys, 0.0f);
    double total = 0;
    for (std::int64_t row = 0; row < batch.rows; ++row) {
        const std::int64_t start = row * batch.steps * keys;
        for (std::int64_t key = start; key < start + (batch.lengths[row] - 1) * keys; ++key) {
            const double score = static_cast<double>(scores[key]), target = static_cast<double>(values[key + keys]);
            total += (softplus(score) - score * target) * share;
            slope[key] = static_cast<float>((1 / (1 + std::exp(-score)) - target) * share);
        }
    }
    return total;
}

}  // namespace

TrainingStep::TrainingStep(const StepNetwork& network, const StepOptimizer& optimizer)
    : network_(network),
      optimizer_(optimizer),
      kernels_(*active().step),
      decay_{static_cast<float>(optimizer.beta_1), static_cast<float>(optimizer.beta_2), static_cast<float>(optimizer.epsilon)},
      inputs_(network.layers.size()),
      states_(network.layers.size()),
      own_states_(network.layers.size()),
      saved_(network.layers.size()),
      dropped_(network.layers.size()) {
    if (network_.table.value) {
        const std::size_t tokens = static_cast<std::size_t>(network_.table.vocabulary);
        updated_.assign(tokens, 0);
        met_.assign(tokens, false);
        slot_of_.assign(tokens, -1);
    }
}

Dropout TrainingStep::dropout(double probability, std::uint32_t place) const {
    const double threshold = std::min(std::ceil(probability * 4294967296.0), 4294967295.0);
    return {.seed = network_.seed,
            .step = static_cast<std::uint32_t>(updates_.size()),
            .place = place,
            .threshold = static_cast<std::uint32_t>(threshold),
            .scale = static_cast<float>(1 / (1 - probability))};
}

LayerForward<float> TrainingStep::layer_of(std::size_t number) const {
    const auto value = [&](int index) { return index < 0 ? nullptr : parameter(index).value; };
    LayerForward<float> layer{};
    layer.cell = network_.cell;
    layer.batch = {
        .order = Order::batch_first,
        .steps = rows_.steps,
        .rows = rows_.rows,
        .positions = positions(),
        .lengths = rows_.lengths,
    };
    layer.input_size = input_size(number);
    layer.hidden_size = network_.hidden_size;
    layer.directions = network_.directions;
    layer.threads = threads_;
    layer.input = inputs_[number];
    for (std::size_t direction = 0; direction < network_.layers[number].size(); ++direction) {
        const LayerParameters& of = network_.layers[number][direction];
        layer.weights[direction].input_size = layer.input_size;
        layer.weights[direction].hidden_size = layer.hidden_size;
        layer.weights[direction].w_ih = value(of.w_ih);
        layer.weights[direction].w_hh = value(of.w_hh);
        layer.weights[direction].b_ih = value(of.b_ih);
        layer.weights[direction].b_hh = value(of.b_hh);
    }
    layer.constant_update_h = layer.constant_update_c = 1;
    layer.output = states_[number];
    float* finals = finals_.as<float>();
    layer.h_n = finals;
    layer.c_n = finals + rows_.rows * state_size();
    layer.saved = saved_[number].data();
    layer.saved_bytes = static_cast<std::int64_t>(saved_[number].size());
    return layer;
}

// The tokens that are read, and a place for each kind of them; their rows get the updates that they are owed.
void TrainingStep::meet(const std::int64_t* tokens) {
    std::int64_t* const read = room<std::int64_t>(tokens_read_, positions());
    std::int32_t* const slots = room<std::int32_t>(slots_, positions());
    Block block;
    const Dropout hidden = dropout(network_.input_dropout, at_inputs);
    const float* factors = nullptr;
    if (hidden.threshold) {
        float* const drawn = room<float>(block, positions());
        kernels_.factors(hidden, drawn, rows_.rows, rows_.steps);
        factors = drawn;
    }
    for (const std::int64_t token : tokens_) slot_of_[static_cast<std::size_t>(token)] = -1;
    tokens_.clear();
    const std::int64_t steps = static_cast<std::int64_t>(updates_.size());
    for (std::int64_t row = 0; row < rows_.rows; ++row) {
        for (std::int64_t position = row * rows_.steps; position < row * rows_.steps + rows_.lengths[row]; ++position) {
            std::int64_t token = tokens[position];
            if (token < 0 || token >= network_.table.vocabulary)
                refuse("token " + std::to_string(token) + " is none of the vocabulary's " + std::to_string(network_.table.vocabulary));
            if (factors && factors[position] == 0) token = unknown;
            read[position] = token;
            std::int32_t& slot = slot_of_[static_cast<std::size_t>(token)];
            if (slot < 0 && token != padding) {
                slot = static_cast<std::int32_t>(tokens_.size());
                tokens_.push_back(token);
                catch_up(token, steps);
            }
            slots[position] = slot;
        }
    }
}

Trained TrainingStep::row_of(std::int64_t token, float* gradient) const {
    const Table& table = network_.table;
    const std::int64_t start = token * table.width;
    return {.value = table.value + start,
            .gradient = gradient,
            .first_moment = table.first_moment + start,
            .second_moment = table.second_moment + start,
            .average = table.average + start,
            .count = table.width};
}

void TrainingStep::catch_up(std::int64_t token, std::int64_t until) {
    const std::size_t index = static_cast<std::size_t>(token);
    if (updated_[index] == until) return;
    kernels_.catch_up(row_of(token, nullptr), updates_.data() + updated_[index], until - updated_[index], decay_, met_[index]);
    updated_[index] = until;
}

const float* TrainingStep::embed(const std::int64_t* tokens) {
    meet(tokens);
    float* const out = room<float>(first_input_, positions() * network_.table.width);
    kernels_.embed(rows_, tokens_read_.as<std::int64_t>(), network_.table.value, network_.table.width,
                   dropout(network_.dropout, at_embedding), out);
    return out;
}

// Values in which whole steps are zero.
const float* TrainingStep::hide(const float* values) {
    const Dropout hidden = dropout(network_.input_dropout, at_inputs);
    if (!hidden.threshold) return values;
    Block block;
    float* const factors = room<float>(block, positions());
    kernels_.factors(hidden, factors, rows_.rows, rows_.steps);
    const std::int64_t size = network_.input_size;
    float* const out = room<float>(first_input_, positions() * size);
    for (std::int64_t position = 0; position < positions(); ++position) {
        if (factors[position] == 0)
            std::fill_n(out + position * size, size, 0.0f);
        else
            std::copy_n(values + position * size, size, out + position * size);
    }
    return out;
}

void TrainingStep::forward(const void* inputs, const Rows& rows, float* states, int threads) {
    for (std::int64_t row = 0; row < rows.rows; ++row)
        if (rows.lengths[row] < 1 || rows.lengths[row] > rows.steps)
            refuse("a length is " + std::to_string(rows.lengths[row]) + "; expected 1 to " + std::to_string(rows.steps));
    const FlushTiny flush;
    rows_ = rows;
    threads_ = threads;
    const bool tokens = network_.table.value;
    values_ = tokens ? nullptr : static_cast<const float*>(inputs);
    inputs_[0] = tokens ? embed(static_cast<const std::int64_t*>(inputs)) : hide(values_);
    room<float>(finals_, 2 * rows_.rows * state_size());
    const InstructionSet& set = active();
    for (std::size_t layer = 0; layer < network_.layers.size(); ++layer) {
        const bool last = layer + 1 == network_.layers.size();
        states_[layer] = last && states ? states : room<float>(own_states_[layer], positions() * state_size());
        saved_[layer] = take(saved_bytes<float>(set, network_.cell, network_.hidden_size, network_.directions, positions()));
        gatewise::forward(layer_of(layer));
        if (last) break;
        const Dropout between = dropout(network_.dropout, static_cast<std::uint32_t>(at_layers + layer));
        inputs_[layer + 1] = states_[layer];
        if (between.threshold) {
            float* const dropped = room<float>(dropped_[layer], positions() * state_size());
            kernels_.drop(between, states_[layer], dropped, positions(), state_size());
            inputs_[layer + 1] = dropped;
        }
    }
}

// The values of every row's channels, one after the other: [rows, channels, steps].
void TrainingStep::read_windows(float* out) const {
    for (std::int64_t row = 0; row < rows_.rows; ++row)
        for (const std::int64_t channel : network_.skip_channels)
            for (std::int64_t step = 0; step < rows_.steps; ++step)
                *out++ = values_[(row * rows_.steps + step) * network_.input_size + channel];
}

void TrainingStep::add_skip(float* outputs) {
    const Trained &weight = parameter(network_.skip_weight), &bias = parameter(network_.skip_bias);
    const std::int64_t channels = static_cast<std::int64_t>(network_.skip_channels.size()), horizon = bias.count;
    if (weight.count != horizon * rows_.steps || network_.outputs != horizon * channels)
        refuse("rows of " + std::to_string(rows_.steps) + " steps do not fit the window of the linear part");
    Block windows, ahead;
    float* const read = room<float>(windows, rows_.rows * channels * rows_.steps);
    float* const said = room<float>(ahead, rows_.rows * channels * horizon);
    read_windows(read);
    kernels_.linear(read, weight.value, bias.value, said, rows_.rows * channels, rows_.steps, horizon);
    for (std::int64_t row = 0; row < rows_.rows; ++row)
        for (std::int64_t channel = 0; channel < channels; ++channel)
            for (std::int64_t step = 0; step < horizon; ++step)
                outputs[(row * horizon + step) * channels + channel] += said[(row * channels + channel) * horizon + step];
}

void TrainingStep::skip_back() {
    const Trained &weight = parameter(network_.skip_weight), &bias = parameter(network_.skip_bias);
    const std::int64_t channels = static_cast<std::int64_t>(network_.skip_channels.size()), horizon = bias.count;
    Block windows, slopes, unread;
    float* const read = room<float>(windows, rows_.rows * channels * rows_.steps);
    float* const slope = room<float>(slopes, rows_.rows * channels * horizon);
    read_windows(read);
    const float* const gradient = output_gradients_.as<float>();
    for (std::int64_t row = 0; row < rows_.rows; ++row)
        for (std::int64_t channel = 0; channel < channels; ++channel)
            for (std::int64_t step = 0; step < horizon; ++step)
                slope[(row * channels + channel) * horizon + step] = gradient[(row * horizon + step) * channels + channel];
    kernels_.linear_back(read, weight.value, slope, room<float>(unread, rows_.rows * channels * rows_.steps), weight.gradient,
                         bias.gradient, rows_.rows * channels, rows_.steps, horizon);
}

double TrainingStep::loss(Loss kind, const void* targets, const float* weights) {
    const Pooling& pooling = network_.pooling;
    const std::int64_t inputs = head_inputs(), outputs = network_.outputs, count = heads();
    float* const read = room<float>(pooled_, count * inputs);
    const float* from = states_.back();
    if (pooling.parts()) {
        kernels_.pool(rows_, pooling, from, read, room<std::int32_t>(best_, count * state_size()));
        from = read;
    }
    kernels_.drop(dropout(network_.dropout, at_head), from, read, count, inputs);
    float* const said = room<float>(outputs_, count * outputs);
    kernels_.linear(read, parameter(network_.head_weight).value, parameter(network_.head_bias).value, said, count, inputs, outputs);
    float* const gradient = room<float>(output_gradients_, count * outputs);
    if (network_.skip_weight >= 0) add_skip(said);

    if (kind == Loss::binary_cross_entropy) return next_step_loss(rows_, values_, outputs, said, gradient);
    double total = 0, weight_sum = 0;
    for (std::int64_t row = 0; row < rows_.rows; ++row) weight_sum += weights ? static_cast<double>(weights[row]) : 1.0;
    if (weights) weight_sum = std::max(weight_sum, static_cast<double>(std::numeric_limits<float>::min()));
    for (std::int64_t row = 0; row < rows_.rows; ++row) {
        const float* const scores = said + row * outputs;
        float* const slope = gradient + row * outputs;
        const double share = (weights ? static_cast<double>(weights[row]) : 1.0) / weight_sum;
        if (kind == Loss::cross_entropy)
            total += class_loss(static_cast<const std::int64_t*>(targets)[row], outputs, share, scores, slope);
        else
            total += number_loss(kind, static_cast<const float*>(targets) + row * outputs, outputs, share, scores, slope);
    }
    return total;
}

void TrainingStep::backward(const float* grad_states) {
    const FlushTiny flush;
    Block block, other;
    if (!grad_states) {
        const std::int64_t inputs = head_inputs(), count = heads();
        float* const grad_read = room<float>(block, count * inputs);
        const Trained &weight = parameter(network_.head_weight), &bias = parameter(network_.head_bias);
        kernels_.linear_back(pooled_.as<float>(), weight.value, output_gradients_.as<float>(), grad_read, weight.gradient, bias.gradient,
                             count, inputs, network_.outputs);
        kernels_.drop(dropout(network_.dropout, at_head), grad_read, grad_read, count, inputs);
        if (network_.skip_weight >= 0) skip_back();
        grad_states = grad_read;
        if (network_.pooling.parts()) {
            float* const spread = room<float>(other, positions() * state_size());
            kernels_.pool_back(rows_, network_.pooling, grad_read, best_.as<std::int32_t>(), spread);
            grad_states = spread;
        }
    }
    for (std::size_t layer = network_.layers.size(); layer-- > 0;) {
        LayerBackward<float> back{};
        back.forward = layer_of(layer);
        back.grad_output = grad_states;
        const auto gradient = [&](int index) { return index < 0 ? nullptr : parameter(index).gradient; };
        for (std::size_t direction = 0; direction < network_.layers[layer].size(); ++direction) {
            const LayerParameters& of = network_.layers[layer][direction];
            back.grad_weights[direction].w_ih = gradient(of.w_ih);
            back.grad_weights[direction].w_hh = gradient(of.w_hh);
            back.grad_weights[direction].b_ih = gradient(of.b_ih);
            back.grad_weights[direction].b_hh = gradient(of.b_hh);
        }
        Block below;
        if (layer || network_.table.value) back.grad_input = room<float>(below, positions() * input_size(layer));
        gatewise::backward(back);
        saved_[layer] = Block();
        if (layer) {
            const Dropout between = dropout(network_.dropout, static_cast<std::uint32_t>(at_layers + layer - 1));
            if (between.threshold) kernels_.drop(between, back.grad_input, back.grad_input, positions(), state_size());
        } else if (network_.table.value) {
            const std::int64_t count = static_cast<std::int64_t>(tokens_.size()) * network_.table.width;
            float* const sums = room<float>(row_gradients_, count);
            std::fill_n(sums, count, 0.0f);
            kernels_.gather(rows_, slots_.as<std::int32_t>(), back.grad_input, network_.table.width,
                            dropout(network_.dropout, at_embedding), sums);
        }
        block = std::move(below);
        grad_states = back.grad_input;
    }
}

void TrainingStep::update(double learning_rate) {
    const FlushTiny flush;
    double squares = 0;
    for (const Trained& each : network_.parameters) squares += kernels_.square_sum(each.gradient, each.count);
    const std::int64_t width = network_.table.width, count = static_cast<std::int64_t>(tokens_.size());
    squares += kernels_.square_sum(row_gradients_.as<float>(), network_.table.value ? count * width : 0);
    const double factor = optimizer_.clip_norm / (std::sqrt(squares) + 1e-6);
    const float scale = factor > 1 ? 1.0f : static_cast<float>(factor);  // not-a-number stays

    const double step = static_cast<double>(updates_.size()) + 1;
    const double decay = std::min(optimizer_.averaging, (1 + step) / (10 + step));
    const Update update{.keep = static_cast<float>(1 - learning_rate * optimizer_.weight_decay),
                        .rate = static_cast<float>(learning_rate / (1 - std::pow(optimizer_.beta_1, step))),
                        .root = static_cast<float>(1 / std::sqrt(1 - std::pow(optimizer_.beta_2, step))),
                        .take = static_cast<float>(1 - decay)};
    updates_.push_back(update);
    for (const Trained& each : network_.parameters) kernels_.update(each, update, decay_, scale);
    if (!network_.table.value) return;
    for (std::int64_t slot = 0; slot < count; ++slot) {
        const std::int64_t token = tokens_[static_cast<std::size_t>(slot)];
        kernels_.update(row_of(token, row_gradients_.as<float>() + slot * width), update, decay_, scale);
        updated_[static_cast<std::size_t>(token)] = static_cast<std::int64_t>(updates_.size());
        met_[static_cast<std::size_t>(token)] = true;
    }
}

void TrainingStep::settle() {
    if (!network_.table.value) return;
    const FlushTiny flush;
    for (std::int64_t token = 0; token < network_.table.vocabulary; ++token) catch_up(token, static_cast<std::int64_t>(updates_.size()));
}

}  // namespace gatewise
