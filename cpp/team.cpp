#include "team.h"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include <pthread.h>
#include <sched.h>

#if GATEWISE_OPENMP
#include <dlfcn.h>
#endif

namespace gatewise {

namespace {

using Body = void (*)(Member&, void*);

void pause_briefly() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

}  // namespace

// Arrivals and releases stand on lines of their own, so that those who spin do not slow those who arrive.
class Barrier {
  public:
    void wait(int count) {
        const unsigned round = round_.load(std::memory_order_acquire);
        if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == count) {
            arrived_.store(0, std::memory_order_relaxed);
            round_.store(round + 1, std::memory_order_release);
            return;
        }
        // Some tens of microseconds: longer than members of a busy team differ, shorter than a scheduler's slice.
        for (int spin = 0; spin < 1000; ++spin) {
            if (round_.load(std::memory_order_acquire) != round) return;
            pause_briefly();
        }
        while (round_.load(std::memory_order_acquire) == round) sched_yield();
    }

  private:
    alignas(64) std::atomic<int> arrived_{0};
    alignas(64) std::atomic<unsigned> round_{0};
};

void Member::wait() {
    if (count > 1) barrier->wait(count);
}

namespace {

// How many members there are is known only once the system has granted their threads.
class Start {
  public:
    void open(int count) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            count_ = count;
        }
        opened_.notify_all();
    }

    int wait() {
        std::unique_lock<std::mutex> lock(mutex_);
        opened_.wait(lock, [this] { return count_ > 0; });
        return count_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable opened_;
    int count_ = 0;
};

void run_on_threads(int threads, Body body, void* context) {
    Barrier barrier;
    Start start;
    std::vector<std::thread> others;
    others.reserve(static_cast<std::size_t>(threads - 1));
    try {
        for (int index = 1; index < threads; ++index) {
            others.emplace_back([&barrier, &start, body, context, index]() noexcept {
                Member member{index, start.wait(), &barrier};
                body(member, context);
            });
        }
    } catch (const std::system_error&) {
        // The system grants no more threads: those that started do all the work.
    }
    const int count = static_cast<int>(others.size()) + 1;
    start.open(count);
    [&]() noexcept {
        Member member{0, count, &barrier};
        body(member, context);
    }();
    for (std::thread& other : others) other.join();
}

#if GATEWISE_OPENMP

// A forked child has the parent's OpenMP pool on its books but not its threads, and would wait for them for ever. That pool may be in
// use before the first team of ours, so the handler is set when this library is loaded.
std::atomic<bool> forked{false};
const bool watches_forks = pthread_atfork(nullptr, nullptr, [] { forked.store(true, std::memory_order_relaxed); }) == 0;

// The entry points every OpenMP runtime has for code compiled by GCC. They are looked up in the process rather than linked, so that
// the runtime is the one PyTorch has loaded, under whatever file name: a second pool of spinning threads beside it would cost several
// times what two threads gain.
struct OpenMP {
    void (*parallel)(void (*)(void*), void*, unsigned threads, unsigned flags) = nullptr;
    int (*thread_number)() = nullptr;
    int (*team_size)() = nullptr;

    static OpenMP looked_up() {
        OpenMP runtime;
        const auto find_in = [&runtime](void* library) {
            runtime.parallel = reinterpret_cast<decltype(parallel)>(dlsym(library, "GOMP_parallel"));
            runtime.thread_number = reinterpret_cast<int (*)()>(dlsym(library, "omp_get_thread_num"));
            runtime.team_size = reinterpret_cast<int (*)()>(dlsym(library, "omp_get_num_threads"));
        };
        find_in(RTLD_DEFAULT);
        if (runtime.found()) return runtime;
        if (void* loaded = dlopen("libgomp.so.1", RTLD_LAZY | RTLD_NOLOAD)) find_in(loaded);
        return runtime;
    }

    bool found() const { return parallel && thread_number && team_size; }
};

// Empty until a runtime is in the process: PyTorch may come, with its own, after teams that ran without it.
const OpenMP& openmp() {
    static const OpenMP none;
    static std::atomic<const OpenMP*> runtime{&none};
    const OpenMP* known = runtime.load(std::memory_order_acquire);
    if (known->found()) return *known;
    const OpenMP now = OpenMP::looked_up();
    if (!now.found()) return none;
    // Kept for as long as the process lives; of several threads that looked, any may have the last word.
    known = new OpenMP(now);
    runtime.store(known, std::memory_order_release);
    return *known;
}

struct Region {
    Body body;
    void* context;
    Barrier barrier;
};

void run_member(void* region_of_team) noexcept {
    Region& region = *static_cast<Region*>(region_of_team);
    Member member{openmp().thread_number(), openmp().team_size(), &region.barrier};
    region.body(member, region.context);
}

bool uses_openmp() { return watches_forks && !forked.load(std::memory_order_relaxed) && openmp().found(); }

#else

bool uses_openmp() { return false; }

#endif

}  // namespace

const char* team_runtime() { return uses_openmp() ? "openmp" : "threads"; }

void run_team(int threads, Body body, void* context) {
    if (threads <= 1) {
        Member member{0, 1, nullptr};
        body(member, context);
        return;
    }
#if GATEWISE_OPENMP
    if (uses_openmp()) {
        Region region{body, context, {}};
        openmp().parallel(run_member, &region, static_cast<unsigned>(threads), 0);
        return;
    }
#endif
    run_on_threads(threads, body, context);
}

TaskCounter::TaskCounter(std::int64_t tasks) : taken_(0), tasks_(tasks) {}

bool TaskCounter::next(std::int64_t& task) {
    task = __atomic_fetch_add(&taken_, 1, __ATOMIC_RELAXED);
    return task < tasks_;
}

}  // namespace gatewise
