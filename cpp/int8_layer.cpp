#include "int8_layer.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <numeric>
#include <stdexcept>

#include "flush_tiny.h"
#include "int8_sets.h"
#include "team.h"

namespace gatewise {

namespace {

constexpr std::int64_t slice_rows = 48;            // rows whose scratch memory a cache holds
constexpr std::int64_t shared_call = 200'000;      // multiplications of a call below which a team costs more than it gains
constexpr std::int64_t shared_step = 400'000;      // the same of a step after which the team meets
constexpr std::int64_t team_bytes = 1 << 20;       // of weights that one thread's cache hardly holds: a team shares them out
constexpr std::int64_t chunk_floats = 64 * 1024;   // of the input's share of the gates, which stays in the cache until it is read

std::int64_t to_cache_lines(std::int64_t bytes) { return (bytes + 63) / 64 * 64; }

// Parts of one block of memory, each on its own cache lines.
class Parts {
  public:
    template <class Element>
    std::int64_t add(std::int64_t count) {
        const std::int64_t start = size_;
        size_ += to_cache_lines(count * static_cast<std::int64_t>(sizeof(Element))) + 64;
        return start;
    }
    void allocate() { block_ = take(static_cast<std::size_t>(size_)); }
    template <class Element>
    Element* at(std::int64_t start) const {
        return reinterpret_cast<Element*>(block_.as<unsigned char>() + start);
    }

  private:
    std::int64_t size_ = 0;
    Block block_;
};

// Rows [first, first + rows) of the order by falling length, in one direction.
struct Task {
    std::int64_t direction, first, rows;
};

// What one call works with. A task belongs to one member, or to the whole team, each of whom then takes some of the panels.
struct Run {
    const Int8Layer& layer;
    const Int8Call& call;
    std::vector<std::int64_t> order, length;  // rows by falling length; their lengths in that order
    std::vector<Task> tasks;
    bool shared;
    std::int64_t chunk_rows;
    Parts parts;
    struct Own {
        std::int64_t input_bytes, input_scale, state_bytes, state_scale, sums, outputs, h, c;
    };
    std::vector<Own> own;  // of a member; h and c of a team are its first one's

    template <class Element>
    Element* at(std::int64_t start) const {
        return parts.at<Element>(start);
    }

