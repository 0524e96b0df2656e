#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <stdlib.h>

#include "check.h"
#include "dispatch.h"

namespace {

template <class Call>
std::string refusal(Call call) {
    try {
        call();
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

bool names(const std::string& message, const std::string& part) { return message.find(part) != std::string::npos; }

void environment_selects_at_first_use() {
    const std::vector<const gatewise::InstructionSet*> sets = gatewise::instruction_sets();
    setenv("GATEWISE_INSTRUCTION_SET", "abacus", 1);
    const std::string message = refusal([] { gatewise::active(); });
    CHECK(names(message, "GATEWISE_INSTRUCTION_SET") && names(message, "abacus") && names(message, sets.back()->name));
    setenv("GATEWISE_INSTRUCTION_SET", sets.back()->name, 1);
    CHECK(&gatewise::active() == sets.back());
    unsetenv("GATEWISE_INSTRUCTION_SET");
}

void select_is_seen_by_all() {
    const std::vector<const gatewise::InstructionSet*> sets = gatewise::instruction_sets();
    CHECK(names(refusal([] { gatewise::select("abacus"); }), sets.front()->name));
    std::vector<std::thread> threads;
    for (const gatewise::InstructionSet* set : sets) {
        threads.emplace_back([set] {
            for (int turn = 0; turn < 1000; ++turn) {
                gatewise::select(set->name);
                CHECK(gatewise::kernels<float>(gatewise::active()).lanes >= 1);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (const gatewise::InstructionSet* set : sets) {
        gatewise::select(set->name);
        CHECK(&gatewise::active() == set);
        CHECK(gatewise::kernels<float>(*set).lanes >= gatewise::kernels<double>(*set).lanes);
    }
    gatewise::select(sets.front()->name);
}

}  // namespace

void test_dispatch() {
    for (const gatewise::InstructionSet* set : gatewise::instruction_sets()) std::printf("  %s\n", set->name);
    environment_selects_at_first_use();
    select_is_seen_by_all();
}
