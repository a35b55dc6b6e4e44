// SPDX-License-Identifier: Apache-2.0
#include "common/config/interpolation.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "common/base/text.h"
#include "common/config/problem.h"

namespace breakwater {

namespace {

std::string lower(std::string text) {
  for (char& c : text)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// One expansion of one option: the state that bounds it.
class Expansion {
 public:
  Expansion(const Config& config, const Variables& variables, const std::string& section)
      : config_(config), variables_(variables), section_(section) {}

  // False: fault() says why.
  bool expand(const SourcedText& text, const Config::Option* option, SourcedText& out);
  bool refer(const std::string& name, const Origin& at, SourcedText& out);
  std::optional<Fault>& fault() { return fault_; }
  const Config::Option* find(const std::string& name) const;

 private:
  bool fail(const Origin& at, std::string what, std::string right = {}) {
    fault_ = Fault{at, std::move(what), std::move(right)};
    return false;
  }
  bool expand_line(const SourcedLine& line, SourcedText& out);
  const Config::Option* find_known(const std::string& key) const;
  std::string chain(const Config::Option* last) const;

  const Config& config_;
  const Variables& variables_;
  const std::string& section_;
  std::vector<const Config::Option*> stack_;  // options being expanded, outermost first
  std::size_t references_ = 0;
  std::optional<Fault> fault_;
};

bool Expansion::expand(const SourcedText& text, const Config::Option* option, SourcedText& out) {
  if (option != nullptr) stack_.push_back(option);
  for (std::size_t i = 0; i < text.lines().size(); ++i) {
    const SourcedLine& line = text.lines()[i];
    // The first line continues what stands before the reference.
    if (i > 0) out.add_line("", line.origin);
    if (!expand_line(line, out)) return false;
  }
  if (option != nullptr) stack_.pop_back();
  return true;
}

bool Expansion::expand_line(const SourcedLine& line, SourcedText& out) {
  std::string_view rest = line.text;
  for (;;) {
    const auto percent = rest.find('%');
    out.append(rest.substr(0, percent), line.origin);
    if (out.bytes() > Interpolator::kMaxBytes) {
      return fail(line.origin, "the value grows beyond " + std::to_string(Interpolator::kMaxBytes) + " bytes");
    }
    if (percent == std::string_view::npos) return true;
    rest.remove_prefix(percent + 1);
    if (rest.starts_with('%')) {
      out.append("%", line.origin);
      rest.remove_prefix(1);
      continue;
    }
    const auto close = rest.find(")s");
    if (!rest.starts_with('(') || close == std::string_view::npos || rest.find(')') != close || close == 1) {
      return fail(line.origin, "'%' followed by " + in_quotes(std::string(rest.substr(0, 20))),
                  "%(option)s, or %% for a percent sign");
    }
    if (!refer(std::string(rest.substr(1, close - 1)), line.origin, out)) return false;
    rest.remove_prefix(close + 2);
  }
}

bool Expansion::refer(const std::string& name, const Origin& at, SourcedText& out) {
  if (++references_ > Interpolator::kMaxReferences) {
    return fail(at, "more than " + std::to_string(Interpolator::kMaxReferences) + " %(...)s for one option");
  }
  if (const auto it = variables_.find(lower(name)); it != variables_.end()) {
    out.append(it->second);
    return true;
  }
  if (lower(name) == "__name__") {
    out.append(section_, at);
    return true;
  }
  const Config::Option* option = find(name);
  if (option == nullptr) {
    return fail(at, "%(" + escaped(name, 120) + ")s refers to an option that is not set",
                "misspelled, or a file missing?");
  }
  if (std::find(stack_.begin(), stack_.end(), option) != stack_.end()) {
    return fail(at, "an option refers to itself: " + chain(option), "%(known/...)s is the value of an earlier file");
  }
  if (stack_.size() > Interpolator::kMaxDepth) {
    return fail(at, "%(...)s nested more than " + std::to_string(Interpolator::kMaxDepth) + " deep: " + chain(option));
  }
  return expand(option->value, option, out);
}

const Config::Option* Expansion::find(const std::string& name) const {
  const auto slash = name.find('/');
  if (slash == std::string::npos) return config_.find_or_default(section_, lower(name));
  const std::string where = name.substr(0, slash);
  const std::string key = lower(name.substr(slash + 1));
  if (lower(where) == "known") return find_known(key);
  if (lower(where) == "default") return config_.find(kDefaultSection, key);
  return config_.has_section(where) ? config_.find_or_default(where, key) : nullptr;
}

// fail2ban keeps one earlier value of an option of a section, and none of [DEFAULT]; here every layer sees the one
// below it, which is the same in the cases that fail2ban can do.
const Config::Option* Expansion::find_known(const std::string& key) const {
  const Config::Option* current = stack_.empty() ? nullptr : stack_.back();
  if (current != nullptr && current->key == key) {
    if (current->previous) return current->previous.get();
    return current->section == kDefaultSection ? nullptr : config_.find(kDefaultSection, key);
  }
  const Config::Option* own = config_.find(section_, key);
  if (own != nullptr && own->previous) return own->previous.get();
  return config_.find(kDefaultSection, key);
}

std::string Expansion::chain(const Config::Option* last) const {
  std::string out;
  for (const Config::Option* option : stack_)
    out += escaped(option->key, 60) + " -> ";
  return out + escaped(last->key, 60);
}

Expanded outcome(bool good, SourcedText out, std::optional<Fault>& fault) {
  if (good) return {std::move(out), std::nullopt};
  return {std::nullopt, std::move(fault)};
}

}  // namespace

Interpolator::Interpolator(const Config& config, Variables variables)
    : config_(config), variables_(std::move(variables)) {}

Expanded Interpolator::get(const std::string& section, const std::string& key) const {
  const Config::Option* option = config_.find_or_default(section, key);
  return option == nullptr ? Expanded{} : expand(section, *option);
}

Expanded Interpolator::expand(const std::string& section, const Config::Option& option) const {
  Expansion expansion(config_, variables_, section);
  SourcedText out;
  const bool good = expansion.expand(option.value, &option, out);
  return outcome(good, std::move(out), expansion.fault());
}

Expanded Interpolator::expand(const std::string& section, const SourcedText& text) const {
  Expansion expansion(config_, variables_, section);
  SourcedText out;
  const bool good = expansion.expand(text, nullptr, out);
  return outcome(good, std::move(out), expansion.fault());
}

Expanded Interpolator::reference(const std::string& section, const std::string& name) const {
  Expansion expansion(config_, variables_, section);
  const bool variable = variables_.count(lower(name)) > 0;
  const Config::Option* option = variable ? nullptr : expansion.find(name);
  if (!variable && option == nullptr) return {};
  SourcedText out;
  const bool good = variable ? expansion.refer(name, {}, out) : expansion.expand(option->value, option, out);
  return outcome(good, std::move(out), expansion.fault());
}

}  // namespace breakwater
