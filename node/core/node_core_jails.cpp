// SPDX-License-Identifier: Apache-2.0
// NodeCore: other jails while it runs.
#include <algorithm>

#include "node/core/node_core.h"

namespace breakwater {

namespace {

bool same_patterns(const std::vector<RegexText>& a, const std::vector<RegexText>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const RegexText& x, const RegexText& y) { return x.pattern == y.pattern; });
}

std::optional<std::size_t> place_of(const std::string& name, const std::vector<ActiveJail>& jails) {
  const auto found =
      std::find_if(jails.begin(), jails.end(), [&](const ActiveJail& jail) { return jail.config.name == name; });
  if (found == jails.end()) return std::nullopt;
  return static_cast<std::size_t>(found - jails.begin());
}

}  // namespace

bool same_filter(const JailConfig& a, const JailConfig& b) {
  const FilterConfig &x = a.filter, &y = b.filter;
  const bool same_prefregex = x.prefregex.has_value() == y.prefregex.has_value() &&
                              (!x.prefregex || x.prefregex->pattern == y.prefregex->pattern);
  return same_prefregex && same_patterns(x.failregex, y.failregex) && same_patterns(x.ignoreregex, y.ignoreregex) &&
         same_patterns(x.datepattern, y.datepattern) && x.name == y.name && x.maxlines == y.maxlines &&
         x.journalmatch == y.journalmatch && x.use_dns == y.use_dns && x.parameters == y.parameters &&
         a.logtimezone == b.logtimezone;
}

void NodeCore::list_ignored() {
  ignored_.clear();
  for (const ActiveJail& jail : jails_) {
    PrefixMap<bool> ignored;
    for (const Prefix& range : jail.config.ignoreip)
      ignored.set(range, true);
    ignored_.push_back(std::move(ignored));
  }
}

std::vector<std::optional<std::size_t>> NodeCore::set_jails(std::vector<ActiveJail> jails) {
  take_filter_counters();  // some filters go
  take_filter_counters();
  std::vector<std::optional<std::size_t>> jail_at, filter_at;
  std::vector<std::optional<OffenderTable::Place>> windows_at;
  for (ActiveJail& old : jails_) {
    const auto at = place_of(old.config.name, jails);
    const bool keeps_filter = at && same_filter(old.config, jails[*at].config);
    if (keeps_filter) jails[*at].filter = std::move(old.filter);
    jail_at.push_back(at);
    filter_at.push_back(keeps_filter ? at : std::nullopt);
    windows_at.push_back(at ? std::optional<OffenderTable::Place>({*at, jails[*at].config.findtime}) : std::nullopt);
  }
  offenders_.renumber(windows_at);
  names_.renumber(jail_at);
  for (auto& [source, of_log] : memories_) {
    std::vector<std::unique_ptr<FilterMemory>> moved(jails.size());
    for (std::size_t old = 0; old < of_log.size(); ++old) {
      if (filter_at[old]) moved[*filter_at[old]] = std::move(of_log[old]);
    }
    of_log = std::move(moved);
  }
  jails_ = std::move(jails);
  list_ignored();
  return filter_at;
}

}  // namespace breakwater
