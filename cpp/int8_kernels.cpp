// The functions of int8.h. CMakeLists.txt compiles this file once for each instruction set, without contraction to fused
// multiply-adds: see int8.h.
#include "int8.h"

#if defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "cells.h"
#include "int8_products.h"

namespace gatewise {
namespace GATEWISE_ISA {
namespace {

// Below this a row is zero: the inverse of its factor would be infinite.
constexpr float least_size = 0x1p-100f;

constexpr std::int64_t words(std::int64_t count) { return (count + 3) / 4; }
constexpr std::int64_t panels_of(std::int64_t units) { return (units + lanes - 1) / lanes; }

// Integers order the sizes of floats, and what is not finite comes last.
float quantize(const float* values, std::int64_t count, std::uint8_t* bytes) {
    typedef std::int8_t Bytes __attribute__((vector_size(lanes)));
    const IntegerVector size_bits = 0x7fffffff - IntegerVector{};
    IntegerVector largest{};
    const auto include = [&](Vector value) __attribute__((always_inline)) {
        const IntegerVector size = reinterpret_cast<IntegerVector>(value) & size_bits;
        largest = size > largest ? size : largest;
    };
    const std::int64_t whole = count / lanes * lanes;
    const int left = static_cast<int>(count - whole);
    for (std::int64_t i = 0; i < whole; i += lanes) include(load(values + i));
    if (left) include(load_part(values + whole, left));
    std::int32_t bits = 0;
    for (int lane = 0; lane < lanes; ++lane) bits = largest[lane] > bits ? largest[lane] : bits;
    float size;
    std::memcpy(&size, &bits, sizeof size);
    const bool finite = bits < 0x7f800000, something = finite && size >= least_size;
    const Vector inverse = splat(something ? 127.0f / size : 0.0f);
    // Adding it leaves the nearest whole number in the low bits, of two equally near the even one.
    const Vector magic = splat(12582912.0f);
    const auto rounded = [&](Vector value) __attribute__((always_inline)) {
        const IntegerVector number = reinterpret_cast<IntegerVector>(value * inverse + magic);
        return __builtin_convertvector(number + zero_point, Bytes);
    };
    if (finite) {
        for (std::int64_t i = 0; i < whole; i += lanes) {
            const Bytes part = rounded(load(values + i));
            std::memcpy(bytes + i, &part, sizeof part);
        }
        if (left) {
            const Bytes part = rounded(load_part(values + whole, left));
            std::memcpy(bytes + whole, &part, static_cast<std::size_t>(left));
        }
    } else {
        std::memset(bytes, zero_point, static_cast<std::size_t>(count));
    }
    return !finite ? __builtin_nanf("") : something ? size / 127.0f : 0.0f;
}

// One matrix: [panels, words, gates] vectors of words of bytes, and beside each panel what its sums begin with and their factors.
struct Matrix {
    std::int64_t words, panel;  // bytes of a panel
    unsigned char* weights;
    std::int32_t* start;  // [panels, gates, lanes]
    float* scale;
};

struct Packed {
    Matrix ih, hh;
    float *bias, *bias_apart;  // [panels, gates, lanes], [panels, lanes]
    std::int64_t bytes;
};

template <class Cell>
GATEWISE_INLINE Packed laid_out(std::int64_t input_size, std::int64_t hidden_size, unsigned char* memory) {
    const std::int64_t panels = panels_of(hidden_size), beside = panels * Cell::gates * vector_bytes;
    unsigned char* const begin = memory;
    const auto take = [&](std::int64_t bytes) {
        unsigned char* const taken = memory;
        memory += bytes;
        return taken;
    };
    const auto matrix = [&](std::int64_t columns) {
        const std::int64_t panel = words(columns) * Cell::gates * vector_bytes;
        return Matrix{words(columns), panel, take(panels * panel), reinterpret_cast<std::int32_t*>(take(beside)),
                      reinterpret_cast<float*>(take(beside))};
    };
    Packed packed{};
    packed.ih = matrix(input_size);
    packed.hh = matrix(hidden_size);
    packed.bias = reinterpret_cast<float*>(take(beside));
    packed.bias_apart = reinterpret_cast<float*>(take(panels * vector_bytes));
    packed.bytes = memory - begin;
    return packed;
}

template <class Cell>
GATEWISE_INLINE Packed laid_out(const Int8Packed& layer) {
    return laid_out<Cell>(layer.input_size, layer.hidden_size, const_cast<unsigned char*>(layer.memory));
}

template <class Cell>
std::int64_t packed_bytes(std::int64_t input_size, std::int64_t hidden_size) {
    return laid_out<Cell>(input_size, hidden_size, nullptr).bytes;
}

template <class Cell>
void pack_matrix(const Matrix& matrix, const std::int8_t* weights, const float* scale, std::int64_t columns, std::int64_t hidden_size) {
    for (std::int64_t unit = 0; unit < hidden_size; ++unit) {
        const std::int64_t panel = unit / lanes, lane = unit % lanes;
        for (int gate = 0; gate < Cell::gates; ++gate) {
            const std::int8_t* const row = weights + (gate * hidden_size + unit) * columns;
            std::int32_t sum = 0;
            for (std::int64_t column = 0; column < columns; ++column) {
                const std::int64_t place = ((column / 4 * Cell::gates + gate) * lanes + lane) * 4 + column % 4;
                matrix.weights[panel * matrix.panel + place] = static_cast<unsigned char>(row[column]);
                sum += row[column];
            }
            const std::int64_t beside = (panel * Cell::gates + gate) * lanes + lane;
            matrix.start[beside] = -zero_point * sum;
            matrix.scale[beside] = scale[gate * hidden_size + unit];
        }
    }
}

template <class Cell>
void pack(const Int8Weights& weights, unsigned char* memory) {
    const std::int64_t hidden_size = weights.hidden_size;
    const Packed packed = laid_out<Cell>(weights.input_size, hidden_size, memory);
    std::memset(memory, 0, static_cast<std::size_t>(packed.bytes));
    pack_matrix<Cell>(packed.ih, weights.w_ih, weights.scale_ih, weights.input_size, hidden_size);
    pack_matrix<Cell>(packed.hh, weights.w_hh, weights.scale_hh, hidden_size, hidden_size);
    for (std::int64_t unit = 0; unit < hidden_size; ++unit) {
        const std::int64_t panel = unit / lanes, lane = unit % lanes;
        for (int gate = 0; gate < Cell::gates; ++gate) {
            const float b_ih = weights.b_ih ? weights.b_ih[gate * hidden_size + unit] : 0;
            const float b_hh = weights.b_hh ? weights.b_hh[gate * hidden_size + unit] : 0;
            packed.bias[(panel * Cell::gates + gate) * lanes + lane] = gate == Cell::apart ? b_ih : b_ih + b_hh;
            if (gate == Cell::apart) packed.bias_apart[panel * lanes + lane] = b_hh;
        }
    }
}

// sum[row][group * gates + gate] of `rows` rows and of `groups` panels from `panel` on.
template <int gates, int rows, int groups>
GATEWISE_INLINE void multiply(IntegerVector (&sum)[rows][groups * gates], const Matrix& matrix, const Int8Rows& values, std::int64_t row,
                              std::int64_t panel) {
    GATEWISE_UNROLL
    for (int n = 0; n < groups * gates; ++n) {
        const IntegerVector start = zero_point ? load_words(matrix.start + (panel * gates + n) * lanes) : IntegerVector{};
        GATEWISE_UNROLL
        for (int r = 0; r < rows; ++r) sum[r][n] = start;
    }
    const unsigned char* weights = matrix.weights + panel * matrix.panel;
    const std::uint8_t* bytes = values.bytes + row * values.stride;
    for (std::int64_t word = 0; word < matrix.words; ++word, weights += gates * vector_bytes, bytes += 4) {
        IntegerVector columns[groups * gates];
        GATEWISE_UNROLL
        for (int n = 0; n < groups * gates; ++n) columns[n] = load_words(weights + (n / gates) * matrix.panel + (n % gates) * vector_bytes);
        GATEWISE_UNROLL
        for (int r = 0; r < rows; ++r) {
            const Spread spread_bytes = spread(bytes + r * values.stride);
            GATEWISE_UNROLL
            for (int n = 0; n < groups * gates; ++n) add_products(sum[r][n], spread_bytes, columns[n]);
        }
    }
}

GATEWISE_INLINE Vector scaled(IntegerVector sum, float row_scale, const float* scale) {
    return __builtin_convertvector(sum, Vector) * (splat(row_scale) * load(scale));
}

struct Project {
    const Packed& packed;
    const Int8Rows& input;
    float* sums;
    std::int64_t sums_stride;

