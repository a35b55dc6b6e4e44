// SPDX-License-Identifier: Apache-2.0
// Unpacks gzip piece by piece.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include <zlib.h>

#include "common/base/result.h"

namespace breakwater {

// Several members one behind the other are one stream, as for gzip(1). One thread.
class Inflater {
 public:
  static constexpr std::size_t kBlock = 1024 * 1024;

  static Result<std::unique_ptr<Inflater>> create();
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Takes what it can of `packed` (and shortens it by that); gives at most kBlock bytes, valid until the next call.
  Result<std::string_view> unpack(std::string_view& packed);
  // False where the packed bytes stop in the middle.
  bool complete() const { return at_boundary_; }

 private:
  Inflater() = default;

  z_stream stream_{};
  std::vector<char> buffer_;
  bool at_boundary_ = false;
};

}  // namespace breakwater
