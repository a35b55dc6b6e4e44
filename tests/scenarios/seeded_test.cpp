// SPDX-License-Identifier: Apache-2.0
// Fleets that live through random misfortune, by seeds: partitions, kills, power cuts, lost, doubled and overtaking
// messages, orders of an operator. Whatever happened, once it is calm again the invariants of docs/design.md hold.
//
// BREAKWATER_SEEDS=FROM:COUNT runs other seeds than those of the suite. A seed that once failed stands in
// kFoundSeeds.
#include <cstdio>
#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/scenarios/fleet_simulation.h"

namespace breakwater {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kSeeds = BREAKWATER_SEED_COUNT;
constexpr std::uint64_t kShards = 10;  // tests, so that they run side by side

// Seeds that found something.
//   464  a node whose snapshot request was lost never asked again
constexpr std::uint64_t kFoundSeeds[] = {464};

std::string random_address(std::mt19937_64& dice) {
  const auto host = std::to_string(1 + dice() % 12);
  return dice() % 3 == 0 ? "2001:db8:bad::" + host : "203.0.113." + host;
}

void misfortune(FleetSimulation& fleet) {
  auto& dice = fleet.dice();
  const std::size_t node = dice() % fleet.size();
  switch (dice() % 16) {
    case 0:
      return fleet.cut_off(node);
    case 1:
    case 2:
      return fleet.reconnect(node);
    case 3:
      return fleet.kill_node(node);
    case 4:
      return fleet.start_node(node);
    case 5:
      return fleet.power_cycle(node);
    case 6:
      return fleet.kill_hub();
    case 7:
    case 8:
      return fleet.start_hub();
    case 9:
      return fleet.order("ban", random_address(dice), "10m");
    case 10:
      return fleet.order("unban", random_address(dice));
    case 11:
      return fleet.order(dice() % 2 == 0 ? "allow" : "disallow", random_address(dice), "");
    default:
      return fleet.offence(node, random_address(dice), static_cast<int>(1 + dice() % 4));
  }
}

std::vector<std::string> live(std::uint64_t seed) {
  std::mt19937_64 dice(seed * 0x9e3779b97f4a7c15ull + 1);
  Weather weather;
  weather.slowest = Duration(1 + dice() % 200);
  if (dice() % 2 == 0) {
    weather.loss = static_cast<double>(dice() % 10) / 100;
    weather.twice = static_cast<double>(dice() % 10) / 100;
    weather.overtaking = static_cast<double>(dice() % 20) / 100;
    weather.refusal = static_cast<double>(dice() % 10) / 100;
  }
  JailConfig jail = simple_jail("web", static_cast<int>(2 + dice() % 5));
  jail.fleet_quorum = static_cast<int>(1 + dice() % 2);
  FleetSimulation fleet(2 + dice() % 3, jail, seed, weather);
  fleet.never_ban(dice() % fleet.size(), random_address(dice));
  const std::uint64_t steps = 20 + dice() % 40;
  for (std::uint64_t step = 0; step < steps; ++step) {
    misfortune(fleet);
    fleet.run_for(Duration(dice() % 400));
  }
  fleet.calm_down();
  return fleet.disagreements();
}

void expect_agreement(std::uint64_t seed) {
  const auto found = live(seed);
  for (const std::string& text : found)
    ADD_FAILURE() << "seed " << seed << ": " << text;
}

class Seeded : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(Seeded, FleetsAgreeAfterAnyMisfortune) {
  std::uint64_t from = 1 + GetParam() * (kSeeds / kShards);
  std::uint64_t count = kSeeds / kShards;
  if (const char* wanted = std::getenv("BREAKWATER_SEEDS")) {
    unsigned long long first = 0, many = 0;
    if (std::sscanf(wanted, "%llu:%llu", &first, &many) == 2) {
      count = many / kShards + 1;
      from = first + GetParam() * count;
    }
  }
  for (std::uint64_t seed = from; seed < from + count && !HasFailure(); ++seed)
    expect_agreement(seed);
}
INSTANTIATE_TEST_SUITE_P(Shard, Seeded, ::testing::Range<std::uint64_t>(0, kShards));

TEST(FoundSeeds, StayMended) {
  for (const std::uint64_t seed : kFoundSeeds)
    expect_agreement(seed);
}

}  // namespace
}  // namespace breakwater
