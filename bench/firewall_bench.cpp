// SPDX-License-Identifier: Apache-2.0
// How long bans take to get into the kernel, and what healing costs. Needs root: it works in a network namespace of its
// own, which ends with the process. One line a figure: name, count, microseconds in all, microseconds each.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include <sched.h>
#include <unistd.h>

#include "common/runtime/system_clock.h"
#include "node/adapters/firewall/iptables_firewall.h"

namespace breakwater {
namespace {

using namespace std::chrono_literals;

template <class Work>
double microseconds(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
}

void print(const char* what, std::size_t count, double total) {
  std::printf("%-34s %9zu %14.1f us %10.3f us each\n", what, count, total, total / static_cast<double>(count));
}

FirewallChange ban(std::uint32_t i, bool v4) {
  const auto byte = [&](int shift) { return static_cast<std::uint8_t>(i >> shift); };
  if (v4)
    return {.who = Address::v4(static_cast<std::uint8_t>(11 + byte(24)), byte(16), byte(8), byte(0)), .remaining = 24h};
  const std::uint8_t bytes[16] = {0x20, 0x01, 0x0d, 0xb8, byte(24), byte(16), byte(8), byte(0)};
  return {.who = Prefix(Address::from_bytes(bytes).value(), 64), .remaining = 24h};
}

std::vector<FirewallChange> bans(std::uint32_t first, std::uint32_t count, bool v4) {
  std::vector<FirewallChange> all;
  for (std::uint32_t i = first; i < first + count; ++i)
    all.push_back(ban(i, v4));
  return all;
}

void must(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "failed: %s\n", what);
  std::exit(1);
}

void apply_all(Firewall& firewall, const std::vector<FirewallChange>& changes) {
  for (const auto& error : firewall.apply(changes))
    must(error.empty(), error.c_str());
}

// `batch` bans a call, `count` in all, into a set that holds others already.
void measure_batches(Firewall& firewall, const char* what, std::uint32_t first, std::uint32_t count,
                     std::uint32_t batch, bool v4) {
  std::vector<std::vector<FirewallChange>> calls;
  for (std::uint32_t at = 0; at < count; at += batch)
    calls.push_back(bans(first + at, std::min(batch, count - at), v4));
  print(what, count, microseconds([&] {
          for (const auto& call : calls)
            apply_all(firewall, call);
        }));
}

void measure_heal(Firewall& firewall, const char* what, int rounds) {
  print(what, static_cast<std::size_t>(rounds), microseconds([&] {
          for (int i = 0; i < rounds; ++i)
            must(firewall.heal().has_value(), what);
        }));
}

int run() {
  if (::unshare(CLONE_NEWNET) != 0) {
    std::fprintf(stderr, "needs root, for a network namespace\n");
    return 77;
  }
  const SystemClock clock;
  auto opened = IptablesFirewall::open(clock);
  must(opened.has_value(), opened ? "" : opened.error().message().c_str());
  Firewall& firewall = **opened;
  const auto installed = firewall.install();
  must(installed.has_value(), installed ? "" : installed.error().message().c_str());

  measure_batches(firewall, "ban, batch of 1, IPv4", 0, 20'000, 1, true);
  measure_batches(firewall, "ban, batch of 1,000, IPv4", 1u << 24, 100'000, 1'000, true);
  measure_batches(firewall, "ban, batch of 100,000, IPv4", 2u << 24, 100'000, 100'000, true);
  measure_batches(firewall, "the same again (new end)", 2u << 24, 100'000, 100'000, true);
  measure_batches(firewall, "ban, batch of 1, IPv6 /64", 0, 20'000, 1, false);
  measure_batches(firewall, "ban, batch of 100,000, IPv6 /64", 1u << 24, 100'000, 100'000, false);
  measure_heal(firewall, "heal, nothing to do, 320k bans", 1'000);
  measure_batches(firewall, "ban, batch of 800,000 more, IPv4", 3u << 24, 800'000, 800'000, true);
  print("list, IPv4 and IPv6", 1'140'000, microseconds([&] { must(firewall.list()->size() == 1'140'000, "list"); }));
  measure_batches(firewall, "ban, batch of 1, into 1M, IPv4", 9u << 24, 10'000, 1, true);
  std::vector<FirewallChange> lifts = bans(3u << 24, 800'000, true);
  for (auto& change : lifts)
    change.lift = true;
  print("lift, batch of 800,000, IPv4", lifts.size(), microseconds([&] { apply_all(firewall, lifts); }));
  must(firewall.remove().has_value(), "remove");
  print("install", 1, microseconds([&] { must(firewall.install().has_value(), "install"); }));
  return 0;
}

}  // namespace
}  // namespace breakwater

int main() {
  return breakwater::run();
}
