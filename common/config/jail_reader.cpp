// SPDX-License-Identifier: Apache-2.0
#include "common/config/jail_reader.h"

#include <utility>

#include "common/config/config_reader.h"
#include "common/config/jail_builder.h"

namespace breakwater {

namespace {

constexpr std::size_t kMaxJails = 1000;

std::string joined(const std::vector<std::string>& directories) {
  std::string out;
  for (const std::string& directory : directories)
    out += (out.empty() ? "" : ", ") + directory;
  return out;
}

}  // namespace

JailReading read_jails(const JailSources& sources) {
  JailReading out;
  ConfigReader jail_files(sources.config_dirs, out.problems);
  const auto config = jail_files.read_all("jail");
  if (!config) {
    out.problems.error({joined(sources.config_dirs), 0}, {}, "no jail.conf, jail.local or jail.d/ there",
                       "write a jail, or name the folder in config_dirs");
    return out;
  }
  report_unknown_jail_options(*config, out.problems);

  std::vector<std::string> search = sources.config_dirs;
  search.insert(search.end(), sources.filter_dirs.begin(), sources.filter_dirs.end());
  ConfigReader definitions(std::move(search), out.problems);
  JailContext context{*config, definitions, sources.with_filters, out.problems, {}, {}, {}};
  context.enable_too.insert(sources.enable_too.begin(), sources.enable_too.end());
  for (const std::string& section : config->sections()) {
    if (out.jails.size() + out.refused.size() >= kMaxJails) {
      out.problems.error(config->section_origin(section), {"jail", section},
                         "more than " + std::to_string(kMaxJails) + " jails: this and later ones are left out");
      break;
    }
    JailConfig jail;
    switch (build_jail(context, section, jail)) {
      case JailFate::loaded:
        out.jails.push_back(std::move(jail));
        break;
      case JailFate::disabled:
        out.disabled.push_back(section);
        break;
      case JailFate::refused:
        out.refused.push_back(section);
        break;
    }
  }
  context.unused.report(out.problems);
  if (out.jails.empty() && out.refused.empty()) {
    out.problems.warning({joined(sources.config_dirs), 0}, {}, "no jail is enabled", "enabled = true");
  }
  return out;
}

}  // namespace breakwater
