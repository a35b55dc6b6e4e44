// SPDX-License-Identifier: Apache-2.0
#include "common/config/definition.h"

#include <set>
#include <utility>

#include "common/config/tags.h"

namespace breakwater {

namespace {
constexpr char kDefinition[] = "Definition";
constexpr char kInit[] = "Init";
}  // namespace

Definition::Definition(Config config, const NameWithOptions& request, Origin at, std::string condition)
    : config_(std::move(config)), at_(std::move(at)), condition_(std::move(condition)) {
  for (const auto& [key, value] : request.options)
    parameters_[key] = SourcedText(value, at_);
}

void Definition::set_parameter(const std::string& key, const std::string& value) {
  parameters_.try_emplace(key, SourcedText(value, at_));
}

bool Definition::defines(const std::string& key) const {
  return config_.find(kDefinition, key) != nullptr;
}

const Config::Option* Definition::conditional(const std::string& key) const {
  if (condition_.empty()) return nullptr;
  const Config::Option* option = config_.find(kInit, key + '?' + condition_);
  return option != nullptr ? option : config_.find(kDefinition, key + '?' + condition_);
}

Expanded Definition::known_tag(const std::string& key) const {
  const Interpolator plain(config_);
  if (const Config::Option* init = config_.find(kInit, key)) return plain.expand(kInit, *init);
  const Config::Option* own = config_.find(kDefinition, key);
  if (own != nullptr && own->previous) return plain.expand(kDefinition, *own->previous);
  return Interpolator(config_, parameters_).get(kDefinition, key);
}

Expanded Definition::tag(const std::string& name) const {
  if (const Config::Option* option = conditional(name)) return Interpolator(config_).expand(option->section, *option);
  if (const auto it = parameters_.find(name); it != parameters_.end()) return {it->second, std::nullopt};
  if (name.starts_with("known/")) return known_tag(name.substr(6));
  if (const Config::Option* init = config_.find(kInit, name)) return Interpolator(config_).expand(kInit, *init);
  // Names with capitals belong to the filter engine: <HOST> must not become some option "host".
  const auto slash = name.find('/');
  const std::string key = slash == std::string::npos ? name : name.substr(slash + 1);
  if (key.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string::npos) return {};
  if (slash == std::string::npos) return Interpolator(config_, parameters_).reference(kDefinition, name);
  // Unlike %(section/x)s, <section/x> sees the %(y)s and %(known/y)s of that section.
  const std::string section = name.substr(0, slash);
  if (section == "default") return Interpolator(config_).get(kDefaultSection, key);
  return config_.has_section(section) ? Interpolator(config_).get(section, key) : Expanded{};
}

Expanded Definition::get(const std::string& key) const {
  const Expanded raw = tag(key);
  if (raw.fault || !raw.value) return raw;
  return expand_tags(*raw.value, key, [this](const std::string& name) { return tag(name); });
}

std::vector<std::string> Definition::keys() const {
  std::set<std::string> all;
  for (const char* section : {kDefinition, kInit}) {
    for (const auto& [key, option] : config_.options(section)) {
      if (key.find('?') == std::string::npos) all.insert(key);
    }
  }
  for (const auto& [key, value] : parameters_)
    all.insert(key);
  return {all.begin(), all.end()};
}

}  // namespace breakwater
