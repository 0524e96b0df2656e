#include "workspace.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

// The address sanitizer is told which bytes nobody owns, or reuse would hide every overrun from it.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes) static_cast<void>(0)
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) static_cast<void>(0)
#endif

namespace gatewise {

namespace {

constexpr std::size_t alignment = 64;
constexpr std::size_t page = 4096;
constexpr std::size_t huge_page = std::size_t{2} << 20;
constexpr int nan_byte = 0xFF;  // a float or double of such bytes is NaN

// Rounded up to an eighth of a power of two, so that requests of about one size share their blocks.
std::size_t capacity_for(std::size_t bytes) {
    if (bytes > SIZE_MAX / 4) throw std::bad_alloc();
    std::size_t power = page;
    while (power <= bytes / 2) power *= 2;
    const std::size_t step = power / 8;
    return std::max(page, (bytes + step - 1) / step * step);
}

// Large memory is mapped, so that giving it up returns it to the system at once; null where there is none.
void* map_huge(std::size_t capacity) {
    const std::size_t length = capacity + huge_page;
    void* mapped = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) return nullptr;
    char* const first = static_cast<char*>(mapped);
    const std::size_t before = (huge_page - reinterpret_cast<std::uintptr_t>(first) % huge_page) % huge_page;
    const std::size_t after = length - before - capacity;
    if (before > 0) munmap(first, before);
    if (after > 0) munmap(first + before + capacity, after);
#if defined(MADV_HUGEPAGE)
    madvise(first + before, capacity, MADV_HUGEPAGE);  // a hint: without huge pages the same memory is only slower
#endif
    return first + before;
}

void* allocate(std::size_t capacity) {
    if (capacity >= huge_page) return map_huge(capacity);
    void* data = nullptr;
    return posix_memalign(&data, alignment, capacity) == 0 ? data : nullptr;
}

void give_up(void* data, std::size_t capacity) {
    ASAN_UNPOISON_MEMORY_REGION(data, capacity);
    if (capacity >= huge_page) {
        munmap(data, capacity);
    } else {
        std::free(data);
    }
}

std::size_t idle_limit() {
    if (const char* text = std::getenv("GATEWISE_WORKSPACE_BYTES")) {
        std::size_t bytes = 0;
        const char* const end = text + std::strlen(text);
        const auto [rest, error] = std::from_chars(text, end, bytes);
        if (error != std::errc() || rest != end) {
            throw std::invalid_argument("the environment variable GATEWISE_WORKSPACE_BYTES is '" + std::string(text) +
                                        "'; expected a number of bytes, such as 268435456: set it so, or unset it");
        }
        return bytes;
    }
    const long pages = sysconf(_SC_PHYS_PAGES), bytes_each = sysconf(_SC_PAGESIZE);
    const std::size_t most = std::size_t{1} << 30;
    if (pages <= 0 || bytes_each <= 0) return most;
    return std::min(most, static_cast<std::size_t>(pages) / 4 * static_cast<std::size_t>(bytes_each));
}

bool poison_by_environment() {
    const char* const text = std::getenv("GATEWISE_POISON");
    if (text == nullptr || std::strcmp(text, "") == 0 || std::strcmp(text, "0") == 0) return false;
    if (std::strcmp(text, "1") == 0) return true;
    throw std::invalid_argument("the environment variable GATEWISE_POISON is '" + std::string(text) +
                                "'; expected 0 or 1: set it so, or unset it");
}

class Pool {
  public:
    std::atomic<bool> poison{poison_by_environment()};

    struct Piece {
        void* data;
        std::size_t capacity;
    };

