// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/field_plan.h"

#include <algorithm>
#include <array>

#include "node/core/filter/filter_tags.h"

namespace breakwater {

namespace {

constexpr std::array<std::string_view, FieldPlan::known_count> kKnown = {
    "fid", "ip4", "ip6", "dns", "cidr", "mlfid", "nofail", "mlfforget", "mlfgained", "user"};

// "alt_user_2" -> "user"; "" for names without the prefix.
std::string target_of(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix) || name.size() == prefix.size()) return "";
  name.remove_prefix(prefix.size());
  const std::size_t last = name.find_last_not_of("0123456789");
  if (last != std::string_view::npos && last > 0 && last + 1 < name.size() && name[last] == '_')
    name = name.substr(0, last);
  return group_of_tag(name);
}

}  // namespace

FieldPlan::FieldPlan(const std::vector<std::string>& own, const std::vector<std::string>& prefix) {
  add(prefix, false);
  add(own, true);
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const auto found = std::find(kKnown.begin(), kKnown.end(), fields_[i].name);
    if (found != kKnown.end()) known_[found - kKnown.begin()] = i;
  }
}

void FieldPlan::add(const std::vector<std::string>& names, bool own) {
  std::map<std::string, std::size_t> sorted;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!names[i].empty()) sorted[names[i]] = i;
  }
  for (const auto& [name, index] : sorted) {
    Field& target = field(name);
    target.choices.assign(1, {own, index});
    target.tuple.clear();
  }
  // Alternatives come behind the group of that name; where only they are, before what the prefregex has.
  std::map<std::string, std::vector<Slot>> alternatives;
  for (const auto& [name, index] : sorted) {
    if (const std::string of = target_of(name, "alt_"); !of.empty()) alternatives[of].push_back({own, index});
    if (const std::string of = target_of(name, "tuple_"); !of.empty()) field(of).tuple.push_back({own, index});
  }
  for (const auto& [of, slots] : alternatives) {
    auto& choices = field(of).choices;
    choices.insert(sorted.contains(of) ? choices.end() : choices.begin(), slots.begin(), slots.end());
  }
}

FieldPlan::Field& FieldPlan::field(const std::string& name) {
  const auto found = std::find_if(fields_.begin(), fields_.end(), [&](const Field& one) { return one.name == name; });
  if (found != fields_.end()) return *found;
  fields_.push_back({name, {}, {}});
  return fields_.back();
}

std::optional<std::string_view> FieldPlan::at(Slot slot, const Groups& own, const Groups& prefix) {
  const Groups& groups = slot.own ? own : prefix;
  return slot.index < groups.size() ? groups[slot.index] : std::nullopt;
}

std::optional<std::string_view> FieldPlan::chosen(const Field& field, const Groups& own, const Groups& prefix) {
  for (const Slot slot : field.choices) {
    const auto text = at(slot, own, prefix);
    if (text && !text->empty()) return text;
  }
  return field.choices.empty() ? std::nullopt : at(field.choices.front(), own, prefix);
}

std::optional<std::string_view> FieldPlan::value(Known which, const Groups& own, const Groups& prefix) const {
  if (!known_[which] || !fields_[*known_[which]].tuple.empty()) return std::nullopt;
  return chosen(fields_[*known_[which]], own, prefix);
}

std::map<std::string, std::string> FieldPlan::all(const Groups& own, const Groups& prefix) const {
  std::map<std::string, std::string> out;
  const auto line = [](std::string_view text) { return std::string(text.substr(0, text.find('\n'))); };
  for (const Field& one : fields_) {
    if (one.name == "content") continue;
    const auto value = chosen(one, own, prefix);
    if (one.tuple.empty()) {
      if (value) out[one.name] = line(*value);
      continue;
    }
    std::string text = "(" + line(value.value_or(""));
    for (const Slot slot : one.tuple)
      text += ", " + line(at(slot, own, prefix).value_or(""));
    out[one.name] = text + ")";
  }
  return out;
}

bool names_an_address(const std::vector<std::string>& groups) {
  return std::any_of(groups.begin(), groups.end(), [](const std::string& name) {
    return name == "fid" || name == "ip4" || name == "ip6" || name == "dns" || name == "mlfid";
  });
}

}  // namespace breakwater
