// SPDX-License-Identifier: Apache-2.0
// A firewall without a kernel. tests/contracts/firewall_contract.h holds it to the same promises as the real ones.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "node/core/firewall.h"

namespace breakwater {

// Time stands still until advance(). One thread.
class FakeFirewall final : public Firewall {
 public:
  Result<void> install() override {
    installed_ = true;
    return {};
  }

  std::vector<std::string> apply(const std::vector<FirewallChange>& changes) override {
    ++batches_;
    std::vector<std::string> errors;
    errors.reserve(changes.size());
    for (const auto& change : changes)
      errors.push_back(apply_one(change));
    return errors;
  }

  Result<std::vector<FirewallEntry>> list() override {
    std::vector<FirewallEntry> entries;
    for (const auto& [who, end] : entries_) {
      entries.push_back({who, end ? std::optional<Duration>(*end - now_) : std::nullopt});
    }
    return entries;
  }

  Result<FirewallHealth> heal() override {
    if (!installed_) return Error("not installed");
    FirewallHealth health;
    health.enforcing = true;
    health.places = {"ip DOCKER-USER", "ip INPUT", "ip6 FORWARD", "ip6 INPUT"};
    health.entries_lost = std::exchange(lost_, false);
    return health;
  }

  Result<void> remove() override {
    entries_.clear();
    installed_ = false;
    return {};
  }

  // --- for tests ---

  // What the kernel's clock does: bans that are over go by themselves.
  void advance(Duration by) {
    now_ += by;
    std::erase_if(entries_, [&](const auto& entry) { return entry.second && *entry.second <= now_; });
  }
  // Somebody ran `ipset flush`.
  void flush() {
    lost_ = lost_ || !entries_.empty();
    entries_.clear();
  }
  // Would a packet from there be dropped?
  bool drops(const Address& from) const {
    return std::any_of(entries_.begin(), entries_.end(), [&](const auto& entry) { return entry.first.contains(from); });
  }
  std::size_t size() const { return entries_.size(); }
  // How often apply() was called.
  std::size_t batches() const { return batches_; }
  // More bans than this are refused, as by a full set.
  void set_capacity(std::size_t entries) { capacity_ = entries; }
  // The kernel refuses a change: the error text, or empty.
  void set_refusal(std::function<std::string(const FirewallChange&)> refusal) { refusal_ = std::move(refusal); }

 private:
  std::string apply_one(const FirewallChange& change) {
    if (change.who.length() == 0) return change.who.text() + " is everybody";
    if (refusal_) {
      if (auto text = refusal_(change); !text.empty()) return text;
    }
    if (lifts(change)) {
      entries_.erase(change.who);
      return {};
    }
    if (entries_.size() >= capacity_ && !entries_.contains(change.who)) return "the set is full";
    entries_[change.who] =
        change.remaining ? std::optional(now_ + Duration(kernel_seconds(*change.remaining))) : std::nullopt;
    return {};
  }

  std::map<Prefix, std::optional<Duration>> entries_;  // end on the fake's own clock
  Duration now_{0};
  bool installed_ = false;
  bool lost_ = false;
  std::size_t batches_ = 0;
  std::size_t capacity_ = std::size_t{1} << 20;
  std::function<std::string(const FirewallChange&)> refusal_;
};

}  // namespace breakwater