    template <class Cell, int rows, int groups>
    GATEWISE_INLINE void block(const Project& call, std::int64_t row, std::int64_t panel) {
        constexpr int gates = Cell::gates;
        IntegerVector sum[rows][groups * gates];
        multiply<gates, rows, groups>(sum, call.packed.ih, call.input, row, panel);
        GATEWISE_UNROLL
        for (int r = 0; r < rows; ++r) {
            float* const target = call.sums + (row + r) * call.sums_stride + panel * gates * lanes;
            GATEWISE_UNROLL
            for (int n = 0; n < groups * gates; ++n) {
                const std::int64_t beside = (panel * gates + n) * lanes;
                const Vector part = scaled(sum[r][n], call.input.scale[row + r], call.packed.ih.scale + beside);
                store(target + n * lanes, part + load(call.packed.bias + beside));
            }
        }
    }
};

struct Step {
    const Packed& packed;
    const Int8Rows& state;
    const float* sums;
    std::int64_t sums_stride, hidden_size, width;
    const Int8States& states;

    template <class Cell, int rows, int groups>
    GATEWISE_INLINE void block(const Step& call, std::int64_t row, std::int64_t panel) {
        constexpr int gates = Cell::gates;
        IntegerVector sum[rows][groups * gates];
        multiply<gates, rows, groups>(sum, call.packed.hh, call.state, row, panel);
        GATEWISE_UNROLL
        for (int r = 0; r < rows; ++r) GATEWISE_UNROLL
        for (int group = 0; group < groups; ++group) finish<Cell>(call, sum[r] + group * gates, row + r, panel + group);
    }

