// One training step of the network that every arm uses: embedding or values, recurrent layers, pooling, head; loss, gradients, clipping,
// AdamW and the moving average of the weights. In float. Everything that a step touches besides the recurrent layers is computed
// where it is read or written anyway, and parameters stay in the tensors of the caller.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "dispatch.h"
#include "layer.h"
#include "step_kernels.h"
#include "workspace.h"

namespace gatewise {

// The table of an embedding [vocabulary, width]. A step changes the rows of the tokens that it met; the others are owed their updates
// until they are met, or settled.
struct Table {
    float *value, *first_moment, *second_moment, *average;
    std::int64_t vocabulary, width;
};

// Indices of a direction's weights among the parameters; -1 where absent.
struct LayerParameters {
    int w_ih, w_hh, b_ih, b_hh;
};

struct StepNetwork {
    std::int64_t cell;  // its number
    std::int64_t input_size, hidden_size;  // input_size: of the first layer
    int directions;
    std::vector<std::vector<LayerParameters>> layers;
    std::vector<Trained> parameters;  // all but the table
    Table table;                      // value null where the inputs are values
    Pooling pooling;                  // of no parts: the head reads every state
    int head_weight, head_bias;       // -1: the caller goes from the states to their gradient
    std::int64_t outputs;
    // A linear map of each of these channels' values to what it adds to the outputs, the channels of the first step first; -1 for none.
    int skip_weight, skip_bias;
    std::vector<std::int64_t> skip_channels;
    double input_dropout, dropout;
    std::uint64_t seed;
};

struct StepOptimizer {
    double weight_decay, beta_1, beta_2, epsilon, clip_norm;
    double averaging;  // the moving average's decay; while young it is (1 + t) / (10 + t) where that is less
};

enum class Loss : int { cross_entropy = 0, absolute = 1, squared = 2, binary_cross_entropy = 3 };

class TrainingStep {
  public:
    static constexpr std::int64_t padding = 0, unknown = 1;  // tokens

    TrainingStep(const StepNetwork& network, const StepOptimizer& optimizer);

    // To the states of the last layer. inputs: tokens or values [rows, steps, input_size], which stay where they are until `backward`.
    // states: where the states go, or null. Throws std::invalid_argument for a token or a length out of range.
    void forward(const void* inputs, const Rows& rows, float* states, int threads);

    // Mean loss of what the head says, and its gradient. targets: of cross_entropy std::int64_t [rows], of the numbers' losses float
    // [rows, outputs], of binary_cross_entropy none: the next step of the inputs. weights: of the rows, or null. Throws
    // std::invalid_argument for a class out of range.
    double loss(Loss kind, const void* targets, const float* weights);

    // Gradients of all parameters. grad_states: of the states; null where `loss` was called.
    void backward(const float* grad_states);

    // Clip the gradients' norm, and update parameters, moments and averages. learning_rate: of this step.
    void update(double learning_rate);

    // Every row of the table gets the updates that it is owed.
    void settle();

  private:
    Dropout dropout(double probability, std::uint32_t place) const;
    std::int64_t input_size(std::size_t layer) const { return layer ? state_size() : network_.input_size; }
    std::int64_t state_size() const { return network_.directions * network_.hidden_size; }
    std::int64_t positions() const { return rows_.rows * rows_.steps; }
    std::int64_t heads() const { return network_.pooling.parts() ? rows_.rows : positions(); }
    std::int64_t head_inputs() const { return state_size() * (network_.pooling.parts() ? network_.pooling.parts() : 1); }
    const Trained& parameter(int index) const { return network_.parameters[static_cast<std::size_t>(index)]; }
    LayerForward<float> layer_of(std::size_t layer) const;
    const float* embed(const std::int64_t* tokens);
    const float* hide(const float* values);
    void read_windows(float* out) const;
    void add_skip(float* outputs);
    void skip_back();
    void meet(const std::int64_t* tokens);
    void catch_up(std::int64_t token, std::int64_t until);
    Trained row_of(std::int64_t token, float* gradient) const;

    const StepNetwork network_;
    const StepOptimizer optimizer_;
    const StepKernels& kernels_;
    const Decay decay_;
    std::vector<Update> updates_;        // of every step so far
    std::vector<std::int64_t> updated_;  // of every token, how many of them its row has got
    std::vector<bool> met_;              // of every token, whether its row ever had a gradient
    std::vector<std::int32_t> slot_of_;  // of every token, its place in `tokens_`, or -1
    std::vector<std::int64_t> tokens_;   // of this step, in the order in which they came

    // Of the step under way.
    Rows rows_{};
    int threads_ = 1;
    const float* values_ = nullptr;  // what came, where the inputs are values
    std::vector<const float*> inputs_;
    std::vector<float*> states_;
    Block tokens_read_, slots_, first_input_, finals_, pooled_, best_, outputs_, output_gradients_, row_gradients_;
    std::vector<Block> own_states_, saved_, dropped_;
};

}  // namespace gatewise
