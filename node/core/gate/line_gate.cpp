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

// U+017F and U+212A: with (?i) they match s and k, and RE2's atoms say s and k for them.
const std::vector<ScannerLiteral> kFoldedToAscii = {{"\xc5\xbf", false}, {"\xe2\x84\xaa", false}};

// What begins an escape of something that stands in literals as it is, or of the two above. All other escapes are of
// characters at which literals are cut.
const std::vector<ScannerLiteral> kEscapes = {{"\\/", false}, {"\\u00", false}, {"\\u017f", true}, {"\\u212a", true}};

// The XXXX of \uXXXX in lower or upper case; 0 if they are not four hex digits.
unsigned code_of(std::string_view hex) {
  unsigned code = 0;
  for (const char c : hex.substr(0, 4)) {
    const char lower = static_cast<char>(c | 0x20);
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (lower < 'a' || lower > 'f')) return 0;
    code = code * 16 + static_cast<unsigned>(digit ? c - '0' : lower - 'a' + 10);
  }
  return hex.size() < 4 ? 0 : code;
}

// True for an escape that dockerd never writes: \/, or \u of a printable character but `"` `&` `<` `>` `\`, or of one
// that folds to ASCII. `at`: its backslash, if that is not escaped itself.
bool is_unusual_escape(std::string_view bytes, std::size_t at) {
  std::size_t before = 0;
  while (before < at && bytes[at - 1 - before] == '\\')
    ++before;
  if (before % 2 != 0) return false;
  if (bytes[at + 1] == '/') return true;
  const unsigned code = code_of(bytes.substr(at + 2));
  const bool printable = code >= 0x20 && code < 0x80;
  return code == 0x17f || code == 0x212a ||
         (printable && std::string_view("\"&<>\\").find(static_cast<char>(code)) == std::string_view::npos);
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
    }
    gate_.filters_.push_back(std::move(needs));
  }

  Result<void> finish() {
    if (gate_.in_vain()) return {};
    if (literals_.size() > kMostLiterals) return Error("more literals than a gate can hold");
    gate_.literals_ = literals_.size();
    gate_.found_.resize(gate_.literals_ / 64 + 1);
    literals_.insert(literals_.end(), kFoldedToAscii.begin(), kFoldedToAscii.end());
    if (gate_.form_ == LogForm::docker_json) {
      for (const ScannerLiteral& escape : kEscapes) {
        literals_.push_back(escape);
        gate_.escape_length_.push_back(escape.text.size());
      }
    }
    auto scanner = ByteScanner::make(literals_);
    if (!scanner) return scanner.error();
    gate_.scanner_ = std::move(*scanner);
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
    for (const LiteralSet& set : clause) {
      out.emplace_back();
      for (const std::string& literal : set)
        out.back().push_back(numbered(literal));
    }
    return out;
  }

  std::uint16_t numbered(const std::string& literal) {
    const auto [it, is_new] = numbers_.try_emplace(literal, static_cast<std::uint16_t>(literals_.size()));
    if (is_new) literals_.push_back({literal, true});
    return it->second;
  }

  LineGate& gate_;
  std::vector<ScannerLiteral> literals_;
  std::map<std::string, std::uint16_t> numbers_;
};

Result<std::unique_ptr<LineGate>> LineGate::make(std::span<const GateFilter> filters, LogForm form,
                                                 std::shared_ptr<GateCounters> counters) {
  if (filters.size() > std::numeric_limits<std::uint16_t>::max()) return Error("more filters than a gate can hold");
  std::unique_ptr<LineGate> gate(new LineGate);
  gate->counters_ = counters ? std::move(counters) : std::make_shared<GateCounters>();
  Builder builder(*gate, form);
  for (const GateFilter& filter : filters)
    builder.add(filter);
  auto built = builder.finish();
  if (!built) return built.error();
  return gate;
}

void LineGate::scan(std::string_view chunk) {
  blind_from_ = find(chunk, hits_);
  next_ = 0;
  set_next_end();
}

std::size_t LineGate::find(std::string_view bytes, std::vector<Hit>& hits) {
  hits.clear();
  bool ordered = true;
  auto on_hit = [&](std::size_t literal, std::size_t end) {
    if (!counts(literal, end, bytes)) return true;
    if (hits.size() >= kMostHits) return false;
    ordered = ordered && (hits.empty() || hits.back().end <= end);
    hits.push_back({static_cast<std::uint32_t>(end), static_cast<std::uint32_t>(literal)});
    return true;
  };
  const ByteScanner::End end = scanner_->scan(bytes, on_hit);
  if (!ordered) std::sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) { return a.end < b.end; });
  if (end == ByteScanner::End::done) return bytes.size();
  ++counters_->scans_cut_short;
  // More literals may end where the last one does.
  return end == ByteScanner::End::stopped && ordered ? hits.back().end - 1 : 0;
}

bool LineGate::counts(std::size_t literal, std::size_t end, std::string_view bytes) const {
  const std::size_t first_escape = literals_ + kFoldedToAscii.size();
  return literal < first_escape || is_unusual_escape(bytes, end - escape_length_[literal - first_escape]);
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
  return candidates_of(std::span(hits_).subspan(first, last - first));
}

const Candidates& LineGate::judge(std::string_view record) {
  if (find(record, record_hits_) < record.size()) return all_;
  return record_hits_.empty() ? quiet_ : candidates_of(record_hits_);
}

const Candidates& LineGate::candidates_of(std::span<const Hit> hits) {
  std::fill(found_.begin(), found_.end(), 0);
  for (const Hit& hit : hits) {
    if (hit.literal >= literals_) return all_;
    found_[hit.literal / 64] |= std::uint64_t{1} << (hit.literal % 64);
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
  const auto literal_found = [&](std::uint16_t literal) { return found(literal); };
  const auto set_found = [&](const Set& set) { return std::all_of(set.begin(), set.end(), literal_found); };
  const auto clause_holds = [&](const Clause& clause) { return std::any_of(clause.begin(), clause.end(), set_found); };
  return std::any_of(regex.begin(), regex.end(),
                     [&](const Way& way) { return std::all_of(way.begin(), way.end(), clause_holds); });
}

}  // namespace breakwater
