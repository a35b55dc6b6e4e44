// SPDX-License-Identifier: Apache-2.0
#include "hub/hub_loop.h"

#include <csignal>

#include <poll.h>

#include "common/base/text.h"
#include "common/log/log.h"

namespace breakwater {

namespace {

constexpr Duration kTick = std::chrono::milliseconds(250);
constexpr std::uint64_t kTicksPerSecond = 4;

}  // namespace

Result<void> HubLoop::run() {
  if (auto watching = watch(); !watching) return watching;
  auto keys = KeyWatch::start(parts_.reactor, key_folders(parts_.config), [this] { refresh_keys(); });
  if (!keys) return keys.error();
  refresh_keys();
  refresh_ignoreip();
  parts_.notify.ready("deciding");
  log_info("ready", {{"hub", parts_.config.name},
                     {"endpoint", parts_.gate.bound_endpoint()},
                     {"epoch", parts_.core.log().epoch()},
                     {"head", parts_.core.log().head()},
                     {"bans", parts_.core.log().bans().size()},
                     {"keys", parts_.gate.key_count()}});
  parts_.reactor.run();
  parts_.notify.stopping();
  log_info("stopped", {{"head", parts_.core.log().head()}});
  return {};
}

Result<void> HubLoop::watch() {
  const auto wall = [this] { return parts_.clock.wall(); };
  const auto steady = [this] { return parts_.clock.steady(); };
  parts_.gate.on_message([=, this](const PeerId& peer, const PeerIdentity& identity, const wire::Message& message) {
    parts_.core.on_message(peer, identity, message, wall(), steady());
    settle_soon();
  });
  parts_.gate.on_bad_frame([=, this](const PeerId& peer, const PeerIdentity& identity, const std::string& why) {
    parts_.core.on_bad_frame(peer, identity, why, wall(), steady());
    settle_soon();
  });
  parts_.gate.on_gone([=, this](const PeerId& peer) {
    parts_.core.on_gone(peer, wall());
    settle_soon();
  });
  parts_.reactor.watch_fd(parts_.ledger.fd(), POLLIN, [=, this](short) {
    for (const LedgerEvent& event : parts_.ledger.take_events())
      parts_.core.on_ledger_event(event, wall(), steady());
    settle_soon();
  });
  parts_.reactor.watch_fd(parts_.ignored_names.fd(), POLLIN, [this](short) {
    parts_.core.set_ignoreip(parts_.ignored_names.take(parts_.config.ignoreip));
  });
  parts_.reactor.watch_fd(parts_.signals.fd(), POLLIN, [this](short) { on_signal(); });
  parts_.reactor.every(kTick, [this] { tick(); });
  parts_.reactor.every(std::chrono::hours(1), [this] { refresh_ignoreip(); });
  if (const auto interval = parts_.notify.watchdog_interval()) {
    parts_.reactor.every(*interval, [this] { parts_.notify.watchdog(); });
  }
  return {};
}

void HubLoop::on_signal() {
  while (const auto signal = parts_.signals.next()) {
    if (*signal == SIGHUP) {
      reload();
    } else {
      log_info("stopping", {{"signal", *signal}});
      parts_.reactor.stop();
    }
  }
}

// Keys, jails, ignoreip and the log level; what needs another socket or file waits for a restart.
void HubLoop::reload() {
  parts_.notify.reloading();
  HubReading reading = read_hub(parts_.config_file);
  for (const std::string_view line : split(trimmed(reading.report), '\n')) {
    if (!line.empty()) log_warning("configuration", {{"problem", line}});
  }
  if (reading.config && reading.refused.empty()) {
    log_info("configuration read again", {{"jails", reading.jails.size()}});
    set_log_level(reading.config->log_level);
    parts_.config.ignoreip = reading.config->ignoreip;
    parts_.config.ignoreip_names = reading.config->ignoreip_names;
    parts_.core.set_jails(std::move(reading.jails));
    parts_.core.set_default_jail(std::move(reading.defaults));
    refresh_ignoreip();
  } else {
    log_error("configuration is wrong: the one in use stays", {{"file", parts_.config_file}});
  }
  if (auto reloaded = parts_.gate.reload_keys(); !reloaded) {
    log_error("keys not read", {{"problem", reloaded.error().message()}});
  }
  refresh_keys();
  parts_.notify.ready("deciding");
}

void HubLoop::refresh_keys() {
  parts_.core.set_enrolled(enrolled_names(parts_.config.nodes_dir), enrolled_names(parts_.config.admins_dir),
                           parts_.clock.wall());
  settle_soon();
}

void HubLoop::refresh_ignoreip() {
  // Names take as long as their servers like: looked up beside the loop; what was known stays meanwhile.
  parts_.core.set_ignoreip(parts_.ignored_names.known(parts_.config.ignoreip));
  parts_.ignored_names.look_up(parts_.config.ignoreip_names);
}

void HubLoop::tick() {
  if (ticks_++ % kTicksPerSecond == 0) {
    parts_.core.set_ledger_stats(parts_.ledger.stats());
    const GateStats gate = parts_.gate.stats();
    parts_.core.set_gauge("gate_connections", gate.connections);
    parts_.core.set_gauge("gate_refused_keys", gate.refused_keys);
    parts_.core.set_gauge("gate_refused_full", gate.refused_full);
    parts_.core.set_gauge("gate_handshakes", gate.handshakes);
    parts_.core.set_gauge("gate_handshakes_failed", gate.handshake_protocol + gate.handshake_broken);
    parts_.core.set_gauge("gate_bad_frames", gate.bad_frames);
    parts_.core.set_gauge("gate_unknown_types", gate.unknown_types);
    parts_.core.set_gauge("gate_sent", gate.sent);
  }
  parts_.core.on_tick(parts_.clock.wall(), parts_.clock.steady());
  settle_soon();
}

// Once at the end of a turn: one batch for all that came in it.
void HubLoop::settle_soon() {
  if (settling_) return;
  settling_ = true;
  parts_.reactor.at_end_of_turn([this] {
    settling_ = false;
    settle();
  });
}

void HubLoop::settle() {
  carry_out(parts_.core.take_effects(parts_.clock.wall(), parts_.clock.steady()));
  // The rest in the next turn, behind what came in meanwhile.
  if (parts_.core.has_more()) parts_.reactor.after(Duration(0), [this] { settle_soon(); });
}

void HubLoop::carry_out(HubEffects effects) {
  std::set<PeerId> full;
  for (HubEffect& effect : effects) {
    if (const auto* message = std::get_if<SendTo>(&effect)) {
      send(*message, full);
    } else if (auto* commit = std::get_if<CommitBatch>(&effect)) {
      parts_.ledger.commit(commit->ticket, std::move(commit->batch));
    } else if (auto* question = std::get_if<LookUp>(&effect)) {
      parts_.ledger.look_up(question->id, std::move(question->query));
    } else if (const auto* end = std::get_if<DisconnectPeer>(&effect)) {
      parts_.gate.disconnect(end->peer);
    } else {
      const auto& note = std::get<HubNote>(effect);
      log_event(note.warning ? LogLevel::warning : LogLevel::info, note.event, note.fields);
    }
  }
}

// Behind a message that found no room nothing else is sent in this turn: the order must hold.
void HubLoop::send(const SendTo& effect, std::set<PeerId>& full) {
  SendOutcome outcome = SendOutcome::full;
  if (full.count(effect.peer) == 0) outcome = parts_.gate.send(effect.peer, *effect.message);
  if (outcome == SendOutcome::sent) return;
  if (outcome == SendOutcome::full) full.insert(effect.peer);
  parts_.core.on_send_outcome(effect.peer, *effect.message, outcome, parts_.clock.wall(), parts_.clock.steady());
}

}  // namespace breakwater
