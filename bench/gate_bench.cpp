// SPDX-License-Identifier: Apache-2.0
// From the raw bytes of a container's web log to the verdict: what a line costs with a gate in front of twenty filters,
// and where. A log of your own instead of the made one: BREAKWATER_BENCH_LOG=FILE (json-file format).
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/web_log.h"
#include "node/core/filter/line_filter.h"
#include "node/core/framing/docker_json_framing.h"
#include "node/core/gate/line_gate.h"

namespace breakwater {
namespace {

constexpr std::size_t kLogBytes = std::size_t{64} << 20;
constexpr std::size_t kReadBytes = 256 * 1024;

std::vector<std::unique_ptr<LineFilter>> compile_filters(std::size_t count) {
  std::vector<std::unique_ptr<LineFilter>> out;
  for (const bench::FilterTexts& texts : bench::twenty_filters()) {
    FilterConfig config;
    config.name = "bench";
    if (!texts.prefregex.empty()) config.prefregex = RegexText{texts.prefregex, {"bench", 1}};
    for (const std::string& regex : texts.failregex)
      config.failregex.push_back({regex, {"bench", 1}});
    auto filter = LineFilter::compile(config, std::nullopt);
    if (!filter) {
      std::fprintf(stderr, "%s\n", filter.error().message().c_str());
      std::abort();
    }
    out.push_back(std::move(*filter));
    if (out.size() == count) break;
  }
  return out;
}

std::shared_ptr<LineGate> make_gate(const std::vector<std::unique_ptr<LineFilter>>& filters) {
  std::vector<GateFilter> needs;
  for (const auto& filter : filters)
    needs.push_back({filter->requirement(), filter->wants_raw_json()});
  auto gate = LineGate::make(needs, LogForm::docker_json);
  if (!gate) std::abort();
  return std::move(*gate);
}

const std::string& log_with(std::int64_t attacks_per_mille) {
  static std::int64_t known = -1;
  static std::string log;
  if (known == attacks_per_mille) return log;
  known = attacks_per_mille;
  if (const char* const path = std::getenv("BREAKWATER_BENCH_LOG")) {
    std::ifstream file(path, std::ios::binary);
    log.assign(std::istreambuf_iterator<char>(file), {});
  } else {
    log = bench::web_log(kLogBytes, static_cast<double>(attacks_per_mille) / 1000);
  }
  return log;
}

// Lines and hits of one pass over the log.
struct Pass {
  std::uint64_t lines = 0;
  std::uint64_t asked = 0;
  std::uint64_t hits = 0;
};

Pass read_log(const std::string& log, const std::vector<std::unique_ptr<LineFilter>>& filters,
              const std::shared_ptr<LineGate>& gate, bool ask) {
  Pass pass;
  DockerJsonFraming framing;
  framing.set_gate(gate);
  const LineSink sink = [&](const FramedLine& line) {
    const LineContext context{.now = from_unix_seconds(1793588645), .record_time = line.record_time};
    ++pass.asked;
    if (!ask) return;
    const auto match = [&](std::size_t index) {
      if (filters[index]->match(line.text, context).verdict == FilterVerdict::offence) ++pass.hits;
    };
    if (line.candidates != nullptr) {
      for (const std::uint16_t index : *line.candidates)
        match(index);
    } else {
      for (std::size_t index = 0; index < filters.size(); ++index)
        match(index);
    }
  };
  for (std::size_t at = 0; at < log.size(); at += kReadBytes)
    framing.feed(std::string_view(log).substr(at, kReadBytes), sink);
  pass.lines = framing.counters().lines;
  return pass;
}

void report(benchmark::State& state, const std::string& log, const Pass& pass) {
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * pass.lines));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * log.size()));
  const auto share = [&](std::uint64_t count) {
    return static_cast<double>(count) * 100 / static_cast<double>(pass.lines);
  };
  state.counters["asked_%"] = share(pass.asked);
  state.counters["hits_%"] = share(pass.hits);
}

// Arguments: attacks in a thousand lines, filters.
void BM_WebLog(benchmark::State& state) {
  const std::string& log = log_with(state.range(0));
  const auto filters = compile_filters(static_cast<std::size_t>(state.range(1)));
  const auto gate = make_gate(filters);
  Pass pass;
  for (auto _ : state)
    pass = read_log(log, filters, gate, true);
  report(state, log, pass);
}
BENCHMARK(BM_WebLog)->Args({1, 20})->Args({10, 20})->Args({500, 20})->Args({10, 1})->Args({10, 5})->Unit(
    benchmark::kMillisecond);

// The same without a gate.
void BM_WebLogUngated(benchmark::State& state) {
  const std::string& log = log_with(state.range(0));
  const auto filters = compile_filters(20);
  Pass pass;
  for (auto _ : state)
    pass = read_log(log, filters, nullptr, true);
  report(state, log, pass);
}
BENCHMARK(BM_WebLogUngated)->Arg(10)->Unit(benchmark::kMillisecond)->Iterations(1);

// Up to the filters, which are not asked.
void BM_GateAndDecoding(benchmark::State& state) {
  const std::string& log = log_with(state.range(0));
  const auto filters = compile_filters(20);
  const auto gate = make_gate(filters);
  Pass pass;
  for (auto _ : state)
    pass = read_log(log, filters, gate, false);
  report(state, log, pass);
}
BENCHMARK(BM_GateAndDecoding)->Arg(10)->Arg(500)->Unit(benchmark::kMillisecond);

// Hyperscan alone, a chunk at a time.
void BM_Scan(benchmark::State& state) {
  const std::string& log = log_with(10);
  const auto filters = compile_filters(20);
  const auto gate = make_gate(filters);
  const auto chunk = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    for (std::size_t at = 0; at < log.size(); at += chunk)
      gate->scan(std::string_view(log).substr(at, chunk));
  }
  report(state, log, {static_cast<std::uint64_t>(std::count(log.begin(), log.end(), '\n')), 0, 0});
}
BENCHMARK(BM_Scan)->Arg(16 << 10)->Arg(64 << 10)->Arg(128 << 10)->Arg(256 << 10)->Arg(1 << 20)->Unit(
    benchmark::kMillisecond);

// Hyperscan on each record by itself.
void BM_ScanByRecord(benchmark::State& state) {
  const std::string& log = log_with(10);
  const auto filters = compile_filters(20);
  const auto gate = make_gate(filters);
  std::uint64_t lines = 0;
  for (auto _ : state) {
    lines = 0;
    for (std::size_t at = 0; at < log.size(); ++lines) {
      const std::size_t end = log.find('\n', at);
      benchmark::DoNotOptimize(gate->judge(std::string_view(log).substr(at, end - at)).size());
      at = end + 1;
    }
  }
  report(state, log, {lines, 0, 0});
}
BENCHMARK(BM_ScanByRecord)->Unit(benchmark::kMillisecond);

// The floor: finding the ends of the lines.
void BM_SplitLines(benchmark::State& state) {
  const std::string& log = log_with(10);
  std::uint64_t lines = 0;
  for (auto _ : state) {
    lines = 0;
    const char* const end = log.data() + log.size();
    for (const char* at = log.data(); at < end; ++lines)
      at = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at))) + 1;
    benchmark::DoNotOptimize(lines);
  }
  report(state, log, {lines, 0, 0});
}
BENCHMARK(BM_SplitLines)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace breakwater
