// SPDX-License-Identifier: Apache-2.0
#include "common/config/ini_file.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "common/base/text.h"
#include "common/config/small_file.h"

namespace breakwater {

namespace {

constexpr std::string_view kBlank = " \t\v\f\r";

bool is_blank(char c) {
  return kBlank.find(c) != std::string_view::npos;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// `line` up to a comment. A comment is a whole line that starts with # or ;, or what follows a ; after white space.
std::string_view without_comment(std::string_view line) {
  const std::string_view text = trimmed(line);
  if (text.starts_with('#') || text.starts_with(';')) return {};
  for (auto at = line.find(';'); at != std::string_view::npos; at = line.find(';', at + 1)) {
    if (at > 0 && is_blank(line[at - 1])) return line.substr(0, at);
  }
  return line;
}

class Parser {
 public:
  Parser(const std::string& file, Problems& problems) : problems_(problems) { result_.path = file; }

  void take(std::string_view line, int number);
  IniFile finish() && { return std::move(result_); }

 private:
  Origin here() const { return {result_.path, number_}; }
  void complain(std::string what, std::string right = {}) {
    problems_.error(here(), {}, std::move(what), std::move(right));
  }
  bool sound(std::string_view line);
  void take_section(std::string_view text);
  void take_option(std::string_view text);
  IniOption* current_option();

  Problems& problems_;
  IniFile result_;
  int number_ = 0;
  std::size_t options_ = 0;
  bool full_ = false;
  std::ptrdiff_t section_ = -1;  // index; the vectors move when they grow
  std::ptrdiff_t option_ = -1;
  std::size_t indent_ = 0;  // of the line that began the current option or section
};

IniOption* Parser::current_option() {
  if (section_ < 0 || option_ < 0) return nullptr;
  return &result_.sections[static_cast<std::size_t>(section_)].options[static_cast<std::size_t>(option_)];
}

// Lines that no editor wrote are left out as a whole.
bool Parser::sound(std::string_view line) {
  if (line.size() > kMaxIniLine) {
    complain("line of " + std::to_string(line.size()) + " bytes", "at most " + std::to_string(kMaxIniLine));
    return false;
  }
  if (line.find('\0') != std::string_view::npos) {
    complain("line with a NUL byte", "is this a text file?");
    return false;
  }
  if (valid_utf8(line, line.size()) != line) {
    complain("line that is not UTF-8: " + in_quotes(std::string(trimmed(line))));
    return false;
  }
  return true;
}

void Parser::take(std::string_view line, int number) {
  if (full_) return;
  number_ = number;
  const std::string_view uncommented = without_comment(line);
  const std::string_view text = trimmed(uncommented);
  IniOption* const option = current_option();
  if (text.empty()) return;  // between continued lines too: no option gives a meaning to a blank line
  if (number > kMaxIniLines) {
    complain("more than " + std::to_string(kMaxIniLines) + " lines: the rest of the file is not read");
    full_ = true;
    return;
  }
  if (!sound(uncommented)) return;

  const std::size_t indent = line.find_first_not_of(kBlank);
  if (option != nullptr && indent > indent_) {
    option->value.add_line(std::string(text), here());
    return;
  }
  indent_ = indent;
  if (text.front() == '[' && text.rfind(']') > 1 && text.rfind(']') != std::string_view::npos) {
    take_section(text);
  } else {
    take_option(text);
  }
}

void Parser::take_section(std::string_view text) {
  const auto close = text.rfind(']');
  const std::string name(text.substr(1, close - 1));
  option_ = -1;
  if (close + 1 != text.size()) complain("text behind section [" + escaped(name, 120) + "]", "one section a line");
  const auto known = std::find_if(result_.sections.begin(), result_.sections.end(),
                                  [&](const IniSection& s) { return s.name == name; });
  if (known != result_.sections.end()) {
    complain("section [" + escaped(name, 120) + "] stands a second time",
             "first on line " + std::to_string(known->origin.line) + "; put its options together");
    section_ = known - result_.sections.begin();
    return;
  }
  if (result_.sections.size() >= kMaxIniSections) {
    complain("more than " + std::to_string(kMaxIniSections) + " sections: the rest of the file is not read");
    full_ = true;
    return;
  }
  section_ = static_cast<std::ptrdiff_t>(result_.sections.size());
  result_.sections.push_back({name, here(), {}});
}

void Parser::take_option(std::string_view text) {
  option_ = -1;
  auto delimiter = text.find_first_of("=:");
  if (delimiter == std::string_view::npos) {
    complain("neither [section] nor option: " + in_quotes(std::string(text)),
             "key = value; indent what continues the value above");
    return;
  }
  // `opt?family=inet6 = value`: the condition has an '=' of its own.
  if (text.substr(0, delimiter).find('?') != std::string_view::npos) {
    const auto second = text.find('=', delimiter + 1);
    if (second != std::string_view::npos) delimiter = second;
  }
  const std::string key = lower(trimmed(text.substr(0, delimiter)));
  if (key.empty()) return complain("option without a name: " + in_quotes(std::string(text)), "key = value");
  if (section_ < 0) return complain("option " + in_quotes(key) + " stands before the first [section]");
  if (++options_ > kMaxIniOptions) {
    complain("more than " + std::to_string(kMaxIniOptions) + " options: the rest of the file is not read");
    full_ = true;
    return;
  }
  auto& options = result_.sections[static_cast<std::size_t>(section_)].options;
  const auto known = std::find_if(options.begin(), options.end(), [&](const IniOption& o) { return o.key == key; });
  if (known != options.end()) {
    complain("option " + in_quotes(key) + " stands a second time in [" +
                 escaped(result_.sections[static_cast<std::size_t>(section_)].name, 120) + "]",
             "first on line " + std::to_string(known->origin.line) + "; this one counts");
    options.erase(known);
  }
  option_ = static_cast<std::ptrdiff_t>(options.size());
  options.push_back({key, SourcedText(trimmed(text.substr(delimiter + 1)), here()), here()});
}

}  // namespace

IniFile parse_ini(std::string_view bytes, const std::string& file, Problems& problems) {
  if (bytes.size() > kMaxConfigFile) {
    problems.error({file, 0}, {}, "larger than " + std::to_string(kMaxConfigFile) + " bytes: not read");
    return {file, {}};
  }
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
  Parser parser(file, problems);
  int number = 0;
  for (const std::string_view line : split(bytes, '\n'))
    parser.take(line, ++number);
  return std::move(parser).finish();
}

}  // namespace breakwater
