// SPDX-License-Identifier: Apache-2.0
#include "hub/adapters/ledger/sqlite_ledger.h"

#include <algorithm>

namespace breakwater {

Result<std::unique_ptr<SqliteLedger>> SqliteLedger::open(Settings settings, const Clock& clock) {
  auto wake = WakeUp::create();
  if (!wake) return wake.error();
  auto database = SqliteDatabase::open(settings.path, {.durability = SqliteDatabase::Durability::power});
  if (!database) return database.error();
  auto writer = LedgerWriter::open(std::move(*database));
  if (!writer) return writer.error();
  auto loading = SqliteDatabase::open(settings.path, {.read_only = true});
  if (!loading) return loading.error();
  auto reading = SqliteDatabase::open(settings.path, {.read_only = true});
  if (!reading) return reading.error();
  return std::unique_ptr<SqliteLedger>(new SqliteLedger(std::move(settings), clock, std::move(*wake),
                                                        std::move(*writer), LedgerReader(std::move(*loading)),
                                                        LedgerReader(std::move(*reading))));
}

SqliteLedger::SqliteLedger(Settings settings, const Clock& clock, WakeUp wake, LedgerWriter writer, LedgerReader loader,
                           LedgerReader reader)
    : settings_(std::move(settings)),
      clock_(clock),
      wake_(std::move(wake)),
      writer_(std::move(writer)),
      loader_(std::move(loader)),
      reader_(std::move(reader)) {
  reader_.interrupt_when([this] { return clock_.steady() > answer_until_; });
  write_thread_ = std::thread([this] { write_until_stopped(); });
  read_thread_ = std::thread([this] { read_until_stopped(); });
}

SqliteLedger::~SqliteLedger() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  to_writer_.notify_all();
  to_reader_.notify_all();
  write_thread_.join();
  read_thread_.join();
}

Result<LedgerState> SqliteLedger::load(const LoadRequest& request) {
  return loader_.load(request);
}

void SqliteLedger::commit(std::uint64_t ticket, LedgerBatch batch) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({ticket, std::move(batch), std::chrono::steady_clock::now()});
  }
  to_writer_.notify_one();
}

void SqliteLedger::look_up(std::uint64_t id, LedgerQuery query) {
  {
    const std::lock_guard lock(mutex_);
    if (questions_.size() < settings_.most_questions) {
      questions_.push_back({id, std::move(query)});
      to_reader_.notify_one();
      return;
    }
  }
  tell(LookedUp{id, Error("too many questions wait for the ledger")});
}

std::vector<LedgerEvent> SqliteLedger::take_events() {
  wake_.clear();
  const std::lock_guard lock(mutex_);
  return std::exchange(events_, {});
}

LedgerStats SqliteLedger::stats() const {
  const std::lock_guard lock(mutex_);
  LedgerStats stats{commits_, failures_, 0, 0};
  if (times_us_.empty()) return stats;
  std::vector<std::uint64_t> sorted(times_us_.begin(), times_us_.end());
  std::sort(sorted.begin(), sorted.end());
  stats.p50_us = sorted[sorted.size() / 2];
  stats.p99_us = sorted[sorted.size() * 99 / 100];
  return stats;
}

void SqliteLedger::tell(LedgerEvent event) {
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  wake_.wake();
}

void SqliteLedger::write_until_stopped() {
  std::deque<Waiting> batches;  // taken, and not yet on the disk
  Duration pause = kFirstPause;
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto something = [this] { return stop_ || !waiting_.empty(); };
    if (batches.empty()) {
      to_writer_.wait_for(lock, kForgetEvery, something);
    } else {
      // It failed: whatever comes meanwhile waits with it.
      to_writer_.wait_for(lock, pause, [this] { return stop_; });
      pause = std::min(pause * 2, kLongestPause);
    }
    std::move(waiting_.begin(), waiting_.end(), std::back_inserter(batches));
    waiting_.clear();
    const bool last = stop_;
    lock.unlock();
    if (write_waiting(batches)) pause = kFirstPause;
    if (!last) forget_old();
    lock.lock();
    if (last) return;
  }
}

bool SqliteLedger::write_waiting(std::deque<Waiting>& batches) {
  if (batches.empty()) return true;
  std::vector<const LedgerBatch*> pointers;
  for (const Waiting& waiting : batches)
    pointers.push_back(&waiting.batch);
  const auto written = writer_.write(pointers);
  if (!written) {
    {
      const std::lock_guard lock(mutex_);
      ++failures_;
    }
    tell(CommitFailed{batches.front().ticket, written.error().message()});
    return false;
  }
  const auto now = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock(mutex_);
    ++commits_;
    for (const Waiting& waiting : batches) {
      const auto took = std::chrono::duration_cast<std::chrono::microseconds>(now - waiting.since);
      times_us_.push_back(static_cast<std::uint64_t>(took.count()));
      if (times_us_.size() > kTimes) times_us_.pop_front();
    }
  }
  tell(Committed{batches.back().ticket});
  batches.clear();
  return true;
}

// A little at a time: between two portions every commit that waits goes first.
void SqliteLedger::forget_old() {
  const Tick now = clock_.steady();
  if (!settings_.retention || now < next_forget_) return;
  const Timestamp wall = clock_.wall();
  const auto more = writer_.forget(wall - *settings_.retention, wall, kForgetAtATime);
  // A failure here will be one of the next commit, too, and is reported there.
  if (!more || !*more) next_forget_ = now + kForgetEvery;
}

void SqliteLedger::read_until_stopped() {
  std::unique_lock lock(mutex_);
  for (;;) {
    to_reader_.wait(lock, [this] { return stop_ || !questions_.empty(); });
    if (stop_) return;
    const Question question = std::move(questions_.front());
    questions_.pop_front();
    lock.unlock();
    answer_until_ = clock_.steady() + settings_.longest_answer;
    tell(LookedUp{question.id, reader_.answer(question.query)});
    lock.lock();
  }
}

}  // namespace breakwater
