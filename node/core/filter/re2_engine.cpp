// SPDX-License-Identifier: Apache-2.0
#include "node/core/filter/re2_engine.h"

#include <array>
#include <utility>

#include <re2/re2.h>

#include "common/base/text.h"
#include "node/core/filter/python_pattern.h"
#include "node/core/filter/re2_program.h"

namespace breakwater {

namespace {

class Re2Regex final : public Regex {
 public:
  Re2Regex(ExpandedPattern pattern, Re2Pattern ascii, std::string unicode_text, std::unique_ptr<re2::RE2> program)
      : pattern_(std::move(pattern)),
        required_{ascii.text, std::move(unicode_text)},
        names_(std::move(ascii.groups)),
        warnings_(std::move(ascii.warnings)),
        ascii_(std::move(program)),
        submatches_(names_.size() + 1) {}

  SearchOutcome search(const SubjectText& subject, Groups* groups) override {
    const re2::RE2* program = subject.ascii ? ascii_.get() : unicode();
    if (program == nullptr) return SearchOutcome::engine_failed;
    const int wanted = groups == nullptr ? 0 : static_cast<int>(submatches_.size());
    const re2::StringPiece text(subject.text.data(), subject.text.size());
    if (!program->Match(text, 0, text.size(), re2::RE2::UNANCHORED, submatches_.data(), wanted)) {
      return SearchOutcome::no_match;
    }
    if (groups != nullptr) copy_groups(*groups);
    return SearchOutcome::match;
  }

  const std::vector<std::string>& group_names() const override { return names_; }
  const std::vector<std::string>& warnings() const override { return warnings_; }
  const RequiredRegex& required() const override { return required_; }
  std::string engine() const override { return "RE2"; }

 private:
  const re2::RE2* unicode() {
    if (!unicode_ && !unicode_failed_) {
      auto program = compile_program(pattern_, Alphabet::unicode);
      unicode_failed_ = !program;
      if (program) unicode_ = std::move(*program).program;
    }
    return unicode_.get();
  }

  void copy_groups(Groups& groups) const {
    groups.assign(names_.size(), std::nullopt);
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const re2::StringPiece& piece = submatches_[i + 1];
      if (piece.data() != nullptr) groups[i] = std::string_view(piece.data(), piece.size());
    }
  }

  ExpandedPattern pattern_;
  RequiredRegex required_;
  std::vector<std::string> names_;
  std::vector<std::string> warnings_;
  std::unique_ptr<re2::RE2> ascii_;
  std::unique_ptr<re2::RE2> unicode_;  // made by the first line that needs it
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

Result<Re2Program> compile_program(const ExpandedPattern& pattern, Alphabet alphabet) {
  auto translated = to_re2(pattern, {.alphabet = alphabet});
  if (!translated) return translated.error();
  auto program = make_re2(translated->text, alphabet);
  if (!program) return program.error();
  return Re2Program{std::move(*translated), std::move(*program)};
}

Result<std::unique_ptr<Regex>> Re2Engine::compile(const ExpandedPattern& pattern) {
  auto ascii = compile_program(pattern, Alphabet::ascii);
  if (!ascii) return ascii.error();
  auto unicode = compile_program(pattern, Alphabet::unicode);
  if (!unicode) return unicode.error();
  return std::unique_ptr<Regex>(std::make_unique<Re2Regex>(
      pattern, std::move(ascii->pattern), std::move(unicode->pattern.text), std::move(ascii->program)));
}

}  // namespace breakwater
