// SPDX-License-Identifier: Apache-2.0
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "common/base/text.h"
#include "node/core/filter/regex_programs.h"

namespace breakwater {

namespace {

constexpr std::uint32_t kMostSteps = 500'000;
constexpr std::uint32_t kMostHeapKib = 1024;
constexpr std::size_t kJitStack = std::size_t{128} * 1024;

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
  thread_local const Owned<pcre2_jit_stack> stack(pcre2_jit_stack_create(kJitStack, kJitStack, nullptr));
  return stack.get();
}

class Program final : public Pcre2Program {
 public:
  Program(Owned<pcre2_code> code, Owned<pcre2_match_context> limits, Owned<pcre2_match_data> data)
      : code_(std::move(code)), limits_(std::move(limits)), data_(std::move(data)) {}

  SearchOutcome search(std::string_view subject, Groups* groups, const std::vector<std::size_t>& numbers,
                       std::string_view* span) override {
    // The text is known to be valid: is_utf8() was asked.
    int found = match(subject, PCRE2_NO_UTF_CHECK);
    if (found == PCRE2_ERROR_JIT_STACKLIMIT) found = match(subject, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT);
    if (found == PCRE2_ERROR_NOMATCH) return SearchOutcome::no_match;
    if (found < 0) return SearchOutcome::engine_failed;
    if (groups != nullptr) copy_groups(subject, *groups, numbers);
    const PCRE2_SIZE* const ends = pcre2_get_ovector_pointer(data_.get());
    if (span != nullptr) *span = subject.substr(ends[0], ends[1] - ends[0]);
    return SearchOutcome::match;
  }

 private:
  int match(std::string_view subject, std::uint32_t options) {
    return pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(subject.data()), subject.size(), 0, options,
                       data_.get(), limits_.get());
  }

  void copy_groups(std::string_view subject, Groups& groups, const std::vector<std::size_t>& numbers) const {
    const PCRE2_SIZE* const ends = pcre2_get_ovector_pointer(data_.get());
    groups.assign(numbers.size(), std::nullopt);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const PCRE2_SIZE begin = ends[2 * numbers[i]];
      const PCRE2_SIZE end = ends[2 * numbers[i] + 1];
      if (begin != PCRE2_UNSET && end >= begin) groups[i] = subject.substr(begin, end - begin);
    }
  }

  Owned<pcre2_code> code_;
  Owned<pcre2_match_context> limits_;
  Owned<pcre2_match_data> data_;
};

}  // namespace

Result<std::unique_ptr<Pcre2Program>> Pcre2Program::make(const std::string& text, Alphabet alphabet) {
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
  static_cast<void>(pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE));
  Owned<pcre2_match_context> limits(pcre2_match_context_create(nullptr));
  Owned<pcre2_match_data> data(pcre2_match_data_create_from_pattern(code.get(), nullptr));
  if (!limits || !data) return Error("PCRE2 has no memory");
  pcre2_set_match_limit(limits.get(), kMostSteps);
  pcre2_set_depth_limit(limits.get(), kMostSteps);
  pcre2_set_heap_limit(limits.get(), kMostHeapKib);
  pcre2_jit_stack_assign(
      limits.get(), [](void*) { return shared_stack(); }, nullptr);
  return std::unique_ptr<Pcre2Program>(std::make_unique<Program>(std::move(code), std::move(limits), std::move(data)));
}

}  // namespace breakwater
