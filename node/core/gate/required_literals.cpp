// SPDX-License-Identifier: Apache-2.0
#include "node/core/gate/required_literals.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <re2/filtered_re2.h>

namespace breakwater {

namespace {

constexpr int kShortestAtom = 3;
// Clauses that are looked for in one regex, and how many of them are used.
constexpr std::size_t kMostFound = 5;
constexpr std::size_t kMostUsed = 3;
constexpr std::size_t kMostAlternatives = 24;

// The lower-case literals ("atoms") of one regex, and what RE2 knows of them: which sets of atoms a text can lack.
//
// RE2 keeps an and-or tree of atoms that it does not show. What is taken from it is weaker and has one form: clauses,
// each of which is a set of atoms that a match cannot lack wholly. A set is one if RE2, told that all other atoms are
// there, says that the regex cannot match.
class Atoms {
 public:
  static std::optional<Atoms> of(const std::string& regex, bool utf8) {
    re2::RE2::Options options;
    options.set_encoding(utf8 ? re2::RE2::Options::EncodingUTF8 : re2::RE2::Options::EncodingLatin1);
    options.set_max_mem(std::int64_t{64} << 20);
    options.set_log_errors(false);
    Atoms out;
    int id = 0;
    if (out.filtered_.Add(regex, options, &id) != re2::RE2::NoError) return std::nullopt;
    out.filtered_.Compile(&out.texts_);
    return out;
  }

  const std::vector<std::string>& texts() const { return texts_; }

  // True if every match has one of the atoms for which `lacking` is true.
  bool is_clause(const std::vector<bool>& lacking) {
    present_.clear();
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      if (!lacking[i]) present_.push_back(static_cast<int>(i));
    }
    filtered_.AllPotentials(present_, &potential_);
    return potential_.empty();
  }

 private:
  Atoms() : filtered_(kShortestAtom) {}

  re2::FilteredRE2 filtered_;
  std::vector<std::string> texts_;
  std::vector<int> present_, potential_;
};

// Whether to ask for something as common as `common` too, where what passes without is as common as `passing`. Each
// place where a literal stands costs some 20 ns, a line that passes in vain some 500; and the fewer literals, the
// faster all.
bool worth_asking(double common, double passing) {
  constexpr double kCostOfPassing = 25;
  constexpr double kRareEnough = 1e-6;
  return passing > kRareEnough && common < kCostOfPassing * passing * (1 - common);
}

double commonness_of(const LiteralSet& all) {
  double product = 1;
  for (const std::string& literal : all)
    product *= commonness(literal);
  return product;
}

double commonness_of(const LiteralClause& clause) {
  double sum = 0;
  for (const LiteralSet& set : clause)
    sum += commonness_of(set);
  return sum;
}

// Enough of an atom's pieces to make it rare.
LiteralSet chosen(std::vector<std::string> pieces) {
  LiteralSet out;
  for (std::string& piece : pieces) {
    const bool worth = out.empty() || worth_asking(commonness(piece), commonness_of(out));
    if (worth && std::find(out.begin(), out.end(), piece) == out.end()) out.push_back(std::move(piece));
  }
  return out;
}

// True if where `more` holds, `less` does.
bool implies(const LiteralSet& more, const LiteralSet& less) {
  return std::all_of(less.begin(), less.end(), [&](const std::string& literal) {
    return std::any_of(more.begin(), more.end(),
                       [&](const std::string& other) { return other.find(literal) != std::string::npos; });
  });
}

// Each once, without those that another of the clause makes superfluous.
LiteralClause tidy(LiteralClause clause) {
  std::sort(clause.begin(), clause.end());
  clause.erase(std::unique(clause.begin(), clause.end()), clause.end());
  LiteralClause out;
  for (const LiteralSet& set : clause) {
    const bool covered = std::any_of(clause.begin(), clause.end(), [&](const LiteralSet& other) {
      return &other != &set && implies(set, other) && (!implies(other, set) || other < set);
    });
    if (!covered) out.push_back(set);
  }
  return out;
}

class ClauseFinder {
 public:
  ClauseFinder(Atoms& atoms, const DateSeams& seams, LogForm form) : atoms_(atoms) {
    const std::size_t count = atoms.texts().size();
    for (std::size_t i = 0; i < count; ++i) {
      literals_.push_back(chosen(raw_literals(atoms.texts()[i], seams, form)));
      if (!literals_[i].empty()) by_commonness_.push_back(i);
    }
    std::stable_sort(by_commonness_.begin(), by_commonness_.end(), [&](std::size_t a, std::size_t b) {
      return commonness_of(literals_[a]) > commonness_of(literals_[b]);
    });
    unused_.resize(count);
    for (const std::size_t i : by_commonness_)
      unused_[i] = true;
  }

