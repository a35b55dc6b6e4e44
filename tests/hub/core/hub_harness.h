// SPDX-License-Identifier: Apache-2.0
// A HubCore with a FakeLedger and peers that remember what they were told.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/wire/codec.h"
#include "hub/core/hub_core.h"
#include "tests/fakes/fake_ledger.h"

namespace breakwater {

inline JailConfig jail_named(const std::string& name, int maxretry = 3) {
  JailConfig jail;
  jail.name = name;
  jail.enabled = true;
  jail.maxretry = jail.fleet_maxretry = maxretry;
  return jail;
}

class HubHarness {
 public:
  explicit HubHarness(std::vector<JailConfig> jails = {jail_named("sshd")}, HubSettings settings = {})
      : jails_(std::move(jails)), settings_(std::move(settings)) {
    settings_.instance = std::string(16, 'h');
    start();
  }

  // Reads the ledger; what was not committed is lost.
  void start() {
    ledger = std::make_unique<FakeLedger>(disk);
    auto state = ledger->load(HubCore::load_request(settings_, jails_, now)).value();
    core = std::make_unique<HubCore>(settings_, jails_, std::move(state), now);
    inbox.clear();
  }

  // Carries out effects, and lets the ledger commit, until nothing is left to do.
  void run() {
    for (int i = 0; i < 10'000; ++i) {
      const bool more = core->has_more();
      HubEffects effects = core->take_effects(now, tick);
      for (HubEffect& effect : effects)
        carry_out(effect);
      const auto events = ledger->take_events();
      for (const LedgerEvent& event : events)
        core->on_ledger_event(event, now, tick);
      if (effects.empty() && !more && (events.empty() || std::holds_alternative<CommitFailed>(events.front()))) return;
    }
    FAIL() << "the hub never comes to rest";
  }

  void pass(Duration time) {
    now += time;
    tick += time;
    core->on_tick(now, tick);
    run();
  }

  std::string key_of_nodes{};  // as the gate names it
  void say(const PeerId& peer, wire::Message message, const std::string& name = {}) {
    core->on_message(peer, {name.empty() ? peer : name, PeerRole::node, key_of_nodes}, message, now, tick);
    run();
  }

  // The peer's name is the node's.
  void greet(const std::string& node, std::uint64_t epoch = 0, std::uint64_t applied = 0, const PeerId& peer = {}) {
    say(peer.empty() ? node : peer, hello(node, epoch, applied), node);
  }
  wire::Hello hello(const std::string& node, std::uint64_t epoch = 0, std::uint64_t applied = 0) const {
    wire::Hello hello;
    hello.node = node;
    hello.instance = std::string(16, 'i');
    hello.software = "test";
    hello.spool = std::string(16, 's');
    hello.epoch = epoch;
    hello.applied = applied;
    return hello;
  }

  wire::Offence offence(std::uint64_t number, const std::string& who = "203.0.113.7",
                        const std::string& jail = "sshd") {
    return {number, now, Address::parse(who).value(), jail, "web", "nginx:1", "a line"};
  }
  // `count` offences of the address, in one batch, numbered on.
  void offend(const std::string& node, int count, const std::string& who = "203.0.113.7",
              const std::string& jail = "sshd") {
    wire::OffenceBatch batch{std::string(16, 's'), nseq[node], {}};
    for (int i = 0; i < count; ++i)
      batch.offences.push_back(offence(++nseq[node], who, jail));
    say(node, batch);
  }

  wire::Reply ask(const std::string& verb, std::map<std::string, std::string> args = {}, const std::string& cursor = {},
                  std::uint16_t limit = 100) {
    core->on_message("tool", {"alice", PeerRole::admin}, wire::Query{++qid, verb, std::move(args), cursor, limit}, now,
                     tick);
    run();
    const auto replies = told<wire::Reply>("tool");
    inbox["tool"].clear();
    return replies.empty() ? wire::Reply{0, 0, "no reply", {}, ""} : replies.back();
  }
  std::vector<nlohmann::json> rows(const wire::Reply& reply) const {
    std::vector<nlohmann::json> parsed;
    for (const std::string& row : reply.rows)
      parsed.push_back(nlohmann::json::parse(row));
    return parsed;
  }

  template <class T>
  std::vector<T> told(const PeerId& peer) const {
    std::vector<T> all;
    const auto found = inbox.find(peer);
    if (found == inbox.end()) return all;
    for (const wire::Message& message : found->second) {
      if (const T* wanted = std::get_if<T>(&message)) all.push_back(*wanted);
    }
    return all;
  }
  // The numbers that a peer was pushed, in order.
  std::vector<std::uint64_t> pushed(const PeerId& peer) const {
    std::vector<std::uint64_t> seqs;
    for (const wire::Decisions& message : told<wire::Decisions>(peer)) {
      for (std::size_t i = 0; i < message.decisions.size(); ++i)
        seqs.push_back(message.first + i);
    }
    return seqs;
  }
  std::uint64_t epoch() const { return core->log().epoch(); }

  std::shared_ptr<FakeLedgerDisk> disk = std::make_shared<FakeLedgerDisk>();
  std::unique_ptr<FakeLedger> ledger;
  std::unique_ptr<HubCore> core;
  Timestamp now = from_unix_ms(1'790'000'000'000);
  Tick tick{std::chrono::hours(1)};
  std::map<PeerId, std::vector<wire::Message>> inbox;
  std::set<PeerId> full, gone, disconnected;
  std::vector<HubNote> notes;
  std::map<std::string, std::uint64_t> nseq;
  std::uint32_t qid = 0;
  std::vector<LookUp> lookups;

 private:
  void carry_out(HubEffect& effect) {
    if (auto* message = std::get_if<SendTo>(&effect)) {
      // What goes over the wire is what the codec lets through.
      auto sent = wire::decode(wire::encode(*message->message));
      ASSERT_TRUE(sent) << sent.error().message();
      const SendOutcome outcome = gone.count(message->peer)   ? SendOutcome::gone
                                  : full.count(message->peer) ? SendOutcome::full
                                                              : SendOutcome::sent;
      if (outcome == SendOutcome::sent) inbox[message->peer].push_back(*sent);
      if (outcome != SendOutcome::sent) core->on_send_outcome(message->peer, *message->message, outcome, now, tick);
    } else if (auto* commit = std::get_if<CommitBatch>(&effect)) {
      ledger->commit(commit->ticket, std::move(commit->batch));
    } else if (auto* question = std::get_if<LookUp>(&effect)) {
      lookups.push_back(*question);
      ledger->look_up(question->id, question->query);
    } else if (auto* end = std::get_if<DisconnectPeer>(&effect)) {
      disconnected.insert(end->peer);
    } else {
      notes.push_back(std::get<HubNote>(effect));
    }
  }

  std::vector<JailConfig> jails_;
  HubSettings settings_;
};

}  // namespace breakwater
