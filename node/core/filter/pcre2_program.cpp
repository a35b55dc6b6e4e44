// SPDX-License-Identifier: Apache-2.0
#define PCRE2_CODE_UNIT_WIDTH 8
#include <algorithm>

#include <pcre2.h>

#include "common/base/text.h"
#include "node/core/filter/regex_programs.h"

namespace breakwater {

namespace {

// The lines of fail2ban's own samples take at most 271 steps of machine code, 749 interpreted.
constexpr std::uint32_t kGroupSteps = 2'000;
constexpr std::uint32_t kVerdictSteps = 200'000;       // about 2 ms, and all that a line of 1 kB needs
constexpr std::uint32_t kVerdictStepsByCode = 20'000;  // likewise: machine code counts fewer, but larger ones
constexpr std::uint32_t kVerdictStepsPerByte = 4;
constexpr std::size_t kLongestLine = std::size_t{64} * 1024;
constexpr std::uint32_t kHeapKib = 1024;
constexpr std::uint32_t kThoroughSteps = 2'000'000;
constexpr std::uint32_t kThoroughHeapKib = 64 * 1024;
constexpr int kMostThorough = 20;          // thorough searches one after the other
constexpr int kSearchesPerThorough = 100;  // that earn one
constexpr std::size_t kSmallestJitStack = std::size_t{32} * 1024;
constexpr std::size_t kLargestJitStack = std::size_t{1024} * 1024;

struct Free {
  void operator()(pcre2_code* p) const { pcre2_code_free(p); }
  void operator()(pcre2_compile_context* p) const { pcre2_compile_context_free(p); }
  void operator()(pcre2_match_context* p) const { pcre2_match_context_free(p); }
  void operator()(pcre2_match_data* p) const { pcre2_match_data_free(p); }
  void operator()(pcre2_jit_stack* p) const { pcre2_jit_stack_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

std::string message_of(int code) {
  PCRE2_UCHAR text[256];
  pcre2_get_error_message(code, text, sizeof text);
  return reinterpret_cast<const char*>(text);
}

// The searches of one thread come one after the other, so they share a stack.
pcre2_jit_stack* shared_stack() {
  thread_local const Owned<pcre2_jit_stack> stack(pcre2_jit_stack_create(kSmallestJitStack, kLargestJitStack, nullptr));
  return stack.get();
}

void limit(pcre2_match_context* context, std::uint32_t steps, std::uint32_t heap_kib) {
  pcre2_set_match_limit(context, steps);
  pcre2_set_depth_limit(context, steps);
  pcre2_set_heap_limit(context, heap_kib);
}

SearchOutcome outcome_of(int found) {
  if (found == PCRE2_ERROR_NOMATCH) return SearchOutcome::no_match;
  return found < 0 ? SearchOutcome::engine_failed : SearchOutcome::match;
}

class Program final : public Pcre2Program {
 public:
  Program(Owned<pcre2_code> code, Owned<pcre2_match_context> limits, Owned<pcre2_match_data> data, bool fast, Use use)
      : code_(std::move(code)), limits_(std::move(limits)), data_(std::move(data)), fast_(fast), use_(use) {
    ranges_ = pcre2_get_ovector_pointer(data_.get());
  }

  SearchOutcome search(std::string_view subject, std::size_t from) override {
    // The text is known to be valid: is_utf8() was asked.
    const auto* const text = reinterpret_cast<PCRE2_SPTR>(subject.data());
    set_usual_limits(subject.size());
    const int found =
        fast_ ? pcre2_jit_match(code_.get(), text, subject.size(), from, 0, data_.get(), limits_.get())
              : pcre2_match(code_.get(), text, subject.size(), from, kInterpreted, data_.get(), limits_.get());
    const SearchOutcome outcome = outcome_of(found);
    if (use_ == Use::groups) return outcome;
    if (outcome == SearchOutcome::engine_failed) {
      ++limits_reached_;
      return search_thoroughly(subject, from);
    }
    if (thorough_left_ < kMostThorough && ++earned_ == kSearchesPerThorough) {
      earned_ = 0;
      ++thorough_left_;
    }
    return outcome;
  }

  Range range(std::size_t group) const override {
    const PCRE2_SIZE begin = ranges_[2 * group];
    const PCRE2_SIZE end = ranges_[2 * group + 1];
    return begin == PCRE2_UNSET || end < begin ? Range{} : Range{begin, end};
  }

  bool is_fast() const override { return fast_; }
  std::uint64_t limits_reached() const override { return limits_reached_; }

 private:
  static constexpr std::uint32_t kInterpreted = PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT;

  void set_usual_limits(std::size_t length) {
    const auto more = kVerdictStepsPerByte * static_cast<std::uint32_t>(std::min(length, kLongestLine));
    const std::uint32_t verdict = (fast_ ? kVerdictStepsByCode : kVerdictSteps) + more;
    limit(limits_.get(), use_ == Use::groups ? kGroupSteps : verdict, kHeapKib);
  }

  // Always interpreted, so that the answer is the same where machine code is forbidden.
  SearchOutcome search_thoroughly(std::string_view subject, std::size_t from) {
    if (thorough_left_ == 0) return SearchOutcome::engine_failed;
    --thorough_left_;
    // On its own, for it keeps the memory of its largest search.
    const Owned<pcre2_match_data> data(pcre2_match_data_create_from_pattern(code_.get(), nullptr));
    if (!data) return SearchOutcome::engine_failed;
    limit(limits_.get(), kThoroughSteps, kThoroughHeapKib);
    const auto* const text = reinterpret_cast<PCRE2_SPTR>(subject.data());
    const int found = pcre2_match(code_.get(), text, subject.size(), from, kInterpreted, data.get(), limits_.get());
    std::copy_n(pcre2_get_ovector_pointer(data.get()), 2 * pcre2_get_ovector_count(data.get()), ranges_);
    return outcome_of(found);
  }

  Owned<pcre2_code> code_;
  Owned<pcre2_match_context> limits_;
  Owned<pcre2_match_data> data_;
  bool fast_;
  Use use_;
  int thorough_left_ = kMostThorough;
  int earned_ = 0;
  std::uint64_t limits_reached_ = 0;
  PCRE2_SIZE* ranges_ = nullptr;  // of `data_`
};

}  // namespace

Result<std::unique_ptr<Pcre2Program>> Pcre2Program::make(const std::string& text, Alphabet alphabet, Use use) {
  const Owned<pcre2_compile_context> compiling(pcre2_compile_context_create(nullptr));
  if (!compiling) return Error("PCRE2 has no memory");
  pcre2_set_newline(compiling.get(), PCRE2_NEWLINE_LF);
  const std::uint32_t unicode = alphabet == Alphabet::unicode ? PCRE2_UTF | PCRE2_UCP : 0;
  int problem = 0;
  PCRE2_SIZE at = 0;
  Owned<pcre2_code> code(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                                       PCRE2_ALT_CIRCUMFLEX | PCRE2_NEVER_BACKSLASH_C | unicode, &problem, &at,
                                       compiling.get()));
  if (!code) return Error("PCRE2 refuses it: " + escaped(message_of(problem), 200));
  // Where machine code is forbidden this fails, and pcre2_match() interprets.
  const bool fast = pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE) == 0;
  Owned<pcre2_match_context> limits(pcre2_match_context_create(nullptr));
  Owned<pcre2_match_data> data(pcre2_match_data_create_from_pattern(code.get(), nullptr));
  if (!limits || !data) return Error("PCRE2 has no memory");
  pcre2_jit_stack_assign(
      limits.get(), [](void*) { return shared_stack(); }, nullptr);
  return std::unique_ptr<Pcre2Program>(
      std::make_unique<Program>(std::move(code), std::move(limits), std::move(data), fast, use));
}

}  // namespace breakwater
