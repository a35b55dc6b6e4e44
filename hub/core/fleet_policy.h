// SPDX-License-Identifier: Apache-2.0
// Which offences of the fleet make a ban.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/prefix_map.h"
#include "common/config/jail_config.h"
#include "common/policy/ban_history.h"
#include "common/wire/messages.h"
#include "hub/core/decision_log.h"
#include "hub/core/hub_settings.h"
#include "hub/core/sighting_table.h"

namespace breakwater {

// What became of an offence; each is recorded in the ledger, whatever the verdict.
struct PolicyVerdict {
  enum class Outcome {
    counted,   // below the threshold
    ban,       // `ban` says which
    extended,  // the same, of an address that is banned already
    enough,    // threshold reached, but the ban that stands ends later
    past,      // threshold reached by old offences: that ban would be over by now
    ignored,   // ignoreip, never banned, or on the allow list
    observed,  // jail with mode = observe, or fleet.scope = node: recorded, never decided
    capped,    // its node has caused too many bans this minute, or the ban table is full
  };
  Outcome outcome = Outcome::counted;
  std::optional<wire::Decision> ban;
  std::string alarm;  // not empty: an operator should know
};

// Counts by fail2ban's rule (common/policy/offence_window.h) over all nodes: fleet.maxretry offences within findtime,
// seen by fleet.quorum nodes; bantime grows with the address' earlier bans. Time is the log's; an offence more than a
// minute ahead of the hub's clock is counted as now.
//
// Never proposes anything itself: the caller does, at once. Reads `log` for bans and allows that stand. Bounded by
// HubSettings; node and jail names are interned, at most kNames of each. Pure: the dice come from a seed.
class FleetPolicy {
 public:
  static constexpr Duration kAhead = std::chrono::minutes(1);
  static constexpr std::size_t kNames = 65536;

  struct Counters {
    std::uint64_t ignored = 0, observed = 0, late_offences = 0, future_clock = 0, unknown_jail = 0;
    std::uint64_t bans = 0, extended = 0, enough = 0, already_past = 0, capped = 0;
  };

  FleetPolicy(const HubSettings& settings, std::vector<JailConfig> jails, const DecisionLog& log);

  void set_jails(std::vector<JailConfig> jails);
  // Jails that only nodes know are counted by this one's options.
  void set_default_jail(JailConfig jail);
  void set_ignoreip(const std::vector<Prefix>& ignoreip);

  PolicyVerdict record(const std::string& node, const wire::Offence& offence, Timestamp now);

  // At start: counts an offence of before without deciding (whatever it led to is in the ledger).
  void replay(const OffenceRecord& record);
  void restore_history(const std::vector<BanCount>& history);

  // Why `who` may never be banned; nullopt if it may. For operators' bans, too.
  std::optional<std::string> forbidden(const Prefix& who, Timestamp now) const;
  // The ignoreip entry or built-in range that overlaps.
  std::optional<Prefix> never_ban(const Prefix& who) const;
  // An operator lifted it: count anew.
  void forget(const Prefix& who) { sightings_.forget(who); }

  void on_tick(Timestamp now);

  const Counters& counters() const { return counters_; }
  const SightingTable& sightings() const { return sightings_; }
  const std::vector<JailConfig>& jails() const { return jails_; }
  Duration longest_findtime() const;

 private:
  struct Jail {
    JailConfig config;
    PrefixMap<bool> ignored;
    bool known = true;  // at the hub
  };
  struct Quota {
    Timestamp minute{};
    std::uint32_t used = 0;
  };

  std::uint32_t jail_number(const std::string& name);
  std::uint32_t node_number(const std::string& name);
  bool ignored(const Jail& jail, const Address& who, Timestamp now) const;
  void decide(std::uint32_t jail, const std::string& node, const wire::Offence& offence, const Sighting& seen,
              Timestamp now, PolicyVerdict& verdict);
  bool within_quota(std::uint32_t node, Timestamp now);
  void index_jails();
  std::string reason(const Sighting& seen) const;

  HubSettings settings_;
  const DecisionLog& log_;
  std::vector<JailConfig> jails_;
  Jail fallback_;
  std::map<std::string, Jail> by_name_;
  PrefixMap<bool> never_;
  SightingTable sightings_;
  std::unordered_map<std::string, std::uint32_t> jail_numbers_;
  std::vector<std::string> jail_names_;
  std::vector<const Jail*> jail_of_;  // by number
  std::unordered_map<std::string, std::uint32_t> node_numbers_;
  std::vector<std::string> node_names_;
  std::vector<Quota> quotas_;  // by node number
  BanHistory history_;
  std::minstd_rand dice_;
  Counters counters_;
};

}  // namespace breakwater