    void run(const Task& task, const Own& mine, const Own& first_ones, Member& member) const;
};

// Copies states between [rows, hidden_size] by the batch's order and [rows, width] by length.
void take_in(const Run& run, const Task& task, const float* from, float* to) {
    const std::int64_t hidden_size = run.layer.hidden_size(), width = run.layer.width();
    std::memset(to, 0, static_cast<std::size_t>(task.rows * width) * sizeof(float));
    if (!from) return;
    for (std::int64_t row = 0; row < task.rows; ++row) {
        const std::int64_t place = task.direction * run.call.rows + run.order[static_cast<std::size_t>(task.first + row)];
        std::copy_n(from + place * hidden_size, hidden_size, to + row * width);
    }
}

void give_back(const Run& run, const Task& task, const float* from, float* to, std::int64_t first, std::int64_t last) {
    const std::int64_t hidden_size = run.layer.hidden_size(), width = run.layer.width();
    for (std::int64_t row = first; row < last; ++row) {
        const std::int64_t place = task.direction * run.call.rows + run.order[static_cast<std::size_t>(task.first + row)];
        std::copy_n(from + row * width, hidden_size, to + place * hidden_size);
    }
}

void Run::run(const Task& task, const Own& mine, const Own& first_ones, Member& member) const {
    const Int8Cell& cell = layer.cell();
    const auto quantize = layer.kernels().quantize;
    const std::int64_t input_size = layer.input_size(), hidden_size = layer.hidden_size(), width = layer.width();
    const std::int64_t panels = layer.panels(), sums_stride = width * cell.gates;
    const std::int64_t first_panel = panels * member.index / member.count, last_panel = panels * (member.index + 1) / member.count;
    const Int8Packed& packed = layer.packed(task.direction);
    const bool reverse = task.direction == 1, leads = member.index == 0;
    const std::int64_t* const lengths = length.data() + task.first;
    const std::int64_t longest = task.rows ? lengths[0] : 0;

    // Who reads the whole of h must not see a faster member's next one: a team has two of them.
    float* h[2] = {at<float>(first_ones.h), at<float>(first_ones.h)};
    if (member.count > 1) h[1] += task.rows * width;
    float* const c = cell.cell_state ? at<float>(first_ones.c) : nullptr;
    if (leads) {
        take_in(*this, task, call.h_0, h[0]);
        if (member.count > 1) std::memset(h[1], 0, static_cast<std::size_t>(task.rows * width) * sizeof(float));
        if (c) take_in(*this, task, call.c_0, c);
        std::int64_t none = task.rows;
        while (none && lengths[none - 1] == 0) --none;
        give_back(*this, task, h[0], call.h_n, none, task.rows);
        if (c) give_back(*this, task, c, call.c_n, none, task.rows);
        for (std::int64_t row = 0; row < task.rows; ++row) {
            float* const output = call.output + order[static_cast<std::size_t>(task.first + row)] * call.output_row;
            for (std::int64_t step = lengths[row]; step < call.steps; ++step)
                std::fill_n(output + step * call.output_step + task.direction * hidden_size, hidden_size, 0.0f);
        }
    }
    member.wait();

    std::uint8_t* const input_bytes = at<std::uint8_t>(mine.input_bytes);
    std::uint8_t* const state_bytes = at<std::uint8_t>(mine.state_bytes);
    float* const input_scale = at<float>(mine.input_scale);
    float* const state_scale = at<float>(mine.state_scale);
    float* const sums = at<float>(mine.sums);
    float** const outputs = at<float*>(mine.outputs);
    const std::int64_t input_row = int8_row_bytes(input_size), state_row = int8_row_bytes(hidden_size);
    std::int64_t active = task.rows;
    const auto position = [&](std::int64_t row, std::int64_t step) { return reverse ? lengths[row] - 1 - step : step; };
    for (std::int64_t start = 0; start < longest;) {
        // The input's share of as many steps as fit, then those steps.
        std::int64_t held = 0, stop = start;
        for (std::int64_t rows = active; stop < longest; ++stop) {
            while (rows && lengths[rows - 1] <= stop) --rows;
            if (stop > start && held + rows > chunk_rows) break;
            for (std::int64_t row = 0; row < rows; ++row) {
                const float* const from =
                    call.input + order[static_cast<std::size_t>(task.first + row)] * call.input_row + position(row, stop) * call.input_step;
                input_scale[held + row] = quantize(from, input_size, input_bytes + (held + row) * input_row);
            }
            held += rows;
        }
        cell.project(packed, {held, input_row, input_bytes, input_scale}, sums, first_panel, last_panel);
        held = 0;
        for (std::int64_t step = start; step < stop; ++step) {
            while (active && lengths[active - 1] <= step) --active;
            float* const from = h[step & 1];
            float* const to = h[(step + 1) & 1];
            for (std::int64_t row = 0; row < active; ++row) {
                state_scale[row] = quantize(from + row * width, hidden_size, state_bytes + row * state_row);
                outputs[row] = call.output + order[static_cast<std::size_t>(task.first + row)] * call.output_row +
                               position(row, step) * call.output_step + task.direction * hidden_size;
            }
            const Int8States states = {from, to, c, outputs, call.update_h, call.update_c};
            cell.step(packed, {active, state_row, state_bytes, state_scale}, sums + held * sums_stride, states, first_panel, last_panel);
            held += active;
            member.wait();
            std::int64_t still = active;
            while (still && lengths[still - 1] <= step + 1) --still;
            if (leads && still < active) {
                give_back(*this, task, to, call.h_n, still, active);
                if (c) give_back(*this, task, c, call.c_n, still, active);
            }
        }
        start = stop;
    }
    // The next task's states take the place of these.
    member.wait();
}

}  // namespace

Int8Layer::Int8Layer(const std::string& cell, const std::vector<Int8Weights>& weights, const std::string& set)
    : kernels_(&int8_kernels(set)), cell_(nullptr) {
    for (int i = 0; i < kernels_->cell_count; ++i)
        if (cell == kernels_->cells[i].name) cell_ = kernels_->cells + i;
    bool complete = cell_ && (weights.size() == 1 || weights.size() == 2);
    for (const Int8Weights& direction : weights) {
        complete = complete && direction.input_size >= 1 && direction.hidden_size >= 1 && direction.w_ih && direction.w_hh &&
                   direction.scale_ih && direction.scale_hh && direction.input_size <= int8_longest_row &&
                   direction.hidden_size <= int8_longest_row && direction.input_size == weights.front().input_size &&
                   direction.hidden_size == weights.front().hidden_size;
    }
    if (!complete) throw std::invalid_argument("there is no layer of eight bits of " + cell + " with these sizes and weights");
    const std::int64_t bytes = to_cache_lines(cell_->packed_bytes(weights.front().input_size, weights.front().hidden_size));
    memory_ = take(static_cast<std::size_t>(bytes) * weights.size());
    for (const Int8Weights& direction : weights) {
        unsigned char* const memory = memory_.as<unsigned char>() + bytes * static_cast<std::int64_t>(packed_.size());
        cell_->pack(direction, memory);
        packed_.push_back({direction.input_size, direction.hidden_size, memory});
    }
}

void Int8Layer::run(const Int8Call& call) const {
    if (call.rows < 1) return;
    Run run{*this, call, {}, {}, {}, false, 0, {}, {}};
    run.order.resize(static_cast<std::size_t>(call.rows));
    std::iota(run.order.begin(), run.order.end(), std::int64_t{0});
    if (call.lengths)
        std::stable_sort(run.order.begin(), run.order.end(),
                         [&](std::int64_t left, std::int64_t right) { return call.lengths[left] > call.lengths[right]; });
    std::int64_t positions = 0;
    for (const std::int64_t row : run.order) {
        run.length.push_back(call.lengths ? call.lengths[row] : call.steps);
        positions += run.length.back();
    }
    // Rows are independent and their sums exact, so the cut does not change results and may follow the threads.
    int threads = call.threads <= 1 || work() * positions * directions() < shared_call ? 1 : call.threads;
    const bool few = call.rows * directions()<2 * threads, heavy = packed_bytes() / directions()> team_bytes;
    run.shared = threads > 1 && (few || heavy) && work() * std::min(call.rows, slice_rows) >= shared_step;
    const std::int64_t cuts = run.shared ? 1 : threads;
    const std::int64_t rows = std::clamp((call.rows + cuts - 1) / cuts, std::int64_t{1}, slice_rows);
    for (std::int64_t direction = 0; direction < directions(); ++direction)
        for (std::int64_t first = 0; first < call.rows; first += rows)
            run.tasks.push_back({direction, first, std::min(rows, call.rows - first)});
    if (!run.shared) threads = static_cast<int>(std::min<std::int64_t>(threads, static_cast<std::int64_t>(run.tasks.size())));

    const std::int64_t sums = width() * cell_->gates, states = rows * width();
    run.chunk_rows = std::max(rows, std::clamp(chunk_floats / sums, std::int64_t{8}, std::int64_t{256}));
    for (int member = 0; member < threads; ++member) {
        const bool keeps = !run.shared || member == 0;
        run.own.push_back({
            .input_bytes = run.parts.add<std::uint8_t>(run.chunk_rows * int8_row_bytes(input_size())),
            .input_scale = run.parts.add<float>(run.chunk_rows),
            .state_bytes = run.parts.add<std::uint8_t>(rows * int8_row_bytes(hidden_size())),
            .state_scale = run.parts.add<float>(rows),
            .sums = run.parts.add<float>(run.chunk_rows * sums),
            .outputs = run.parts.add<float*>(rows),
            .h = run.parts.add<float>(keeps ? (run.shared ? 2 : 1) * states : 0),
            .c = run.parts.add<float>(keeps && cell_->cell_state ? states : 0),
        });
    }
    run.parts.allocate();
    struct Job {
        const Run& run;
        TaskCounter tasks;
    } job{run, TaskCounter(static_cast<std::int64_t>(run.tasks.size()))};
    run_team(
        threads,
        [](Member& member, void* context) {
            const FlushTiny flush;
            Job& job = *static_cast<Job*>(context);
            const Run& run = job.run;
            const Run::Own& own = run.own[static_cast<std::size_t>(member.index)];
            if (run.shared) {
                for (const Task& task : run.tasks) run.run(task, own, run.own.front(), member);
            } else {
                Member alone{0, 1, nullptr};
                for (std::int64_t task; job.tasks.next(task);) run.run(run.tasks[static_cast<std::size_t>(task)], own, own, alone);
            }
        },
        &job);
}

}  // namespace gatewise
