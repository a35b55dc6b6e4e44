// SPDX-License-Identifier: Apache-2.0
// Text that knows, line by line, where it was written.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/jail_config.h"

namespace breakwater {

struct SourcedLine {
  std::string text;  // holds no '\n'
  Origin origin;
  bool operator==(const SourcedLine&) const = default;
};

// The value of an option: one line, or several where it was continued. Interpolation glues such texts together; each
// line keeps the origin of the first piece on it that is more than white space, so that a regex that came through two
// includes and three %(x)s is still reported with the line on which it stands.
class SourcedText {
 public:
  SourcedText() = default;
  // Splits at '\n'; every line gets `origin`.
  SourcedText(std::string_view text, const Origin& origin);

  const std::vector<SourcedLine>& lines() const { return lines_; }
  bool blank() const;        // nothing but white space
  std::string text() const;  // the lines joined with '\n'
  std::size_t bytes() const { return bytes_; }
  Origin origin() const;  // of the first line that is not blank; else of the first line

  void add_line(std::string text, Origin origin);
  // Continues the last line; `piece` holds no '\n'.
  void append(std::string_view piece, const Origin& origin);
  // The first line of `other` continues the last line of this.
  void append(const SourcedText& other);

  bool operator==(const SourcedText&) const = default;

 private:
  std::vector<SourcedLine> lines_;
  std::size_t bytes_ = 0;
};

// Why a value could not be worked out.
struct Fault {
  Origin origin;
  std::string what;
  std::string right;
};

// The outcome of looking an option up and expanding it: a value, "not set" (neither), or a fault.
struct Expanded {
  std::optional<SourcedText> value;
  std::optional<Fault> fault;
};

}  // namespace breakwater
