// SPDX-License-Identifier: Apache-2.0
// For the targets of this folder. Each file here is one LLVMFuzzerTestOneInput; see README.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace breakwater::fuzz {

// What must be true of any input; alive in every build.
inline void expect(bool truth, std::string_view what) {
  if (truth) return;
  std::fprintf(stderr, "broken: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

// The bytes of one input, taken from the front.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  // The next byte, as a choice among `below`; 0 at the end.
  std::size_t pick(std::size_t below) {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return byte % below;
  }
  std::string_view take(std::size_t count) {
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  // Up to the end of line, which is taken too.
  std::string_view line() {
    const std::size_t end = rest_.find('\n');
    const std::string_view taken = take(end);
    take(1);
    return taken;
  }

 private:
  std::string_view rest_;
};

}  // namespace breakwater::fuzz
