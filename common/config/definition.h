// SPDX-License-Identifier: Apache-2.0
// A file of filter.d or action.d together with the parameters that a jail gives it.
#pragma once

#include <string>
#include <vector>

#include "common/config/interpolation.h"
#include "common/config/option_list.h"

namespace breakwater {

// Answers "what is option x in the end?", after both interpolations. What counts for <x>, first one first: parameters
// of the jail, [Init], [Definition], [DEFAULT]; also <section/x> and <known/x> (what a parameter or a later file
// replaced). %(x)s sees parameters, then its own section, then [DEFAULT].
class Definition {
 public:
  // `at`: where the jail names it, for the origin of parameters. `condition`: "" or "family=inet6", which prefers the
  // options written for it ([Init?family=inet6]).
  Definition(Config config, const NameWithOptions& request, Origin at, std::string condition = {});
  // Refers to its own members.
  Definition(const Definition&) = delete;
  Definition& operator=(const Definition&) = delete;

  Expanded get(const std::string& key) const;
  // All options of [Definition], [Init] and the parameters; sorted, without conditional ones.
  std::vector<std::string> keys() const;
  bool defines(const std::string& key) const;                            // in [Definition] itself
  void set_parameter(const std::string& key, const std::string& value);  // unless it is set already
  const Config& config() const { return config_; }

 private:
  Expanded tag(const std::string& name) const;
  Expanded known_tag(const std::string& key) const;
  const Config::Option* conditional(const std::string& key) const;

  Config config_;
  Variables parameters_;
  Origin at_;
  std::string condition_;
};

}  // namespace breakwater
