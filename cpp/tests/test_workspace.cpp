#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "check.h"
#include "workspace.h"

namespace {

using gatewise::Block;

constexpr std::size_t mebibyte = std::size_t{1} << 20;

void blocks_are_aligned_and_own_their_bytes() {
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{100}, std::size_t{4097}, std::size_t{70000},
                                    2 * mebibyte - 1, 2 * mebibyte, 5 * mebibyte + 3}) {
        Block block = gatewise::take(bytes), other = gatewise::take(bytes);
        CHECK(block.data() != nullptr && block.data() != other.data());
        CHECK(block.size() == bytes);
        CHECK(reinterpret_cast<std::uintptr_t>(block.data()) % (bytes >= 2 * mebibyte ? 2 * mebibyte : 64) == 0);
        std::memset(block.data(), 1, bytes);
        std::memset(other.data(), 2, bytes);
        for (std::size_t at = 0; at < bytes; at += 1 + bytes / 100) CHECK(block.as<char>()[at] == 1);
    }
}

void near_sizes_share_a_block() {
    gatewise::release_workspace();
    CHECK(gatewise::workspace_bytes().idle == 0);
    void* first = nullptr;
    {
        Block block = gatewise::take(3 * mebibyte);
        first = block.data();
        CHECK(gatewise::workspace_bytes().in_use >= 3 * mebibyte);
    }
    CHECK(gatewise::workspace_bytes().in_use == 0);
    CHECK(gatewise::workspace_bytes().idle >= 3 * mebibyte);
    CHECK(gatewise::take(3 * mebibyte - 5000).data() == first);
    Block moved = gatewise::take(3 * mebibyte);
    Block target = gatewise::take(10);
    target = std::move(moved);
    CHECK(target.data() == first && target.size() == 3 * mebibyte);
}

// The limit is 64 MiB here.
void oldest_idle_memory_goes_first() {
    gatewise::release_workspace();
    std::vector<Block> blocks;
    for (int size = 5; size <= 20; ++size) blocks.push_back(gatewise::take(static_cast<std::size_t>(size) * mebibyte));
    void* const last = blocks.back().data();
    for (Block& block : blocks) block = Block();
    CHECK(gatewise::workspace_bytes().in_use == 0);
    CHECK(gatewise::workspace_bytes().idle <= 64 * mebibyte);
    CHECK(gatewise::workspace_bytes().idle > 32 * mebibyte);
    CHECK(gatewise::take(20 * mebibyte).data() == last);
    const std::size_t before = gatewise::workspace_bytes().idle;
    gatewise::take(100 * mebibyte);
    CHECK(gatewise::workspace_bytes().idle == before);
    gatewise::release_workspace();
    CHECK(gatewise::workspace_bytes().idle == 0);
}

// Calls of ever new sizes, two blocks at a time: what is kept does not grow with the number of sizes met.
void kept_memory_follows_what_is_in_use() {
    gatewise::release_workspace();
    std::size_t most = 0;
    for (std::size_t turn = 0; turn < 10000; ++turn) {
        const Block first = gatewise::take(4096 + turn * 7919 % (4 * mebibyte)), second = gatewise::take(4096 + turn * 6007 % mebibyte);
        if (turn < 3000) continue;  // the peaks of earlier tests are forgotten by then
        const gatewise::WorkspaceBytes bytes = gatewise::workspace_bytes();
        most = std::max(most, bytes.in_use + bytes.idle);
    }
    CHECK(most <= 14 * mebibyte);
    for (int turn = 0; turn < 3000; ++turn) gatewise::take(10000);
    CHECK(gatewise::workspace_bytes().idle <= 4 * 10240);
}

void poison_is_nan() {
    gatewise::take(8000);
    gatewise::poison(true);
    Block block = gatewise::take(8000);
    for (int at = 0; at < 1000; ++at) CHECK(std::isnan(block.as<double>()[at]));
    for (int at = 0; at < 2000; ++at) CHECK(std::isnan(block.as<float>()[at]));
    gatewise::poison(false);
}

void threads_share_the_pool() {
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([thread] {
            for (int turn = 0; turn < 300; ++turn) {
                Block block = gatewise::take(static_cast<std::size_t>(1000 * (1 + turn % 7)));
                std::memset(block.data(), thread, block.size());
                for (std::size_t at = 0; at < block.size(); at += 97) CHECK(block.as<char>()[at] == thread);
                if (turn % 100 == 99) gatewise::release_workspace();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(gatewise::workspace_bytes().in_use == 0);
}

}  // namespace

void test_workspace() {
    setenv("GATEWISE_WORKSPACE_BYTES", "67108864", 1);
    blocks_are_aligned_and_own_their_bytes();
    near_sizes_share_a_block();
    oldest_idle_memory_goes_first();
    kept_memory_follows_what_is_in_use();
    poison_is_nan();
    threads_share_the_pool();
}
