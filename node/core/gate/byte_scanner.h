// SPDX-License-Identifier: Apache-2.0
// Many literals and regexes looked for in raw bytes at once (Hyperscan).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

struct hs_database;
struct hs_scratch;

namespace breakwater {

// Built once, then asked many times. One thread: the scratch space is its own. Memory: some 100 kB for a few hundred
// literals; hits at most `most_hits` of 8 bytes.
class ByteScanner {
 public:
  struct Expression {
    std::string text;
    bool is_literal = true;  // else a regex
    bool caseless = true;    // ASCII letters only
    bool operator==(const Expression&) const = default;
  };
  struct Hit {
    std::uint32_t end;         // offset behind the last byte
    std::uint32_t expression;  // index
  };

  // An error: the processor lacks SSSE3, or an expression is not for Hyperscan.
  static Result<std::unique_ptr<ByteScanner>> make(const std::vector<Expression>& expressions, std::size_t most_hits);
  ~ByteScanner();
  ByteScanner(const ByteScanner&) = delete;
  ByteScanner& operator=(const ByteScanner&) = delete;

  // The hits in `bytes` (less than 4 GiB), by their ends, into `hits`. Returns up to where they are complete:
  // bytes.size(), or less if there are more than most_hits, or 0 if Hyperscan failed.
  std::size_t scan(std::string_view bytes, std::vector<Hit>& hits);

  std::size_t memory() const;  // bytes of database and scratch space

 private:
  ByteScanner() = default;

  hs_database* database_ = nullptr;
  hs_scratch* scratch_ = nullptr;
  std::size_t most_hits_ = 0;
};

}  // namespace breakwater
