// SPDX-License-Identifier: Apache-2.0
#include "hub/core/node_roster.h"

#include <algorithm>

namespace breakwater {

const char* name_of(NodeState state) {
  switch (state) {
    case NodeState::never:
      return "never";
    case NodeState::connected:
      return "connected";
    case NodeState::late:
      return "late";
    case NodeState::lost:
      return "lost";
  }
  return "";
}

NodeView::Spool& NodeView::spool(const std::string& id) {
  const auto known = std::find_if(spools.begin(), spools.end(), [&](const Spool& s) { return s.id == id; });
  if (known != spools.end()) return *known;
  if (spools.size() >= kSpools) spools.erase(spools.begin());
  spools.push_back({id, 0, 0, false});
  return spools.back();
}

void NodeView::start_history(std::uint64_t in_epoch, std::uint64_t seq) {
  if (epoch == in_epoch && seq >= enforced && !history_.empty()) return;  // the same node, back again
  history_.clear();
  before_history_ = seq;
}

void NodeView::note_enforced(std::uint64_t in_epoch, std::uint64_t seq, Timestamp at) {
  if (in_epoch != epoch) {
    start_history(in_epoch, 0);
    epoch = in_epoch;
    enforced = received = 0;
  }
  if (seq <= enforced) return;
  enforced = seq;
  // Below a second it is the way of the PING that was measured, not the clock.
  const bool skewed = clock_skew && std::chrono::abs(*clock_skew) >= std::chrono::seconds(1);
  const Timestamp by_our_clock = skewed ? at - *clock_skew : at;
  history_.emplace_back(seq, by_our_clock);
  if (history_.size() <= kHistory) return;
  before_history_ = history_.front().first;
  history_.pop_front();
}

EnforcedAt NodeView::enforced_at(std::uint64_t of_epoch, std::uint64_t seq) const {
  if (of_epoch != epoch || seq > enforced) return {};
  if (seq <= before_history_) return {true, std::nullopt};
  const auto entry = std::lower_bound(history_.begin(), history_.end(), seq,
                                      [](const auto& e, std::uint64_t wanted) { return e.first < wanted; });
  if (entry == history_.end()) return {true, std::nullopt};
  return {true, entry->second};
}

std::uint64_t NodeView::counter(const std::string& name) const {
  const auto found = counters.find(name);
  return found == counters.end() ? 0 : found->second;
}

NodeView* NodeRoster::add(const std::string& name) {
  if (NodeView* known = find(name)) return known;
  if (nodes_.size() >= most_) {
    const auto idle = std::find_if(nodes_.begin(), nodes_.end(), [&](const auto& n) {
      const bool away = n.second.state == NodeState::lost || n.second.state == NodeState::never;
      return away && (!enrolled_ || enrolled_->count(n.first) == 0);
    });
    if (idle == nodes_.end()) return nullptr;
    nodes_.erase(idle);
  }
  return &nodes_[name];
}

NodeView* NodeRoster::find(const std::string& name) {
  const auto known = nodes_.find(name);
  return known == nodes_.end() ? nullptr : &known->second;
}

const NodeView* NodeRoster::find(const std::string& name) const {
  const auto known = nodes_.find(name);
  return known == nodes_.end() ? nullptr : &known->second;
}

void NodeRoster::set_enrolled(std::set<std::string> names) {
  enrolled_ = std::move(names);
  for (const std::string& name : *enrolled_)
    add(name);
  std::erase_if(nodes_, [&](const auto& n) { return n.second.state == NodeState::never && !is_enrolled(n.first); });
}

std::size_t NodeRoster::enrolled() const {
  return enrolled_ ? enrolled_->size() : nodes_.size();
}

}  // namespace breakwater
