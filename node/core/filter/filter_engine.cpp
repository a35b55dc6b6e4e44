// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/filter_engine.h"

#include <array>
#include <utility>

#include <re2/re2.h>

#include "common/base/text.h"
#include "node/core/filter/python_pattern.h"
#include "node/core/filter/regex_programs.h"

namespace breakwater {

namespace {

// Which share of the last few hundred searches matched.
class Share {
 public:
  void note(bool match) {
    hits_ += match ? 1 : 0;
    if (++all_ < 256) return;
    all_ /= 2;
    hits_ /= 2;
  }
  bool most() const { return hits_ * 2 > all_; }

 private:
  int all_ = 0, hits_ = 0;
};

// A regex for one kind of line.
struct Programs {
  std::unique_ptr<re2::RE2> re2;        // exact, or a superset; nullptr: RE2 cannot even say that
  std::unique_ptr<Pcre2Program> pcre2;  // always there if `re2` is not exact; else for the groups, once it is worth it
  std::string required;
  std::vector<std::string> groups;   // those with names
  std::vector<std::size_t> numbers;  // theirs in `pcre2`, which has others too
  std::vector<std::string> warnings;
  std::string inexact;  // the construct that RE2 lacks; "": `re2` is exact
  int matches = 0;      // of RE2 with groups
  Share share;          // of searches that match
};

Result<void> add_pcre2(const ExpandedPattern& pattern, TranslateOptions options, Pcre2Program::Use use, Programs& out) {
  options.dialect = Dialect::pcre2;
  auto exact = translate(pattern, options);
  if (!exact) return exact.error();
  auto program = Pcre2Program::make(exact->text, options.alphabet, use);
  if (!program) return program.error();
  out.groups.clear();
  for (std::size_t i = 0; i < exact->groups.size(); ++i) {
    if (exact->groups[i].empty()) continue;
    out.groups.push_back(std::move(exact->groups[i]));
    out.numbers.push_back(i + 1);
  }
  out.warnings = std::move(exact->warnings);
  out.pcre2 = std::move(*program);
  return {};
}

Result<Programs> with_pcre2(const ExpandedPattern& pattern, TranslateOptions options, std::string construct) {
  Programs out;
  const auto added = add_pcre2(pattern, options, Pcre2Program::Use::verdict, out);
  if (!added) return added.error();
  out.inexact = std::move(construct);
  options.dialect = Dialect::re2_superset;
  const auto superset = translate(pattern, options);
  if (!superset) return out;
  auto gate = make_re2(superset->text, options.alphabet);
  if (!gate) return out;
  out.re2 = std::move(*gate);
  out.required = superset->text;
  return out;
}

Result<Programs> compile_for(const ExpandedPattern& pattern, const TranslateOptions& options) {
  auto translated = translate(pattern, options);
  if (!translated) return with_pcre2(pattern, options, translated.error().message());
  auto program = make_re2(translated->text, options.alphabet);
  if (!program) return with_pcre2(pattern, options, program.error().message());
  Programs out;
  out.re2 = std::move(*program);
  out.required = std::move(translated->text);
  out.groups = std::move(translated->groups);
  out.warnings = std::move(translated->warnings);
  return out;
}

class FilterRegex final : public Regex {
 public:
  FilterRegex(ExpandedPattern pattern, RegexFlags flags, int worth_machine_code, Programs ascii,
              const Programs& unicode)
      : pattern_(std::move(pattern)),
        flags_(flags),
        worth_machine_code_(worth_machine_code),
        required_{ascii.required, unicode.required},
        inexact_(ascii.inexact.empty() ? unicode.inexact : ascii.inexact),
        ascii_(std::move(ascii)) {}

  SearchOutcome search(const SubjectText& subject, Groups* groups, std::string_view* span, bool likely) override {
    Programs* const programs = subject.ascii ? &ascii_ : unicode();
    if (programs == nullptr) return SearchOutcome::engine_failed;
    const SearchOutcome outcome = search(*programs, subject.text, groups, span, likely);
    programs->share.note(outcome == SearchOutcome::match);
    return outcome;
  }

  const std::vector<std::string>& group_names() const override { return ascii_.groups; }
  const std::vector<std::string>& warnings() const override { return ascii_.warnings; }
  const RequiredRegex& required() const override { return required_; }
  std::string engine() const override {
    if (inexact_.empty()) return "RE2";
    const std::string where = ascii_.inexact.empty() ? " in lines beyond ASCII" : "";
    return (ascii_.re2 ? "RE2 as a gate, then PCRE2" : "PCRE2") + where + ": " + inexact_;
  }
  std::uint64_t limits_reached() const override { return limits_reached(&ascii_) + limits_reached(unicode_.get()); }

 private:
  static std::uint64_t limits_reached(const Programs* programs) {
    return programs != nullptr && programs->pcre2 ? programs->pcre2->limits_reached() : 0;
  }

  TranslateOptions options(Alphabet alphabet) const {
    return {.alphabet = alphabet, .dialect = Dialect::re2, .for_dates = false, .multiline = flags_.multiline};
  }

