// SPDX-License-Identifier: Apache-2.0
// What an operator put on the never-ban list.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/address.h"
#include "common/config/node_config.h"
#include "common/runtime/name_resolver.h"
#include "node/core/node_core.h"

namespace breakwater {

// ignoreip of node.conf and of the jails, and the hub's own addresses, each with the reason. Some are names: what one
// led to last is kept until it leads elsewhere, also while nobody answers. One thread, the reactor's.
class ListedRanges {
 public:
  // `look_up` as for NameResolver.
  static Result<std::unique_ptr<ListedRanges>> create(Reactor& reactor, LookUp look_up);

  // Names that it had keep their addresses; new ones have none before they are looked up.
  void set(const NodeConfig& config, const std::vector<ActiveJail>& jails);
  // All names, one after the other, in front of the caller: at start, when nothing else is to be done yet.
  void look_up_now();
  // The same away from the loop; `on_change` after each name that leads elsewhere than before.
  void look_up(std::function<void()> on_change);

  std::vector<std::pair<Prefix, std::string>> ranges() const;

 private:
  ListedRanges(NameResolver resolver, LookUp look_up) : resolver_(std::move(resolver)), look_up_(std::move(look_up)) {}
  std::deque<std::string> hosts() const;
  bool take(const std::string& host, const Result<std::vector<std::string>>& found);
  void ask_next();

  NameResolver resolver_;
  LookUp look_up_;
  std::vector<std::pair<Prefix, std::string>> fixed_;
  std::vector<std::pair<std::string, std::string>> named_;  // host, reason
  std::map<std::string, std::vector<Prefix>> known_;        // by host
  std::deque<std::string> to_ask_;
  bool asking_ = false;
  std::function<void()> on_change_;
};

}  // namespace breakwater
