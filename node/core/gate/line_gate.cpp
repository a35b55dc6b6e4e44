// SPDX-License-Identifier: Apache-2.0
#include "node/core/gate/line_gate.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <map>
#include <utility>

namespace breakwater {

namespace {

constexpr std::size_t kMostHits = 32 * 1024;
constexpr std::size_t kMostKnown = 4096;
constexpr std::size_t kMostLiterals = 60'000;

using Expression = ByteScanner::Expression;

// U+017F and U+212A: with (?i) they match s and k, and RE2's atoms say s and k for them.
const std::vector<Expression> kFoldedToAscii = {
    {.text = "\xc5\xbf", .is_literal = true, .caseless = false},
    {.text = "\xe2\x84\xaa", .is_literal = true, .caseless = false},
};

// Escapes that dockerd never writes, for what stands in literals as it is (and for the two above): \/, and \u00XX of a
// printable character but `"` `&` `<` `>` `\`. All others are for characters at which literals are cut.
const std::vector<Expression> kUnusualEscapes = {
    {.text = "\\/", .is_literal = true, .caseless = false},
    {.text = R"(\\u00(?:[467][0-9a-f]|2[013-57-9a-f]|3[0-9abdf]|5[0-9abd-f]))", .is_literal = false, .caseless = true},
    {.text = R"(\\u(?:017f|212a))", .is_literal = false, .caseless = true},
};

// True if the backslash at `at` begins an escape: it is not the second half of one.
bool begins_escape(std::string_view chunk, std::size_t at) {
  std::size_t before = 0;
  while (before < at && chunk[at - 1 - before] == '\\')
    ++before;
  return before % 2 == 0;
}

}  // namespace

class LineGate::Builder {
 public:
  Builder(LineGate& gate, LogForm form) : gate_(gate) { gate_.form_ = form; }

  void add(const GateFilter& filter) {
    FilterLiterals literals = literals_of(filter.requirement, filter.raw_json ? LogForm::plain : gate_.form_);
    const auto index = static_cast<std::uint16_t>(gate_.filters_.size());
    gate_.all_.push_back(index);
    gate_.on_raw_records_ = gate_.on_raw_records_ || filter.raw_json;
    if (literals.every_line) gate_.quiet_.push_back(index);
    Needs needs;
    needs.every_line = literals.every_line;
    if (!needs.every_line) {
      needs.prefregex = numbered(literals.prefregex);
      needs.failregex = numbered(literals.failregex);
      for (const std::string& stray : literals.strays)
        add_passing({.text = stray, .is_literal = false, .caseless = true});
    }
    gate_.filters_.push_back(std::move(needs));
  }

  Result<void> finish() {
    if (gate_.in_vain()) return {};
    if (expressions_.size() > kMostLiterals) return Error("more literals than a gate can hold");
    gate_.literals_ = expressions_.size();
    for (const Expression& each : kFoldedToAscii)
      add_passing(each);
    expressions_.insert(expressions_.end(), passing_.begin(), passing_.end());
    gate_.first_escape_ = static_cast<std::uint32_t>(expressions_.size());
    if (gate_.form_ == LogForm::docker_json)
      expressions_.insert(expressions_.end(), kUnusualEscapes.begin(), kUnusualEscapes.end());
    auto scanner = ByteScanner::make(expressions_, kMostHits);
    if (!scanner) return scanner.error();
    gate_.scanner_ = std::move(*scanner);
    gate_.found_.resize(gate_.literals_ / 64 + 1);
    return {};
  }

 private:
  std::vector<std::vector<Way>> numbered(const std::vector<RegexLiterals>& regexes) {
    std::vector<std::vector<Way>> out;
    for (const RegexLiterals& regex : regexes) {
      out.emplace_back();
      for (const auto& way : regex.ways) {
        out.back().emplace_back();
        for (const LiteralClause& clause : way)
          out.back().back().push_back(numbered(clause));
      }
    }
    return out;
  }

  Clause numbered(const LiteralClause& clause) {
    Clause out;
    for (const std::string& literal : clause) {
      const auto [it, is_new] = numbers_.try_emplace(literal, static_cast<std::uint16_t>(expressions_.size()));
      if (is_new) expressions_.push_back({.text = literal});
      out.push_back(it->second);
    }
    return out;
  }