    template <class Cell>
    GATEWISE_INLINE void finish(const Step& call, const IntegerVector* sum, std::int64_t row, std::int64_t panel) {
        constexpr int gates = Cell::gates;
        const float* const sums = call.sums + row * call.sums_stride + panel * gates * lanes;
        Vector gate[gates], save[Cell::saved];
        GATEWISE_UNROLL
        for (int g = 0; g < gates; ++g) {
            const Vector part = scaled(sum[g], call.state.scale[row], call.packed.hh.scale + (panel * gates + g) * lanes);
            gate[g] = part + load(g == Cell::apart ? call.packed.bias_apart + panel * lanes : sums + g * lanes);
        }
        const Vector input_part = Cell::apart >= 0 ? load(sums + (Cell::apart < 0 ? 0 : Cell::apart) * lanes) : zero();
        const Int8States& states = call.states;
        const std::int64_t place = row * call.width + panel * lanes;
        const State before{load(states.h_before + place), Cell::cell_state ? load(states.c + place) : zero()};
        State after = Cell::step(gate, input_part, before, save);
        if (states.update_h != 1) after.h = before.h + splat(states.update_h) * (after.h - before.h);
        store(states.h_after + place, after.h);
        if (Cell::cell_state) {
            if (states.update_c != 1) after.c = before.c + splat(states.update_c) * (after.c - before.c);
            store(states.c + place, after.c);
        }
        const std::int64_t left = call.hidden_size - panel * lanes;
        store_part(states.output[row] + panel * lanes, after.h, left < lanes ? static_cast<int>(left) : lanes);
    }
};

constexpr int bounded(int value, int least, int most) { return value < least ? least : value > most ? most : value; }
template <class Cell>
constexpr int largest_block = bounded(sums_at_once / Cell::gates, 1, 8);
// Panels beside each other where rows are few, to keep the multipliers busy.
template <class Cell>
constexpr int panels_beside(int rows) {
    return bounded(bounded(sums_at_once, 1, 12) / (rows * Cell::gates), 1, 4);
}

// All rows of the block of `rows` or less that begins at `row`.
template <class Cell, class Call, int rows, int groups>
GATEWISE_INLINE void one_block(const Call& call, std::int64_t row, std::int64_t panel, int count) {
    if constexpr (rows > 1) {
        if (count < rows) return one_block<Cell, Call, rows - 1, groups>(call, row, panel, count);
    }
    Call::template block<Cell, rows, groups>(call, row, panel);
}

template <class Cell, class Call, int most, int groups>
GATEWISE_INLINE void all_rows(const Call& call, std::int64_t rows, std::int64_t panel) {
    for (std::int64_t row = 0; row < rows;) {
        // Shared out evenly over as few blocks as hold them.
        const std::int64_t left = rows - row, blocks = (left + most - 1) / most;
        const int count = static_cast<int>((left + blocks - 1) / blocks);
        one_block<Cell, Call, most, groups>(call, row, panel, count);
        row += count;
    }
}

template <class Cell, class Call, int most>
GATEWISE_INLINE void all_panels(const Call& call, std::int64_t rows, std::int64_t first, std::int64_t last) {
    constexpr int groups = most > 2 ? 1 : panels_beside<Cell>(most);
    std::int64_t panel = first;
    for (; panel + groups <= last; panel += groups) all_rows<Cell, Call, most, groups>(call, rows, panel);
    if constexpr (groups > 1) {
        for (; panel < last; ++panel) all_rows<Cell, Call, most, 1>(call, rows, panel);
    }
}

template <class Cell, class Call>
GATEWISE_INLINE void run(const Call& call, std::int64_t rows, std::int64_t first, std::int64_t last) {
    if (rows == 1) {
        all_panels<Cell, Call, 1>(call, rows, first, last);
    } else {
        all_panels<Cell, Call, largest_block<Cell>>(call, rows, first, last);
    }
}

template <class Cell>
void project(const Int8Packed& layer, const Int8Rows& input, float* sums, std::int64_t first, std::int64_t last) {
    const Packed packed = laid_out<Cell>(layer);
    run<Cell>(Project{packed, input, sums, panels_of(layer.hidden_size) * Cell::gates * lanes}, input.rows, first, last);
}

template <class Cell>
void step(const Int8Packed& layer, const Int8Rows& state, const float* sums, const Int8States& states, std::int64_t first,
          std::int64_t last) {
    const Packed packed = laid_out<Cell>(layer);
    const std::int64_t width = panels_of(layer.hidden_size) * lanes;
    run<Cell>(Step{packed, state, sums, width * Cell::gates, layer.hidden_size, width, states}, state.rows, first, last);
}

#define GATEWISE_ENTRY(name, Cell) \
    {#name, Cell::gates, Cell::cell_state, packed_bytes<Cell>, pack<Cell>, project<Cell>, step<Cell>},
constexpr Int8Cell cells[] = {GATEWISE_INT8_CELLS(GATEWISE_ENTRY)};

#define GATEWISE_TEXT_(name) #name
#define GATEWISE_TEXT(name) GATEWISE_TEXT_(name)

}  // namespace

extern const Int8Kernels int8;
const Int8Kernels int8 = {GATEWISE_TEXT(GATEWISE_ISA), lanes, quantize, cells, static_cast<int>(sizeof cells / sizeof *cells)};

}  // namespace GATEWISE_ISA
}  // namespace gatewise
