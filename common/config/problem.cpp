// SPDX-License-Identifier: Apache-2.0
#include "common/config/problem.h"

#include <utility>

#include "common/base/text.h"

namespace breakwater {

std::string in_quotes(const std::string& value) {
  return '"' + escaped(value, 120) + '"';
}

std::string Problem::text() const {
  std::string out;
  if (!origin.file.empty()) out += escaped(origin.text()) + ": ";
  if (severity == Severity::warning) out += "warning: ";
  if (severity == Severity::info) out += "note: ";
  if (!subject.kind.empty()) out += subject.kind + ' ' + in_quotes(subject.name) + ": ";
  out += what;
  if (!right.empty()) out += " (" + right + ')';
  return out;
}

void Problems::add(Problem problem) {
  const bool full = list_.size() >= kMax;
  if (!full && !seen_.insert(problem.text()).second) return;
  if (problem.severity == Severity::error) ++errors_;
  if (full) {
    ++left_out_;
    return;
  }
  list_.push_back(std::move(problem));
}

void Problems::error(Origin origin, Subject subject, std::string what, std::string right) {
  add({Severity::error, std::move(origin), std::move(subject), std::move(what), std::move(right)});
}

void Problems::warning(Origin origin, Subject subject, std::string what, std::string right) {
  add({Severity::warning, std::move(origin), std::move(subject), std::move(what), std::move(right)});
}

void Problems::info(Origin origin, Subject subject, std::string what, std::string right) {
  add({Severity::info, std::move(origin), std::move(subject), std::move(what), std::move(right)});
}

std::string Problems::text() const {
  std::string out;
  for (const Problem& problem : list_)
    out += problem.text() + '\n';
  if (left_out_ > 0) out += "and " + std::to_string(left_out_) + " more\n";
  return out;
}

}  // namespace breakwater