  void add_passing(Expression expression) {
    if (std::find(passing_.begin(), passing_.end(), expression) == passing_.end())
      passing_.push_back(std::move(expression));
  }

  LineGate& gate_;
  std::vector<Expression> expressions_, passing_;
  std::map<std::string, std::uint16_t> numbers_;
};

Result<std::unique_ptr<LineGate>> LineGate::make(std::span<const GateFilter> filters, LogForm form) {
  if (filters.size() > std::numeric_limits<std::uint16_t>::max()) return Error("more filters than a gate can hold");
  std::unique_ptr<LineGate> gate(new LineGate);
  Builder builder(*gate, form);
  for (const GateFilter& filter : filters)
    builder.add(filter);
  auto built = builder.finish();
  if (!built) return built.error();
  return gate;
}

void LineGate::scan(std::string_view chunk) {
  chunk_ = chunk;
  blind_from_ = scanner_->scan(chunk, hits_);
  if (blind_from_ < chunk.size()) ++counters_.scans_cut_short;
  next_ = 0;
  set_next_end();
}

void LineGate::set_next_end() {
  next_end_ = next_ < hits_.size() ? hits_[next_].end : blind_from_ + 1;
}

const Candidates& LineGate::ask(std::size_t begin, std::size_t text_end, std::size_t end) {
  if (end > blind_from_) return all_;
  const auto upto = [&](std::size_t where) {
    while (next_ < hits_.size() && hits_[next_].end <= where)
      ++next_;
    return next_;
  };
  const std::size_t first = upto(begin);
  const std::size_t last = upto(on_raw_records_ ? end : text_end);
  upto(end);
  set_next_end();
  if (first == last) return quiet_;
  return candidates_of(std::span(hits_).subspan(first, last - first), chunk_);
}

const Candidates& LineGate::judge(std::string_view record) {
  if (scanner_->scan(record, record_hits_) < record.size()) {
    ++counters_.scans_cut_short;
    return all_;
  }
  return record_hits_.empty() ? quiet_ : candidates_of(record_hits_, record);
}

const Candidates& LineGate::candidates_of(std::span<const ByteScanner::Hit> hits, std::string_view chunk) {
  std::fill(found_.begin(), found_.end(), 0);
  for (const ByteScanner::Hit& hit : hits) {
    if (hit.expression < literals_) {
      found_[hit.expression / 64] |= std::uint64_t{1} << (hit.expression % 64);
    } else if (lets_pass(hit, chunk)) {
      return all_;
    }
  }
  key_.clear();
  for (std::size_t word = 0; word < found_.size(); ++word) {
    for (std::uint64_t bits = found_[word]; bits != 0; bits &= bits - 1)
      key_ += static_cast<char16_t>(word * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
  }
  if (const auto known = known_.find(std::u16string_view(key_)); known != known_.end()) return known->second;
  if (known_.size() >= kMostKnown) known_.clear();
  return known_.emplace(key_, evaluate()).first->second;
}

// For what is no literal.
bool LineGate::lets_pass(const ByteScanner::Hit& hit, std::string_view chunk) const {
  if (hit.expression < first_escape_) return true;
  const std::size_t length = hit.expression == first_escape_ ? 2 : 6;  // of "\/", of "\uXXXX"
  return begins_escape(chunk, hit.end - length);
}

Candidates LineGate::evaluate() const {
  Candidates out;
  for (std::size_t i = 0; i < filters_.size(); ++i) {
    const Needs& needs = filters_[i];
    const auto possible = [&](const std::vector<Way>& regex) { return holds(regex); };
    if (needs.every_line || (std::all_of(needs.prefregex.begin(), needs.prefregex.end(), possible) &&
                             std::any_of(needs.failregex.begin(), needs.failregex.end(), possible))) {
      out.push_back(static_cast<std::uint16_t>(i));
    }
  }
  return out;
}

bool LineGate::holds(const std::vector<Way>& regex) const {
  const auto clause_holds = [&](const Clause& clause) {
    return std::any_of(clause.begin(), clause.end(), [&](std::uint16_t literal) { return found(literal); });
  };
  return std::any_of(regex.begin(), regex.end(),
                     [&](const Way& way) { return std::all_of(way.begin(), way.end(), clause_holds); });
}

}  // namespace breakwater
