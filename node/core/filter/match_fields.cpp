// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/match_fields.h"

#include <algorithm>
#include <charconv>

#include "node/core/filter/filter_tags.h"

namespace breakwater {

namespace {

std::optional<std::string_view> field(const MatchFields& fields, const std::string& name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::nullopt : found->second;
}

// "alt_user_2" -> "user"; "" for other names.
std::string alternative_of(std::string_view name) {
  constexpr std::string_view kPrefix = "alt_";
  if (!name.starts_with(kPrefix)) return "";
  name.remove_prefix(kPrefix.size());
  const std::size_t last = name.find_last_not_of("0123456789");
  if (last != std::string_view::npos && last + 1 < name.size() && name[last] == '_') name = name.substr(0, last);
  return group_of_tag(name);
}

std::optional<Address> strict(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  const auto address = Address::parse(text);
  return address ? std::optional<Address>(*address) : std::nullopt;
}

}  // namespace

MatchFields fields_of(const std::vector<std::string>& names, const Groups& groups) {
  MatchFields fields;
  for (std::size_t i = 0; i < names.size() && i < groups.size(); ++i) {
    if (!names[i].empty()) fields[names[i]] = groups[i];
  }
  std::vector<std::pair<std::string, std::string_view>> alternatives;
  for (const auto& [name, value] : fields) {  // in the order of their names
    const std::string of = alternative_of(name);
    if (!of.empty() && value && !value->empty()) alternatives.emplace_back(of, *value);
  }
  for (const auto& [name, value] : alternatives) {
    auto& target = fields[name];
    if (!target || target->empty()) target = value;
  }
  return fields;
}

MatchFields merged(MatchFields prefix, const MatchFields& own) {
  for (const auto& [name, value] : own)
    prefix[name] = value;
  return prefix;
}

std::optional<FoundAddress> address_of(const MatchFields& fields) {
  std::optional<std::string_view> text;
  for (const char* const group : {"ip4", "ip6", "dns"}) {
    if (!text) text = field(fields, group);
  }
  // fail2ban counts and bans by <F-ID> if there is one; here only an address can be banned.
  if (const auto id = field(fields, "fid")) text = id;
  if (!text) return std::nullopt;
  const auto who = strict(*text);
  if (!who) return std::nullopt;
  FoundAddress found{*who, std::nullopt};
  const auto cidr = field(fields, "cidr");
  if (!cidr) return found;
  unsigned length = 0;
  const auto [end, problem] = std::from_chars(cidr->data(), cidr->data() + cidr->size(), length);
  if (problem != std::errc{} || end != cidr->data() + cidr->size() || length > who->bits()) return std::nullopt;
  found.range = Prefix(*who, length);
  return found;
}

bool names_an_address(const std::vector<std::string>& groups) {
  return std::any_of(groups.begin(), groups.end(), [](const std::string& name) {
    return name == "fid" || name == "ip4" || name == "ip6" || name == "dns";
  });
}

}  // namespace breakwater
