// SPDX-License-Identifier: Apache-2.0
#include "node/tools/trial_json.h"

#include "node/tools/json_text.h"

namespace breakwater {

namespace {

void add_text_or_null(JsonObject& object, std::string_view name, std::string_view text) {
  text.empty() ? object.add_null(name) : object.add(name, text);
}

std::string address_text(const FilterMatch& match) {
  const bool known = match.verdict == FilterVerdict::offence ||
                     (match.verdict == FilterVerdict::ignored && (match.range || match.who != Address{}));
  return known ? match.who.text() : "";
}

void add_fields(JsonObject& object, std::string& out, const FilterMatch& match) {
  object.key("fields");
  JsonObject fields(out);
  for (const auto& [name, value] : match.fields)
    fields.add(name, value);
  fields.end();
}

void add_users(JsonObject& object, std::string& out, const FilterMatch& match) {
  object.key("users");
  out += '[';
  for (const std::string& user : match.users) {
    if (!out.ends_with('[')) out += ',';
    append_json_string(out, user);
  }
  out += ']';
}

void add_date(JsonObject& object, std::string& out, const std::optional<FoundDate>& date) {
  if (!date) return object.add_null("date");
  object.key("date");
  out += '[' + std::to_string(date->begin) + ',' + std::to_string(date->end) + ']';
}

}  // namespace

void append_trial_json(std::string& out, const LineTrial& trial) {
  const FilterMatch& match = trial.match;
  const bool hit = match.verdict != FilterVerdict::no_match;
  JsonObject object(out);
  object.add("line", trial.number);
  object.add("matched", trial.matched);
  object.add("ignored", match.verdict == FilterVerdict::ignored);
  add_text_or_null(object, "address", address_text(match));
  trial.time ? object.add("time", *trial.time) : object.add_null("time");
  hit&& match.regex >= 0 ? object.add_int("regex", match.regex) : object.add_null("regex");
  add_fields(object, out, match);
  add_text_or_null(object, "id", trial.id);
  add_text_or_null(object, "range", match.range ? match.range->text() : "");
  object.add("pending", match.verdict == FilterVerdict::pending);
  hit ? object.add_int("attempts", match.attempts) : object.add_null("attempts");
  add_users(object, out, match);
  add_date(object, out, trial.date);
  add_text_or_null(object, "error", trial.problem);
  object.end();
  out += '\n';
}

}  // namespace breakwater