    // Of at least `capacity`, and at most twice that.
    Piece take(std::size_t capacity) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            auto best = idle_.end();
            for (auto idle = idle_.begin(); idle != idle_.end(); ++idle)
                // Of equal ones the one returned last is the likeliest to be in the caches.
                if (idle->capacity >= capacity && idle->capacity / 2 <= capacity &&
                    (best == idle_.end() || idle->capacity <= best->capacity))
                    best = idle;
            if (best != idle_.end()) {
                const Piece found = *best;
                idle_.erase(best);
                idle_bytes_ -= found.capacity;
                count_in(found.capacity);
                return found;
            }
        }
        void* data = allocate(capacity);
        if (data == nullptr) {
            release();
            data = allocate(capacity);
        }
        if (data == nullptr) throw std::bad_alloc();
        const std::lock_guard<std::mutex> lock(mutex_);
        count_in(capacity);
        drop_oldest_until(most_idle());
        return {data, capacity};
    }

    void put(void* data, std::size_t capacity) noexcept {
        ASAN_POISON_MEMORY_REGION(data, capacity);
        const std::lock_guard<std::mutex> lock(mutex_);
        in_use_ -= capacity;
        if (capacity > limit_) {
            give_up(data, capacity);
            return;
        }
        drop_oldest_until(most_idle() - capacity);
        try {
            idle_.push_back({data, capacity});
            idle_bytes_ += capacity;
        } catch (const std::bad_alloc&) {
            give_up(data, capacity);  // no memory for the list that would remember it
        }
    }

    void release() {
        const std::lock_guard<std::mutex> lock(mutex_);
        drop_oldest_until(0);
    }

    WorkspaceBytes bytes() {
        const std::lock_guard<std::mutex> lock(mutex_);
        return {in_use_, idle_bytes_};
    }

    void lock() { mutex_.lock(); }
    void unlock() { mutex_.unlock(); }

  private:
    // Takes after which a peak is forgotten, if it is not reached again in as many.
    static constexpr int window = 1024;

    void count_in(std::size_t capacity) noexcept {
        in_use_ += capacity;
        peak_ = std::max(peak_, in_use_);
        if (++takes_ < window) return;
        peak_before_ = std::exchange(peak_, in_use_);
        takes_ = 0;
    }

    std::size_t most_idle() const noexcept { return std::min(limit_, 2 * std::max(peak_, peak_before_) - in_use_); }

    void drop_oldest_until(std::size_t bytes) noexcept {
        auto last = idle_.begin();
        for (; idle_bytes_ > bytes; ++last) {
            give_up(last->data, last->capacity);
            idle_bytes_ -= last->capacity;
        }
        idle_.erase(idle_.begin(), last);
    }

    const std::size_t limit_ = idle_limit();
    std::mutex mutex_;
    std::vector<Piece> idle_;  // the longest idle first
    std::size_t idle_bytes_ = 0;
    std::size_t in_use_ = 0;
    std::size_t peak_ = 0, peak_before_ = 0;  // of in_use_, in this window of takes and in the one before
    int takes_ = 0;
};

// Never destroyed: arrays over its blocks may outlive every static object. Its lock is taken around a fork, so that no child inherits
// it held by a thread the child does not have.
Pool& pool() {
    static Pool& only = []() -> Pool& {
        auto made = std::make_unique<Pool>();
        const auto lock = [] { pool().lock(); };
        const auto unlock = [] { pool().unlock(); };
        if (pthread_atfork(lock, unlock, unlock) != 0) throw std::bad_alloc();
        return *made.release();
    }();
    return only;
}

}  // namespace

Block::Block(Block&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)), capacity_(std::exchange(other.capacity_, 0)) {}

Block& Block::operator=(Block&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
}

Block::~Block() {
    if (data_ != nullptr) pool().put(data_, capacity_);
}

Block take(std::size_t bytes) {
    const Pool::Piece piece = pool().take(capacity_for(bytes));
    Block block(piece.data, bytes, piece.capacity);
    ASAN_UNPOISON_MEMORY_REGION(block.data(), bytes);
    ASAN_POISON_MEMORY_REGION(block.as<char>() + bytes, piece.capacity - bytes);
    if (pool().poison.load(std::memory_order_relaxed)) std::memset(block.data(), nan_byte, bytes);
    return block;
}

void release_workspace() { pool().release(); }

WorkspaceBytes workspace_bytes() { return pool().bytes(); }

void poison(bool on) { pool().poison.store(on, std::memory_order_relaxed); }

}  // namespace gatewise