  std::vector<LiteralClause> find() {
    std::vector<LiteralClause> found;
    while (found.size() < kMostFound) {
      auto clause = next();
      if (!clause) break;
      found.push_back(std::move(*clause));
    }
    return used(std::move(found));
  }

 private:
  // A smallest clause of atoms that are in no earlier one, made by leaving out one atom after the other, the most
  // common first, as long as what is left still is a clause.
  std::optional<LiteralClause> next() {
    std::vector<bool> members = unused_;
    if (!atoms_.is_clause(members)) return std::nullopt;
    for (const std::size_t i : by_commonness_) {
      if (!members[i]) continue;
      members[i] = false;
      if (!atoms_.is_clause(members)) members[i] = true;
    }
    LiteralClause clause;
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (!members[i]) continue;
      unused_[i] = false;
      clause.push_back(literals_[i]);
    }
    return tidy(std::move(clause));
  }

  // The rarest, and those others that are worth it.
  static std::vector<LiteralClause> used(std::vector<LiteralClause> found) {
    std::stable_sort(found.begin(), found.end(), [](const LiteralClause& a, const LiteralClause& b) {
      return commonness_of(a) < commonness_of(b);
    });
    std::vector<LiteralClause> out;
    double passing = 1;
    for (LiteralClause& clause : found) {
      const double common = commonness_of(clause);
      const bool more = out.size() < kMostUsed && clause.size() <= kMostAlternatives && worth_asking(common, passing);
      if (!out.empty() && !more) continue;
      passing *= common;
      out.push_back(std::move(clause));
    }
    return out;
  }

  Atoms& atoms_;
  std::vector<LiteralSet> literals_;        // of each atom; empty: as good as always there
  std::vector<std::size_t> by_commonness_;  // atoms with literals, the most common first
  std::vector<bool> unused_;
};

std::vector<LiteralClause> clauses_of(const std::string& regex, bool utf8, const DateSeams& seams, LogForm form) {
  auto atoms = Atoms::of(regex, utf8);
  if (!atoms) return {};
  return ClauseFinder(*atoms, seams, form).find();
}

RegexLiterals literals_of_regex(const RequiredRegex& regex, const DateSeams& seams, LogForm form) {
  RegexLiterals out;
  out.ways.push_back(clauses_of(regex.ascii, false, seams, form));
  if (regex.unicode == regex.ascii) return out;
  auto unicode = clauses_of(regex.unicode, true, seams, form);
  if (unicode != out.ways.front()) out.ways.push_back(std::move(unicode));
  return out;
}

}  // namespace

bool RegexLiterals::anything() const {
  return std::any_of(ways.begin(), ways.end(), [](const auto& way) { return way.empty(); });
}

FilterLiterals literals_of(const LineRequirement& requirement, LogForm form) {
  FilterLiterals out;
  if (requirement.every_line) {
    out.every_line = true;
    out.why = "it remembers all lines";
    return out;
  }
  const DateSeams seams(requirement.dates);
  if (requirement.prefregex) out.prefregex.push_back(literals_of_regex(*requirement.prefregex, seams, form));
  for (const RequiredRegex& regex : requirement.failregex)
    out.failregex.push_back(literals_of_regex(regex, seams, form));
  const bool by_prefix = !out.prefregex.empty() && !out.prefregex.front().anything();
  if (by_prefix) return out;
  for (std::size_t i = 0; i < out.failregex.size(); ++i) {
    if (!out.failregex[i].anything()) continue;
    out.every_line = true;
    out.why = "failregex " + std::to_string(i + 1) + " has no literal that is sure to stand in the raw line";
    break;
  }
  return out;
}

}  // namespace breakwater
