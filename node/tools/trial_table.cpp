// SPDX-License-Identifier: Apache-2.0
#include "node/tools/trial_table.h"

#include <algorithm>
#include <numeric>
#include <ostream>
#include <utility>

#include <fmt/format.h>

#include "node/tools/terminal_text.h"

namespace breakwater {

namespace {

constexpr std::size_t kLineBytes = 1000;
constexpr std::size_t kRegexBytes = 4000;
constexpr std::size_t kAddressesShown = 20;

std::string second_text(Timestamp when) {
  const std::string text = to_text(when);
  const std::size_t dot = text.find('.');
  return dot == std::string::npos ? text : text.substr(0, dot) + "Z";
}

void print_regexes(std::ostream& out, const FilterTrial& trial, const TrialSummary& summary) {
  const auto& regexes = trial.config().failregex;
  const auto hits = std::accumulate(summary.regex_hits.begin(), summary.regex_hits.end(), std::uint64_t{0});
  out << fmt::format("\nFailregex: {} total\n", grouped(hits));
  if (hits == 0) return;
  out << "|-  #) [# of hits] where: regular expression\n";
  for (std::size_t i = 0; i < regexes.size(); ++i) {
    if (summary.regex_hits[i] == 0) continue;
    out << fmt::format("|  {:>2}) [{}] {}: {}\n", i + 1, summary.regex_hits[i], regexes[i].origin.text(),
                       terminal_text(regexes[i].pattern, kRegexBytes));
  }
  out << "`-\n";
}

void print_dates(std::ostream& out, const TrialSummary& summary) {
  out << "\nDate template hits:\n";
  if (summary.record_times > 0) out << fmt::format("|  [{}] time of the record\n", summary.record_times);
  std::vector<const TrialSummary::DateHits*> hits;
  for (const auto& one : summary.date_hits) {
    if (one.hits > 0) hits.push_back(&one);
  }
  std::stable_sort(hits.begin(), hits.end(), [](const auto* a, const auto* b) { return a->hits > b->hits; });
  for (const auto* one : hits)
    out << fmt::format("|  [{}] as in: {}\n", one->hits, terminal_text(one->example, 100));
  if (summary.undated > 0) out << fmt::format("|  [{}] none\n", summary.undated);
  out << "`-\n";
}

void print_addresses(std::ostream& out, const TrialSummary& summary) {
  if (summary.ids.empty()) return;
  using Row = std::pair<const std::string, TrialSummary::Seen>;
  std::vector<const Row*> rows;
  for (const Row& row : summary.ids)
    rows.push_back(&row);
  const std::size_t shown = std::min(rows.size(), kAddressesShown);
  std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(shown), rows.end(),
                    [](const Row* a, const Row* b) {
                      return a->second.hits != b->second.hits ? a->second.hits > b->second.hits : a->first < b->first;
                    });
  out << fmt::format("\nAddresses: {}{}\n", summary.ids_left_out > 0 ? "more than " : "", grouped(rows.size()));
  out << fmt::format("|- {:>8}  {:<39}  {:<20}  last\n", "hits", "address", "first");
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& [id, seen] = *rows[i];
    out << fmt::format("|  {:>8}  {:<39}  {:<20}  {}{}\n", seen.hits, terminal_text(id, 60), second_text(seen.first),
                       second_text(seen.last), seen.address ? "" : "  (no address)");
  }
  if (rows.size() > shown) out << fmt::format("|  and {} more\n", grouped(rows.size() - shown));
  out << "`-\n";
}

void print_totals(std::ostream& out, const TrialSummary& summary) {
  out << fmt::format("\nLines: {} lines, {} ignored, {} matched, {} missed", grouped(summary.lines),
                     grouped(summary.ignored), grouped(summary.matched), grouped(summary.missed));
  if (summary.pending > 0) out << fmt::format(", {} no failure by itself", grouped(summary.pending));
  if (summary.unreadable > 0) out << fmt::format(", {} not readable", grouped(summary.unreadable));
  if (summary.engine_failed > 0) out << fmt::format(", {} given up", grouped(summary.engine_failed));
  out << "\n";
}

