// SPDX-License-Identifier: Apache-2.0
// Writes json-file records as dockerd does: the test's own reading of jsonlogbytes.go and copier.go.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace breakwater::testing {

inline constexpr std::size_t kPiece = 16384;  // dockerd cuts lines here, before escaping

// Valid UTF-8 stays; callers that want an invalid byte write "\ufffd" themselves.
inline std::string json_escape(std::string_view text) {
  static const char* const hex = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\' || c == '"') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || c == '<' || c == '>' || c == '&') {
      out += "\\u00";
      out += hex[byte >> 4];
      out += hex[byte & 15];
    } else {
      out += c;
    }
  }
  return out;
}

// One record; `log` keeps its '\n' if it has one.
inline std::string json_record(std::string_view log, std::string_view time, std::string_view stream = "stdout",
                               std::string_view attrs = {}) {
  std::string out = "{\"log\":\"" + json_escape(log) + "\",\"stream\":\"" + std::string(stream) + "\"";
  if (!attrs.empty()) out += ",\"attrs\":" + std::string(attrs);
  return out + ",\"time\":\"" + std::string(time) + "\"}\n";
}

// The records of one line, cut every 16384 bytes; all carry the same time.
inline std::vector<std::string> json_pieces(std::string_view line, std::string_view time,
                                            std::string_view stream = "stdout") {
  std::vector<std::string> records;
  while (line.size() >= kPiece) {
    records.push_back(json_record(line.substr(0, kPiece), time, stream));
    line.remove_prefix(kPiece);
  }
  records.push_back(json_record(std::string(line) + "\n", time, stream));
  return records;
}

}  // namespace breakwater::testing
