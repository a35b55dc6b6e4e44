// SPDX-License-Identifier: Apache-2.0
// The parser behind translate(); used by nobody else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "node/core/filter/char_class.h"
#include "node/core/filter/filter_tags.h"
#include "node/core/filter/python_pattern.h"

namespace breakwater {

struct PatternFlags {
  bool ignore_case = false;  // i
  bool multiline = false;    // m
  bool dot_all = false;      // s
  bool ascii = false;        // a
  bool verbose = false;      // x
  bool operator==(const PatternFlags&) const = default;
};

// A recursive descent over the pattern that writes the translation as it goes, after the grammar in Python's `re`
// manual (3.11). One use; not thread-safe. Depth is bounded, so a hostile filter file cannot overflow the stack.
class PatternParser {
 public:
  PatternParser(const ExpandedPattern& pattern, const TranslateOptions& options, PatternFlags flags)
      : in_(pattern.text), column_(pattern.column), options_(options), global_(flags) {}

  Result<TranslatedPattern> run();
  // With those found on the way.
  const PatternFlags& global_flags() const { return global_; }

 private:
  enum class Item : std::uint8_t { none, assertion, plain, repeated };

  // Each returns false after fail().
  bool alternation(PatternFlags flags, int depth);
  bool sequence(PatternFlags flags, int depth);
  bool item(PatternFlags flags, int depth);
  bool quantifier(char kind);
  bool braces();
  void end_quantifier();
  void shorten();
  bool group(PatternFlags flags, int depth);
  bool extension(PatternFlags flags, int depth);
  bool named_group(PatternFlags flags, int depth);
  bool assertion_group(PatternFlags flags, int depth);
  bool lookaround(std::string_view opening, PatternFlags flags, int depth);
  bool backreference(std::size_t at, std::size_t group);
  bool named_backreference();
  bool conditional(PatternFlags flags, int depth);
  // The number of a group that stands before; 0: there is none.
  std::size_t group_number(std::string_view name) const;
  bool flag_group(PatternFlags flags, int depth);
  bool body(std::string_view opening, PatternFlags flags, int depth);
  bool escape(PatternFlags flags);
  bool numeric_escape();
  bool character_class(PatternFlags flags);
  // One end of a range: a character, or a category (then `category` is set).
  bool class_member(std::uint32_t& character, char& category);
  bool character_escape(char letter, std::uint32_t& character);

  bool category(char letter, PatternFlags flags);
  void literal(std::uint32_t character);
  void assertion(std::string_view text);
  bool word_boundary(char letter, PatternFlags flags);
  void skip_blanks_and_comments();
  bool next_character(std::uint32_t& character);
  std::optional<PatternFlags> local_flags(PatternFlags flags);

  bool at_end() const { return pos_ >= in_.size(); }
  char peek() const { return at_end() ? '\0' : in_[pos_]; }
  bool accept(std::string_view text);
  bool fail(std::size_t at, std::string_view what);
  // What RE2 cannot express: false if that is what is asked for.
  bool inexact(std::size_t at, std::string_view construct);
  bool is(Dialect dialect) const { return options_.dialect == dialect; }
  bool keeps_plain_groups() const { return options_.for_dates || is(Dialect::pcre2); }

  std::string_view in_;
  const std::vector<std::uint32_t>& column_;
  const TranslateOptions& options_;
  PatternFlags global_;
  std::size_t pos_ = 0;
  TranslatedPattern out_;
  Item last_ = Item::none;      // what a quantifier would apply to
  std::size_t last_begin_ = 0;  // where it stands in out_.text
  bool trailing_lookahead_ = false;
  // Greedy quantifiers: where a '?' would make them lazy, and where what they repeat, or the outermost group around
  // them, begins.
  struct Greedy {
    std::size_t end;
    std::size_t outermost;
  };
  std::vector<Greedy> greedy_;
  std::optional<std::size_t> outermost_;
  std::size_t last_capture_end_ = 0;
  std::optional<Error> error_;
};

}  // namespace breakwater
