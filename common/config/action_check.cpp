// SPDX-License-Identifier: Apache-2.0
#include "common/config/action_check.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include "common/base/text.h"
#include "common/config/definition.h"

namespace breakwater {

namespace {

constexpr std::array<const char*, 16> kFirewallActions{
    "iptables*", "nftables*", "firewallcmd*", "ipset*", "ufw", "shorewall*", "pf",         "npf",
    "ipfw",      "bsd-ipfw",  "ipfilter",     "osx-*",  "apf", "route",      "hostsdeny*", "symbiosis-blacklist*"};

// Known by name as well, so that a hub without action.d comes to the same result as its nodes.
constexpr std::array<const char*, 16> kOtherActions{
    "mail*",   "sendmail*", "abuseipdb*", "blocklist_de*", "dshield*",   "complain",         "mynetwatchman", "xarf-*",
    "apprise", "ipthreat",  "dummy",      "cloudflare*",   "netscaler*", "nginx-block-map*", "nsupdate",      "*.py"};

bool is_one_of(const std::string& name, std::span<const char* const> patterns) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const char* p) { return glob_matches(p, name); });
}

struct Sign {
  const char* program;
  const char* does;
};
constexpr std::array<Sign, 19> kSigns{{{"iptables", "-j drop"},
                                       {"iptables", "-j reject"},
                                       {"iptables", "--jump drop"},
                                       {"iptables", "--jump reject"},
                                       {"ip6tables", "-j drop"},
                                       {"ip6tables", "-j reject"},
                                       {"ip6tables", "--jump drop"},
                                       {"ip6tables", "--jump reject"},
                                       {"nft", "add element"},
                                       {"nft", "drop"},
                                       {"nft", "reject"},
                                       {"ipset", "add"},
                                       {"ipset", "-a"},
                                       {"firewall-cmd", "add"},
                                       {"ufw", "deny"},
                                       {"ufw", "reject"},
                                       {"ip", "route add blackhole"},
                                       {"ip", "route add unreachable"},
                                       {"csf", "-d"}}};

bool is_word_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
}

// Where `word` stands as a word of its own ("/sbin/iptables" too); npos if nowhere.
std::size_t find_word(const std::string& text, const std::string& word) {
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const auto end = at + word.size();
    if ((at == 0 || !is_word_char(text[at - 1])) && (end == text.size() || !is_word_char(text[end]))) return at;
  }
  return std::string::npos;
}

// blocktype=RETURN turns an action round: whom it "bans" is let in (fail2ban's pass2allow).
bool lets_in(const NameWithOptions& action) {
  return std::any_of(action.options.begin(), action.options.end(), [](const auto& option) {
    return option.first == "blocktype" && (option.second == "RETURN" || option.second == "ACCEPT");
  });
}

}  // namespace

bool command_drops_packets(const std::string& command) {
  std::string text;  // lower case, one blank between words
  for (const char c : command) {
    const bool space = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (space && (text.empty() || text.back() == ' ')) continue;
    text += space ? ' ' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return std::any_of(kSigns.begin(), kSigns.end(), [&](const Sign& sign) {
    const auto program = find_word(text, sign.program);
    return program != std::string::npos && text.find(sign.does, program) != std::string::npos;
  });
}

ActionKind classify_action(ConfigReader& reader, const NameWithOptions& action, const Origin& at) {
  if (lets_in(action)) return ActionKind::other;
  if (is_one_of(action.name, kFirewallActions)) return ActionKind::drops_packets;
  if (is_one_of(action.name, kOtherActions)) return ActionKind::other;
  auto config = reader.read_first("action.d/" + action.name);
  if (!config) return ActionKind::unknown;
  const Definition definition(std::move(*config), action, at);
  const Expanded ban = definition.get("actionban");
  if (!ban.value) return ActionKind::unknown;
  return command_drops_packets(ban.value->text()) ? ActionKind::drops_packets : ActionKind::other;
}

}  // namespace breakwater
