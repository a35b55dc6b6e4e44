// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/runtime/wake_up.h"
#include "hub/adapters/ledger/ledger_reader.h"
#include "hub/adapters/ledger/ledger_writer.h"
#include "hub/core/ledger.h"

namespace breakwater {

// The ledger in one SQLite file: WAL, synchronous=FULL, so a commit survives a power cut.
//
// Two threads of its own. The writer takes everything that waits into one transaction (group commit), so one flush of
// the disk serves many batches; if that fails it says so and tries again, with a growing pause. The reader answers
// questions on a second connection, so that a slow one holds up nobody. What the owner sees happens through fd() and
// take_events(), on its own thread.
class SqliteLedger final : public Ledger {
 public:
  struct Settings {
    std::string path;                     // the file; its directory exists
    std::optional<Duration> retention{};  // of offences, ended decisions, audit; nullopt: for ever
    Duration longest_answer = std::chrono::seconds(3);
    std::size_t most_questions = 64;  // waiting; beyond, they are refused
  };

  // `clock` must outlive the ledger; it is asked from its threads.
  static Result<std::unique_ptr<SqliteLedger>> open(Settings settings, const Clock& clock);
  // Writes what waits (one attempt), then ends.
  ~SqliteLedger() override;

  Result<LedgerState> load(const LoadRequest& request) override;
  void commit(std::uint64_t ticket, LedgerBatch batch) override;
  void look_up(std::uint64_t id, LedgerQuery query) override;
  int fd() const override { return wake_.fd(); }
  std::vector<LedgerEvent> take_events() override;
  LedgerStats stats() const override;

 private:
  struct Waiting {
    std::uint64_t ticket = 0;
    LedgerBatch batch;
    std::chrono::steady_clock::time_point since{};  // for stats(), in microseconds
  };
  struct Question {
    std::uint64_t id = 0;
    LedgerQuery query;
  };
  static constexpr Duration kFirstPause{100};
  static constexpr Duration kLongestPause{5000};
  static constexpr Duration kForgetEvery{60'000};
  static constexpr std::size_t kForgetAtATime = 2000;
  static constexpr std::size_t kTimes = 1000;

  SqliteLedger(Settings settings, const Clock& clock, WakeUp wake, LedgerWriter writer, LedgerReader loader,
               LedgerReader reader);
  void write_until_stopped();
  bool write_waiting(std::deque<Waiting>& batches);
  void forget_old();
  void read_until_stopped();
  void tell(LedgerEvent event);

  Settings settings_;
  const Clock& clock_;
  WakeUp wake_;
  LedgerWriter writer_;  // the writer's thread alone
  LedgerReader loader_;  // the owner's thread alone
  LedgerReader reader_;  // the reader's thread alone
  Tick answer_until_{};  // the reader's thread alone
  Tick next_forget_{};   // the writer's thread alone

  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable to_writer_, to_reader_;
  bool stop_ = false;
  std::deque<Waiting> waiting_;
  std::deque<Question> questions_;
  std::vector<LedgerEvent> events_;
  std::deque<std::uint64_t> times_us_;
  std::uint64_t commits_ = 0, failures_ = 0;

  std::thread write_thread_, read_thread_;
};

}  // namespace breakwater
