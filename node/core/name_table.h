// SPDX-License-Identifier: Apache-2.0
// Offences of hosts that the log names instead of giving their addresses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/address.h"
#include "common/base/clock.h"
#include "common/wire/messages.h"

namespace breakwater {

struct NamedOffence {
  std::size_t jail = 0;
  wire::Offence offence;  // but for `who`
};

// Who owns a name says where it leads, so this is only for jails that ask for it (usedns = yes or warn). Names are
// looked up one after the other, away from the loop; meanwhile their offences wait here, in memory only. An answer,
// also an empty one, holds for five minutes.
//
// At most 1,000 answers and 1,000 waiting offences; more are dropped and counted. One thread.
class NameTable {
 public:
  // nullptr: has to be looked up.
  const std::vector<Address>* known(const std::string& name, Timestamp now) const;
  void wait(const std::string& name, NamedOffence offence);
  // The name to look up now; answer() must follow before the next.
  std::optional<std::string> take_question();
  // Those who waited for it. Empty `addresses`: it leads nowhere.
  std::vector<NamedOffence> answer(const std::string& name, std::vector<Address> addresses, Timestamp now);

  // The jails have other numbers: `to` by the old one; nullopt: that jail is gone, and what waited for it is dropped.
  void renumber(const std::vector<std::optional<std::size_t>>& to);

  std::uint64_t dropped() const { return dropped_; }

 private:
  static constexpr std::size_t kMostAnswers = 1000;
  static constexpr std::size_t kMostWaiting = 1000;

  struct Answer {
    std::vector<Address> addresses;
    Timestamp until;
  };
  std::map<std::string, Answer> answers_;
  std::map<std::string, std::vector<NamedOffence>> waiting_;
  std::deque<std::string> questions_;
  std::size_t waiting_count_ = 0;
  bool asking_ = false;
  std::uint64_t dropped_ = 0;
};

}  // namespace breakwater
