// SPDX-License-Identifier: Apache-2.0
// What is wrong with a configuration, in words for the person who must mend it.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "common/config/jail_config.h"

namespace breakwater {

// error: the configuration does not say what its author meant. warning: it works, but otherwise than fail2ban would.
// info: worth knowing once.
enum class Severity { error, warning, info };

// What a problem is about: {"jail", "sshd"}. An empty kind: the file itself.
struct Subject {
  std::string kind;
  std::string name;
  bool operator==(const Subject&) const = default;
};

struct Problem {
  Severity severity = Severity::error;
  Origin origin;
  Subject subject;
  std::string what;   // `findtime "10x" is not a duration`; bytes from the file are escaped by who wrote it
  std::string right;  // what would be right: `try 10m`; may be empty

  // `jail.conf:14: jail "sshd": findtime "10x" is not a duration (try 10m)`; warnings and notes say so before the
  // subject.
  std::string text() const;
  bool operator==(const Problem&) const = default;
};

// All problems of one reading, in the order found, the same one once. Holds at most kMax; further ones are counted. Not
// thread-safe.
class Problems {
 public:
  static constexpr std::size_t kMax = 1000;

  void add(Problem problem);
  void error(Origin origin, Subject subject, std::string what, std::string right = {});
  void warning(Origin origin, Subject subject, std::string what, std::string right = {});
  void info(Origin origin, Subject subject, std::string what, std::string right = {});

  const std::vector<Problem>& all() const { return list_; }
  bool has_errors() const { return errors_ > 0; }
  std::size_t errors() const { return errors_; }      // counted beyond kMax, too
  std::size_t left_out() const { return left_out_; }  // found, but not held
  // One line each, for `check` and for the log at start; the last line tells how many were left out.
  std::string text() const;

 private:
  std::vector<Problem> list_;
  std::set<std::string> seen_;  // texts of list_
  std::size_t errors_ = 0;
  std::size_t left_out_ = 0;
};

// `"10x"`: a value fit to stand in a message, cut when long.
std::string in_quotes(const std::string& value);

}  // namespace breakwater
