// SPDX-License-Identifier: Apache-2.0
// A log and what rotation made of its predecessors: x, x.1, x.2.gz, ...
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/adapters/logs/log_reader.h"
#include "node/core/framing/log_line.h"

namespace breakwater {

// How much of a file's beginning tells it from others: this many bytes, and in any case its first line (dockerd's
// carries the time), but no more than kMaxHead.
inline constexpr std::size_t kHead = 1024;
inline constexpr std::size_t kMaxHead = 128 * 1024;

// The bytes of `reader` that identify it.
std::string identifying_head(LogReader& reader);
// False while too little has been written to know the file again.
bool identifies(const std::string& head);

struct ChainFile {
  int number = 0;  // 0: the log itself
  bool gzip = false;
  FileFacts facts;
  std::unique_ptr<LogReader> reader;
};

// All open, newest first. Files only ever move to higher numbers, and they are opened from low to high: one that moves
// meanwhile is met twice (and then listed once), never missed. At most `kMaxChain` files.
inline constexpr int kMaxChain = 64;
std::vector<ChainFile> open_rotation_chain(const std::string& path);

// Index of the file whose beginning has the fingerprint of `position`.
std::optional<std::size_t> find_by_fingerprint(const std::vector<ChainFile>& chain, const LogPosition& position);

}  // namespace breakwater
