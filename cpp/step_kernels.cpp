#include "step_kernels.h"

#include <algorithm>
#include <cmath>

#include "philox.h"

namespace gatewise {
namespace GATEWISE_ISA {
namespace {

constexpr std::int64_t counters = 16, words = 4, chunk = counters * words;

// Calls function(column, count, factor) for `count` columns from `column` on, vector after vector.
template <class Function>
GATEWISE_INLINE void for_factors(const Dropout& dropout, std::int64_t row, std::int64_t width, Function&& function) {
    const Words threshold = dropout.threshold - Words{};
    const Vector scale = splat(dropout.scale);
    for (std::int64_t start = 0; start < width; start += chunk) {
        for (std::int64_t part = 0; part < counters && start + part < width; part += lanes) {
            const std::uint32_t first = static_cast<std::uint32_t>(start / words + part);
            const Random random = philox(dropout.seed, first, static_cast<std::uint32_t>(row), dropout.step, dropout.place);
            for (int word = 0; word < words; ++word) {
                const std::int64_t column = start + word * counters + part;
                if (column >= width) break;
                const Vector factor = select(reinterpret_cast<IntegerVector>(random.words[word] < threshold), zero(), scale);
                function(column, static_cast<int>(std::min<std::int64_t>(lanes, width - column)), factor);
            }
        }
    }
}

GATEWISE_INLINE void drop_row(const Dropout& dropout, std::int64_t row, const float* in, float* out, std::int64_t width) {
    if (!dropout.threshold) {
        if (in != out) std::memcpy(out, in, sizeof(float) * static_cast<std::size_t>(width));
        return;
    }
    for_factors(dropout, row, width, [&](std::int64_t column, int count, Vector factor) {
        store_part(out + column, load_part(in + column, count) * factor, count);
    });
}

void drop(const Dropout& dropout, const float* in, float* out, std::int64_t rows, std::int64_t width) {
    for (std::int64_t row = 0; row < rows; ++row) drop_row(dropout, row, in + row * width, out + row * width, width);
}

void factors(const Dropout& dropout, float* out, std::int64_t rows, std::int64_t width) {
    for (std::int64_t row = 0; row < rows; ++row)
        for_factors(dropout, row, width,
                    [&](std::int64_t column, int count, Vector factor) { store_part(out + row * width + column, factor, count); });
}

void embed(const Rows& batch, const std::int64_t* tokens, const float* table, std::int64_t width, const Dropout& dropout, float* out) {
    for (std::int64_t row = 0; row < batch.rows; ++row) {
        const std::int64_t start = row * batch.steps, length = batch.lengths[row];
        for (std::int64_t position = start; position < start + length; ++position)
            drop_row(dropout, position, table + tokens[position] * width, out + position * width, width);
        std::fill_n(out + (start + length) * width, (batch.steps - length) * width, 0.0f);
    }
}

void gather(const Rows& batch, const std::int32_t* slots, const float* in, std::int64_t width, const Dropout& dropout, float* gradients) {
    for (std::int64_t row = 0; row < batch.rows; ++row) {
        const std::int64_t start = row * batch.steps;
        for (std::int64_t position = start; position < start + batch.lengths[row]; ++position) {
            const float* from = in + position * width;
            if (slots[position] < 0) continue;
            float* sum = gradients + slots[position] * width;
            if (dropout.threshold) {
                for_factors(dropout, position, width, [&](std::int64_t column, int count, Vector factor) {
                    store_part(sum + column, load_part(sum + column, count) + load_part(from + column, count) * factor, count);
                });
            } else {
                for (std::int64_t i = 0; i < width; ++i) sum[i] += from[i];
            }
        }
    }
}

void pool(const Rows& batch, const Pooling& pooling, const float* states, float* out, std::int32_t* best) {
    const std::int64_t width = pooling.width, half = width / 2;
    for (std::int64_t row = 0; row < batch.rows; ++row) {
        const float* first = states + row * batch.steps * width;
        const std::int64_t length = batch.lengths[row];
        const float* end = first + (length - 1) * width;
        if (pooling.last) {
            const std::int64_t forward = pooling.own_ends ? half : width;
            std::copy_n(end, forward, out);
            std::copy_n(first + forward, width - forward, out + forward);
            out += width;
        }
        if (pooling.mean) {
            std::fill_n(out, width, 0.0f);
            for (const float* state = first; state <= end; state += width)
                for (std::int64_t i = 0; i < width; ++i) out[i] += state[i];
            const float share = 1.0f / static_cast<float>(length);
            for (std::int64_t i = 0; i < width; ++i) out[i] *= share;
            out += width;
        }
        if (pooling.maximum) {
            std::int32_t* const step_of = best + row * width;
            std::copy_n(first, width, out);
            std::fill_n(step_of, width, 0);
            for (std::int64_t step = 1; step < length; ++step) {
                const float* state = first + step * width;
                const std::int32_t here = static_cast<std::int32_t>(step);
                for (std::int64_t i = 0; i < width; ++i) {
                    // The other way round not-a-number would be passed over.
                    const bool stays = state[i] <= out[i];
                    out[i] = stays ? out[i] : state[i];
                    step_of[i] = stays ? step_of[i] : here;
                }
            }
            out += width;
        }
    }
}

void pool_back(const Rows& batch, const Pooling& pooling, const float* grad_out, const std::int32_t* best, float* grad_states) {
    const std::int64_t width = pooling.width, half = width / 2;
    for (std::int64_t row = 0; row < batch.rows; ++row) {
        float* const first = grad_states + row * batch.steps * width;
        const std::int64_t length = batch.lengths[row];
        const float* last = grad_out;
        if (pooling.last) grad_out += width;
        if (pooling.mean) {
            const float share = 1.0f / static_cast<float>(length);
            for (std::int64_t i = 0; i < width; ++i) first[i] = grad_out[i] * share;
            for (std::int64_t step = 1; step < length; ++step) std::copy_n(first, width, first + step * width);
            std::fill_n(first + length * width, (batch.steps - length) * width, 0.0f);
            grad_out += width;
        } else {
            std::fill_n(first, batch.steps * width, 0.0f);
        }
        if (pooling.last) {
            float* const end = first + (length - 1) * width;
            const std::int64_t forward = pooling.own_ends ? half : width;
            for (std::int64_t i = 0; i < forward; ++i) end[i] += last[i];
            for (std::int64_t i = forward; i < width; ++i) first[i] += last[i];
        }
        if (pooling.maximum) {
            for (std::int64_t i = 0; i < width; ++i) first[best[row * width + i] * width + i] += grad_out[i];
            grad_out += width;
        }
    }
}

float sum_of(Vector vector) {
    float sum = 0;
    for (int i = 0; i < lanes; ++i) sum += vector[i];
    return sum;
}

constexpr int together = 4;  // outputs whose sums are in registers at once

void linear(const float* in, const float* weight, const float* bias, float* out, std::int64_t rows, std::int64_t inputs,
            std::int64_t outputs) {
    for (std::int64_t row = 0; row < rows; ++row, in += inputs, out += outputs) {
        for (std::int64_t n = 0; n < outputs; n += together) {
            const int count = static_cast<int>(std::min<std::int64_t>(together, outputs - n));
            Vector sums[together] = {};
            for (std::int64_t i = 0; i < inputs; i += lanes) {
                const int part = static_cast<int>(std::min<std::int64_t>(lanes, inputs - i));
                const Vector value = load_part(in + i, part);
                for (int k = 0; k < count; ++k) sums[k] += value * load_part(weight + (n + k) * inputs + i, part);
            }
            for (int k = 0; k < count; ++k) out[n + k] = sum_of(sums[k]) + bias[n + k];
        }
    }
}

void linear_back(const float* in, const float* weight, const float* grad_out, float* grad_in, float* grad_weight, float* grad_bias,
                 std::int64_t rows, std::int64_t inputs, std::int64_t outputs) {
    std::fill_n(grad_weight, outputs * inputs, 0.0f);
    std::fill_n(grad_bias, outputs, 0.0f);
    for (std::int64_t row = 0; row < rows; ++row, in += inputs, grad_in += inputs, grad_out += outputs) {
        std::fill_n(grad_in, inputs, 0.0f);
        for (std::int64_t n = 0; n < outputs; ++n) {
            const float gradient = grad_out[n];
            const float* const from = weight + n * inputs;
            float* const to = grad_weight + n * inputs;
            for (std::int64_t i = 0; i < inputs; ++i) {
                grad_in[i] += gradient * from[i];
                to[i] += gradient * in[i];
            }
            grad_bias[n] += gradient;
        }
    }
}

double square_sum(const float* values, std::int64_t count) {
    double total = 0;
    constexpr std::int64_t range = 4096;  // a float's sum of more squares would lose digits
    for (std::int64_t start = 0; start < count; start += range) {
        const std::int64_t end = std::min(start + range, count);
        Vector sums = zero();
        std::int64_t i = start;
        for (; i + lanes <= end; i += lanes) sums += load(values + i) * load(values + i);
        float rest = sum_of(sums);
        for (; i < end; ++i) rest += values[i] * values[i];
        total += static_cast<double>(rest);
    }
    return total;
}

void update(const Trained& trained, const Update& update, const Decay& decay, float gradient_scale) {
    const float add_1 = 1 - decay.beta_1, add_2 = 1 - decay.beta_2;
    float *const value = trained.value, *const gradient = trained.gradient, *const first = trained.first_moment,
                 *const second = trained.second_moment, *const average = trained.average;
    for (std::int64_t i = 0; i < trained.count; i += lanes) {
        const int part = static_cast<int>(std::min<std::int64_t>(lanes, trained.count - i));
        const Vector g = load_part(gradient + i, part) * splat(gradient_scale);
        const Vector before = load_part(first + i, part), m = before + splat(add_1) * (g - before);
        const Vector v = splat(decay.beta_2) * load_part(second + i, part) + splat(add_2) * g * g;
        const Vector p = load_part(value + i, part) * splat(update.keep) -
                         splat(update.rate) * m / (square_root(v) * splat(update.root) + splat(decay.epsilon));
        const Vector e = load_part(average + i, part);
        store_part(first + i, m, part);
        store_part(second + i, v, part);
        store_part(value + i, p, part);
        store_part(average + i, e + splat(update.take) * (p - e), part);
    }
}

// 1 / value to a rounding or two, in a third of a division's time.
GATEWISE_INLINE Vector quick_reciprocal(Vector value) {
#if defined(__AVX512F__)
    const Vector near = _mm512_rcp14_ps(value);
    return near + near * (splat(1) - value * near);
#else
    return splat(1) / value;
#endif
}

// Updates after which the first moment has nothing left to say: 0.9^192 is 2e-9.
constexpr std::int64_t heard = 192;

// One stretch of a row, short enough for registers: its sums do not wait for each other.
template <int vectors>
GATEWISE_INLINE void catch_up_part(const Trained& trained, std::int64_t start, const Update* updates, std::int64_t count,
                                   std::int64_t moving, const Decay& decay) {
    const auto part = [&](int k) { return static_cast<int>(std::clamp<std::int64_t>(trained.count - start - k * lanes, 0, lanes)); };
    Vector p[vectors], e[vectors], m[vectors], root[vectors];
    for (int k = 0; k < vectors; ++k) {
        const std::int64_t at = start + k * lanes;
        p[k] = load_part(trained.value + at, part(k));
        e[k] = load_part(trained.average + at, part(k));
        m[k] = load_part(trained.first_moment + at, part(k));
        root[k] = square_root(load_part(trained.second_moment + at, part(k)));
    }
    const Vector beta_1 = splat(decay.beta_1), root_of_beta_2 = splat(std::sqrt(decay.beta_2)), epsilon = splat(decay.epsilon);
    std::int64_t step = 0;
    for (; step < moving; ++step) {
        const Update& at = updates[step];
        GATEWISE_UNROLL
        for (int k = 0; k < vectors; ++k) {
            m[k] = m[k] * beta_1;
            root[k] = root[k] * root_of_beta_2;
            p[k] = p[k] * splat(at.keep) - splat(at.rate) * m[k] * quick_reciprocal(root[k] * splat(at.root) + epsilon);
            e[k] = e[k] + splat(at.take) * (p[k] - e[k]);
        }
    }
    for (; step < count; ++step) {
        GATEWISE_UNROLL
        for (int k = 0; k < vectors; ++k) {
            p[k] = p[k] * splat(updates[step].keep);
            e[k] = e[k] + splat(updates[step].take) * (p[k] - e[k]);
        }
    }
    for (int k = 0; k < vectors; ++k) {
        store_part(trained.value + start + k * lanes, p[k], part(k));
        store_part(trained.average + start + k * lanes, e[k], part(k));
    }
}

void catch_up(const Trained& trained, const Update* updates, std::int64_t count, const Decay& decay, bool moments) {
    const std::int64_t moving = moments ? std::min(count, heard) : 0;
    std::int64_t start = 0;
    for (; start + 3 * lanes < trained.count; start += 4 * lanes) catch_up_part<4>(trained, start, updates, count, moving, decay);
    for (; start < trained.count; start += lanes) catch_up_part<1>(trained, start, updates, count, moving, decay);
    if (!moments) return;
    const float faded = std::pow(decay.beta_1, static_cast<float>(count)), shrunk = std::pow(decay.beta_2, static_cast<float>(count));
    for (std::int64_t i = 0; i < trained.count; ++i) {
        trained.first_moment[i] *= faded;
        trained.second_moment[i] *= shrunk;
    }
}

}  // namespace

extern const StepKernels step = {
    .drop = drop,
    .factors = factors,
    .embed = embed,
    .gather = gather,
    .pool = pool,
    .pool_back = pool_back,
    .linear = linear,
    .linear_back = linear_back,
    .square_sum = square_sum,
    .update = update,
    .catch_up = catch_up,
};

}  // namespace GATEWISE_ISA
}  // namespace gatewise
