// SPDX-License-Identifier: Apache-2.0
#include "common/config/option_list.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "common/base/text.h"
#include "common/config/problem.h"

namespace breakwater {

namespace {

bool is_key_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

// Reads what stands between the brackets.
class OptionScanner {
 public:
  explicit OptionScanner(std::string_view rest) : rest_(rest) {}

  // After the opening bracket: options up to the closing bracket of the last group.
  std::optional<Error> scan(NameWithOptions& into);

 private:
  void skip_space() {
    while (!rest_.empty() && is_space(rest_.front()))
      rest_.remove_prefix(1);
  }
  Error expected(std::string_view what) const {
    return Error("expected " + std::string(what) + " before " + in_quotes(std::string(rest_.substr(0, 25))));
  }
  std::optional<Error> scan_option(NameWithOptions& into);
  std::optional<std::string> scan_value();

  std::string_view rest_;
};

std::optional<std::string> OptionScanner::scan_value() {
  const char quote = rest_.empty() ? '\0' : rest_.front();
  if (quote == '"' || quote == '\'') {
    const auto close = rest_.find(quote, 1);
    if (close == std::string_view::npos) return std::nullopt;
    std::string value(trimmed(rest_.substr(1, close - 1)));
    rest_.remove_prefix(close + 1);
    return value;
  }
  const auto end = std::min(rest_.find_first_of(",]"), rest_.size());
  std::string value(trimmed(rest_.substr(0, end)));
  rest_.remove_prefix(end);
  return value;
}

std::optional<Error> OptionScanner::scan_option(NameWithOptions& into) {
  std::size_t length = 0;
  while (length < rest_.size() && is_key_char(rest_[length]))
    ++length;
  if (length == 0 || length == rest_.size() || rest_[length] != '=') return expected("option=value");
  const std::string key(rest_.substr(0, length));
  rest_.remove_prefix(length + 1);
  const auto value = scan_value();
  if (!value) return expected("a closing quote");
  const auto same = [&](const auto& option) { return option.first == key; };
  into.options.erase(std::remove_if(into.options.begin(), into.options.end(), same), into.options.end());
  into.options.emplace_back(key, *value);
  return std::nullopt;
}

std::optional<Error> OptionScanner::scan(NameWithOptions& into) {
  for (;;) {
    skip_space();
    if (!rest_.starts_with(']')) {
      if (auto error = scan_option(into)) return error;
      skip_space();
    }
    if (rest_.starts_with(',')) {
      rest_.remove_prefix(1);
      continue;
    }
    if (!rest_.starts_with(']')) return expected("',' or ']'");
    rest_.remove_prefix(1);
    skip_space();
    if (rest_.empty()) return std::nullopt;
    if (!rest_.starts_with('[')) return expected("'[' or the end");
    rest_.remove_prefix(1);
  }
}

// Line by line, what stands between separators.
template <class IsSeparator>
std::vector<SourcedLine> split_by(const SourcedText& text, IsSeparator is_separator) {
  std::vector<SourcedLine> pieces;
  for (const SourcedLine& line : text.lines()) {
    std::string_view rest = line.text;
    while (!rest.empty()) {
      const auto end = static_cast<std::size_t>(std::find_if(rest.begin(), rest.end(), is_separator) - rest.begin());
      const std::string_view piece = trimmed(rest.substr(0, end));
      if (!piece.empty()) pieces.push_back({std::string(piece), line.origin});
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return pieces;
}

}  // namespace

Result<NameWithOptions> parse_name_with_options(std::string_view text) {
  text = trimmed(text);
  const auto open = text.find('[');
  NameWithOptions out{std::string(trimmed(text.substr(0, open))), {}};
  if (out.name.empty()) return Error("a name is missing");
  if (open == std::string_view::npos) return out;
  OptionScanner scanner(text.substr(open + 1));
  if (auto error = scanner.scan(out)) return *error;
  return out;
}

std::vector<SourcedLine> split_names(const SourcedText& text) {
  std::vector<SourcedLine> pieces;
  std::string piece;
  Origin origin;
  bool inside = false;  // of [...]
  char quote = '\0';
  const auto finish = [&] {
    if (!piece.empty()) pieces.push_back({piece, origin});
    piece.clear();
  };
  for (const SourcedLine& line : text.lines()) {
    if (!inside) finish();
    for (std::size_t i = 0; i < line.text.size(); ++i) {
      const char c = line.text[i];
      if (quote != '\0') {
        if (c == quote) quote = '\0';
      } else if (inside && (c == '"' || c == '\'') && piece.ends_with('=')) {
        quote = c;
      } else if (c == '[') {
        inside = true;
      } else if (c == ']') {
        inside = false;
      } else if (!inside && is_space(c)) {
        // `name [a=b]` and `name[a=b] [c=d]` are one piece.
        const auto next = line.text.find_first_not_of(" \t", i);
        if (next != std::string::npos && line.text[next] == '[' && !piece.empty()) continue;
        finish();
        continue;
      }
      if (piece.empty()) origin = line.origin;
      piece += c;
    }
    if (inside) piece += '\n';
  }
  finish();
  return pieces;
}

std::vector<SourcedLine> split_words(const SourcedText& text) {
  return split_by(text, [](char c) { return c == ',' || is_space(c); });
}

std::vector<SourcedLine> split_items(const SourcedText& text) {
  return split_by(text, [](char c) { return c == ','; });
}

}  // namespace breakwater
