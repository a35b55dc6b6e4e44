// SPDX-License-Identifier: Apache-2.0
// %(x)s: the first of fail2ban's two interpolations, done when an option is asked for.
#pragma once

#include <map>
#include <string>

#include "common/config/config.h"

namespace breakwater {

// Values that win over the files, taken literally: parameters of `filter = name[a=b]`, "known/..." of a filter.
using Variables = std::map<std::string, SourcedText>;

// Understands, in the section that is asked:
//   %(x)s            this section's x, else [DEFAULT]'s
//   %(section/x)s    that section's x, else [DEFAULT]'s;  %(default/x)s  [DEFAULT]'s
//   %(known/x)s      what an earlier file said before this one replaced it
//   %(__name__)s     the section's name
//   %%               a percent sign
// A reference to nothing, a lone '%', a loop, or growth beyond the bounds is a fault with the line it stands on.
// Lives no longer than the config it was given.
class Interpolator {
 public:
  static constexpr std::size_t kMaxDepth = 10;          // of references in references, as in Python's ConfigParser
  static constexpr std::size_t kMaxReferences = 5000;   // followed for one option
  static constexpr std::size_t kMaxBytes = 512 * 1024;  // of one expanded option

  explicit Interpolator(const Config& config, Variables variables = {});

  // The option as this section sees it (its own, then [DEFAULT]'s), expanded. Variables do not answer here.
  Expanded get(const std::string& section, const std::string& key) const;
  // An option that was found in `config`, seen from `section`.
  Expanded expand(const std::string& section, const Config::Option& option) const;
  // Text that is not an option's value.
  Expanded expand(const std::string& section, const SourcedText& text) const;

  // "section/x", "default/x", "known/x" or "x", as in %(...)s; expanded.
  Expanded reference(const std::string& section, const std::string& name) const;

  const Config& config() const { return config_; }

 private:
  const Config& config_;
  Variables variables_;
};

}  // namespace breakwater
