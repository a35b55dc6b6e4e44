// SPDX-License-Identifier: Apache-2.0
// Which group of which regex means what.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/core/filter/regex_engine.h"

namespace breakwater {

// The groups of one failregex, over those of the prefregex before it, by fail2ban's rules (1.0.2, server/failregex.py
// and server/filter.py findFailure), worked out once:
//   - a group of the failregex hides the one of that name in the prefregex, even if it took no part in the match
//   - alt_user, alt_user_1, ... (in the order of their names) fill `user` where that is empty
//   - user and tuple_user, tuple_user_1, ... are one value: "(a, b)"
class FieldPlan {
 public:
  // The names that the engine itself needs.
  enum Known : std::uint8_t { fid, ip4, ip6, dns, cidr, mlfid, nofail, mlfforget, mlfgained, user, known_count };

  FieldPlan(const std::vector<std::string>& own, const std::vector<std::string>& prefix);

  bool has(Known which) const { return known_[which].has_value(); }
  // nullopt: not in the regex, or it took no part. Views into the groups; for a tuple nullopt, see all().
  std::optional<std::string_view> value(Known which, const Groups& own, const Groups& prefix) const;
  // All with a value but `content`, up to the end of the first line.
  std::map<std::string, std::string> all(const Groups& own, const Groups& prefix) const;

 private:
  struct Slot {
    bool own;
    std::size_t index;
  };
  struct Field {
    std::string name;
    std::vector<Slot> choices;  // the first that is not empty, else the first
    std::vector<Slot> tuple;    // added to it
  };

  void add(const std::vector<std::string>& names, bool own);
  Field& field(const std::string& name);
  static std::optional<std::string_view> at(Slot slot, const Groups& own, const Groups& prefix);
  static std::optional<std::string_view> chosen(const Field& field, const Groups& own, const Groups& prefix);

  std::vector<Field> fields_;
  std::optional<std::size_t> known_[known_count];  // index into fields_
};

// True if a regex with these groups can name an address, by itself or by the lines of its connection.
bool names_an_address(const std::vector<std::string>& groups);

}  // namespace breakwater
