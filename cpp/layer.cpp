#include "layer.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "flush_tiny.h"
#include "plan.h"
#include "team.h"
#include "workspace.h"

namespace gatewise {

namespace {

constexpr std::size_t stream_above = std::size_t{6} << 20;  // bytes of saved activations that no cache will keep
// Multiplications a step below which a barrier a step costs more than sharing the step gains, and below which a team costs more than
// it gains at all.
constexpr std::int64_t shared_step = 50'000;
constexpr std::int64_t shared_call = 100'000;

// What `saved` begins with: who wrote it, and for what. It holds no address, for it lies where anybody may change it.
struct SavedHeader {
    std::uint64_t seal;
    std::int32_t instruction_set, cell, real_bytes, directions;
    std::int64_t hidden_size, positions;
};
constexpr std::int64_t saved_header = 64;  // bytes, so that what follows lies on cache lines of its own
static_assert(sizeof(SavedHeader) <= saved_header);

// Tells what this process wrote from what another one did, which may have had other kernels.
std::uint64_t this_process() {
    static const std::uint64_t drawn = [] {
        std::random_device device;
        return std::uint64_t{device()} << 32 | device();
    }();
    return drawn;
}

// What only this process puts on a header with these numbers.
std::uint64_t seal_of(const SavedHeader& header) {
    std::uint64_t seal = this_process();
    for (const std::int64_t number : {std::int64_t{header.instruction_set}, std::int64_t{header.cell}, std::int64_t{header.real_bytes},
                                      std::int64_t{header.directions}, header.hidden_size, header.positions}) {
        seal = (seal ^ static_cast<std::uint64_t>(number)) * 0x9e3779b97f4a7c15;
        seal ^= seal >> 32;
    }
    return seal;
}

template <class Real>
SavedHeader header_of(const LayerForward<Real>& layer, const InstructionSet& set) {
    SavedHeader header = {
        .seal = 0,
        .instruction_set = number_of(set),
        .cell = static_cast<std::int32_t>(layer.cell),
        .real_bytes = sizeof(Real),
        .directions = layer.directions,
        .hidden_size = layer.hidden_size,
        .positions = layer.batch.positions,
    };
    header.seal = seal_of(header);
    return header;
}

[[noreturn]] void refuse(const std::string& why) { throw std::invalid_argument(why); }

template <class Real>
void check_room(const LayerForward<Real>& layer, const InstructionSet& set) {
    const std::size_t needed = saved_bytes<Real>(set, layer.cell, layer.hidden_size, layer.directions, layer.batch.positions);
    if (layer.saved_bytes < 0 || static_cast<std::size_t>(layer.saved_bytes) < needed)
        refuse("saved holds " + std::to_string(layer.saved_bytes) + " bytes, and this call's notes are " + std::to_string(needed) +
               "; an empty one has them made anew");
    if (reinterpret_cast<std::uintptr_t>(layer.saved) % saved_header) refuse("saved does not begin on a cache line");
}

// The set that wrote the layer's `saved`.
template <class Real>
const InstructionSet& writer_of(const LayerForward<Real>& layer) {
    SavedHeader found{};
    if (layer.saved && layer.saved_bytes >= saved_header) std::memcpy(&found, layer.saved, sizeof found);
    const InstructionSet* const set = supported_set(found.instruction_set);
    const SavedHeader expected = set ? header_of(layer, *set) : SavedHeader{};
    if (!set || std::memcmp(&found, &expected, sizeof found) != 0)
        refuse("saved holds no notes of a forward pass of this process with these sizes; an empty one has them made anew");
    check_room(layer, *set);
    return *set;
}

// Numbers in range, and every pointer there that the cell needs. With no features there may be nothing to point at.
template <class Real>
void check(const LayerForward<Real>& layer, const CellTraits& cell) {
    const Batch& batch = layer.batch;
    if (batch.order < Order::time_major || batch.order > Order::packed) refuse("there is no such order of rows and steps");
    if (batch.steps < 0 || batch.rows < 0 || batch.positions < 0 || layer.input_size < 0 || layer.hidden_size < 1)
        refuse("a size is negative, or there are no hidden units");
    if (layer.directions != 1 && layer.directions != 2) refuse("a layer has one direction or two");
    if (batch.order == Order::packed ? !batch.lengths : batch.positions != batch.steps * batch.rows)
        refuse("positions, steps and rows are not those of one batch");
    if ((!layer.input && layer.input_size) || !layer.output) refuse("input and output are needed");
    if (!cell.cell_state && (layer.c_0 || layer.update_c || layer.cells)) refuse(std::string(cell.name) + " has no cell state");
    for (int direction = 0; direction < layer.directions; ++direction) {
        const Weights<Real>& weights = layer.weights[direction];
        if (!weights.w_ih && layer.input_size) refuse(std::string(cell.name) + " needs w_ih");
        if ((weights.w_hh != nullptr) != cell.recurrent) refuse(std::string(cell.name) + (cell.recurrent ? " needs w_hh" : " has no w_hh"));
        if (cell.normalized && !(weights.gamma_ih && weights.gamma_hh && (!cell.cell_state || (weights.gamma_c && weights.beta_c))))
            refuse(std::string(cell.name) + " needs its gains");
    }
}

// A weight's gradient is wanted where the weight is, and nowhere else.
template <class Real>
void check_gradients(const LayerBackward<Real>& layer, const CellTraits& cell) {
    if (!cell.cell_state && (layer.grad_cells || layer.grad_c_n || layer.grad_c_0)) refuse(std::string(cell.name) + " has no cell state");
    for (int direction = 0; direction < layer.forward.directions; ++direction) {
        const Weights<Real>& weights = layer.forward.weights[direction];
        const WeightGradients<Real>& gradients = layer.grad_weights[direction];
#define GATEWISE_BOTH(name) \
    if (!weights.name != !gradients.name) refuse("a weight and its gradient must both be there: " #name);
        GATEWISE_WEIGHTS(GATEWISE_BOTH)
#undef GATEWISE_BOTH
    }
}

template <class Real>
std::int64_t weights_of(const LayerForward<Real>& layer, const CellTraits& cell) {
    return cell.gates * layer.hidden_size * (layer.input_size + (cell.recurrent ? layer.hidden_size : 0));
}

// Parts of one block of memory, each on its own cache lines.
template <class Real>
class Parts {
  public:
    std::int64_t add(std::int64_t elements) {
        const std::int64_t start = size_;
        size_ += (elements + 15) / 16 * 16 + 16;
        return start;
    }
    void allocate() { block_ = take(static_cast<std::size_t>(size_) * sizeof(Real)); }
    Real* at(std::int64_t start) const { return block_.template as<Real>() + start; }

  private:
    std::int64_t size_ = 0;
    Block block_;
};

// Who does what: tasks are a direction of a group of slices, taken by one member each where there are enough of them, else shared by
// the whole team, which then meets after every step.
struct Work {
    std::int64_t tasks;
    int threads;
    bool shared;
};

template <class Real>
Work divide(const LayerForward<Real>& layer, const Plan& plan, std::int64_t weights) {
    const std::int64_t tasks = layer.directions * plan.groups();
    if (layer.threads <= 1 || weights * plan.positions() < shared_call) return {tasks, 1, false};
    if (tasks >= layer.threads) return {tasks, layer.threads, false};
    if (weights * plan.most_rows() >= shared_step) return {tasks, layer.threads, true};
    return {tasks, static_cast<int>(tasks), false};
}

// Panels [first, last) of `panels` that a member takes.
struct Share {
    std::int64_t first, last;
    Share(std::int64_t panels, const Member& member)
        : first(panels * member.index / member.count), last(panels * (member.index + 1) / member.count) {}
};

template <class Real>
Forward<Real> forward_of(const LayerForward<Real>& layer, int direction, const Real* packed, Real* saved, bool stream) {
    const std::int64_t state = direction * layer.batch.rows * layer.hidden_size, column = direction * layer.hidden_size;
    const auto at = [](auto* base, std::int64_t offset) { return base ? base + offset : nullptr; };
    return {
        .input_size = layer.input_size,
        .hidden_size = layer.hidden_size,
        .input = layer.input,
        .input_stride = layer.input_size,
        .packed = packed,
        .h_0 = at(layer.h_0, state),
        .c_0 = at(layer.c_0, state),
        .recurrent_mask = at(layer.recurrent_mask, state),
        .update_h = at(layer.update_h, column),
        .update_c = at(layer.update_c, column),
        .constant_update_h = static_cast<Real>(layer.constant_update_h),
        .constant_update_c = static_cast<Real>(layer.constant_update_c),
        .output = at(layer.output, column),
        .cells = at(layer.cells, column),
        .output_stride = layer.directions * layer.hidden_size,
        .h_n = at(layer.h_n, state),
        .c_n = at(layer.c_n, state),
        .saved = saved,
        .odd = false,
        .stream_saved = stream,
        .weights = &layer.weights[direction],
    };
}

template <class Real>
struct Run {
    const LayerForward<Real>& layer;
    const LayerBackward<Real>* gradient;  // null in the forward pass
    const CellKernels<Real>& kernels;
    const std::int64_t panels;
    const Plan plan;
    const Work work;
    Parts<Real> memory;
    std::int64_t packed[2] = {}, packed_back[2] = {}, other_input = 0, stride = 0;
    ScratchSize scratch_size{};
    std::vector<std::int64_t> scratch;     // of each member
    std::vector<std::int64_t> sums;        // of each task: gradient of its packed weights
    Real* saved;
    TaskCounter counter;

    Run(const LayerForward<Real>& layer, const LayerBackward<Real>* gradient, const InstructionSet& set)
        : layer(layer),
          gradient(gradient),
          kernels(cell_kernels<Real>(set, layer.cell)),
          panels(gatewise::kernels<Real>(set).panels(layer.hidden_size)),
          plan(layer.batch, weights_of(layer, kernels.traits)),
          work(divide(layer, plan, weights_of(layer, kernels.traits))),
          saved(layer.saved ? reinterpret_cast<Real*>(static_cast<char*>(layer.saved) + saved_header) : nullptr),
          counter(work.tasks) {
        const std::int64_t size = kernels.packed_forward_size(layer.input_size, layer.hidden_size);
        for (int direction = 0; direction < layer.directions; ++direction) {
            if (gradient)
                packed_back[direction] = memory.add(kernels.packed_backward_size(layer.input_size, layer.hidden_size));
            else
                packed[direction] = memory.add(size);
        }
        scratch_size =
            (gradient ? kernels.backward_scratch : kernels.forward_scratch)(layer.input_size, layer.hidden_size, plan.most_rows());
        for (int member = 0; member < work.threads; ++member) {
            scratch.push_back(memory.add(scratch_size.shared + 16));
            memory.add(scratch_size.own);
        }
        if (gradient) {
            for (std::int64_t task = 0; task < work.tasks; ++task) sums.push_back(memory.add(size));
            stride = size;
            if (gradient->grad_input && layer.directions == 2)
                other_input = memory.add(layer.batch.steps * layer.batch.rows * layer.input_size);
        }
        memory.allocate();
    }

    Real* shared_scratch(int member) const { return memory.at(scratch[static_cast<std::size_t>(member)]); }
    Real* own_scratch(int member) const { return shared_scratch(member) + (scratch_size.shared + 31) / 16 * 16; }

    std::int64_t saved_size(std::int64_t positions) const { return kernels.saved_size(layer.hidden_size, positions); }

    // Tasks in turn: alone, or each with the whole team.
    template <class Function>
    void for_tasks(Member& member, Function&& function) {
        if (work.shared) {
            for (std::int64_t task = 0; task < work.tasks; ++task) {
                function(task, member, shared_scratch(0));
                member.wait();
            }
        } else {
            Member alone{0, 1, nullptr};
            for (std::int64_t task; counter.next(task);) function(task, alone, shared_scratch(member.index));
        }
    }

    template <class Function>
    void for_slices(std::int64_t task, Function&& function) const {
        const int direction = static_cast<int>(task % layer.directions);
        const bool stream = saved && static_cast<std::size_t>(saved_size(plan.positions())) * sizeof(Real) > stream_above;
        Real* base = saved ? saved + direction * saved_size(plan.positions()) : nullptr;
        for (std::int64_t slice = task / layer.directions; slice < plan.slices(); slice += plan.groups())
            function(direction, plan.slice(slice, direction == 1), base ? base + saved_size(plan.positions_before(slice)) : nullptr,
                     stream);
    }

    void forward(Member& member) {
        const FlushTiny flush;
        const Share share(panels, member);
        for (int direction = 0; direction < layer.directions; ++direction)
            kernels.pack_forward(layer.weights[direction], memory.at(packed[direction]), share.first, share.last);
        member.wait();
        for_tasks(member, [&](std::int64_t task, Member& team, Real* shared) {
            for_slices(task, [&](int direction, const Slice& slice, Real* part, bool stream) {
                kernels.forward(forward_of<Real>(layer, direction, memory.at(packed[direction]), part, stream), slice, shared,
                                own_scratch(member.index), team);
                team.wait();
            });
        });
    }

    void backward(Member& member) {
        const FlushTiny flush;
        for (int direction = 0; direction < layer.directions; ++direction) {
            const std::int64_t both_sides = kernels.backward_panels(layer.input_size, layer.hidden_size, gradient->grad_input);
            const Share share(both_sides, member);
            kernels.pack_backward(layer.weights[direction], memory.at(packed_back[direction]), share.first, share.last);
        }
        member.wait();
        for_tasks(member, [&](std::int64_t task, Member& team, Real* shared) {
            Real* sum = memory.at(sums[static_cast<std::size_t>(task)]);
            const std::int64_t panel = stride / panels;
            const Share share(panels, team);
            std::memset(sum + share.first * panel, 0, static_cast<std::size_t>((share.last - share.first) * panel) * sizeof(Real));
            for_slices(task, [&](int direction, const Slice& slice, Real* part, bool stream) {
                const std::int64_t state = direction * layer.batch.rows * layer.hidden_size, column = direction * layer.hidden_size;
                const auto at = [](auto* base, std::int64_t offset) { return base ? base + offset : nullptr; };
                const Backward<Real> back = {
                    .forward = forward_of<Real>(layer, direction, nullptr, part, stream),
                    .packed = memory.at(packed_back[direction]),
                    .grad_output = at(gradient->grad_output, column),
                    .grad_cells = at(gradient->grad_cells, column),
                    .grad_h_n = at(gradient->grad_h_n, state),
                    .grad_c_n = at(gradient->grad_c_n, state),
                    .grad_input = direction == 0 || !gradient->grad_input ? gradient->grad_input : memory.at(other_input),
                    .grad_packed = sum,
                    .grad_h_0 = at(gradient->grad_h_0, state),
                    .grad_c_0 = at(gradient->grad_c_0, state),
                };
                kernels.backward(back, slice, shared, own_scratch(member.index), team);
                team.wait();
            });
        });
        member.wait();
        const Share share(panels, member);
        for (int direction = 0; direction < layer.directions; ++direction) {
            Real* groups[Plan::most_groups];
            for (std::int64_t group = 0; group < plan.groups(); ++group)
                groups[group] = memory.at(sums[static_cast<std::size_t>(group * layer.directions + direction)]);
            kernels.unpack_gradients(layer.weights[direction], gradient->grad_weights[direction], groups, plan.groups(), share.first,
                                     share.last);
        }
        if (gradient->grad_input && layer.directions == 2) add_other_input(member);
    }

    // The reverse direction's gradient of the input onto the first one's, padding left alone.
    void add_other_input(Member& member) const {
        const Real* other = memory.at(other_input);
        for (std::int64_t slice = member.index; slice < plan.slices(); slice += member.count) {
            const Slice part = plan.slice(slice, false);
            for (std::int64_t row = 0; row < part.rows; ++row)
                for (std::int64_t step = 0; step < part.length[row]; ++step) {
                    const std::int64_t start = (part.step_offset[step] + part.row_offset[row]) * layer.input_size;
                    for (std::int64_t i = start; i < start + layer.input_size; ++i) gradient->grad_input[i] += other[i];
                }
        }
    }
};

}  // namespace

template <class Real>
std::size_t saved_bytes(const InstructionSet& set, std::int64_t cell, std::int64_t hidden_size, int directions, std::int64_t positions) {
    const std::int64_t size = cell_kernels<Real>(set, cell).saved_size(hidden_size, positions);
    return saved_header + static_cast<std::size_t>(directions * size) * sizeof(Real);
}

template <class Real>
void forward(const LayerForward<Real>& layer) {
    const InstructionSet& set = active();
    const CellTraits& cell = cell_kernels<Real>(set, layer.cell).traits;
    check(layer, cell);
    if (!layer.h_n || (cell.cell_state && !layer.c_n)) refuse(std::string(cell.name) + " writes its final state");
    if (layer.saved) check_room(layer, set);
    Run<Real> run(layer, nullptr, set);
    if (layer.saved) {
        const SavedHeader header = header_of(layer, set);
        std::memcpy(layer.saved, &header, sizeof header);
    }
    const std::int64_t width = layer.directions * layer.hidden_size;
    run.plan.for_padding([&](std::int64_t position) {
        std::fill_n(layer.output + position * width, width, Real(0));
        if (layer.cells) std::fill_n(layer.cells + position * width, width, Real(0));
    });
    run_team(run.work.threads, [](Member& member, void* context) { static_cast<Run<Real>*>(context)->forward(member); }, &run);
}

template <class Real>
void backward(const LayerBackward<Real>& layer) {
    const InstructionSet& set = writer_of(layer.forward);
    const CellTraits& cell = cell_kernels<Real>(set, layer.forward.cell).traits;
    check(layer.forward, cell);
    check_gradients(layer, cell);
    Run<Real> run(layer.forward, &layer, set);
    if (layer.grad_input)
        run.plan.for_padding([&](std::int64_t position) {
            std::fill_n(layer.grad_input + position * layer.forward.input_size, layer.forward.input_size, Real(0));
        });
    run_team(run.work.threads, [](Member& member, void* context) { static_cast<Run<Real>*>(context)->backward(member); }, &run);
}

template std::size_t saved_bytes<float>(const InstructionSet&, std::int64_t, std::int64_t, int, std::int64_t);
template std::size_t saved_bytes<double>(const InstructionSet&, std::int64_t, std::int64_t, int, std::int64_t);
template void forward<float>(const LayerForward<float>&);
template void forward<double>(const LayerForward<double>&);
template void backward<float>(const LayerBackward<float>&);
template void backward<double>(const LayerBackward<double>&);

}  // namespace gatewise
