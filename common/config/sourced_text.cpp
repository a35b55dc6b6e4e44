// SPDX-License-Identifier: Apache-2.0
#include "common/config/sourced_text.h"

#include <utility>

#include "common/base/text.h"

namespace breakwater {

SourcedText::SourcedText(std::string_view text, const Origin& origin) {
  for (const std::string_view line : split(text, '\n'))
    add_line(std::string(line), origin);
}

bool SourcedText::blank() const {
  for (const SourcedLine& line : lines_) {
    if (!trimmed(line.text).empty()) return false;
  }
  return true;
}

std::string SourcedText::text() const {
  std::string out;
  out.reserve(bytes_ + lines_.size());
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (i > 0) out += '\n';
    out += lines_[i].text;
  }
  return out;
}

Origin SourcedText::origin() const {
  for (const SourcedLine& line : lines_) {
    if (!trimmed(line.text).empty()) return line.origin;
  }
  return lines_.empty() ? Origin{} : lines_.front().origin;
}

void SourcedText::add_line(std::string text, Origin origin) {
  bytes_ += text.size() + 1;
  lines_.push_back({std::move(text), std::move(origin)});
}

void SourcedText::append(std::string_view piece, const Origin& origin) {
  if (lines_.empty()) {
    add_line(std::string(piece), origin);
    return;
  }
  SourcedLine& last = lines_.back();
  if (trimmed(last.text).empty() && !trimmed(piece).empty()) last.origin = origin;
  last.text += piece;
  bytes_ += piece.size();
}

void SourcedText::append(const SourcedText& other) {
  for (std::size_t i = 0; i < other.lines_.size(); ++i) {
    const SourcedLine& line = other.lines_[i];
    if (i == 0) {
      append(line.text, line.origin);
    } else {
      add_line(line.text, line.origin);
    }
  }
}

}  // namespace breakwater
