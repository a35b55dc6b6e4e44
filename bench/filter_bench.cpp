// SPDX-License-Identifier: Apache-2.0
// What one line costs in one filter, without any gate: date, regexes, fields.
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "node/core/filter/line_filter.h"

namespace breakwater {
namespace {

std::unique_ptr<LineFilter> filter_of(const std::vector<std::string>& regexes) {
  FilterConfig config;
  config.name = "bench";
  for (const std::string& regex : regexes)
    config.failregex.push_back({regex, {"bench", 1}});
  auto filter = LineFilter::compile(config, std::nullopt);
  if (!filter) std::abort();
  return std::move(*filter);
}

std::unique_ptr<LineFilter> wordpress() {
  return filter_of({R"(^<HOST> .*"POST .*xmlrpc\.php.*)"});
}
std::unique_ptr<LineFilter> raw_records() {
  return filter_of({R"(^{"log":"<HOST> .*POST .*xmlrpc\.php.*)"});
}
std::unique_ptr<LineFilter> sshd() {
  return filter_of(
      {R"(^\s*(?:\S+ )?sshd\[\d+\]: Failed \S+ for (?:invalid user )?<F-USER>.*</F-USER> from <HOST>(?: port \d+)?(?: ssh\d*)?$)",
       R"(^\s*(?:\S+ )?sshd\[\d+\]: Invalid user <F-USER>.*</F-USER> from <HOST>(?: port \d+)?$)"});
}

void run(benchmark::State& state, std::unique_ptr<LineFilter> filter, const std::string& line, FilterVerdict expected,
         bool has_record_time) {
  LineContext context{.now = from_unix_seconds(1793588645), .record_time = std::nullopt};
  if (has_record_time) context.record_time = context.now;
  if (filter->match(line, context).verdict != expected) state.SkipWithError("another verdict than expected");
  for (auto _ : state)
    benchmark::DoNotOptimize(filter->match(line, context));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * line.size()));
}

const std::string kPost =
    R"(203.0.113.7 - - [02/Nov/2026:03:04:05 +0000] "POST /xmlrpc.php HTTP/1.1" 200 5 "-" "curl")";
const std::string kGet = R"(203.0.113.7 - - [02/Nov/2026:03:04:05 +0000] "GET /index.html HTTP/1.1" 200 5 "-" "curl")";
const std::string kRecord =
    R"({"log":"203.0.113.7 - - [02/Nov/2026:03:04:05 +0000] \"POST /xmlrpc.php HTTP/1.1\" 200 5 \"-\" \"curl\"\n",)"
    R"("stream":"stdout","time":"2026-11-02T03:04:05.123456789Z"})";
const std::string kFailed = "Nov  2 03:04:05 host sshd[77]: Failed password for root from 203.0.113.7 port 22 ssh2";
const std::string kAccepted = "Nov  2 03:04:05 host sshd[77]: Accepted password for bob from 203.0.113.7 port 22 ssh2";

void BM_AccessLogMatch(benchmark::State& state) {
  run(state, wordpress(), kPost, FilterVerdict::offence, true);
}
void BM_AccessLogMiss(benchmark::State& state) {
  run(state, wordpress(), kGet, FilterVerdict::no_match, true);
}
void BM_RawRecordMatch(benchmark::State& state) {
  run(state, raw_records(), kRecord, FilterVerdict::offence, true);
}
void BM_SshdMatch(benchmark::State& state) {
  run(state, sshd(), kFailed, FilterVerdict::offence, false);
}
void BM_SshdMiss(benchmark::State& state) {
  run(state, sshd(), kAccepted, FilterVerdict::no_match, false);
}
void BM_SshdMatchBeyondAscii(benchmark::State& state) {
  run(state, sshd(), "Nov  2 03:04:05 host sshd[77]: Failed password for J\xc3\xb6rg from 203.0.113.7 port 22 ssh2",
      FilterVerdict::offence, false);
}

// Regexes that only PCRE2 can run; and a line that takes all its steps.
std::unique_ptr<LineFilter> lookarounds() {
  return filter_of(
      {R"(^\s*\S+ sshd\[\d+\]: Failed \S+ for (?!root )<F-USER>(?:(?! from ).)+</F-USER> from <HOST>(?: port \d+)?)"});
}
void BM_LookaroundMatch(benchmark::State& state) {
  run(state, lookarounds(), "Nov  2 03:04:05 host sshd[77]: Failed password for bob from 203.0.113.7 port 22 ssh2",
      FilterVerdict::offence, false);
}
void BM_LookaroundOfAHostileLine(benchmark::State& state) {
  run(state, filter_of({R"(^(?:a+)+(?<!a)c <HOST>$)"}), std::string(60, 'a') + "c 203.0.113.7",
      FilterVerdict::engine_failed, true);
}

BENCHMARK(BM_AccessLogMatch);
BENCHMARK(BM_AccessLogMiss);
BENCHMARK(BM_RawRecordMatch);
BENCHMARK(BM_SshdMatch);
BENCHMARK(BM_SshdMiss);
BENCHMARK(BM_SshdMatchBeyondAscii);
BENCHMARK(BM_LookaroundMatch);
BENCHMARK(BM_LookaroundOfAHostileLine);

}  // namespace
}  // namespace breakwater
