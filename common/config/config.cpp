// SPDX-License-Identifier: Apache-2.0
#include "common/config/config.h"

#include <utility>

namespace breakwater {

void Config::merge(const IniFile& file) {
  for (const IniSection& from : file.sections) {
    if (from.name == kIncludesSection) continue;
    const auto question = from.name.find('?');
    const std::string name = question == std::string::npos || question == 0 ? from.name : from.name.substr(0, question);
    const std::string condition = from.name.substr(name.size());
    if (origins_.try_emplace(name, from.origin).second && name != kDefaultSection) order_.push_back(name);
    Options& to = sections_[name];
    for (const IniOption& option : from.options) {
      auto& slot = to[option.key + condition];
      slot = std::make_shared<const Option>(Option{name, option.key + condition, option.value, option.origin, slot});
    }
  }
}

const Config::Option* Config::find(const std::string& section, const std::string& key) const {
  const Options& all = options(section);
  const auto it = all.find(key);
  return it == all.end() ? nullptr : it->second.get();
}

const Config::Option* Config::find_or_default(const std::string& section, const std::string& key) const {
  const Option* own = find(section, key);
  return own != nullptr ? own : find(kDefaultSection, key);
}

const Config::Options& Config::options(const std::string& section) const {
  static const Options kNone;
  const auto it = sections_.find(section);
  return it == sections_.end() ? kNone : it->second;
}

Origin Config::section_origin(const std::string& section) const {
  const auto it = origins_.find(section);
  return it == origins_.end() ? Origin{} : it->second;
}

}  // namespace breakwater
