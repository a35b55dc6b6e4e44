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

// A regex for one kind of line.
struct Programs {
  std::unique_ptr<re2::RE2> re2;        // exact, or a superset; nullptr: RE2 cannot even say that
  std::unique_ptr<Pcre2Program> pcre2;  // nullptr: `re2` is exact
  std::string required;
  std::vector<std::string> groups;   // those with names
  std::vector<std::size_t> numbers;  // theirs in `pcre2`, which has others too
  std::vector<std::string> warnings;
  std::string inexact;  // the construct that RE2 lacks
};

Result<Programs> with_pcre2(const ExpandedPattern& pattern, TranslateOptions options, std::string construct) {
  options.dialect = Dialect::pcre2;
  auto exact = translate(pattern, options);
  if (!exact) return exact.error();
  auto verdict = Pcre2Program::make(exact->text, options.alphabet);
  if (!verdict) return verdict.error();
  Programs out;
  out.pcre2 = std::move(*verdict);
  for (std::size_t i = 0; i < exact->groups.size(); ++i) {
    if (exact->groups[i].empty()) continue;
    out.groups.push_back(std::move(exact->groups[i]));
    out.numbers.push_back(i + 1);
  }
  out.warnings = std::move(exact->warnings);
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

Result<Programs> compile_for(const ExpandedPattern& pattern, Alphabet alphabet, const RegexFlags& flags) {
  const TranslateOptions options{.alphabet = alphabet, .multiline = flags.multiline};
  auto translated = translate(pattern, options);
  if (!translated) return with_pcre2(pattern, options, translated.error().message());
  auto program = make_re2(translated->text, alphabet);
  if (!program) return with_pcre2(pattern, options, program.error().message());
  return Programs{.re2 = std::move(*program),
                  .pcre2 = nullptr,
                  .required = translated->text,
                  .groups = std::move(translated->groups),
                  .numbers = {},
                  .warnings = std::move(translated->warnings),
                  .inexact = ""};
}

class FilterRegex final : public Regex {
 public:
  FilterRegex(ExpandedPattern pattern, RegexFlags flags, Programs ascii, const Programs& unicode)
      : pattern_(std::move(pattern)),
        flags_(flags),
        required_{ascii.required, unicode.required},
        inexact_(ascii.pcre2 ? ascii.inexact : unicode.inexact),
        ascii_(std::move(ascii)) {}

  SearchOutcome search(const SubjectText& subject, Groups* groups, std::string_view* span) override {
    const Programs* programs = subject.ascii ? &ascii_ : unicode();
    if (programs == nullptr) return SearchOutcome::engine_failed;
    const std::size_t wanted = groups == nullptr || programs->pcre2 ? 0 : programs->groups.size() + 1;
    submatches_.resize(wanted);
    const re2::StringPiece text(subject.text.data(), subject.text.size());
    if (programs->re2 && !programs->re2->Match(text, 0, text.size(), re2::RE2::UNANCHORED, submatches_.data(),
                                               static_cast<int>(wanted))) {
      return SearchOutcome::no_match;
    }
    if (programs->pcre2) return programs->pcre2->search(subject.text, groups, programs->numbers, span);
    if (groups != nullptr) copy_groups(*groups);
    if (span != nullptr && wanted > 0) *span = {submatches_[0].data(), submatches_[0].size()};
    return SearchOutcome::match;
  }

  const std::vector<std::string>& group_names() const override { return ascii_.groups; }
  const std::vector<std::string>& warnings() const override { return ascii_.warnings; }
  const RequiredRegex& required() const override { return required_; }
  std::string engine() const override {
    if (inexact_.empty()) return "RE2";
    const std::string where = ascii_.pcre2 ? "" : " in lines beyond ASCII";
    return (ascii_.re2 ? "RE2 as a gate, then PCRE2" : "PCRE2") + where + ": " + inexact_;
  }

 private:
  const Programs* unicode() {
    if (!unicode_ && !unicode_failed_) {
      auto programs = compile_for(pattern_, Alphabet::unicode, flags_);
      unicode_failed_ = !programs;
      if (programs) unicode_ = std::make_unique<Programs>(std::move(*programs));
    }
    return unicode_.get();
  }

  void copy_groups(Groups& groups) const {
    groups.assign(submatches_.size() - 1, std::nullopt);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const re2::StringPiece& piece = submatches_[i + 1];
      if (piece.data() != nullptr) groups[i] = std::string_view(piece.data(), piece.size());
    }
  }

  ExpandedPattern pattern_;
  RegexFlags flags_;
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
  auto ascii = compile_for(pattern, Alphabet::ascii, flags);
  if (!ascii) return ascii.error();
  auto unicode = compile_for(pattern, Alphabet::unicode, flags);
  if (!unicode) return unicode.error();
  return std::unique_ptr<Regex>(std::make_unique<FilterRegex>(pattern, flags, std::move(*ascii), *unicode));
}

}  // namespace breakwater
