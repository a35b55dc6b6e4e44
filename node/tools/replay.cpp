// SPDX-License-Identifier: Apache-2.0
#include "node/tools/replay.h"

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>
#include <ostream>
#include <set>
#include <utility>

#include "common/base/text.h"
#include "node/core/gate/gate_set.h"
#include "node/tools/exit_status.h"
#include "node/tools/log_input.h"
#include "node/tools/log_replay.h"
#include "node/tools/progress.h"
#include "node/tools/replay_report.h"

namespace breakwater {

namespace {

class Replay {
 public:
  Replay(const ReplayOptions& options, std::vector<ReplayJail> jails, ReplayReport& report, std::ostream& err);

  // Reads one log; an error tells why it could not be read (to its end).
  Result<void> read(std::uint32_t log);
  // What is left to count and to say.
  void end();

 private:
  Result<std::vector<std::size_t>> readers_of(const std::string& log, LogFormat format) const;
  void on_offence(const ReplayOffence& offence);
  void count(const ReplayOffence& offence);
  void count_collected();
  std::string names() const;

  const ReplayOptions& options_;
  ReplayReport& report_;
  std::vector<RunningJail> jails_;
  GateSet gates_;
  BanHistory history_;
  std::vector<BanCounter> counters_;
  std::vector<std::set<Address>> banned_;
  std::vector<ReplayOffence> collected_;  // of several logs, in the order read
  ReplayTotals totals_;
};

std::vector<GateFilter> gate_filters(const std::vector<ReplayJail>& jails) {
  std::vector<GateFilter> out;
  for (const ReplayJail& jail : jails)
    out.push_back({jail.filter->requirement(), jail.filter->wants_raw_json()});
  return out;
}

Replay::Replay(const ReplayOptions& options, std::vector<ReplayJail> jails, ReplayReport& report, std::ostream& err)
    : options_(options),
      report_(report),
      gates_(gate_filters(jails),
             [&err](const std::string& why) { err << "slower than it could be: " << why << "\n"; }),
      banned_(jails.size()) {
  for (ReplayJail& jail : jails) {
    PrefixMap<bool> ignored;
    for (const Prefix& range : jail.config.ignoreip)
      ignored.set(range, true);
    for (const Prefix& range : options.never_ban)
      ignored.set(range, true);
    counters_.emplace_back(jail.config, history_);
    totals_.jails.push_back({jail.config.name, {}, 0, 0, 0, 0});
    jails_.push_back({std::move(jail), std::move(ignored), {}});
  }
}

std::string Replay::names() const {
  std::string out;
  for (const RunningJail& jail : jails_)
    out += (out.empty() ? "" : ", ") + jail.jail.config.name;
  return out;
}

Result<std::vector<std::size_t>> Replay::readers_of(const std::string& log, LogFormat format) const {
  std::vector<std::size_t> readers(jails_.size());
  std::iota(readers.begin(), readers.end(), std::size_t{0});
  if (!options_.jails.names.empty()) return readers;
  std::vector<const JailConfig*> configs;
  for (const RunningJail& jail : jails_)
    configs.push_back(&jail.jail.config);
  readers = jails_for_log(configs, log, format);
  if (readers.empty()) {
    return Error(escaped(log) + ": no jail's logpath names it; choose one by --jail (there are: " + names() + ")");
  }
  return readers;
}

Result<void> Replay::read(std::uint32_t log) {
  const std::string& name = options_.logs[log];
  auto input = LogInput::open(name);
  if (!input) return input.error();
  auto block = input->read();
  if (!block) return block.error();
  const LogFormat format = options_.format == LogFormat::automatic ? detect_format(*block) : options_.format;
  auto readers = readers_of(name, format);
  if (!readers) return readers.error();
  LogReplay lines(jails_, *readers, log, format, options_.now,
                  [this](const ReplayOffence& offence) { on_offence(offence); });
  lines.set_gate(gates_.gate_for(*readers, format == LogFormat::docker ? LogForm::docker_json : LogForm::plain));
  Progress progress;
  while (block && !block->empty()) {
    totals_.bytes += block->size();
    lines.feed(*block);
    progress.show(name, input->done(), input->size());
    block = input->read();
  }
  lines.end();
  totals_.lines += lines.lines();
  if (lines.first()) {
    totals_.first = std::min(totals_.first.value_or(*lines.first()), *lines.first());
    totals_.last = std::max(totals_.last.value_or(*lines.last()), *lines.last());
  }
  if (!block) return block.error();
  return {};
}

void Replay::on_offence(const ReplayOffence& offence) {
  if (options_.logs.size() > 1) {
    collected_.push_back(offence);
  } else {
    count(offence);
  }
}

void Replay::count(const ReplayOffence& offence) {
  const WouldBan* ban = counters_[offence.jail].record(offence.who, offence.at, offence.line);
  if (ban == nullptr) return;
  ++totals_.jails[offence.jail].bans;
  banned_[offence.jail].insert(ban->who);
  report_.ban(totals_.jails[offence.jail].name, *ban);
}

// By time; a step back within one log counts as no step, so that the log's own order stays.
void Replay::count_collected() {
  std::vector<std::pair<Timestamp, std::size_t>> order;
  order.reserve(collected_.size());
  Timestamp latest = Timestamp::min();
  for (std::size_t i = 0; i < collected_.size(); ++i) {
    const bool next_log = i > 0 && collected_[i].line.log != collected_[i - 1].line.log;
    latest = next_log ? collected_[i].at : std::max(latest, collected_[i].at);
    order.emplace_back(latest, i);
  }
  std::sort(order.begin(), order.end());
  for (const auto& [when, index] : order)
    count(collected_[index]);
  collected_.clear();
}

void Replay::end() {
  count_collected();
  for (std::size_t i = 0; i < jails_.size(); ++i) {
    totals_.jails[i].counts = jails_[i].counts;
    totals_.jails[i].addresses = banned_[i].size();
    totals_.jails[i].extended = counters_[i].extended();
    totals_.jails[i].left_out = counters_[i].left_out();
  }
  report_.end(totals_);
}

void tell_of_names(const std::vector<ReplayJail>& jails, std::ostream& err) {
  std::set<std::string> names;
  for (const ReplayJail& jail : jails)
    names.insert(jail.config.ignoreip_names.begin(), jail.config.ignoreip_names.end());
  if (names.empty()) return;
  err << "names in ignoreip are not resolved here:";
  for (const std::string& name : names)
    err << " " << name;
  err << "\n";
}

}  // namespace

int replay(const ReplayOptions& options, std::ostream& out, std::ostream& err) {
  ReplayJailsAnswer found = load_replay_jails(options.jails);
  err << found.report;
  if (!found.all_there) return kBadConfig;
  if (found.jails.empty()) {
    err << "no jail is left to replay: enable one, or name one by --jail\n";
    return kBadConfig;
  }
  tell_of_names(found.jails, err);
  const auto report = options.json ? make_json_report(out, options.logs) : make_table_report(out, options.logs);
  Replay run(options, std::move(found.jails), *report, err);
  int status = kDone;
  for (std::uint32_t log = 0; log < options.logs.size(); ++log) {
    const auto read = run.read(log);
    if (read) continue;
    err << read.error().message() << "\n";
    status = kFailed;
  }
  run.end();
  return status;
}

}  // namespace breakwater
