#include <cstdint>
#include <numeric>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "team.h"

namespace {

using gatewise::Member;
using gatewise::TaskCounter;

// Every member writes its cell, and after the barrier reads its neighbour's: a barrier that lets one through early is seen at once,
// and by the thread sanitizer as a race.
struct Rounds {
    static constexpr int rounds = 500;
    std::vector<int> cells;
    std::vector<int> wrong;
    int count = 0;
    bool on_caller = false;

    explicit Rounds(int threads) : cells(static_cast<std::size_t>(threads)), wrong(static_cast<std::size_t>(threads)) {}

    static void body(Member& member, void* context) {
        Rounds& self = *static_cast<Rounds*>(context);
        const auto own = static_cast<std::size_t>(member.index);
        const auto neighbour = static_cast<std::size_t>((member.index + 1) % member.count);
        if (member.index == 0) self.count = member.count;
        for (int round = 1; round <= rounds; ++round) {
            self.cells[own] = round;
            member.wait();
            self.wrong[own] += self.cells[neighbour] != round;
            member.wait();
        }
    }
};

int barrier_holds(int threads) {
    Rounds rounds(threads);
    gatewise::run_team(threads, Rounds::body, &rounds);
    CHECK(rounds.count >= 1 && rounds.count <= threads);
    CHECK(std::accumulate(rounds.wrong.begin(), rounds.wrong.end(), 0) == 0);
    return rounds.count;
}

void tasks_are_handed_out_once(int threads) {
    struct Tasks {
        TaskCounter counter{1000};
        std::vector<int> done = std::vector<int>(1000);
    } tasks;
    gatewise::run_team(
        threads,
        [](Member&, void* context) {
            Tasks& all = *static_cast<Tasks*>(context);
            for (std::int64_t task; all.counter.next(task);) ++all.done[static_cast<std::size_t>(task)];
        },
        &tasks);
    for (const int times : tasks.done) CHECK(times == 1);
}

void one_thread_is_the_caller() {
    std::thread::id ran;
    gatewise::run_team(
        1, [](Member& member, void* context) { member.wait(), *static_cast<std::thread::id*>(context) = std::this_thread::get_id(); },
        &ran);
    CHECK(ran == std::this_thread::get_id());
}

void teams_inside_teams() {
    std::vector<int> inner(4);
    gatewise::run_team(
        4,
        [](Member& member, void* context) {
            (*static_cast<std::vector<int>*>(context))[static_cast<std::size_t>(member.index)] = barrier_holds(2);
        },
        &inner);
    CHECK(inner[0] >= 1);
}

void callers_at_once() {
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 4; ++caller) {
        callers.emplace_back([caller] {
            for (int call = 0; call < 5; ++call) barrier_holds(1 + caller % 3);
        });
    }
    for (std::thread& caller : callers) caller.join();
}

void forked_child_has_teams() {
    barrier_holds(2);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(20);  // a child that waits for threads it does not have is ended
        _exit(barrier_holds(2) == 2 ? 0 : 1);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace

void test_team() {
    std::printf("  on %s\n", gatewise::team_runtime());
    for (int threads = 1; threads <= 8; ++threads) {
        barrier_holds(threads);
        tasks_are_handed_out_once(threads);
    }
    one_thread_is_the_caller();
    teams_inside_teams();
    callers_at_once();
    if (GATEWISE_TEST_FORK) forked_child_has_teams();
}
