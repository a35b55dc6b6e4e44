// SPDX-License-Identifier: Apache-2.0
// breakwater-node: runs on every Docker host. This file is the table of contents; the parts stand where their includes
// say.
#include <csignal>
#include <filesystem>
#include <iostream>

#include <CLI/CLI.hpp>

#include "common/base/text.h"
#include "common/base/version.h"
#include "common/log/log.h"
#include "common/runtime/curve_keys.h"
#include "common/runtime/endpoint.h"
#include "common/runtime/random.h"
#include "common/runtime/system_clock.h"
#include "node/adapters/firewall/choose_firewall.h"
#include "node/adapters/hub_link/configured_hub_link.h"
#include "node/adapters/store/sqlite_node_store.h"
#include "node/core/gate/gate_set.h"
#include "node/node_loop.h"
#include "node/node_setup.h"
#include "node/tools/exit_status.h"
#include "node/tools/verbs.h"

namespace breakwater {
namespace {

int give_up(const Error& error) {
  log_error("giving up", {{"problem", error.message()}});
  return kFailed;
}

const char* name_of(FirewallChoice choice) {
  switch (choice) {
    case FirewallChoice::automatic:
      return "auto";
    case FirewallChoice::iptables:
      return "iptables";
    case FirewallChoice::iptables_rules:
      return "iptables-rules";
  }
  return "auto";
}

int check(const std::string& config_file) {
  const NodeReading reading = read_node(config_file);
  std::cout << reading.report;
  if (reading.has_errors) return kBadConfig;
  std::cout << "ok: " << reading.jails.size() << " jails\n";
  for (const ActiveJail& jail : reading.jails) {
    std::cout << "  " << jail.config.name << "  maxretry " << jail.config.maxretry << " in "
              << std::chrono::duration_cast<std::chrono::seconds>(jail.config.findtime).count() << " s\n";
  }
  return 0;
}

int run(const std::string& config_file) {
  auto signals = Signals::block({SIGTERM, SIGINT, SIGHUP});
  if (!signals) return give_up(signals.error());
  NodeReading reading = read_node(config_file);
  for (const std::string_view line : split(trimmed(reading.report), '\n')) {
    if (!line.empty()) log_warning("configuration", {{"problem", line}});
  }
  if (!reading.config) return kBadConfig;
  const NodeConfig& config = *reading.config;
  set_log_level(config.log_level);
  // From here on the sound jails are known; a wrong one was named and does not hinder the others.

  SystemClock clock;
  Reactor reactor;
  auto firewall = choose_firewall(name_of(config.firewall), clock);
  if (!firewall) return give_up(firewall.error());
  if (auto installed = firewall->firewall->install(); !installed) return give_up(installed.error());
  log_info("firewall", {{"backend", firewall->backend}});

  auto store = SqliteNodeStore::open({.path = config.state_dir + "/state.db",
                                      .spool_limit_bytes = config.spool_limit,
                                      .fresh_spool = random_bytes(16)});
  if (!store) return give_up(store.error());
  auto state = (*store)->load();
  if (!state) return give_up(state.error());
  std::vector<StoredPosition> positions = state->positions;

  std::vector<JailWatch> watches;
  for (const ActiveJail& jail : reading.jails)
    watches.push_back(watch_of(jail.config));
  GateSet gates(gate_filters(reading.jails), [](const std::string& problem) {
    log_warning("every line is decoded and asked about: reading logs costs much more", {{"problem", problem}});
  });
  auto listed = ListedRanges::create(reactor, look_up);
  if (!listed) return give_up(listed.error());
  (*listed)->set(config, reading.jails);
  (*listed)->look_up_now();

  NodeSettings settings;
  settings.name = config.name;
  settings.instance = random_bytes(16);
  settings.has_hub = !config.hub.empty();
  NodeCore core(settings, std::move(reading.jails), std::move(*state), clock.wall());

  auto hub = link_options(config);
  if (!hub) return give_up(hub.error());
  ConfiguredHubLink link(reactor);
  auto addresses = HostAddressWatcher::open();
  if (!addresses) return give_up(addresses.error());
  LogSourcesSettings logs;
  logs.docker_socket = config.docker_socket == "none" ? "" : config.docker_socket;
  logs.docker_root = config.docker_root;
  LogSources sources(reactor, clock, logs, std::move(watches), std::move(positions));
  sources.gate_for([&gates](const std::vector<std::size_t>& jails, bool docker_json) {
    return gates.gate_for(jails, docker_json ? LogForm::docker_json : LogForm::plain);
  });

  auto names = NameResolver::create(reactor, look_up);
  if (!names) return give_up(names.error());
  const Notify notify = Notify::from_environment();
  NodeLoop loop({reactor, clock, *signals, notify, core, *firewall->firewall, **store, link, sources, gates, *addresses,
                 *names, **listed, config_file, config});
  loop.restore();
  // From here on the kernel holds what the disk remembers, and nobody on the never-ban list.
  const auto ran = loop.run(std::move(*hub));
  return ran ? 0 : give_up(ran.error());
}

int keygen(const std::string& path) {
  const auto keys = generate_key_files(path);
  if (!keys) return give_up(keys.error());
  std::cout << keys->public_key.hex() << "\n";
  return 0;
}

int firewall_verb(const std::string& config_file, bool flush) {
  const NodeReading reading = read_node(config_file);
  const SystemClock clock;
  auto chosen = choose_firewall(reading.config ? name_of(reading.config->firewall) : "auto", clock);
  if (!chosen) return give_up(chosen.error());
  if (flush) {
    const auto removed = chosen->firewall->remove();
    return removed ? 0 : give_up(removed.error());
  }
  const auto entries = chosen->firewall->list();
  if (!entries) return give_up(entries.error());
  for (const FirewallEntry& entry : *entries) {
    std::cout << entry.who.text() << "  ";
    if (entry.remaining) {
      std::cout << std::chrono::duration_cast<std::chrono::seconds>(*entry.remaining).count() << " s\n";
    } else {
      std::cout << "for ever\n";
    }
  }
  return 0;
}

}  // namespace
}  // namespace breakwater

