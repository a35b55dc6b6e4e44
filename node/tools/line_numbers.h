// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace breakwater {

// The numbers of lines in a log that is read in blocks, worked out when somebody asks. One thread.
class LineNumbers {
 public:
  // The next bytes of the log; stay valid until end_block().
  void begin_block(std::string_view bytes) {
    block_ = bytes;
    newlines_before_ = newlines_;
    counted_ = 0;
  }
  void end_block() {
    count_to(block_.size());
    begin_ += block_.size();
    if (!block_.empty()) open_line_ = block_.back() != '\n';
    newlines_before_ = newlines_;
    block_ = {};
    counted_ = 0;
  }

  // Of the line that ends at this offset of the log, behind its '\n' if it has one. A line that ended before this
  // block (the last one of the log; one of which dockerd's next piece never came) gets the number of the last line
  // before it.
  std::uint64_t number(std::uint64_t end) {
    const std::uint64_t last = end > 0 ? end - 1 : 0;
    if (last < begin_) return newlines_before_ + (open_line_ ? 1 : 0);
    const auto at = static_cast<std::size_t>(last - begin_);
    if (at < counted_) {
      newlines_ = newlines_before_;
      counted_ = 0;
    }
    count_to(at);
    return newlines_ + 1;
  }

  // Lines up to the end of the last block.
  std::uint64_t total() const { return newlines_ + (open_line_ ? 1 : 0); }

 private:
  void count_to(std::size_t end) {
    while (counted_ < end && counted_ < block_.size()) {
      const std::size_t stop = end < block_.size() ? end : block_.size();
      const void* newline = std::memchr(block_.data() + counted_, '\n', stop - counted_);
      if (newline == nullptr) {
        counted_ = stop;
        return;
      }
      ++newlines_;
      counted_ = static_cast<std::size_t>(static_cast<const char*>(newline) - block_.data()) + 1;
    }
  }

  std::string_view block_;
  std::uint64_t begin_ = 0;            // offset of the block
  std::size_t counted_ = 0;            // bytes of the block
  std::uint64_t newlines_ = 0;         // up to there
  std::uint64_t newlines_before_ = 0;  // up to the block
  bool open_line_ = false;
};

}  // namespace breakwater
