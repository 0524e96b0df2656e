#include "layer.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "flush_tiny.h"
#include "plan.h"
#include "team.h"
#include "workspace.h"

namespace gatewise {

namespace {

constexpr std::size_t saved_header = 64;  // bytes; names the instruction set that wrote what follows
constexpr std::size_t stream_above = std::size_t{6} << 20;  // bytes of saved activations that no cache will keep
// Multiplications a step below which a barrier a step costs more than sharing the step gains, and below which a team costs more than
// it gains at all.
constexpr std::int64_t shared_step = 50'000;
constexpr std::int64_t shared_call = 100'000;

std::int64_t gates_of(Cell cell) {
    switch (cell) {
        case Cell::gru:
        case Cell::gru_reset_before:
        case Cell::norm_gru:
        case Cell::min_lstm: return 3;
        case Cell::lstm:
        case Cell::norm_lstm: return 4;
        case Cell::min_gru: return 2;
        default: return 1;
    }
}

bool recurrent(Cell cell) { return cell != Cell::min_gru && cell != Cell::min_lstm; }

template <class Real>
std::int64_t weights_of(const LayerForward<Real>& layer) {
    return gates_of(layer.cell) * layer.hidden_size * (layer.input_size + (recurrent(layer.cell) ? layer.hidden_size : 0));
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
Work divide(const LayerForward<Real>& layer, const Plan& plan) {
    const std::int64_t tasks = layer.directions * plan.groups();
    const std::int64_t weights = weights_of(layer);
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
    return {layer.input_size,
            layer.hidden_size,
            layer.input,
            layer.input_size,
            packed,
            at(layer.h_0, state),
            at(layer.c_0, state),
            at(layer.recurrent_mask, state),
            at(layer.update_h, column),
            at(layer.update_c, column),
            static_cast<Real>(layer.constant_update_h),
            static_cast<Real>(layer.constant_update_c),
            at(layer.output, column),
            at(layer.cells, column),
            layer.directions * layer.hidden_size,
            at(layer.h_n, state),
            at(layer.c_n, state),
            saved,
            false,
            stream,
            &layer.weights[direction]};
}

template <class Real>
struct Run {
    const LayerForward<Real>& layer;
    const LayerBackward<Real>* gradient;  // null in the forward pass
    const InstructionSet& set;
    const Kernels<Real>& kernels;
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
          set(set),
          kernels(gatewise::kernels<Real>(set)),
          plan(layer.batch, weights_of(layer)),
          work(divide(layer, plan)),
          saved(layer.saved ? reinterpret_cast<Real*>(static_cast<char*>(layer.saved) + saved_header) : nullptr),
          counter(work.tasks) {
        const std::int64_t size = kernels.packed_forward_size(layer.cell, layer.input_size, layer.hidden_size);
        for (int direction = 0; direction < layer.directions; ++direction) {
            if (gradient)
                packed_back[direction] = memory.add(kernels.packed_backward_size(layer.cell, layer.input_size, layer.hidden_size));
            else
                packed[direction] = memory.add(size);
        }
        scratch_size = (gradient ? kernels.backward_scratch : kernels.forward_scratch)(layer.cell, layer.input_size, layer.hidden_size,
                                                                                      plan.most_rows());
        for (int member = 0; member < work.threads; ++member) {
            scratch.push_back(memory.add(scratch_size.shared + 16));
            memory.add(scratch_size.own);
        }
        if (gradient) {
            for (std::int64_t task = 0; task < work.tasks; ++task) sums.push_back(memory.add(size));
            stride = size;
            if (gradient->grad_input && layer.directions == 2) other_input = memory.add(layer.batch.steps * layer.batch.rows * layer.input_size);
        }
        memory.allocate();
    }

    Real* shared_scratch(int member) const { return memory.at(scratch[static_cast<std::size_t>(member)]); }
    Real* own_scratch(int member) const { return shared_scratch(member) + (scratch_size.shared + 31) / 16 * 16; }

    std::int64_t saved_size(std::int64_t positions) const { return kernels.saved_size(layer.cell, layer.hidden_size, positions); }

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
            function(direction, plan.slice(slice, direction == 1), base ? base + saved_size(plan.positions_before(slice)) : nullptr, stream);
    }

    void forward(Member& member) {
        const FlushTiny flush;
        const Share share(kernels.panels(layer.hidden_size), member);
        for (int direction = 0; direction < layer.directions; ++direction)
            kernels.pack_forward(layer.cell, layer.weights[direction], memory.at(packed[direction]), share.first, share.last);
        member.wait();
        for_tasks(member, [&](std::int64_t task, Member& team, Real* shared) {
            for_slices(task, [&](int direction, const Slice& slice, Real* part, bool stream) {
                kernels.forward(layer.cell, forward_of<Real>(layer, direction, memory.at(packed[direction]), part, stream), slice, shared,
                                own_scratch(member.index), team);
                team.wait();
            });
        });
    }

    void backward(Member& member) {
        const FlushTiny flush;
        for (int direction = 0; direction < layer.directions; ++direction) {
            const std::int64_t panels = kernels.backward_panels(layer.cell, layer.input_size, layer.hidden_size, gradient->grad_input);
            const Share share(panels, member);
            kernels.pack_backward(layer.cell, layer.weights[direction], memory.at(packed_back[direction]), share.first, share.last);
        }
        member.wait();
        for_tasks(member, [&](std::int64_t task, Member& team, Real* shared) {
            Real* sum = memory.at(sums[static_cast<std::size_t>(task)]);
            const std::int64_t panels = kernels.panels(layer.hidden_size), panel = stride / panels;
            const Share share(panels, team);
            std::memset(sum + share.first * panel, 0, static_cast<std::size_t>((share.last - share.first) * panel) * sizeof(Real));
            for_slices(task, [&](int direction, const Slice& slice, Real* part, bool stream) {
                Backward<Real> back{};
                const std::int64_t state = direction * layer.batch.rows * layer.hidden_size, column = direction * layer.hidden_size;
                const auto at = [](auto* base, std::int64_t offset) { return base ? base + offset : nullptr; };
                back.forward = forward_of<Real>(layer, direction, nullptr, part, stream);
                back.packed = memory.at(packed_back[direction]);
                back.grad_output = at(gradient->grad_output, column);
                back.grad_cells = at(gradient->grad_cells, column);
                back.grad_h_n = at(gradient->grad_h_n, state);
                back.grad_c_n = at(gradient->grad_c_n, state);
                back.grad_input = direction == 0 || !gradient->grad_input ? gradient->grad_input : memory.at(other_input);
                back.grad_packed = sum;
                back.grad_h_0 = at(gradient->grad_h_0, state);
                back.grad_c_0 = at(gradient->grad_c_0, state);
                kernels.backward(layer.cell, back, slice, shared, own_scratch(member.index), team);
                team.wait();
            });
        });
        member.wait();
        const Share share(kernels.panels(layer.hidden_size), member);
        for (int direction = 0; direction < layer.directions; ++direction) {
            Real* groups[Plan::most_groups];
            for (std::int64_t group = 0; group < plan.groups(); ++group)
                groups[group] = memory.at(sums[static_cast<std::size_t>(group * layer.directions + direction)]);
            kernels.unpack_gradients(layer.cell, layer.weights[direction], gradient->grad_weights[direction], groups, plan.groups(),
                                     share.first, share.last);
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
std::size_t saved_bytes(const InstructionSet& set, Cell cell, std::int64_t hidden_size, int directions, std::int64_t positions) {
    const std::int64_t size = kernels<Real>(set).saved_size(cell, hidden_size, positions);
    return saved_header + static_cast<std::size_t>(directions * size) * sizeof(Real);
}

template <class Real>
void forward(const LayerForward<Real>& layer) {
    const InstructionSet& set = active();
    if (layer.saved) {
        const InstructionSet* writer = &set;
        std::memcpy(layer.saved, &writer, sizeof writer);
    }
    Run<Real> run(layer, nullptr, set);
    const std::int64_t width = layer.directions * layer.hidden_size;
    run.plan.for_padding([&](std::int64_t position) {
        std::fill_n(layer.output + position * width, width, Real(0));
        if (layer.cells) std::fill_n(layer.cells + position * width, width, Real(0));
    });
    run_team(run.work.threads, [](Member& member, void* context) { static_cast<Run<Real>*>(context)->forward(member); }, &run);
}

template <class Real>
void backward(const LayerBackward<Real>& layer) {
    const InstructionSet* writer;
    std::memcpy(&writer, layer.forward.saved, sizeof writer);
    Run<Real> run(layer.forward, &layer, *writer);
    if (layer.grad_input)
        run.plan.for_padding([&](std::int64_t position) {
            std::fill_n(layer.grad_input + position * layer.forward.input_size, layer.forward.input_size, Real(0));
        });
    run_team(run.work.threads, [](Member& member, void* context) { static_cast<Run<Real>*>(context)->backward(member); }, &run);
}

template std::size_t saved_bytes<float>(const InstructionSet&, Cell, std::int64_t, int, std::int64_t);
template std::size_t saved_bytes<double>(const InstructionSet&, Cell, std::int64_t, int, std::int64_t);
template void forward<float>(const LayerForward<float>&);
template void forward<double>(const LayerForward<double>&);
template void backward<float>(const LayerBackward<float>&);
template void backward<double>(const LayerBackward<double>&);

}  // namespace gatewise