  SearchOutcome search(Programs& programs, std::string_view text, Groups* groups, std::string_view* span, bool likely) {
    const bool exact = programs.inexact.empty();
    const bool wants_groups = groups != nullptr || span != nullptr;
    const bool by_pcre2 = !exact || (wants_groups && programs.pcre2);
    if (!by_pcre2) return by_re2(programs, text, groups, span);
    // Where most lines match, a look by RE2 first is in vain. One that is not exact is a shield as well.
    const bool look = !likely && !(exact && programs.share.most());
    if (programs.re2 && look && by_re2(programs, text, nullptr, nullptr) == SearchOutcome::no_match) {
      return SearchOutcome::no_match;
    }
    const SearchOutcome outcome = programs.pcre2->search(text);
    if (outcome == SearchOutcome::match) copy_ranges(programs, text, groups, span);
    if (outcome == SearchOutcome::engine_failed && exact) return by_re2(programs, text, groups, span);
    return outcome;
  }

  Programs* unicode() {
    if (!unicode_ && !unicode_failed_) {
      auto programs = compile_for(pattern_, options(Alphabet::unicode));
      unicode_failed_ = !programs;
      if (programs) unicode_ = std::make_unique<Programs>(std::move(*programs));
    }
    return unicode_.get();
  }

  SearchOutcome by_re2(Programs& programs, std::string_view subject, Groups* groups, std::string_view* span) {
    const std::size_t wanted = groups != nullptr ? programs.groups.size() + 1 : span != nullptr ? 1 : 0;
    submatches_.resize(wanted);
    const re2::StringPiece text(subject.data(), subject.size());
    if (!programs.re2->Match(text, 0, text.size(), re2::RE2::UNANCHORED, submatches_.data(),
                             static_cast<int>(wanted))) {
      return SearchOutcome::no_match;
    }
    if (groups != nullptr) copy_groups(*groups);
    if (span != nullptr) *span = {submatches_[0].data(), submatches_[0].size()};
    if (groups != nullptr && !programs.pcre2 && ++programs.matches == worth_machine_code_) speed_up(programs);
    return SearchOutcome::match;
  }

  // Fails only where machine code is forbidden, or PCRE2 has no memory: RE2 goes on alone.
  void speed_up(Programs& programs) {
    Programs faster;
    const Alphabet alphabet = &programs == &ascii_ ? Alphabet::ascii : Alphabet::unicode;
    const auto added = add_pcre2(pattern_, options(alphabet), Pcre2Program::Use::groups, faster);
    if (!added || !faster.pcre2->is_fast() || faster.groups != programs.groups) return;
    programs.pcre2 = std::move(faster.pcre2);
    programs.numbers = std::move(faster.numbers);
  }

  void copy_groups(Groups& groups) const {
    groups.assign(submatches_.size() - 1, std::nullopt);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const re2::StringPiece& piece = submatches_[i + 1];
      if (piece.data() != nullptr) groups[i] = std::string_view(piece.data(), piece.size());
    }
  }

  static void copy_ranges(const Programs& programs, std::string_view subject, Groups* groups, std::string_view* span) {
    const auto text = [&](std::size_t group) -> std::optional<std::string_view> {
      const auto range = programs.pcre2->range(group);
      if (range.begin == std::string_view::npos) return std::nullopt;
      return subject.substr(range.begin, range.end - range.begin);
    };
    if (span != nullptr) *span = text(0).value_or("");
    if (groups == nullptr) return;
    groups->resize(programs.numbers.size());
    for (std::size_t i = 0; i < groups->size(); ++i)
      (*groups)[i] = text(programs.numbers[i]);
  }

  ExpandedPattern pattern_;
  RegexFlags flags_;
  int worth_machine_code_;
  RequiredRegex required_;
  std::string inexact_;
  Programs ascii_;
  std::unique_ptr<Programs> unicode_;  // made by the first line that needs it
  bool unicode_failed_ = false;
  std::vector<re2::StringPiece> submatches_;
};

}  // namespace

Result<std::unique_ptr<re2::RE2>> make_re2(const std::string& text, Alphabet alphabet) {
  constexpr std::array<std::int64_t, 2> kBudgets = {std::int64_t{1} << 20, std::int64_t{16} << 20};
  std::unique_ptr<re2::RE2> program;
  for (const std::int64_t budget : kBudgets) {
    program = std::make_unique<re2::RE2>(text, re2_options(alphabet, budget));
    if (program->ok()) return program;
    if (program->error_code() != re2::RE2::ErrorPatternTooLarge) break;
  }
  return Error("RE2 refuses it: " + escaped(program->error(), 200));
}

re2::RE2::Options re2_options(Alphabet alphabet, std::int64_t max_mem) {
  re2::RE2::Options options;
  options.set_encoding(alphabet == Alphabet::ascii ? re2::RE2::Options::EncodingLatin1
                                                   : re2::RE2::Options::EncodingUTF8);
  options.set_max_mem(max_mem);
  options.set_log_errors(false);
  return options;
}

Result<std::unique_ptr<Regex>> FilterEngine::compile(const ExpandedPattern& pattern, const RegexFlags& flags) {
  TranslateOptions options{
      .alphabet = Alphabet::ascii, .dialect = Dialect::re2, .for_dates = false, .multiline = flags.multiline};
  auto ascii = compile_for(pattern, options);
  if (!ascii) return ascii.error();
  options.alphabet = Alphabet::unicode;
  auto unicode = compile_for(pattern, options);
  if (!unicode) return unicode.error();
  return std::unique_ptr<Regex>(
      std::make_unique<FilterRegex>(pattern, flags, worth_machine_code_, std::move(*ascii), *unicode));
}

}  // namespace breakwater