int main(int argc, char** argv) {
  using namespace breakwater;
  CLI::App app{"breakwater-node: reads this host's logs, bans, and tells the hub"};
  app.require_subcommand(1);
  app.set_version_flag("--version", software_name("breakwater-node"));
  std::string config_file = "/etc/breakwater/node.conf";
  std::string key_file;
  int status = 0;
  const auto verb = [&](CLI::App& under, const char* name, const char* help) {
    auto* sub = under.add_subcommand(name, help);
    sub->add_option("-c,--config", config_file, "node.conf")->capture_default_str();
    return sub;
  };
  verb(app, "run", "run in the foreground")->callback([&] { status = run(config_file); });
  verb(app, "check", "read the configuration, print every problem, exit 78 if there is one")->callback([&] {
    status = check(config_file);
  });
  auto* keys = app.add_subcommand("keygen", "make this node's key pair; prints the public key to enrol at the hub");
  keys->add_option("file", key_file, "the secret key's file; the public key goes to FILE.pub")->required();
  keys->callback([&] { status = keygen(key_file); });
  auto* firewall = app.add_subcommand("firewall", "look at or remove what stands in the kernel");
  firewall->require_subcommand(1);
  verb(*firewall, "show", "print what the kernel's sets hold")->callback([&] {
    status = firewall_verb(config_file, false);
  });
  verb(*firewall, "flush", "remove our sets and rules: the way out when you are locked out")->callback([&] {
    status = firewall_verb(config_file, true);
  });
  add_tool_verbs(app, status);
  CLI11_PARSE(app, argc, argv);
  return status;
}
