// SPDX-License-Identifier: Apache-2.0
// What the outside must do for HubCore.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/wire/messages.h"
#include "hub/core/ledger.h"
#include "hub/core/peers.h"

namespace breakwater {

// -> NodeGate::send; if the outcome is not `sent`: HubCore::on_send_outcome. Many effects may share one message.
struct SendTo {
  PeerId peer;
  std::shared_ptr<const wire::Message> message;
};
// -> Ledger::commit
struct CommitBatch {
  std::uint64_t ticket = 0;
  LedgerBatch batch;
};
// -> Ledger::look_up
struct LookUp {
  std::uint64_t id = 0;
  LedgerQuery query;
};
// -> NodeGate::disconnect
struct DisconnectPeer {
  PeerId peer;
};
// -> the log: a change of state that an operator wants to see
struct HubNote {
  bool warning = false;
  std::string event;
  std::vector<std::pair<std::string, std::string>> fields;
};
using HubEffect = std::variant<SendTo, CommitBatch, LookUp, DisconnectPeer, HubNote>;
using HubEffects = std::vector<HubEffect>;

}  // namespace breakwater
