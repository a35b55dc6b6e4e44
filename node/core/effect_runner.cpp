// SPDX-License-Identifier: Apache-2.0
#include "node/core/effect_runner.h"

namespace breakwater {

void EffectRunner::settle(Timestamp now, Tick tick) {
  for (NodeEffects effects = core_.take_effects(now, tick); !effects.empty(); effects = core_.take_effects(now, tick)) {
    for (NodeEffect& effect : effects)
      carry_out(effect, now);
  }
}

void EffectRunner::carry_out(NodeEffect& effect, Timestamp now) {
  if (auto* enforce = std::get_if<Enforce>(&effect)) {
    core_.on_enforced(enforce->changes, firewall_.apply(enforce->changes), now);
  } else if (auto* persist = std::get_if<Persist>(&effect)) {
    const auto saved = store_.save(persist->changes);
    core_.on_persisted(std::move(persist->changes), saved, now);
  } else if (auto* send = std::get_if<SendToHub>(&effect)) {
    if (link_ == nullptr || !link_->send(send->message)) core_.on_send_failed(send->message);
  } else if (auto* read = std::get_if<ReadSpool>(&effect)) {
    auto spooled = store_.spooled(read->after, read->limit);
    if (spooled) {
      core_.on_spool(std::move(*spooled));
    } else {
      core_.raise_alarm("the spool cannot be read: " + spooled.error().message(), now);  // asked again after a tick
    }
  } else if (auto* reconnect = std::get_if<Reconnect>(&effect)) {
    if (link_ != nullptr) link_->reconnect(reconnect->after);
  } else if (auto* question = std::get_if<LookUpName>(&effect)) {
    if (look_up_) {
      look_up_(question->name);
    } else {
      core_.on_looked_up(question->name, {}, now);
    }
  } else if (auto* line = std::get_if<Announce>(&effect)) {
    announce_(*line);
  }
}

}  // namespace breakwater
