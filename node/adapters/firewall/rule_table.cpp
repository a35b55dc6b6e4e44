// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/firewall/rule_table.h"

#include <algorithm>
#include <array>

#include "common/base/text.h"

namespace breakwater {
namespace {

// Targets that never let a packet through: they drop it, or they look at it and go on.
constexpr std::array<std::string_view, 24> kHarmless{
    "",         "DROP",  "REJECT",  "LOG",      "NFLOG",   "ULOG",        "MARK", "CONNMARK",
    "SET",      "TRACE", "AUDIT",   "TCPMSS",   "DSCP",    "TOS",         "TTL",  "HL",
    "CLASSIFY", "CT",    "NOTRACK", "CHECKSUM", "SECMARK", "CONNSECMARK", "LED",  "TEE"};

bool only_loopback(const TableRule& rule) {
  const auto at = std::find(rule.words.begin(), rule.words.end(), "-i");
  if (at == rule.words.end() || at + 1 == rule.words.end() || *(at + 1) != "lo") return false;
  return at == rule.words.begin() || *(at - 1) != "!";
}

}  // namespace

std::string_view TableRule::value_of(std::string_view option) const {
  const auto at = std::find(words.begin(), words.end(), option);
  if (at == words.end() || at + 1 == words.end()) return {};
  return *(at + 1);
}

bool TableRule::is_ours() const {
  const auto text_of_comment = comment();
  return text_of_comment == kSetComment || text_of_comment == kBanComment ||
         (text_of_comment.starts_with(kBanComment) && text_of_comment[kBanComment.size()] == '-');
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool quoted = false;
  bool started = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\' && i + 1 < text.size()) {
      word += text[++i];
    } else if (c == '"') {
      quoted = !quoted;
      started = true;
    } else if (c == ' ' && !quoted) {
      if (started) words.push_back(std::move(word));
      word.clear();
      started = false;
    } else {
      word += c;
      started = true;
    }
  }
  if (started) words.push_back(std::move(word));
  return words;
}

TableRule parse_rule(std::string_view text) {
  TableRule rule{.text = std::string(text), .words = split_words(text), .target = {}, .is_goto = false};
  for (std::size_t i = 0; i + 1 < rule.words.size(); ++i) {
    if (rule.words[i] == "--comment")
      ++i;  // a comment may say "-j"
    else if (rule.words[i] == "-j" || rule.words[i] == "-g") {
      rule.target = rule.words[i + 1];
      rule.is_goto = rule.words[i] == "-g";
      break;
    }
  }
  return rule;
}

const std::vector<TableRule>& RuleTable::rules(std::string_view chain) const {
  static const std::vector<TableRule> kNone;
  const auto found = chains.find(chain);
  return found == chains.end() ? kNone : found->second;
}

bool RuleTable::may_accept(const TableRule& rule, bool return_accepts, std::set<std::string, std::less<>>& seen) const {
  if (only_loopback(rule)) return false;
  if (rule.target == "RETURN") return return_accepts;
  if (has(rule.target)) return chain_may_accept(rule.target, return_accepts && rule.is_goto, seen);
  return std::find(kHarmless.begin(), kHarmless.end(), rule.target) == kHarmless.end();
}

bool RuleTable::chain_may_accept(std::string_view chain, bool return_accepts,
                                 std::set<std::string, std::less<>>& seen) const {
  if (return_accepts) return true;  // reached by goto: its end, too, leaves the chain that we guard
  if (!seen.insert(std::string(chain)).second) return false;
  const auto& all = rules(chain);
  return std::any_of(all.begin(), all.end(), [&](const TableRule& rule) { return may_accept(rule, false, seen); });
}

bool RuleTable::may_accept(const TableRule& rule) const {
  std::set<std::string, std::less<>> seen;
  return may_accept(rule, true, seen);
}

std::size_t RuleTable::first_accepting(std::string_view chain, std::size_t before) const {
  const auto& all = rules(chain);
  for (std::size_t i = 0; i < std::min(before, all.size()); ++i) {
    if (!all[i].is_ours() && may_accept(all[i])) return i;
  }
  return before;
}

Result<RuleTable> parse_rule_table(std::string_view saved, std::string_view name) {
  RuleTable table;
  const std::string title = "*" + std::string(name);
  // Said in a comment, with exit code 0 and none of the rules.
  if (saved.find("Table `" + std::string(name) + "' is incompatible") != std::string_view::npos) {
    return Error("somebody put native nft rules into iptables' own table " + std::string(name));
  }
  bool inside = false;
  for (const auto line : split(saved, '\n')) {
    if (line.starts_with('*')) inside = line == title;
    if (!inside || line.empty()) continue;
    if (line.starts_with(':')) {
      table.chains[std::string(line.substr(1, line.find(' ') - 1))];
      continue;
    }
    if (!line.starts_with("-A ")) continue;
    const auto rest = line.substr(3);
    const auto space = rest.find(' ');
    if (space == std::string_view::npos) {
      table.chains[std::string(rest)].push_back(parse_rule({}));
      continue;
    }
    table.chains[std::string(rest.substr(0, space))].push_back(parse_rule(rest.substr(space + 1)));
  }
  if (inside && saved.find("\nCOMMIT") == std::string_view::npos) return Error("iptables-save: the output is cut off");
  return table;
}

}  // namespace breakwater
