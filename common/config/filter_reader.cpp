// SPDX-License-Identifier: Apache-2.0
#include "common/config/filter_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <utility>

#include "common/base/text.h"
#include "common/config/definition.h"

namespace breakwater {

namespace {

constexpr int kMaxMaxlines = 100;

const std::vector<std::string>& filter_options() {
  static const std::vector<std::string> kOptions{"failregex", "ignoreregex", "prefregex",   "datepattern",
                                                 "maxlines",  "usedns",      "journalmatch"};
  return kOptions;
}

bool is_filter_option(const std::string& key) {
  const auto& all = filter_options();
  return std::find(all.begin(), all.end(), key) != all.end();
}

// One regex a line; blank lines (of an empty <tag>) are none.
std::vector<RegexText> regex_lines(const SourcedText& text) {
  std::vector<RegexText> out;
  for (const SourcedLine& line : text.lines()) {
    if (!trimmed(line.text).empty()) out.push_back({line.text, line.origin});
  }
  return out;
}

// Puts one option into its place. nullopt: good; else what is wrong with it.
std::optional<std::string> assign(FilterConfig& filter, const std::string& key, const SourcedText& value) {
  const std::string text(trimmed(value.text()));
  if (key == "failregex") filter.failregex = regex_lines(value);
  if (key == "ignoreregex") filter.ignoreregex = regex_lines(value);
  if (key == "datepattern") filter.datepattern = regex_lines(value);
  if (key == "journalmatch") filter.journalmatch = text;
  if (key == "prefregex") {
    filter.prefregex.reset();
    if (!text.empty()) filter.prefregex = RegexText{text, value.origin()};
  }
  if (key == "usedns" && !text.empty()) {
    const auto flag = parse_flag(text);
    if (!flag && text != "warn" && text != "raw") return "usedns " + in_quotes(text) + " is none of yes, warn, no, raw";
    filter.use_dns = text == "warn" || flag.value_or(false);
  }
  if (key == "maxlines" && !text.empty()) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), filter.maxlines);
    if (error != std::errc{} || end != text.data() + text.size() || filter.maxlines < 1 ||
        filter.maxlines > kMaxMaxlines) {
      filter.maxlines = 1;
      return "maxlines " + in_quotes(text) + " is not a whole number from 1 to " + std::to_string(kMaxMaxlines);
    }
  }
  return std::nullopt;
}

// Fills one FilterConfig from its definition.
class FilterBuilder {
 public:
  FilterBuilder(const Definition& definition, FilterReading& into, const Subject& subject, Problems& problems)
      : definition_(definition), into_(into), subject_(subject), problems_(problems) {}

  bool build();

 private:
  void take(const std::string& key);
  void explain_missing_failregex();
  void error(const Origin& at, std::string what, std::string right = {}) {
    sound_ = false;
    problems_.error(at, subject_, "filter " + in_quotes(into_.config.name) + ": " + std::move(what), std::move(right));
  }

  const Definition& definition_;
  FilterReading& into_;
  const Subject& subject_;
  Problems& problems_;
  bool sound_ = true;
};

bool FilterBuilder::build() {
  if (!definition_.config().has_section("Definition")) error(into_.config.origin, "has no section [Definition]");
  // common.conf sets datepattern for all filters in its [DEFAULT].
  for (const std::string& key : filter_options()) {
    take(key);
  }
  for (const std::string& key : definition_.keys()) {
    if (!is_filter_option(key)) take(key);
  }
  if (sound_ && into_.config.failregex.empty()) explain_missing_failregex();
  return sound_;
}

void FilterBuilder::take(const std::string& key) {
  const Expanded value = definition_.get(key);
  if (value.fault) return error(value.fault->origin, escaped(key, 120) + ": " + value.fault->what, value.fault->right);
  if (!value.value) return;
  into_.known["known/" + key] = *value.value;
  if (!is_filter_option(key)) {
    into_.config.parameters.emplace_back(key, value.value->text());
    return;
  }
  if (const auto wrong = assign(into_.config, key, *value.value)) error(value.value->origin(), *wrong);
}

void FilterBuilder::explain_missing_failregex() {
  for (const auto& [key, option] : definition_.config().options("Definition")) {
    if (key != "failregex" && nearest(key, std::array<std::string, 1>{"failregex"})) {
      return error(option->origin, "has no failregex, but " + in_quotes(key), "did you mean failregex?");
    }
  }
  // A jail may still bring its own.
}

std::optional<Config> find_filter(ConfigReader& reader, const std::string& name) {
  if (name.find('/') == std::string::npos) return reader.read_first("filter.d/" + name);
  return reader.read_file(name.ends_with(".conf") ? name : name + ".conf");
}

std::string searched(const ConfigReader& reader) {
  std::string out = "looked in";
  for (const std::string& directory : reader.directories())
    out += ' ' + directory + "/filter.d";
  return out;
}

}  // namespace

std::optional<FilterReading> read_filter(ConfigReader& reader, const NameWithOptions& request, const Origin& at,
                                         const Subject& subject) {
  auto config = find_filter(reader, request.name);
  if (!config) {
    reader.problems().error(at, subject, "filter " + in_quotes(request.name) + " does not exist", searched(reader));
    return std::nullopt;
  }
  FilterReading reading;
  const std::string file = std::filesystem::path(request.name).filename().string();
  reading.config.name = file.ends_with(".conf") ? file.substr(0, file.size() - 5) : file;
  reading.config.origin = config->section_origin("Definition");
  Definition definition(std::move(*config), request, at);
  // fail2ban tells filters how lines look that come from files; ours always do.
  if (!definition.defines("logtype")) definition.set_parameter("logtype", "file");
  FilterBuilder builder(definition, reading, subject, reader.problems());
  if (!builder.build()) return std::nullopt;
  return reading;
}

std::optional<FilterConfig> read_filter(const std::vector<std::string>& directories, const std::string& request,
                                        Problems& problems) {
  const auto parsed = parse_name_with_options(request);
  if (!parsed) {
    problems.error({}, {"filter", request}, parsed.error().message(), "NAME[option=value]");
    return std::nullopt;
  }
  ConfigReader reader(directories, problems);
  const Subject subject{"filter", parsed->name};
  auto reading = read_filter(reader, *parsed, {}, subject);
  if (!reading) return std::nullopt;
  if (reading->config.failregex.empty()) {
    problems.error(reading->config.origin, subject, "has no failregex");
    return std::nullopt;
  }
  return std::move(reading->config);
}

void override_filter(OptionValues& values, FilterConfig& filter) {
  for (const std::string& key : filter_options()) {
    const auto value = values.text(key);
    if (!value) continue;
    if (const auto wrong = assign(filter, key, *value)) values.error(key, *wrong);
  }
}

}  // namespace breakwater
