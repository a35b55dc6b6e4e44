// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/filter_tags.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

namespace breakwater {

namespace {

// Digits are ASCII's, where fail2ban's \d takes those of other scripts too: an address cannot have them, and Unicode's
// digits twelve times over make a program ten times as large.
//
// "::ffff:" of an address that a dual-stack socket printed; fail2ban takes four to six f.
#define BW_IP4 R"((?:::f{4,6}:)?(?P<ip4>[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}))"
// One to seven groups with their colons, then a last group, or nothing after a closing "::". fail2ban closes with
// (?<=:): where the colon before is always there already. Too wide on purpose, like fail2ban's: what it found is
// then parsed strictly.
#define BW_IP6 R"((?P<ip6>(?:[0-9a-fA-F]{1,4}::?|::){1,7}(?:[0-9a-fA-F]{1,4}|:)))"
#define BW_DNS R"((?P<dns>[\w\-.^_]*\w))"
#define BW_CIDR R"((?P<cidr>[0-9]+))"
#define BW_ADDR R"(\[?(?:)" BW_IP4 "|" BW_IP6 R"()\]?)"
#define BW_SUBNET R"(\[?(?:)" BW_IP4 "|" BW_IP6 R"()(?:/)" BW_CIDR R"()?\]?)"

constexpr std::string_view kHostWithNames = "(?:" BW_ADDR "|" BW_DNS ")";

constexpr std::array<std::pair<std::string_view, std::string_view>, 15> kFixedTags = {{
    {"IP4", BW_IP4},
    {"F-IP4/", BW_IP4},
    {"IP6", BW_IP6},
    {"F-IP6/", BW_IP6},
    {"ADDR", BW_ADDR},
    {"F-ADDR/", BW_ADDR},
    {"CIDR", BW_CIDR},
    {"F-CIDR/", BW_CIDR},
    {"SUBNET", BW_SUBNET},
    {"F-SUBNET/", BW_SUBNET},
    {"DNS", BW_DNS},
    {"F-DNS/", BW_DNS},
    {"F-ID/", R"((?P<fid>\S+))"},
    {"F-PORT/", R"((?P<fport>\w+))"},
    {"HOST", BW_ADDR},  // without names
}};

#undef BW_IP4
#undef BW_IP6
#undef BW_DNS
#undef BW_CIDR
#undef BW_ADDR
#undef BW_SUBNET

bool is_tag_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool is_custom_char(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// The length of the tag at the start of `text` ("<", optional "/", name, optional "/", ">"), 0 if there is none.
std::size_t tag_length(std::string_view text) {
  std::size_t i = 1;
  if (i < text.size() && text[i] == '/') ++i;
  const std::size_t name = i;
  while (i < text.size() && is_tag_char(text[i]))
    ++i;
  if (i == name) return 0;
  if (i < text.size() && text[i] == '/') ++i;
  return i < text.size() && text[i] == '>' ? i + 1 : 0;
}

// What the tag whose inside is `tag` becomes; nullopt: it stays.
std::optional<std::string> replacement(std::string_view tag, bool use_dns, std::set<std::string>& open, int& skips) {
  if (tag == "HOST" && use_dns) return std::string(kHostWithNames);
  for (const auto& [name, regex] : kFixedTags) {
    if (tag == name) return std::string(regex);
  }
  if (tag == "SKIPLINES") return "\\n(?P<skiplines" + std::to_string(skips++) + ">(?:(?:.*\\n)*?))";
  const bool closes = tag.starts_with('/');
  std::string_view name = closes ? tag.substr(1) : tag;
  if (!name.starts_with("F-")) return std::nullopt;
  name.remove_prefix(2);
  if (name.empty() || !std::all_of(name.begin(), name.end(), is_custom_char)) return std::nullopt;
  if (closes) return open.contains(std::string(name)) ? std::optional<std::string>(")") : std::nullopt;
  open.insert(std::string(name));
  return "(?P<" + group_of_tag(name) + ">";
}

}  // namespace

void ExpandedPattern::append(std::string_view piece, std::uint32_t first_column, bool advance) {
  text += piece;
  for (std::size_t i = 0; i < piece.size(); ++i) {
    column.push_back(first_column + (advance ? static_cast<std::uint32_t>(i) : 0));
  }
}

ExpandedPattern expand_tags(std::string_view pattern, bool use_dns) {
  ExpandedPattern out;
  std::set<std::string> open;
  int skips = 0;
  std::size_t i = 0;
  while (i < pattern.size()) {
    const auto column = static_cast<std::uint32_t>(i + 1);
    const std::size_t length = pattern[i] == '<' ? tag_length(pattern.substr(i)) : 0;
    if (length == 0) {
      out.append(pattern.substr(i, 1), column, true);
      ++i;
      continue;
    }
    const std::string_view tag = pattern.substr(i, length);
    if (const auto text = replacement(tag.substr(1, length - 2), use_dns, open, skips)) {
      out.append(*text, column, false);
    } else {
      out.append(tag, column, true);
    }
    i += length;
  }
  return out;
}

std::string group_of_tag(std::string_view name) {
  std::string group(name);
  std::transform(group.begin(), group.end(), group.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (group == "id") return "fid";
  if (group == "port") return "fport";
  return group;
}

}  // namespace breakwater
