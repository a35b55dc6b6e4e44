// SPDX-License-Identifier: Apache-2.0
#include "node/listed_ranges.h"

#include <algorithm>
#include <set>

#include "common/log/log.h"
#include "common/runtime/endpoint.h"

namespace breakwater {

Result<std::unique_ptr<ListedRanges>> ListedRanges::create(Reactor& reactor, LookUp look_up) {
  auto resolver = NameResolver::create(reactor, look_up);
  if (!resolver) return resolver.error();
  return std::unique_ptr<ListedRanges>(new ListedRanges(std::move(*resolver), std::move(look_up)));
}

void ListedRanges::set(const NodeConfig& config, const std::vector<ActiveJail>& jails) {
  fixed_.clear();
  named_.clear();
  const auto add = [this](const std::vector<Prefix>& ranges, const std::vector<std::string>& names,
                          const std::string& where) {
    for (const Prefix& range : ranges)
      fixed_.emplace_back(range, where);
    for (const std::string& name : names)
      named_.emplace_back(name, name + ", " + where);
  };
  add(config.ignoreip, config.ignoreip_names, "in ignoreip of node.conf");
  for (const ActiveJail& jail : jails)
    add(jail.config.ignoreip, jail.config.ignoreip_names, "in ignoreip of jail " + jail.config.name);
  if (const auto endpoint = parse_endpoint(config.hub)) named_.emplace_back(endpoint->host, "the hub");
  const std::deque<std::string> wanted = hosts();
  std::erase_if(
      known_, [&](const auto& known) { return std::find(wanted.begin(), wanted.end(), known.first) == wanted.end(); });
}

std::deque<std::string> ListedRanges::hosts() const {
  std::set<std::string> unique;
  for (const auto& [host, reason] : named_)
    unique.insert(host);
  return {unique.begin(), unique.end()};
}

// True if it leads elsewhere than before.
bool ListedRanges::take(const std::string& host, const Result<std::vector<std::string>>& found) {
  if (!found) {
    log_warning("never-ban: a name cannot be resolved",
                {{"name", host}, {"problem", found.error().message()}, {"known", known_[host].size()}});
    return false;
  }
  std::vector<Prefix> addresses;
  for (const std::string& text : *found) {
    if (const auto address = Address::parse(text)) addresses.emplace_back(*address);
  }
  std::sort(addresses.begin(), addresses.end());
  if (known_[host] == addresses) return false;
  known_[host] = std::move(addresses);
  return true;
}

void ListedRanges::look_up_now() {
  for (const std::string& host : hosts())
    take(host, look_up_(host));
}

void ListedRanges::look_up(std::function<void()> on_change) {
  on_change_ = std::move(on_change);
  to_ask_ = hosts();
  ask_next();
}

void ListedRanges::ask_next() {
  if (asking_ || to_ask_.empty()) return;
  asking_ = true;
  const std::string host = std::move(to_ask_.front());
  to_ask_.pop_front();
  resolver_.start(host, [this, host](const Result<std::vector<std::string>>& found) {
    asking_ = false;
    const bool still_listed =
        std::any_of(named_.begin(), named_.end(), [&](const auto& named) { return named.first == host; });
    if (still_listed && take(host, found)) on_change_();
    ask_next();
  });
}

std::vector<std::pair<Prefix, std::string>> ListedRanges::ranges() const {
  std::vector<std::pair<Prefix, std::string>> all = fixed_;
  for (const auto& [host, reason] : named_) {
    const auto known = known_.find(host);
    if (known == known_.end()) continue;
    for (const Prefix& address : known->second)
      all.emplace_back(address, reason);
  }
  return all;
}

}  // namespace breakwater
