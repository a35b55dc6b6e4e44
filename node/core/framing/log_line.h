// SPDX-License-Identifier: Apache-2.0
// What the sources hand to the node's core.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"

namespace breakwater {

// Where in a log file reading stopped. Identity is the content, never the inode (inodes are reused at once when
// dockerd rotates): a fingerprint of the file's first bytes.
//
// Two offsets, because a half-written long line of one stream can be pending while lines of the other stream behind
// it were already delivered: reading starts again at `resume`, and a line that ends at or before `delivered` is not
// delivered a second time.
struct LogPosition {
  std::uint64_t resume = 0;
  std::uint64_t delivered = 0;
  std::uint64_t fingerprint = 0;        // fnv1a of the first fingerprint_bytes bytes
  std::uint32_t fingerprint_bytes = 0;  // 0 = the file was empty
  bool operator==(const LogPosition&) const = default;
};

// One log: a container's, or a file on the host. Lives as long as it is followed; address-stable.
struct LogSource {
  std::string id;            // stable over restarts: "docker:<64 hex>" or "file:<path>"
  std::string path;          // of the file being read
  bool docker_json = false;  // json-file records: `text` of a line is the decoded "log" field
  // Empty for plain files.
  std::string container_id;
  std::string container;  // name without the leading '/'
  std::string image;
  std::map<std::string, std::string> labels;
};

// One line. The views are valid during the call only.
struct LogLine {
  const LogSource* source = nullptr;
  std::string_view text;  // without its end of line; decoded, pieces joined
  std::string_view raw;   // docker_json: the record as it stands in the file, without '\n' (of a joined line the first:
                          // raw filters are anchored at the line's beginning); otherwise equal to text
  std::optional<Timestamp> record_time;  // docker_json: "time" of the (first) record
  LogPosition after;                     // the position to store once this line's offences are stored
  bool backlog = false;                  // was in the file before the node ever followed it (no stored position)
  bool missed = false;                   // written while the node was not running, behind its stored position
};

}  // namespace breakwater
