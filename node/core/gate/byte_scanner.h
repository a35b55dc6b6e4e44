// SPDX-License-Identifier: Apache-2.0
// Many literals looked for in raw bytes at once (Hyperscan).
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <hs.h>

#include "common/base/result.h"

namespace breakwater {

struct ScannerLiteral {
  std::string text;  // any bytes, at least one
  bool caseless;     // ASCII letters only
};

// Built once, then asked many times. One thread: the scratch space is its own. Memory: some 100 kB for a few hundred
// literals, some megabytes for ten thousand.
class ByteScanner {
 public:
  enum class End : std::uint8_t { done, stopped, failed };

  // An error: the processor lacks SSSE3, or there is no memory.
  static Result<std::unique_ptr<ByteScanner>> make(const std::vector<ScannerLiteral>& literals);
  ~ByteScanner();
  ByteScanner(const ByteScanner&) = delete;
  ByteScanner& operator=(const ByteScanner&) = delete;

  // on_hit(std::size_t literal, std::size_t end), `end` behind the literal's last byte, for every place where one
  // stands, in no promised order; it returns false to stop.
  template <class F>
  End scan(std::string_view bytes, F& on_hit) {
    assert(bytes.size() <= std::numeric_limits<unsigned>::max());
    const auto called = [](unsigned literal, unsigned long long, unsigned long long end, unsigned, void* context) {
      return (*static_cast<F*>(context))(std::size_t{literal}, static_cast<std::size_t>(end)) ? 0 : 1;
    };
    const hs_error_t outcome =
        hs_scan(database_, bytes.data(), static_cast<unsigned>(bytes.size()), 0, scratch_, called, &on_hit);
    return outcome == HS_SUCCESS ? End::done : outcome == HS_SCAN_TERMINATED ? End::stopped : End::failed;
  }

  std::size_t memory() const;  // bytes of database and scratch space

 private:
  ByteScanner() = default;

  hs_database_t* database_ = nullptr;
  hs_scratch_t* scratch_ = nullptr;
};

}  // namespace breakwater
