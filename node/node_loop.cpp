// SPDX-License-Identifier: Apache-2.0
#include "node/node_loop.h"

#include <csignal>

#include <poll.h>

namespace breakwater {

namespace {

constexpr Duration kTick = std::chrono::milliseconds(250);
constexpr Duration kHeal = std::chrono::milliseconds(500);
constexpr Duration kCheckpoint = std::chrono::seconds(5);
// For an element that somebody took out of a set by hand, which no event tells of. Reading back a very large set would
// hold up the loop: there the flush detector alone must do.
constexpr Duration kReadBack = std::chrono::minutes(5);
constexpr std::size_t kMostReadBack = 100'000;
constexpr Duration kAddressesSettle = std::chrono::milliseconds(50);
constexpr Duration kAddresses = std::chrono::seconds(30);
constexpr Duration kNames = std::chrono::hours(1);

void log_announcement(const Announce& line) {
  log_event(line.warning ? LogLevel::warning : LogLevel::info, line.event, line.fields);
}

}  // namespace

NodeLoop::NodeLoop(NodeParts parts)
    : parts_(std::move(parts)), runner_(parts_.core, parts_.firewall, parts_.store, &parts_.link, log_announcement) {
  runner_.look_up_with([this](const std::string& name) { look_up(name); });
}

void NodeLoop::settle() {
  runner_.settle(parts_.clock.wall(), parts_.clock.steady());
}

void NodeLoop::restore() {
  refresh_never_ban();
  reconcile_kernel("start");
}

Result<void> NodeLoop::run(std::optional<ZmqHubLink::Options> hub) {
  if (auto following = watch_logs(); !following) return following;
  if (auto dialling = watch_hub(std::move(hub)); !dialling) return dialling;
  watch_host();
  parts_.reactor.watch_fd(parts_.signals.fd(), POLLIN, [this](short) { on_signal(); });
  parts_.reactor.every(kTick, [this] { tick(); });
  parts_.reactor.every(kCheckpoint, [this] { checkpoint(); });
  if (const auto interval = parts_.notify.watchdog_interval()) {
    parts_.reactor.every(*interval, [this] { parts_.notify.watchdog(); });
  }
  parts_.notify.ready("following logs");
  log_info("ready", {{"jails", parts_.core.jails().size()}, {"bans", parts_.core.bans().size()}});
  parts_.reactor.run();
  parts_.notify.stopping();
  checkpoint();
  log_info("stopped", {{"bans", parts_.core.bans().size()}});
  return {};
}

Result<void> NodeLoop::watch_logs() {
  parts_.sources.on_line([this](const LogLine& line, const std::vector<std::size_t>& jails) {
    parts_.core.on_line(line, jails, parts_.clock.wall());
  });
  // One kernel batch and one commit for all that a read brought.
  parts_.sources.on_batch_end([this] { settle(); });
  parts_.sources.on_docker_networks([this](const DockerNetworks& networks) {
    docker_networks_ = networks;
    refresh_never_ban();
  });
  return parts_.sources.start();
}

Result<void> NodeLoop::watch_hub(std::optional<ZmqHubLink::Options> hub) {
  parts_.link.on_message([this](wire::Message message) {
    parts_.core.on_hub_message(message, parts_.clock.wall(), parts_.clock.steady());
    settle();
  });
  parts_.link.on_state([this](LinkState state, const std::string& why) {
    tell_hub_keys();
    parts_.core.on_link(state, why, parts_.clock.wall(), parts_.clock.steady());
    settle();
  });
  return parts_.link.use(std::move(hub));
}

void NodeLoop::tell_hub_keys() {
  std::vector<std::string> accepted;
  for (const PublicKey& key : parts_.link.hub_keys())
    accepted.push_back(key.id());
  const auto in_use = parts_.link.hub_key();
  parts_.core.set_hub_keys(std::move(accepted), in_use ? in_use->id() : "");
}

void NodeLoop::watch_host() {
  if (parts_.firewall.watch_fd() >= 0) {
    parts_.reactor.watch_fd(parts_.firewall.watch_fd(), POLLIN, [this](short) { heal(); });
  }
  parts_.reactor.every(kHeal, [this] { heal(); });
  parts_.reactor.every(kReadBack, [this] {
    if (parts_.core.bans().size() <= kMostReadBack) reconcile_kernel("routine");
  });
  // Docker makes and removes links with every container: look a moment later, once for all of them.
  parts_.reactor.watch_fd(parts_.addresses.fd(), POLLIN, [this](short) {
    if (!parts_.addresses.changed() || address_timer_ != 0) return;
    address_timer_ = parts_.reactor.after(kAddressesSettle, [this] {
      address_timer_ = 0;
      refresh_never_ban();
    });
  });
  parts_.reactor.every(kAddresses, [this] { refresh_never_ban(); });
  parts_.reactor.every(kNames, [this] { parts_.listed.look_up([this] { refresh_never_ban(); }); });
}

void NodeLoop::look_up(const std::string& name) {
  parts_.names.start(name, [this, name](const Result<std::vector<std::string>>& found) {
    std::vector<Address> addresses;
    if (!found) log_debug("name not found", {{"name", name}, {"problem", found.error().message()}});
    for (const std::string& text : found ? *found : std::vector<std::string>()) {
      if (const auto address = Address::parse(text)) addresses.push_back(*address);
    }
    parts_.core.on_looked_up(name, addresses, parts_.clock.wall());
    settle();
  });
}

void NodeLoop::on_signal() {
  while (const auto signal = parts_.signals.next()) {
    if (*signal == SIGTERM || *signal == SIGINT) parts_.reactor.stop();
    if (*signal == SIGHUP) reload();
  }
}

void NodeLoop::tick() {
  publish_gauges();
  parts_.core.on_tick(parts_.clock.wall(), parts_.clock.steady());
  settle();
}

void NodeLoop::heal() {
  const auto health = parts_.firewall.heal();
  if (!health) return report_firewall("NOT ENFORCED: " + health.error().message());
  report_firewall((health->enforcing || health->problem.empty() ? "" : "NOT ENFORCED: ") + health->problem);
  parts_.core.set_gauge("firewall_repairs", health->repairs);
  parts_.core.set_gauge("firewall_contended", health->contended);
  parts_.core.set_gauge("enforcing", health->enforcing ? 1 : 0);
  if (health->repairs > firewall_repairs_) {
    firewall_repairs_ = health->repairs;
    log_warning("firewall repaired", {{"repairs", health->repairs}});
  }
  if (health->entries_lost) reconcile_kernel("entries lost");
}

// Says what is wrong once, and that it is well again once.
void NodeLoop::report_firewall(const std::string& problem) {
  const Timestamp now = parts_.clock.wall();
  if (!problem.empty()) parts_.core.raise_alarm(problem, now);
  if (problem == firewall_problem_) return;
  firewall_problem_ = problem;
  if (problem.empty()) {
    log_info("firewall well again");
  } else {
    log_error("firewall", {{"problem", problem}});
  }
}

void NodeLoop::reconcile_kernel(const char* why) {
  const auto held = parts_.firewall.list();
  if (!held) return report_firewall("the bans in the kernel cannot be read: " + held.error().message());
  const std::size_t held_before = parts_.core.bans().in_kernel();
  parts_.core.on_kernel_list(*held, parts_.clock.wall());
  settle();
  if (held->size() == held_before && held_before > 0) return;
  log_info("kernel filled", {{"why", why}, {"held", held->size()}, {"bans", parts_.core.bans().in_kernel()}});
}

void NodeLoop::refresh_never_ban() {
  const auto host = collect_host_ranges();
  if (!host) {
    // The list as it was is better than a shorter one.
    const std::string text = "this host's addresses cannot be read: " + host.error().message();
    parts_.core.raise_alarm(text, parts_.clock.wall());
    if (address_limit_.allows(parts_.clock.steady())) log_error("never-ban list", {{"problem", text}});
    return;
  }
  NeverBan never;
  for (const HostRange& range : *host)
    never.add(range.range, range.reason);
  for (const auto& [range, reason] : docker_networks_)
    never.add(range, reason);
  for (const auto& [range, reason] : parts_.listed.ranges())
    never.add_listed(range, reason);
  parts_.core.on_never_ban(std::move(never), parts_.clock.wall());
  settle();
}

void NodeLoop::checkpoint() {
  parts_.core.on_positions(parts_.sources.positions(), parts_.sources.take_gone());
  settle();
}

void NodeLoop::publish_gauges() {
  for (const auto& [name, value] : parts_.sources.stats().by_name())
    parts_.core.set_gauge(name, value);
  parts_.core.set_gauge("spool_dropped", parts_.store.dropped());
  if (!configuration_problem_.empty()) parts_.core.raise_alarm(configuration_problem_, parts_.clock.wall());
  parts_.core.set_gauge("gate_scans_cut", parts_.gates.counters().scans_cut_short);
  const std::string& no_gate = parts_.gates.problem();
  parts_.core.set_gauge("gates_missing", no_gate.empty() ? 0 : 1);
  if (!no_gate.empty())
    parts_.core.raise_alarm("logs are read without a gate, at a high price: " + no_gate, parts_.clock.wall());
  for (const std::string& alarm : parts_.sources.alarms())
    parts_.core.raise_alarm(alarm, parts_.clock.wall());
}

}  // namespace breakwater
