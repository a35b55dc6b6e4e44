// SPDX-License-Identifier: Apache-2.0
#include "common/config/tags.h"

#include <map>
#include <string_view>
#include <utility>

#include "common/base/text.h"
#include "common/config/problem.h"

namespace breakwater {

namespace {

// The first innermost <name> of a line at or behind `from`: no white space, '<' or '>' within the brackets.
struct Tag {
  std::size_t at = std::string_view::npos;
  std::string_view name;
};

Tag next_tag(std::string_view line, std::size_t from) {
  std::size_t open = std::string_view::npos;
  for (std::size_t i = from; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '<') {
      open = i;
    } else if (c == ' ') {
      open = std::string_view::npos;
    } else if (c == '>' && open != std::string_view::npos) {
      if (i > open + 1) return {open, line.substr(open + 1, i - open - 1)};
      open = std::string_view::npos;
    }
  }
  return {};
}

SourcedText replaced(const SourcedText& value, const std::string& tag, const SourcedText& by) {
  SourcedText out;
  for (const SourcedLine& line : value.lines()) {
    out.add_line("", line.origin);
    std::string_view rest = line.text;
    for (auto at = rest.find(tag); at != std::string_view::npos; at = rest.find(tag)) {
      out.append(rest.substr(0, at), line.origin);
      out.append(by);
      rest.remove_prefix(at + tag.size());
      if (out.bytes() > kMaxTagBytes) return out;
    }
    out.append(rest, line.origin);
  }
  return out;
}

class TagExpansion {
 public:
  TagExpansion(const std::string& self, const TagLookup& lookup) : self_(self), lookup_(lookup) {}

  // Replaces one tag everywhere; false when none was left to replace or a fault was met.
  bool step(SourcedText& value);
  std::optional<Fault>& fault() { return fault_; }

 private:
  bool fail(const Origin& at, std::string what) {
    fault_ = Fault{at, std::move(what), {}};
    return false;
  }
  const Expanded& look_up(const std::string& name);

  const std::string& self_;
  const TagLookup& lookup_;
  std::map<std::string, Expanded> known_;
  std::map<std::string, int> replacements_;
  std::size_t steps_ = 0;
  std::optional<Fault> fault_;
};

const Expanded& TagExpansion::look_up(const std::string& name) {
  const auto it = known_.find(name);
  if (it != known_.end()) return it->second;
  return known_.emplace(name, lookup_(name)).first->second;
}

bool TagExpansion::step(SourcedText& value) {
  for (const SourcedLine& line : value.lines()) {
    for (Tag tag = next_tag(line.text, 0); tag.at != std::string_view::npos; tag = next_tag(line.text, tag.at + 1)) {
      const std::string name(tag.name);
      const Origin at = line.origin;
      const Expanded& found = look_up(name);
      if (found.fault) {
        fault_ = found.fault;
        return false;
      }
      if (!found.value) continue;
      if (name == self_) return fail(at, "<" + escaped(name, 120) + "> refers to itself");
      if (++replacements_[name] > kMaxTagReplacements || ++steps_ > kMaxTagSteps) {
        return fail(at, "<" + escaped(name, 120) + "> refers to itself, or is replaced too often (more than " +
                            std::to_string(kMaxTagReplacements) + " times)");
      }
      value = replaced(value, '<' + name + '>', *found.value);
      if (value.bytes() > kMaxTagBytes) {
        return fail(
            at, "the value grows beyond " + std::to_string(kMaxTagBytes) + " bytes at <" + escaped(name, 120) + ">");
      }
      return true;
    }
  }
  return false;
}

}  // namespace

Expanded expand_tags(const SourcedText& value, const std::string& self, const TagLookup& lookup) {
  TagExpansion expansion(self, lookup);
  SourcedText out = value;
  while (expansion.step(out)) {
  }
  if (expansion.fault()) return {std::nullopt, std::move(expansion.fault())};
  return {std::move(out), std::nullopt};
}

}  // namespace breakwater
