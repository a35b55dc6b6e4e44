// SPDX-License-Identifier: Apache-2.0
// ledger_bench [DIRECTORY]: how long a commit takes on the disk that holds the directory, alone and in groups.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <poll.h>

#include "common/runtime/system_clock.h"
#include "hub/adapters/ledger/sqlite_ledger.h"

using namespace breakwater;
using Clk = std::chrono::steady_clock;

namespace {

std::uint64_t wait_commit(Ledger& ledger) {
  pollfd waiting{ledger.fd(), POLLIN, 0};
  ::poll(&waiting, 1, -1);
  std::uint64_t ticket = 0;
  for (const LedgerEvent& event : ledger.take_events()) {
    if (const auto* committed = std::get_if<Committed>(&event)) ticket = committed->ticket;
  }
  return ticket;
}

LedgerBatch batch_of(std::size_t offences, std::mt19937& dice, std::uint64_t& seq) {
  LedgerBatch batch;
  batch.epoch = 1;
  for (std::size_t i = 0; i < offences; ++i) {
    const auto bits = dice();
    OffenceRecord record;
    record.received_at = from_unix_ms(1'790'000'000'000 + static_cast<std::int64_t>(seq));
    record.node = "host" + std::to_string(bits % 100);
    record.offence.nseq = ++seq;
    record.offence.at = record.received_at;
    record.offence.who = Address::v4(static_cast<std::uint8_t>(bits >> 24), static_cast<std::uint8_t>(bits >> 16),
                                     static_cast<std::uint8_t>(bits >> 8), static_cast<std::uint8_t>(bits));
    record.offence.jail = "wordpress";
    record.offence.container = "web";
    record.offence.image = "nginx:1.25";
    record.offence.sample = std::string(120, 'x');
    batch.offences.push_back(std::move(record));
  }
  batch.marks = {{"host1", std::string(16, 's'), seq}};
  return batch;
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path directory = argc > 1 ? argv[1] : "/tmp";
  const auto file = directory / "ledger-bench.db";
  const auto remove = [&] {
    for (const char* suffix : {"", "-wal", "-shm"})
      std::filesystem::remove(file.string() + suffix);
  };
  remove();
  const SystemClock clock;
  std::mt19937 dice(1);
  std::uint64_t seq = 0, ticket = 0;
  {
    auto ledger = SqliteLedger::open({.path = file}, clock).value();
    std::vector<double> times;
    for (int i = 0; i < 2000; ++i) {
      const auto start = Clk::now();
      ledger->commit(++ticket, batch_of(1, dice, seq));
      while (wait_commit(*ledger) < ticket) {
      }
      times.push_back(std::chrono::duration<double, std::milli>(Clk::now() - start).count());
    }
    std::sort(times.begin(), times.end());
    std::printf("one offence a commit: p50 %.2f ms  p99 %.2f ms  max %.2f ms\n", times[1000], times[1980], times[1999]);
    for (const std::size_t size : {10u, 100u}) {
      const auto start = Clk::now();
      const std::uint64_t before = seq;
      std::uint64_t done = ticket;
      while (seq - before < 200'000) {
        while (ticket - done < 64)
          ledger->commit(++ticket, batch_of(size, dice, seq));
        done = std::max(done, wait_commit(*ledger));
      }
      while (done < ticket)
        done = std::max(done, wait_commit(*ledger));
      const double seconds = std::chrono::duration<double>(Clk::now() - start).count();
      std::printf("batches of %3zu, 64 in flight: %.0f offences/s\n", size,
                  static_cast<double>(seq - before) / seconds);
    }
  }
  std::printf("%.0f bytes an offence (%llu offences)\n",
              static_cast<double>(std::filesystem::file_size(file)) / static_cast<double>(seq),
              static_cast<unsigned long long>(seq));
  remove();
}
