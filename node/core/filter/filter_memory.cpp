// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/filter_memory.h"

#include <utility>

namespace breakwater {

namespace {

constexpr Duration kConnectionLives = std::chrono::minutes(5);
constexpr std::size_t kMostUsers = 32;
constexpr std::size_t kLongestValue = 256;
constexpr std::size_t kMostBytes = std::size_t{256} * 1024;

void count_lines(Connection& connection, const ConnectionLine& line, bool gained, bool nofail) {
  if (!gained && !nofail) {
    connection.lines += std::exchange(connection.nofail_lines, 0) + line.lines;
  } else if (!line.forget) {
    connection.nofail_lines += line.lines;
  }
}

}  // namespace

// The order of these steps is fail2ban's (1.0.2, server/filter.py _mergeFailure), for the outcome hangs on it.
Connection& ConnectionTable::merge(std::string_view id, const ConnectionLine& line, Timestamp now) {
  Connection* connection = find(id, now);
  const bool known = connection != nullptr;
  if (!known && line.forget) connection = &(passing_ = Connection());
  if (!known && !line.forget) connection = &add(id, now);
  const bool keeps_users = known || !line.forget;
  if (keeps_users && !line.user.empty() && connection->users.size() < kMostUsers)
    connection->users.emplace(line.user.substr(0, kLongestValue));
  if (known) {
    const bool was_no_failure = std::exchange(connection->nofail, false) | std::exchange(connection->gained, false);
    if (line.gained) connection->pending = false;
    if (!was_no_failure && !connection->pending) connection->lines = 0;  // they were told already
  }
  connection->who.update(line.who);
  connection->nofail = line.nofail || line.gained;
  connection->gained = line.gained;
  if (known && line.forget) {
    passing_ = std::move(*connection);
    forget(id);
    connection = &passing_;
  }
  bool nofail = connection->nofail, gained = connection->gained;
  if (std::exchange(connection->pending, false) || (keeps_users && connection->users.size() > 1)) {
    connection->nofail = connection->gained = nofail = gained = false;
  }
  count_lines(*connection, line, gained, nofail);
  return *connection;
}

Connection* ConnectionTable::find(std::string_view id, Timestamp now) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return nullptr;
  if (found->second->until > now) return &found->second->connection;
  forget(id);
  return nullptr;
}

Connection& ConnectionTable::add(std::string_view id, Timestamp now) {
  forget(id);
  if (entries_.size() >= kMost) {
    if (entries_.front().until > now) ++evicted_;
    forget(std::string(entries_.front().id));
  }
  entries_.push_back({std::string(id), now + kConnectionLives, {}});
  by_id_[entries_.back().id] = std::prev(entries_.end());
  return entries_.back().connection;
}

void ConnectionTable::forget(std::string_view id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  const auto entry = found->second;
  by_id_.erase(found);
  entries_.erase(entry);
}

void LineBuffer::add(std::string_view line) {
  lines_.emplace_back(line);
  bytes_ += line.size();
  while (lines_.size() > most_)
    drop_oldest();
  for (; bytes_ > kMostBytes && lines_.size() > 1; ++dropped_)
    drop_oldest();
}

void LineBuffer::replace(std::vector<std::string> lines) {
  lines_.assign(std::make_move_iterator(lines.begin()), std::make_move_iterator(lines.end()));
  bytes_ = 0;
  for (const std::string& line : lines_)
    bytes_ += line.size();
}

void LineBuffer::drop_oldest() {
  bytes_ -= lines_.front().size();
  lines_.pop_front();
}

}  // namespace breakwater
