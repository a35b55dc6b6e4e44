// SPDX-License-Identifier: Apache-2.0
// Reads one log file by offset, compressed or not.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <sys/stat.h>

#include "common/base/clock.h"
#include "common/base/unique_fd.h"

namespace breakwater {

// Which file stands behind a descriptor *now*. No identity over time: inodes are reused at once. While we hold a
// descriptor of it, its inode cannot be reused, so two that are held can be compared.
struct FileId {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const FileId&) const = default;
};

struct FileFacts {
  FileId id;
  std::uint64_t size = 0;
  bool linked = true;             // false: removed, only held descriptors know it
  std::optional<Timestamp> born;  // by the file system's clock, where it keeps that
};
std::optional<FileFacts> facts_of(int fd);
std::optional<FileFacts> facts_of(const std::string& path);

// Opens a regular file; a FIFO or device under a log's name is refused (errno EINVAL). Never blocks.
UniqueFd open_log(const std::string& path);

struct ReadOutcome {
  std::size_t bytes = 0;   // in the buffer
  std::uint64_t hole = 0;  // NULs that follow those bytes and were not read
  bool end = false;        // nothing there (yet)
  bool failed = false;     // the file cannot be read on: disk error, broken gzip
};

// Offsets are those of the uncompressed content. One thread.
class LogReader {
 public:
  static std::unique_ptr<LogReader> plain(UniqueFd fd);
  static std::unique_ptr<LogReader> gzip(UniqueFd fd);
  virtual ~LogReader() = default;

  // Bounded work: may return nothing without `end` while it works towards `offset` (gzip).
  virtual ReadOutcome read(std::uint64_t offset, std::span<char> buffer) = 0;
  // At most `limit` bytes from the beginning.
  virtual std::string head(std::size_t limit) = 0;
  virtual int fd() const = 0;
};

}  // namespace breakwater
