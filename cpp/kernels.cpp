// The kernels of one instruction set and one type; compiled once for each. GATEWISE_ISA and GATEWISE_REAL come from the build.
#if !defined(GATEWISE_ISA) || !defined(GATEWISE_REAL)
#error "define GATEWISE_ISA and GATEWISE_REAL"
#endif

#include <ctime>

#include "kernels.h"

#include "backward.h"
#include "forward.h"
#include "normalized_backward.h"
#include "normalized_forward.h"
#include "pack.h"
#include "reset_before.h"

namespace gatewise {
namespace GATEWISE_ISA {
namespace {

#if defined(__x86_64__)
#define GATEWISE_OPAQUE(value) __asm__ volatile("" : "+v"(value))
#elif defined(__aarch64__)
#define GATEWISE_OPAQUE(value) __asm__ volatile("" : "+w"(value))
#else
#define GATEWISE_OPAQUE(value) __asm__ volatile("" : "+m"(value))
#endif

using CellName = ::gatewise::Cell;

template <class Function>
GATEWISE_INLINE auto with_cell(CellName cell, Function&& function) {
    switch (cell) {
        case CellName::gru: return function(Gru{});
        case CellName::lstm: return function(Lstm{});
        case CellName::rnn_tanh: return function(Rnn<false>{});
        case CellName::rnn_relu: return function(Rnn<true>{});
        case CellName::min_gru: return function(MinGru{});
        case CellName::gru_reset_before: return function(GruResetBefore{});
        case CellName::norm_gru: return function(Normalized<Gru>{});
        case CellName::norm_lstm: return function(Normalized<Lstm>{});
        case CellName::norm_rnn_tanh: return function(Normalized<Rnn<false>>{});
        case CellName::norm_rnn_relu: return function(Normalized<Rnn<true>>{});
        default: return function(MinLstm{});
    }
}

template <class Cell>
struct SweepsOf {
    using Forward = ForwardSweep<Cell>;
    using Backward = BackwardSweep<Cell>;
};

template <>
struct SweepsOf<GruResetBefore> {
    using Forward = ResetBeforeForward;
    using Backward = ResetBeforeBackward;
};

template <class Plain>
struct SweepsOf<Normalized<Plain>> {
    using Forward = NormalizedForward<Plain>;
    using Backward = NormalizedBackward<Plain>;
};

std::int64_t forward_size(CellName cell, std::int64_t input_size, std::int64_t hidden_size) {
    return with_cell(cell, [&](auto kind) { return panels_of(hidden_size) * ForwardLayout<decltype(kind)>(input_size, hidden_size).panel; });
}

std::int64_t backward_size(CellName cell, std::int64_t input_size, std::int64_t hidden_size) {
    return with_cell(cell, [&](auto kind) {
        const BackwardLayout<decltype(kind)> layout(hidden_size);
        return layout.input + panels_of(input_size) * layout.panel;
    });
}

std::int64_t saved_size(CellName cell, std::int64_t hidden_size, std::int64_t positions) {
    return with_cell(cell, [&](auto kind) { return positions * (panels_of(hidden_size) * lanes * decltype(kind)::saved + round_up(decltype(kind)::statistics, lanes)); });
}

ScratchSize forward_scratch(CellName cell, std::int64_t input_size, std::int64_t hidden_size, std::int64_t rows) {
    return with_cell(cell, [&](auto kind) {
        return SweepsOf<decltype(kind)>::Forward::scratch(input_size, hidden_size, rows);
    });
}

ScratchSize backward_scratch(CellName cell, std::int64_t input_size, std::int64_t hidden_size, std::int64_t rows) {
    return with_cell(cell, [&](auto kind) {
        return SweepsOf<decltype(kind)>::Backward::scratch(input_size, hidden_size, rows);
    });
}

void pack_forward_of(CellName cell, const Weights<Real>& weights, Real* packed, std::int64_t first, std::int64_t last) {
    with_cell(cell, [&](auto kind) { pack_forward<decltype(kind)>(weights, packed, first, last); });
}

std::int64_t backward_panels(CellName cell, std::int64_t input_size, std::int64_t hidden_size, bool input_side) {
    return with_cell(cell, [&](auto kind) {
        return (decltype(kind)::recurrent ? panels_of(hidden_size) : 0) + (input_side ? panels_of(input_size) : 0);
    });
}

void pack_backward_of(CellName cell, const Weights<Real>& weights, Real* packed, std::int64_t first, std::int64_t last) {
    with_cell(cell, [&](auto kind) { pack_backward<decltype(kind)>(weights, packed, first, last); });
}

void forward_of(CellName cell, const Forward<Real>& layer, const Slice& slice, Real* shared, Real* own, Member& member) {
    with_cell(cell, [&](auto kind) { typename SweepsOf<decltype(kind)>::Forward(layer, slice, shared, own, member).run(); });
}

void backward_of(CellName cell, const Backward<Real>& layer, const Slice& slice, Real* shared, Real* own, Member& member) {
    with_cell(cell, [&](auto kind) { typename SweepsOf<decltype(kind)>::Backward(layer, slice, shared, own, member).run(); });
}

void unpack_gradients_of(CellName cell, const Weights<Real>& weights, const WeightGradients<Real>& gradients, Real* const* groups,
                         std::int64_t count, std::int64_t first, std::int64_t last) {
    with_cell(cell, [&](auto kind) { unpack_gradients<decltype(kind)>(weights, gradients, groups, count, first, last); });
}

// Rounds of independent multiply-adds, as many side by side as a block has accumulators.
__attribute__((noinline)) Vector multiply_add(std::int64_t rounds) {
    // Unlike starts, or the compiler computes one chain for all.
    Vector sum[accumulators], factor = splat(Real(0.5));
    GATEWISE_UNROLL
    for (int i = 0; i < accumulators; ++i) sum[i] = splat(Real(i));
    for (; rounds > 0; --rounds) {
        GATEWISE_UNROLL
        for (int i = 0; i < accumulators; ++i) sum[i] = sum[i] * factor + factor;
        GATEWISE_OPAQUE(factor);  // so that every round counts
    }
    Vector total = zero();
    GATEWISE_UNROLL
    for (int i = 0; i < accumulators; ++i) total += sum[i];
    return total;
}

double peak(double seconds) {
    constexpr std::int64_t rounds = 10000;
    const auto now = [] {
        timespec time;
        clock_gettime(CLOCK_MONOTONIC, &time);
        return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
    };
    const double start = now();
    double elapsed = 0, best = 0;
    for (double before = 0; elapsed < seconds; before = elapsed) {
        volatile Real kept = multiply_add(rounds)[0];
        (void)kept;
        elapsed = now() - start;
        const double rate = static_cast<double>(rounds) * accumulators * lanes * 2 / (elapsed - before);
        if (rate > best) best = rate;
    }
    return best;
}

}  // namespace

#if GATEWISE_REAL_BITS == 32
#define GATEWISE_TABLE f32
#else
#define GATEWISE_TABLE f64
#endif

extern const Kernels<Real> GATEWISE_TABLE;
const Kernels<Real> GATEWISE_TABLE = {
    .lanes = lanes,
    .panels = panels_of,
    .packed_forward_size = forward_size,
    .packed_backward_size = backward_size,
    .saved_size = saved_size,
    .forward_scratch = forward_scratch,
    .backward_scratch = backward_scratch,
    .pack_forward = pack_forward_of,
    .backward_panels = backward_panels,
    .pack_backward = pack_backward_of,
    .forward = forward_of,
    .backward = backward_of,
    .unpack_gradients = unpack_gradients_of,
    .peak = peak,
};

}  // namespace GATEWISE_ISA
}  // namespace gatewise
