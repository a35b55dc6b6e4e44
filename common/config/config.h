// SPDX-License-Identifier: Apache-2.0
// The files of one configuration, merged: sections and options, later files over earlier ones.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/config/ini_file.h"

namespace breakwater {

inline constexpr char kDefaultSection[] = "DEFAULT";
inline constexpr char kIncludesSection[] = "INCLUDES";

// Raw values, before interpolation. Copying is cheap enough for start-up; options are shared, never changed.
class Config {
 public:
  struct Option {
    std::string section;
    std::string key;
    SourcedText value;
    Origin origin;
    // What an earlier file said: %(known/key)s.
    std::shared_ptr<const Option> previous;
  };
  using Options = std::map<std::string, std::shared_ptr<const Option>>;

  // Later files win, option by option. [INCLUDES] is left out. The options of a section "Init?family=inet6" become
  // "key?family=inet6" of "Init".
  void merge(const IniFile& file);

  // nullptr: not set in that very section. Keys in lower case.
  const Option* find(const std::string& section, const std::string& key) const;
  // As above, then in [DEFAULT].
  const Option* find_or_default(const std::string& section, const std::string& key) const;

  // Without DEFAULT; in the order in which they were first seen.
  const std::vector<std::string>& sections() const { return order_; }
  bool has_section(const std::string& section) const { return sections_.count(section) > 0; }
  const Options& options(const std::string& section) const;  // empty for an unknown section
  Origin section_origin(const std::string& section) const;   // where it was first seen

 private:
  std::map<std::string, Options> sections_;
  std::map<std::string, Origin> origins_;
  std::vector<std::string> order_;
};

}  // namespace breakwater
