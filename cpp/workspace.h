// Large scratch memory, kept between calls: fresh pages cost more than the arithmetic done in them.
#pragma once

#include <cstddef>

namespace gatewise {

// Owns a piece of the pool's memory and gives it back when destroyed. Aligned to 64 bytes, from 2 MiB on to 2 MiB. Its contents are
// whatever the last owner left, or NaN where poison is on.
class Block {
  public:
    Block() = default;
    Block(Block&& other) noexcept;
    Block& operator=(Block&& other) noexcept;
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;
    ~Block();

    void* data() const { return data_; }
    std::size_t size() const { return size_; }  // bytes, as asked for

    template <class Element>
    Element* as() const {
        return static_cast<Element*>(data_);
    }

  private:
    friend Block take(std::size_t bytes);
    Block(void* data, std::size_t size, std::size_t capacity) : data_(data), size_(size), capacity_(capacity) {}

    void* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

struct WorkspaceBytes {
    std::size_t in_use, idle;
};

// All may be called from several threads at once, and in a forked child. Idle memory is bounded twice; what has been idle longest goes
// first. With what is in use it is no more than twice what was in use at most of late, so that calls of ever new sizes do not pile up
// memory; and it is no more than GATEWISE_WORKSPACE_BYTES (default: 1 GiB or a quarter of the machine's memory, the smaller).
// Throws std::bad_alloc, or std::invalid_argument where the environment holds a value that cannot be read.
Block take(std::size_t bytes);
void release_workspace();  // gives all idle memory back to the system
WorkspaceBytes workspace_bytes();
void poison(bool on);  // overrides GATEWISE_POISON

}  // namespace gatewise
