// SPDX-License-Identifier: Apache-2.0
#include "hub/core/watch_list.h"

#include <algorithm>

namespace breakwater {

bool WatchList::add(const PeerId& peer, std::uint32_t qid, Filter filter, Tick now) {
  std::erase_if(watchers_, [&](const Watcher& w) { return w.peer == peer && w.qid == qid; });
  if (watchers_.size() >= most_) return false;
  watchers_.push_back({peer, qid, std::move(filter), {}, 0, now, {}});
  return true;
}

void WatchList::remove(const PeerId& peer) {
  std::erase_if(watchers_, [&](const Watcher& w) { return w.peer == peer; });
}

bool WatchList::has(const PeerId& peer) const {
  return std::any_of(watchers_.begin(), watchers_.end(), [&](const Watcher& w) { return w.peer == peer; });
}

bool WatchList::passes(const Filter& filter, const WatchRow& row) {
  const auto text = [&](const std::string& wanted, const std::string& have) {
    return wanted.empty() || wanted == have || (have.empty() && !row.offence);
  };
  if (!text(filter.jail, row.jail) || !text(filter.node, row.node)) return false;
  if (!filter.who) return true;
  return row.who ? filter.who->overlaps(*row.who) : !row.offence;
}

void WatchList::push(const WatchRow& row) {
  for (Watcher& watcher : watchers_) {
    if (!passes(watcher.filter, row)) continue;
    if (watcher.rows.size() >= backlog_) {
      ++watcher.dropped;
      ++dropped_;
      continue;
    }
    watcher.rows.push_back(row.json);
  }
}

bool WatchList::waiting() const {
  return std::any_of(watchers_.begin(), watchers_.end(),
                     [](const Watcher& w) { return !w.rows.empty() && w.not_before == Tick{}; });
}

std::vector<std::pair<PeerId, wire::Reply>> WatchList::take(Tick now) {
  std::vector<std::pair<PeerId, wire::Reply>> replies;
  for (Watcher& watcher : watchers_) {
    if (now < watcher.not_before) continue;
    watcher.not_before = {};
    if (watcher.rows.empty() && watcher.dropped == 0 && now < watcher.next_sign) continue;
    wire::Reply reply;
    reply.qid = watcher.qid;
    while (!watcher.rows.empty() && reply.rows.size() < kRowsPerReply) {
      reply.rows.push_back(std::move(watcher.rows.front()));
      watcher.rows.pop_front();
    }
    // Behind what came before the gap.
    if (watcher.dropped > 0 && watcher.rows.empty()) {
      reply.rows.push_back(R"({"type":"dropped","count":)" + std::to_string(watcher.dropped) + "}");
      watcher.dropped = 0;
    }
    watcher.next_sign = now + kHeartbeat;
    replies.emplace_back(watcher.peer, std::move(reply));
  }
  return replies;
}

void WatchList::lost(const PeerId& peer, const wire::Reply& reply, Tick now) {
  for (Watcher& watcher : watchers_) {
    if (watcher.peer != peer || watcher.qid != reply.qid) continue;
    watcher.dropped += reply.rows.size();
    watcher.not_before = now + std::chrono::milliseconds(200);
    dropped_ += reply.rows.size();
  }
}

}  // namespace breakwater
