// SPDX-License-Identifier: Apache-2.0
// A node's core on fake ports, for tests.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "node/core/effect_runner.h"
#include "node/core/node_core.h"
#include "tests/fakes/fake_node_store.h"

namespace breakwater {

// A kernel that remembers what it was told; `refuse` makes it fail. Time comes from `now`.
class KernelInMemory final : public Firewall {
 public:
  std::optional<std::string> refuse;
  Timestamp now{};
  std::size_t applied = 0;

  Result<void> install() override { return {}; }
  std::vector<std::string> apply(const std::vector<FirewallChange>& changes) override {
    std::vector<std::string> errors(changes.size());
    for (std::size_t i = 0; i < changes.size(); ++i) {
      ++applied;
      if (refuse) {
        errors[i] = *refuse;
      } else if (changes[i].lift) {
        until_.erase(changes[i].who);
      } else {
        until_[changes[i].who] = changes[i].remaining ? now + *changes[i].remaining : kForever;
      }
    }
    return errors;
  }
  Result<std::vector<FirewallEntry>> list() override {
    std::vector<FirewallEntry> entries;
    for (const auto& [who, until] : until_) {
      if (until <= now) continue;
      entries.push_back({who, until == kForever ? std::nullopt : std::optional<Duration>(until - now)});
    }
    return entries;
  }
  Result<FirewallHealth> heal() override { return FirewallHealth{}; }
  Result<void> remove() override {
    until_.clear();
    return {};
  }
  bool holds(const Prefix& who) const {
    const auto it = until_.find(who);
    return it != until_.end() && it->second > now;
  }
  void lose_everything() { until_.clear(); }
  std::size_t size() const { return until_.size(); }

 private:
  std::map<Prefix, Timestamp> until_;
};

// A link that collects what is sent.
class RecordingLink final : public HubLink {
 public:
  bool accepts = true;
  std::deque<wire::Message> sent;
  std::optional<Duration> reconnected;

  void on_message(std::function<void(wire::Message)>) override {}
  void on_state(std::function<void(LinkState, std::string)>) override {}
  bool send(const wire::Message& message) override {
    if (accepts) sent.push_back(message);
    return accepts;
  }
  void reconnect(Duration after) override { reconnected = after; }

  // The oldest message of type T that was sent; earlier ones of other types are dropped.
  template <class T>
  std::optional<T> take() {
    while (!sent.empty()) {
      wire::Message next = std::move(sent.front());
      sent.pop_front();
      if (auto* wanted = std::get_if<T>(&next)) return std::move(*wanted);
    }
    return std::nullopt;
  }
};

inline JailConfig simple_jail(std::string name = "sshd", int maxretry = 5) {
  JailConfig jail;
  jail.name = std::move(name);
  jail.enabled = true;
  jail.maxretry = jail.fleet_maxretry = maxretry;
  jail.bantime = std::chrono::hours(1);
  return jail;
}

// The disk outlives the core: restart() is kill -9 and a new start.
class NodeHarness {
 public:
  explicit NodeHarness(std::vector<JailConfig> jails, NodeSettings settings = {})
      : jails_(std::move(jails)), settings_(std::move(settings)) {
    settings_.name = "host1";
    settings_.instance = std::string(16, 'i');
    restart();
  }

  void restart() {
    core = std::make_unique<NodeCore>(settings_, active(), store.load().value(), now);
    runner_ = std::make_unique<EffectRunner>(*core, kernel, store, &link,
                                             [this](const Announce& line) { announced.push_back(line); });
    runner_->look_up_with([this](const std::string& name) { looked_up.push_back(name); });
    kernel.now = now;
    core->on_kernel_list(kernel.list().value(), now);
    settle();
  }

  // As SIGHUP does; the filters are compiled anew.
  std::vector<std::optional<std::size_t>> reload(std::vector<JailConfig> jails) {
    jails_ = std::move(jails);
    auto kept = core->set_jails(active());
    settle();
    return kept;
  }

  void settle() {
    kernel.now = now;
    runner_->settle(now, tick);
  }
  void pass(Duration time) {
    now += time;
    tick += time;
    kernel.now = now;
    core->on_tick(now, tick);
    settle();
  }
  void offend(const char* who, int times = 1, std::size_t jail = 0) {
    for (int i = 0; i < times; ++i) {
      wire::Offence offence;
      offence.at = now;
      offence.who = Address::parse(who).value();
      offence.jail = jails_[jail].name;
      offence.container = "web";
      offence.sample = "a line";
      core->on_offence(jail, offence, nullptr, now);
    }
    settle();
  }
  void receive(const wire::Message& message) {
    core->on_hub_message(message, now, tick);
    settle();
  }
  // As far as WELCOME.
  void connect(std::uint64_t epoch = 0, std::uint64_t head = 0, std::uint64_t acked = 0) {
    core->on_link(LinkState::up, "", now, tick);
    settle();
    wire::Welcome welcome;
    welcome.epoch = epoch;
    welcome.head = head;
    welcome.spool_acked = acked;
    receive(welcome);
  }
  // A line of the file /var/log/auth.log, followed by all jails.
  void read(const std::string& line) {
    LogSource source;
    source.id = source.path = "/var/log/auth.log";
    LogLine log_line;
    log_line.source = &source;
    log_line.text = log_line.raw = line;
    std::vector<std::size_t> all(jails_.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    core->on_line(log_line, all, now);
    settle();
  }
  bool banned(const char* who) const { return kernel.holds(Prefix::parse(who).value()); }
  std::uint64_t counter(const std::string& name) const { return core->counters().at(name); }

  Timestamp now = from_unix_ms(1'790'000'000'000);
  Tick tick{std::chrono::hours(1)};
  FakeNodeStore store;
  KernelInMemory kernel;
  RecordingLink link;
  std::vector<Announce> announced;
  std::vector<std::string> looked_up;  // names whose answers the test gives by hand
  std::unique_ptr<NodeCore> core;

 private:
  std::vector<ActiveJail> active() const {
    std::vector<ActiveJail> active;
    for (const JailConfig& jail : jails_)
      active.push_back({jail, filter_of(jail)});
    return active;
  }
  static std::unique_ptr<LineFilter> filter_of(const JailConfig& jail) {
    if (jail.filter.failregex.empty()) return nullptr;
    auto filter = LineFilter::compile(jail.filter, std::nullopt);
    return filter ? std::move(*filter) : nullptr;
  }

  std::vector<JailConfig> jails_;
  NodeSettings settings_;
  std::unique_ptr<EffectRunner> runner_;
};

inline wire::Decision decision(wire::DecisionOp op, const char* who, Timestamp until = kForever) {
  wire::Decision d;
  d.op = op;
  d.who = Prefix::parse(who).value();
  d.until = until;
  d.jail = "sshd";
  return d;
}

}  // namespace breakwater
