// SPDX-License-Identifier: Apache-2.0
// A log as bytes: a file, a gzipped one, or standard input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/base/unique_fd.h"

namespace breakwater {

class Inflater;

// Reads in blocks. gzip is known by its first bytes and unpacked on the way. Blocks on the disk, or on the pipe.
class LogInput {
 public:
  static constexpr std::size_t kBlock = 1024 * 1024;

  // "-" is standard input. Errors are in words for the caller's user: no such file, a directory, xz.
  static Result<LogInput> open(const std::string& name);
  LogInput(LogInput&&) noexcept;
  LogInput& operator=(LogInput&&) noexcept;
  ~LogInput();

  // The next bytes, valid until the next call; empty at the end. A damaged gzip gives what is good of it first.
  Result<std::string_view> read();

  // For a progress bar: bytes of the file read, and in it; 0: unknown. A gzipped file counts as it lies on the disk.
  std::uint64_t done() const { return done_; }
  std::uint64_t size() const { return size_; }

 private:
  LogInput(std::string name, UniqueFd fd);
  // Fills buffer_ from the file.
  Result<std::string_view> read_file();
  Result<void> look_at_beginning();

  std::string name_;
  UniqueFd fd_;
  std::vector<char> buffer_;
  std::string_view pending_;  // read, not yet handed on
  std::unique_ptr<Inflater> inflater_;
  std::uint64_t done_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace breakwater
