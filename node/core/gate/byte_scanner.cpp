// SPDX-License-Identifier: Apache-2.0
#include "node/core/gate/byte_scanner.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include <hs.h>

namespace breakwater {

namespace {

// Each byte as \xNN: nothing in it has a meaning.
std::string quoted(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += "\\x";
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

struct Collector {
  std::vector<ByteScanner::Hit>& hits;
  std::size_t most;
  bool ordered = true;
};

int collect(unsigned id, unsigned long long, unsigned long long to, unsigned, void* context) {
  auto& collector = *static_cast<Collector*>(context);
  auto& hits = collector.hits;
  const auto end = static_cast<std::uint32_t>(to);
  if (hits.size() >= collector.most) return 1;
  if (!hits.empty() && hits.back().end > end) collector.ordered = false;
  hits.push_back({end, id});
  return 0;
}

}  // namespace

Result<std::unique_ptr<ByteScanner>> ByteScanner::make(const std::vector<Expression>& expressions,
                                                       std::size_t most_hits) {
  if (hs_valid_platform() != HS_SUCCESS) return Error("Hyperscan cannot run on this processor (it has no SSSE3)");
  std::vector<std::string> texts;
  std::vector<const char*> pointers;
  std::vector<unsigned> flags, ids;
  for (const Expression& expression : expressions)
    texts.push_back(expression.is_literal ? quoted(expression.text) : expression.text);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    pointers.push_back(texts[i].c_str());
    flags.push_back(expressions[i].caseless ? HS_FLAG_CASELESS : 0);
    ids.push_back(static_cast<unsigned>(i));
  }
  std::unique_ptr<ByteScanner> out(new ByteScanner);
  out->most_hits_ = most_hits;
  hs_compile_error_t* problem = nullptr;
  if (hs_compile_multi(pointers.data(), flags.data(), ids.data(), static_cast<unsigned>(pointers.size()), HS_MODE_BLOCK,
                       nullptr, &out->database_, &problem) != HS_SUCCESS) {
    Error error("Hyperscan: " + std::string(problem != nullptr ? problem->message : "cannot compile"));
    hs_free_compile_error(problem);
    return error;
  }
  if (hs_alloc_scratch(out->database_, &out->scratch_) != HS_SUCCESS) return Error("Hyperscan: no memory");
  return out;
}

ByteScanner::~ByteScanner() {
  hs_free_scratch(scratch_);
  hs_free_database(database_);
}

std::size_t ByteScanner::scan(std::string_view bytes, std::vector<Hit>& hits) {
  assert(bytes.size() <= std::numeric_limits<std::uint32_t>::max());
  hits.clear();
  Collector collector{hits, most_hits_};
  const hs_error_t outcome =
      hs_scan(database_, bytes.data(), static_cast<unsigned>(bytes.size()), 0, scratch_, collect, &collector);
  if (!collector.ordered) {
    std::sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) { return a.end < b.end; });
  }
  if (outcome == HS_SUCCESS) return bytes.size();
  // Hits that end where it was stopped may be lacking.
  if (outcome == HS_SCAN_TERMINATED && collector.ordered && !hits.empty()) return hits.back().end - 1;
  return 0;
}

std::size_t ByteScanner::memory() const {
  std::size_t database = 0, scratch = 0;
  hs_database_size(database_, &database);
  hs_scratch_size(scratch_, &scratch);
  return database + scratch;
}

}  // namespace breakwater