void print_notes(std::ostream& out, const char* title, const std::vector<std::string>& notes) {
  if (notes.empty()) return;
  out << "\n" << title << ":\n";
  for (const std::string& note : notes)
    out << "- " << terminal_text(note, kRegexBytes) << "\n";
}

const RegexText* find_regex(const FilterConfig& config, const RegexExplanation& one) {
  const auto index = static_cast<std::size_t>(one.index);
  if (one.role == "prefregex") return config.prefregex ? &*config.prefregex : nullptr;
  const auto& list = one.role == "ignoreregex" ? config.ignoreregex : config.failregex;
  return index < list.size() ? &list[index] : nullptr;
}

const RegexLiterals* find_literals(const FilterLiterals& all, const RegexExplanation& one) {
  const auto index = static_cast<std::size_t>(one.index);
  if (one.role == "prefregex") return all.prefregex.empty() ? nullptr : &all.prefregex.front();
  return one.role == "failregex" && index < all.failregex.size() ? &all.failregex[index] : nullptr;
}

// `"failed" and "login"`
std::string set_text(const LiteralSet& set) {
  std::string out;
  for (const std::string& literal : set)
    out += (out.empty() ? "\"" : " and \"") + literal + "\"";
  return out;
}

// `"failed" and ("root" or "admin")`
std::string way_text(const std::vector<LiteralClause>& way) {
  std::string out;
  for (const LiteralClause& clause : way) {
    if (!out.empty()) out += " and ";
    const bool several = clause.size() > 1;
    out += several ? "(" : "";
    for (std::size_t i = 0; i < clause.size(); ++i)
      out += (i > 0 ? " or " : "") + set_text(clause[i]);
    out += several ? ")" : "";
  }
  return out.empty() ? "any line" : out;
}

std::string literal_text(const RegexLiterals& needed) {
  std::string out;
  for (const auto& way : needed.ways) {
    const std::string text = way_text(way);
    if (out == text) continue;
    if (!out.empty()) out += "; or ";
    out += text;
  }
  return out;
}

}  // namespace

void print_missed_line(std::ostream& out, std::uint64_t number, std::string_view text) {
  out << fmt::format("|  {}: {}\n", number, terminal_text(text, kLineBytes));
}

void print_trial_table(std::ostream& out, const FilterTrial& trial, const TrialSummary& summary,
                       const std::vector<std::string>& advice) {
  const FilterConfig& config = trial.config();
  out << "Results\n=======\n";
  if (config.prefregex) {
    out << fmt::format("\nPrefregex: {} total\n|  {}: {}\n`-\n", grouped(summary.prefix_hits),
                       config.prefregex->origin.text(), terminal_text(config.prefregex->pattern, kRegexBytes));
  }
  print_regexes(out, trial, summary);
  out << fmt::format("\nIgnoreregex: {} total\n", grouped(summary.ignored));
  print_dates(out, summary);
  print_addresses(out, summary);
  print_totals(out, summary);
  print_notes(out, "Hints", advice);
}

void print_warnings(std::ostream& out, const LineFilter& filter) {
  print_notes(out, "Warnings about the filter", filter.warnings());
}

void print_explanation(std::ostream& out, const FilterConfig& config, const LineFilter& filter, LogForm form) {
  const FilterLiterals literals = literals_of(filter.requirement(), form);
  std::string role;
  for (const RegexExplanation& one : filter.explain()) {
    if (role != one.role) out << (role.empty() ? "" : "`-\n") << "\n" << (role = one.role) << ":\n";
    out << fmt::format("|  {:>2}) {}: {}\n", one.index + 1, one.origin.text(), one.engine);
    if (const RegexText* regex = find_regex(config, one)) {
      out << "|      " << terminal_text(regex->pattern, kRegexBytes) << "\n";
    }
    if (const RegexLiterals* needed = find_literals(literals, one)) {
      out << "|      gate: " << terminal_text(literal_text(*needed), kRegexBytes) << "\n";
    }
  }
  out << "`-\n";
  if (literals.every_line) out << "\nThe gate lets every line pass: " << terminal_text(literals.why, 200) << "\n";
}

}  // namespace breakwater
