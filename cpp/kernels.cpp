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

template <class Cell>
std::int64_t forward_size(std::int64_t input_size, std::int64_t hidden_size) {
    return panels_of(hidden_size) * ForwardLayout<Cell>(input_size, hidden_size).panel;
}

template <class Cell>
std::int64_t backward_size(std::int64_t input_size, std::int64_t hidden_size) {
    const BackwardLayout<Cell> layout(hidden_size);
    return layout.input + panels_of(input_size) * layout.panel;
}

template <class Cell>
std::int64_t saved_size(std::int64_t hidden_size, std::int64_t positions) {
    return positions * (panels_of(hidden_size) * lanes * Cell::saved + round_up(Cell::statistics, lanes));
}

template <class Cell>
std::int64_t backward_panels(std::int64_t input_size, std::int64_t hidden_size, bool input_side) {
    return (Cell::recurrent ? panels_of(hidden_size) : 0) + (input_side ? panels_of(input_size) : 0);
}

template <class Cell>
void run_forward(const Forward<Real>& layer, const Slice& slice, Real* shared, Real* own, Member& member) {
    typename SweepsOf<Cell>::Forward(layer, slice, shared, own, member).run();
}

template <class Cell>
void run_backward(const Backward<Real>& layer, const Slice& slice, Real* shared, Real* own, Member& member) {
    typename SweepsOf<Cell>::Backward(layer, slice, shared, own, member).run();
}

template <class Cell>
constexpr CellKernels<Real> kernels_of(const char* name) {
    return {
        .traits =
            {
                .name = name,
                .gates = Cell::gates,
                .recurrent = Cell::recurrent,
                .cell_state = Cell::cell_state,
                .normalized = is_normalized<Cell>,
                .bfloat16 = numbers_of<Cell> > 1,
            },
        .packed_forward_size = forward_size<Cell>,
        .packed_backward_size = backward_size<Cell>,
        .saved_size = saved_size<Cell>,
        .forward_scratch = SweepsOf<Cell>::Forward::scratch,
        .backward_scratch = SweepsOf<Cell>::Backward::scratch,
        .pack_forward = pack_forward<Cell>,
        .backward_panels = backward_panels<Cell>,
        .pack_backward = pack_backward<Cell>,
        .forward = run_forward<Cell>,
        .backward = run_backward<Cell>,
        .unpack_gradients = unpack_gradients<Cell>,
    };
}

#define GATEWISE_KERNELS_OF(name, ...) kernels_of<__VA_ARGS__>(#name),

constexpr CellKernels<Real> cells[] = {GATEWISE_CELLS(GATEWISE_KERNELS_OF)};

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
    .cells = cells,
    .cell_count = sizeof cells / sizeof cells[0],
    .peak = peak,
};

}  // namespace GATEWISE_ISA
}  // namespace gatewise
