// SPDX-License-Identifier: Apache-2.0
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "common/base/text.h"
#include "node/core/filter/regex_programs.h"

namespace breakwater {

namespace {

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
  Program(Owned<pcre2_code> code, Owned<pcre2_match_context> limits, Owned<pcre2_match_data> data, bool fast)
      : code_(std::move(code)), limits_(std::move(limits)), data_(std::move(data)), fast_(fast) {
    ranges_ = pcre2_get_ovector_pointer(data_.get());
  }

  SearchOutcome search(std::string_view subject, std::size_t from) override {
    // The text is known to be valid: is_utf8() was asked.
    const auto* const text = reinterpret_cast<PCRE2_SPTR>(subject.data());
    int found = PCRE2_ERROR_JIT_STACKLIMIT;
    if (fast_) found = pcre2_jit_match(code_.get(), text, subject.size(), from, 0, data_.get(), limits_.get());
    if (found == PCRE2_ERROR_JIT_STACKLIMIT) {
      constexpr std::uint32_t kOptions = PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT;
      found = pcre2_match(code_.get(), text, subject.size(), from, kOptions, data_.get(), limits_.get());
    }
    if (found == PCRE2_ERROR_NOMATCH) return SearchOutcome::no_match;
    return found < 0 ? SearchOutcome::engine_failed : SearchOutcome::match;
  }

  Range range(std::size_t group) const override {
    const PCRE2_SIZE begin = ranges_[2 * group];
    const PCRE2_SIZE end = ranges_[2 * group + 1];
    return begin == PCRE2_UNSET || end < begin ? Range{} : Range{begin, end};
  }

  bool is_fast() const override { return fast_; }

 private:
  Owned<pcre2_code> code_;
  Owned<pcre2_match_context> limits_;
  Owned<pcre2_match_data> data_;
  bool fast_;
  const PCRE2_SIZE* ranges_ = nullptr;  // of `data_`
};

}  // namespace

Result<std::unique_ptr<Pcre2Program>> Pcre2Program::make(const std::string& text, Alphabet alphabet,
                                                         std::uint32_t steps) {
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
  pcre2_set_match_limit(limits.get(), steps);
  pcre2_set_depth_limit(limits.get(), steps);
  pcre2_set_heap_limit(limits.get(), kMostHeapKib);
  pcre2_jit_stack_assign(
      limits.get(), [](void*) { return shared_stack(); }, nullptr);
  return std::unique_ptr<Pcre2Program>(
      std::make_unique<Program>(std::move(code), std::move(limits), std::move(data), fast));
}

}  // namespace breakwater
