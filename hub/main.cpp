// SPDX-License-Identifier: Apache-2.0
// breakwater-hub: counts, decides, remembers, tells all nodes. This file is the table of contents; the parts stand
// where their includes say.
#include <csignal>
#include <filesystem>
#include <iostream>

#include <CLI/CLI.hpp>

#include "common/base/text.h"
#include "common/base/version.h"
#include "common/log/log.h"
#include "common/runtime/system_clock.h"
#include "hub/adapters/ledger/sqlite_ledger.h"
#include "hub/hub_loop.h"
#include "hub/key_verbs.h"

namespace breakwater {
namespace {

int check(const std::string& config_file) {
  const HubReading reading = read_hub(config_file);
  std::cout << reading.report;
  if (reading.has_errors) return kBadConfig;
  std::cout << "ok: " << reading.jails.size() << " jails\n";
  for (const JailConfig& jail : reading.jails) {
    std::cout << "  " << jail.name << "  " << jail.fleet_maxretry << " on " << jail.fleet_quorum
              << (jail.fleet_quorum == 1 ? " node" : " nodes") << " in "
              << std::chrono::duration_cast<std::chrono::seconds>(jail.findtime).count() << " s\n";
  }
  return 0;
}

Result<std::unique_ptr<SqliteLedger>> open_ledger(const HubConfig& config, const Clock& clock) {
  std::error_code failed;
  std::filesystem::create_directories(config.state_dir, failed);
  if (failed) return Error(failed.message()).within("making " + config.state_dir);
  return SqliteLedger::open({.path = config.state_dir + "/ledger.db", .retention = config.retention}, clock);
}

Result<std::unique_ptr<ZmqNodeGate>> open_gate(Reactor& reactor, const HubConfig& config) {
  auto keys = read_secret_key(config.secret_key_file);
  if (!keys) return keys.error();
  ZmqNodeGate::Options options;
  options.endpoint = config.listen.front();
  options.keys = *keys;
  options.key_folders = key_folders(config);
  options.local_path = config.query_socket.substr(std::string_view("ipc://").size());
  return ZmqNodeGate::open(reactor, std::move(options));
}

int run(const std::string& config_file) {
  auto signals = Signals::block({SIGTERM, SIGINT, SIGHUP});
  if (!signals) return give_up(signals.error());
  HubReading reading = read_hub(config_file);
  for (const std::string_view line : split(trimmed(reading.report), '\n')) {
    if (!line.empty()) log_warning("configuration", {{"problem", line}});
  }
  if (!reading.config) return kBadConfig;
  const HubConfig& config = *reading.config;
  set_log_level(config.log_level);
  // From here on the sound jails are known; a wrong one was named and does not hinder the others.

  const SystemClock clock;
  auto ledger = open_ledger(config, clock);
  if (!ledger) return give_up(ledger.error().within("opening the ledger"));
  HubSettings settings = settings_of(config);
  settings.default_jail = std::move(reading.defaults);
  auto state = (*ledger)->load(HubCore::load_request(settings, reading.jails, clock.wall()));
  if (!state) return give_up(state.error().within("reading the ledger"));
  HubCore core(settings, std::move(reading.jails), std::move(*state), clock.wall());
  // From here on the hub knows what it knew when it ended: who is banned, how often each address offended, which
  // offences it acknowledged.

  Reactor reactor;
  auto ignored_names = IgnoredNames::create();
  if (!ignored_names) return give_up(ignored_names.error());
  auto gate = open_gate(reactor, config);
  if (!gate) return give_up(gate.error());
  const Notify notify = Notify::from_environment();
  HubLoop loop({reactor, clock, *signals, notify, core, **gate, **ledger, **ignored_names, config_file, config});
  const auto ran = loop.run();
  return ran ? 0 : give_up(ran.error());
}

}  // namespace
}  // namespace breakwater

int main(int argc, char** argv) {
  using namespace breakwater;
  CLI::App app{"breakwater-hub: decides for the fleet whom to ban"};
  app.require_subcommand(1);
  app.set_version_flag("--version", software_name("breakwater-hub"));
  std::string config_file = "/etc/breakwater/hub.conf";
  std::string file, name, key;
  std::optional<std::string> revoked;
  bool admin = false;
  int status = 0;
  const auto verb = [&](const char* word, const char* help) {
    auto* sub = app.add_subcommand(word, help);
    sub->add_option("-c,--config", config_file, "hub.conf")->capture_default_str();
    return sub;
  };
  verb("run", "run in the foreground")->callback([&] { status = run(config_file); });
  verb("check", "read the configuration, print every problem, exit 78 if there is one")->callback([&] {
    status = check(config_file);
  });
  auto* keys = app.add_subcommand("keygen", "make the hub's key pair; prints the public key, which nodes need");
  keys->add_option("file", file, "the secret key's file; the public key goes to FILE.pub")->required();
  keys->callback([&] { status = keygen(file); });
  auto* enrol_verb = verb("enrol", "let a node (or, with --admin, an operator) in; at once, if the hub runs");
  enrol_verb->add_option("name", name, "its name, as in its node.conf")->required();
  enrol_verb->add_option("key", key, "its public key: 64 hex digits, or the .pub file")->required();
  enrol_verb->add_flag("--admin", admin, "an operator's key: may ask and order, over the network");
  enrol_verb->callback([&] { status = enrol_key(config_file, name, admin, key); });
  auto* revoke_verb = verb("revoke", "shut a node or operator out: its keys go, its connections end");
  revoke_verb->add_option("name", name)->required();
  revoke_verb->add_flag("--admin", admin, "an operator");
  revoke_verb->add_option("--key", revoked, "only this one of its keys: 64 hex digits, or the .pub file");
  revoke_verb->callback([&] { status = revoke_keys(config_file, name, admin, revoked); });
  CLI11_PARSE(app, argc, argv);
  return status;
}
