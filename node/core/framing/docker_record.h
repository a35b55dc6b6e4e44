// SPDX-License-Identifier: Apache-2.0
// One record of dockerd's json-file driver: {"log":"...","stream":"stdout","attrs":{...},"time":"..."}.
// Source of the format: moby, daemon/logger/jsonfilelog/jsonlog/jsonlogbytes.go.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"

namespace breakwater {

// Where the fields of a record stand; nothing is decoded yet. Views into the record.
struct DockerRecord {
  std::string_view log;     // between the quotes, escapes as they stand
  std::string_view stream;  // stdout, stderr
  std::string_view time;    // as written: continuation pieces carry the very same characters
  bool ends_line = false;   // the decoded log ends in '\n'; otherwise a piece follows, or the writer ended
};

// nullopt unless the whole of `bytes` is one record. Keys may come in any order, unknown ones are skipped.
std::optional<DockerRecord> parse_docker_record(std::string_view bytes);

// What the end of a record tells, without reading the rest of it.
struct RecordTail {
  std::size_t text_end = 0;  // the text ends there, "\n" and all that follows it not counted
  bool is_stderr = false;
};

// nullopt: this is no whole line, or not written as dockerd does, or not sure to be: parse it. Otherwise
// parse_docker_record() would give a record of that stream with ends_line set, were it not for bytes that dockerd does
// not write.
std::optional<RecordTail> tail_of_whole_line(std::string_view bytes);

// Offset of the next place at or behind `from` where a record can begin; npos if there is none. Behind a crash of the
// daemon a new record follows the remains of the last one on the same line. (Container output cannot forge this:
// its quotes are escaped.)
std::size_t find_docker_record(std::string_view bytes, std::size_t from);

// Appends the decoded JSON string to `out`, at most until `out` holds `limit` bytes; false if it was cut there.
// Never fails: a broken escape or a lone surrogate becomes U+FFFD, invalid UTF-8 stays as it is.
bool decode_json_string(std::string_view encoded, std::string& out, std::size_t limit);

// RFC 3339, 0 to 9 digits of fraction (rounded down to milliseconds), 'Z' or an offset.
std::optional<Timestamp> parse_rfc3339(std::string_view text);

}  // namespace breakwater
