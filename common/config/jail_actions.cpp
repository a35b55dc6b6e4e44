// SPDX-License-Identifier: Apache-2.0
#include "common/base/text.h"
#include "common/config/action_check.h"
#include "common/config/jail_fields.h"
#include "common/config/option_list.h"

namespace breakwater {

namespace {

constexpr std::size_t kMaxActions = 100;

// Each action is commented on once, however many jails name it.
void report_action(JailContext& context, const SourcedLine& at, const std::string& name, ActionKind kind) {
  if (!context.actions_reported.insert(name).second) return;
  const Subject subject{"action", name};
  if (kind == ActionKind::drops_packets) {
    context.problems.info(at.origin, subject, "done by the built-in firewall; its commands are not run");
  } else if (kind == ActionKind::other) {
    context.problems.warning(at.origin, subject, "does not drop packets on this host, and is not run");
  } else {
    context.problems.warning(at.origin, subject, "not found: the built-in firewall bans in its place",
                             "there is no action.d/" + escaped(name, 120) + ".conf with an actionban");
  }
}

}  // namespace

void read_actions(JailContext& context, OptionValues& values, const JailModes& modes, JailConfig& jail) {
  const auto text = values.text("action");
  if (!text) return;
  std::size_t dropping = 0;
  for (const SourcedLine& piece : split_names(*text)) {
    const auto action = parse_name_with_options(piece.text);
    if (!action) {
      values.error_at(piece.origin, "action: " + action.error().message(), "action = NAME[option=value]");
      continue;
    }
    if (jail.actions.size() >= kMaxActions)
      return values.error("action", "more than " + std::to_string(kMaxActions) + " actions");
    jail.actions.push_back(piece.text);
    const ActionKind kind = classify_action(context.reader, *action, piece.origin);
    report_action(context, piece, action->name, kind);
    if (kind != ActionKind::other) ++dropping;
  }
  if (jail.actions.empty() || dropping > 0 || modes.jail_given) return;
  jail.mode = JailMode::observe;
  values.warning("action", "none of its actions drops packets: this jail observes only",
                 "mode = enforce bans all the same");
}

}  // namespace breakwater
