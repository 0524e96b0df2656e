// Teams of threads. The kernels of every instruction set include this header, so nothing in it has an inline body.
#pragma once

#include <cstdint>

namespace gatewise {

class Barrier;

// One thread's place in a team: 0 <= index < count.
struct Member {
    int index;
    int count;
    Barrier* barrier;

    // Returns once every member has called it; what one wrote before, all may read after.
    void wait();
};

// Calls body(member, context) on each member of a team of at most `threads`, the caller being member 0, and returns when all are done.
// The team may be smaller (inside another parallel region, or where the system grants no more threads): body goes by member.count.
// With threads <= 1 body runs on the caller alone and no thread library is entered. `body` must not throw.
void run_team(int threads, void (*body)(Member&, void*), void* context);

// "openmp" where teams are the threads of the OpenMP runtime that this process has loaded, else "threads".
const char* team_runtime();

// Hands out 0, 1, ..., tasks - 1, each once, to whichever member asks first.
class TaskCounter {
  public:
    explicit TaskCounter(std::int64_t tasks);
    bool next(std::int64_t& task);  // false when none is left

  private:
    alignas(64) std::int64_t taken_;
    alignas(64) std::int64_t tasks_;
};

}  // namespace gatewise
