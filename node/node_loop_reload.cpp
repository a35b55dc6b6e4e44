// SPDX-License-Identifier: Apache-2.0
// NodeLoop: the configuration read again.
#include "common/base/text.h"
#include "common/log/log.h"
#include "node/node_loop.h"

namespace breakwater {

// Everything or nothing: with one mistake anywhere, what is in use stays in use.
void NodeLoop::reload() {
  parts_.notify.reloading();
  NodeReading reading = read_node(parts_.config_file, parts_.core.jails());
  for (const std::string_view line : split(trimmed(reading.report), '\n')) {
    if (!line.empty()) log_warning("configuration", {{"problem", line}});
  }
  Result<void> taken = Error("see `breakwater-node check`");
  if (reading.config && !reading.has_errors) taken = take_over(std::move(reading));
  configuration_problem_ = taken ? "" : "configuration is wrong, the one in use stays: " + taken.error().message();
  if (!taken) log_error("configuration is wrong: the one in use stays", {{"problem", taken.error().message()}});
  parts_.notify.ready("following logs");
}

Result<void> NodeLoop::take_over(NodeReading reading) {
  const NodeConfig& wanted = *reading.config;
  auto hub = link_options(wanted);
  if (!hub) return hub.error();
  if (auto dialled = parts_.link.use(std::move(*hub)); !dialled) return dialled;
  // From here on nothing can fail. The positions of logs that are left are kept as far as they were read.
  checkpoint();
  const std::string waiting = needs_restart(parts_.config, wanted);
  if (!waiting.empty()) log_warning("these options are taken over at the next restart", {{"options", waiting}});
  set_log_level(wanted.log_level);

  const auto filters_kept = parts_.core.set_jails(std::move(reading.jails));
  parts_.core.set_has_hub(!wanted.hub.empty());
  parts_.gates.set_filters(gate_filters(parts_.core.jails()), filters_kept);
  std::vector<JailWatch> watches;
  for (const ActiveJail& jail : parts_.core.jails())
    watches.push_back(watch_of(jail.config));
  parts_.sources.set_jails(std::move(watches));

  parts_.listed.set(wanted, parts_.core.jails());
  refresh_never_ban();
  // Names that are new are not known yet; what is banned until they are is lifted then.
  parts_.listed.look_up([this] { refresh_never_ban(); });
  tell_hub_keys();
  log_info("configuration read again", {{"jails", parts_.core.jails().size()}});
  return {};
}

}  // namespace breakwater
