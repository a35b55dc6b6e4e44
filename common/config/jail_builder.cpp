// SPDX-License-Identifier: Apache-2.0
#include "common/config/jail_builder.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "common/base/text.h"
#include "common/config/filter_reader.h"
#include "common/config/jail_fields.h"
#include "common/config/option_list.h"

namespace breakwater {

namespace {

constexpr std::size_t kMaxJailName = 64;

bool is_jail_name(const std::string& name) {
  const auto good = [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("_.-@+").find(static_cast<char>(c)) != std::string_view::npos;
  };
  return !name.empty() && name.size() <= kMaxJailName && std::all_of(name.begin(), name.end(), good);
}

Variables base_variables(const JailContext& context, const std::string& section, const JailModes& modes) {
  const Origin at = context.config.section_origin(section);
  Variables variables;
  variables["fail2ban_version"] = SourcedText("1.0.2", at);  // whose options we follow
  const auto& directories = context.reader.directories();
  variables["fail2ban_confpath"] = SourcedText(directories.empty() ? "" : directories.front(), at);
  // `filter = %(__name__)s[mode=%(mode)s]` must see the filter's mode, whatever mode says of the jail.
  variables["mode"] = SourcedText(modes.filter.value_or("normal"), at);
  return variables;
}

// `filter = ...`, or the jail's own name; with its mode where the jail asks for one and the filter line does not.
Result<NameWithOptions> wanted_filter(OptionValues& values, const JailModes& modes) {
  const auto written = values.text("filter");
  if (!written && values.failed()) return Error("");
  auto request = written ? parse_name_with_options(written->text())
                         : Result<NameWithOptions>(NameWithOptions{values.section(), {}});
  if (!request) return request;
  const bool has_mode = std::any_of(request->options.begin(), request->options.end(),
                                    [](const auto& option) { return option.first == "mode"; });
  const bool wanted = written ? modes.filter_in_jail : modes.filter.has_value();
  if (!has_mode && wanted) request->options.emplace_back("mode", *modes.filter);
  return request;
}

}  // namespace

JailModes read_modes(OptionValues& values) {
  JailModes modes;
  const Config& config = values.interpolator().config();
  for (const std::string& section : {values.section(), std::string(kDefaultSection)}) {
    const Config::Option* option = config.find(section, "mode");
    if (option == nullptr) continue;
    const Expanded value = values.interpolator().expand(values.section(), *option);
    if (value.fault) {
      values.error_at(value.fault->origin, "mode: " + value.fault->what, value.fault->right);
      continue;
    }
    const std::string text(trimmed(value.value->text()));
    if (text == "enforce" || text == "observe") {
      if (!modes.jail_given) modes.jail = text == "observe" ? JailMode::observe : JailMode::enforce;
      modes.jail_given = true;
    } else if (!text.empty() && !modes.filter) {
      modes.filter = text;
      modes.filter_in_jail = section == values.section();
    }
  }
  std::string own;
  values.read_text("breakwater.mode", own);
  if (own == "enforce" || own == "observe") {
    modes.jail = own == "observe" ? JailMode::observe : JailMode::enforce;
    modes.jail_given = true;
  } else if (!own.empty()) {
    values.error("breakwater.mode", "breakwater.mode " + in_quotes(own) + " is neither enforce nor observe");
  }
  return modes;
}

JailFate build_jail(JailContext& context, const std::string& section, JailConfig& jail) {
  const Subject subject{"jail", section};
  const Interpolator plain(context.config);
  OptionValues first(plain, section, subject, context.problems);
  first.read_flag("enabled", jail.enabled);
  jail.enabled |= context.enable_too.contains(section);
  if (!first.failed() && !jail.enabled) return JailFate::disabled;
  jail.name = section;
  jail.origin = context.config.section_origin(section);
  if (!is_jail_name(section)) {
    first.error_at(jail.origin, "is not a name for a jail",
                   "letters, digits, - _ . @ +, at most " + std::to_string(kMaxJailName));
  }
  const JailModes modes = read_modes(first);
  jail.mode = modes.jail;

  Variables variables = base_variables(context, section, modes);
  const Interpolator early(context.config, variables);
  OptionValues naming(early, section, subject, context.problems);
  const auto request = wanted_filter(naming, modes);
  bool filter_read = false;
  if (!request) {
    if (!naming.failed()) naming.error("filter", "filter: " + request.error().message(), "filter = NAME[option=value]");
  } else if (context.with_filters) {
    auto reading = read_filter(context.reader, *request, naming.origin("filter"), subject);
    filter_read = reading.has_value();
    if (reading) {
      jail.filter = std::move(reading->config);
      for (auto& [key, value] : reading->known)
        variables.insert_or_assign(key, std::move(value));
    }
  } else {
    jail.filter.name = request->name;
  }

  // Go on even where the filter is missing: all that is wrong is said in one go.
  const Interpolator late(context.config, std::move(variables));
  OptionValues values(late, section, subject, context.problems);
  read_jail_fields(context, values, modes, jail);
  if (filter_read) {
    override_filter(values, jail.filter);
    if (!values.failed() && jail.filter.failregex.empty()) {
      values.error_at(jail.filter.origin, "filter " + in_quotes(jail.filter.name) + " has no failregex");
    }
  }
  context.unused.take(values, section);
  const bool sound = !first.failed() && !naming.failed() && !values.failed() && (filter_read || !context.with_filters);
  return sound ? JailFate::loaded : JailFate::refused;
}

}  // namespace breakwater
