// SPDX-License-Identifier: Apache-2.0
// What a filter remembers of one log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/clock.h"
#include "node/core/filter/identity.h"
#include "node/core/filter/line_filter.h"

namespace breakwater {

// What the lines of one connection (one <F-MLFID>) told so far.
struct Connection {
  Identity who;
  std::set<std::string> users;                // at most 32
  std::map<std::string, std::string> fields;  // kept only where somebody asks for fields
  bool pending = false;                       // a failure whose address was not known yet
  bool nofail = false;                        // the last line says: no failure
  bool gained = false;                        // the last line says: a login that worked
  int lines = 0, nofail_lines = 0;            // for FilterMatch::attempts
};

// What one line says of its connection.
struct ConnectionLine {
  IdentityView who;
  std::string_view user;
  bool nofail = false;  // <F-NOFAIL>
  bool forget = false;  // <F-MLFFORGET>
  bool gained = false;  // <F-MLFGAINED>
  int lines = 1;
};

// The open connections of one log: the newest 100, each for five minutes, as in fail2ban (1.0.2, server/filter.py).
class ConnectionTable {
 public:
  // What the connection tells with this line in it. A failure whose address is not known waits (the caller sets
  // `pending`) until a line brings it; a login that worked clears what waits, unless several users were tried.
  // Valid until the next call.
  Connection& merge(std::string_view id, const ConnectionLine& line, Timestamp now);
  // Those that made room before their time.
  std::uint64_t evicted() const { return evicted_; }

 private:
  static constexpr std::size_t kMost = 100;

  struct Entry {
    std::string id;
    Timestamp until;
    Connection connection;
  };
  using Entries = std::list<Entry>;  // in order of arrival

  Connection* find(std::string_view id, Timestamp now);
  Connection& add(std::string_view id, Timestamp now);
  void forget(std::string_view id);

  Entries entries_;
  std::unordered_map<std::string_view, Entries::iterator> by_id_;  // keys are views into the entries
  std::uint64_t evicted_ = 0;
  Connection passing_;  // of a line that ends its connection
};

// The last lines of a log, where one regex spans several (maxlines); 256 KiB of them at most, and the newest whatever
// its length.
class LineBuffer {
 public:
  explicit LineBuffer(std::size_t most) : most_(most) {}

  void add(std::string_view line);
  void replace(std::vector<std::string> lines);
  std::vector<std::string> lines() const { return {lines_.begin(), lines_.end()}; }
  // Lines that fail2ban would still hold.
  std::uint64_t dropped() const { return dropped_; }

 private:
  void drop_oldest();

  std::size_t most_;
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
  std::deque<std::string> lines_;
};

class RegexFilterMemory final : public FilterMemory {
 public:
  explicit RegexFilterMemory(std::size_t maxlines) : buffer(maxlines) {}
  ConnectionTable connections;
  LineBuffer buffer;
  std::optional<Timestamp> last_date;  // with maxlines only
};

}  // namespace breakwater
