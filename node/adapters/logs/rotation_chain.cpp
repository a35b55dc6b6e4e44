// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/logs/rotation_chain.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"

namespace breakwater {

namespace {

// Between two renames of a rotation one number is missing.
constexpr int kGap = 2;

std::optional<ChainFile> open_member(const std::string& path, int number, bool gzip) {
  UniqueFd fd = open_log(path);
  if (!fd) return std::nullopt;
  const auto facts = facts_of(fd.get());
  if (!facts) return std::nullopt;
  return ChainFile{number, gzip, *facts, gzip ? LogReader::gzip(std::move(fd)) : LogReader::plain(std::move(fd))};
}

bool is_listed(const std::vector<ChainFile>& chain, ChainFile& file) {
  const auto same = [&](const ChainFile& other) {
    if (other.facts.id == file.facts.id) return true;
    if (other.gzip == file.gzip) return false;
    // Compressed between the two looks.
    const std::string head = identifying_head(*file.reader);
    return identifies(head) && identifying_head(*other.reader) == head;
  };
  return std::any_of(chain.begin(), chain.end(), same);
}

}  // namespace

bool identifies(const std::string& head) {
  return head.size() >= kMaxHead || head.find('\n') != std::string::npos;
}

std::string identifying_head(LogReader& reader) {
  std::string head = reader.head(kHead);
  if (head.size() < kHead || head.find('\n') != std::string::npos) return head;
  head = reader.head(kMaxHead);
  const std::size_t newline = head.find('\n');
  if (newline != std::string::npos) head.resize(newline + 1);
  return head;
}

std::vector<ChainFile> open_rotation_chain(const std::string& path) {
  std::vector<ChainFile> chain;
  for (int number = 0, missing = 0; number < kMaxChain && missing <= kGap; ++number) {
    const std::string name = number == 0 ? path : path + "." + std::to_string(number);
    auto file = open_member(name, number, false);
    if (!file && number > 0) file = open_member(name + ".gz", number, true);
    missing = file ? 0 : missing + 1;
    if (file && !is_listed(chain, *file)) chain.push_back(std::move(*file));
  }
  return chain;
}

std::optional<std::size_t> find_by_fingerprint(const std::vector<ChainFile>& chain, const LogPosition& position) {
  const std::size_t length = position.fingerprint_bytes;
  if (length == 0 || length > kMaxHead) return std::nullopt;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const std::string head = chain[i].reader->head(length);
    if (head.size() == length && fnv1a(head) == position.fingerprint) return i;
  }
  return std::nullopt;
}

}  // namespace breakwater
