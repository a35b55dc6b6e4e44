// SPDX-License-Identifier: Apache-2.0
#include "hub/ignored_names.h"

#include <algorithm>

#include "common/log/log.h"
#include "common/runtime/endpoint.h"

namespace breakwater {

Result<std::unique_ptr<IgnoredNames>> IgnoredNames::create() {
  auto wake = WakeUp::create();
  if (!wake) return wake.error();
  return std::unique_ptr<IgnoredNames>(new IgnoredNames(std::move(*wake)));
}

IgnoredNames::~IgnoredNames() {
  if (thread_.joinable()) thread_.join();
}

void IgnoredNames::look_up(std::vector<std::string> names) {
  if (names.empty() || thread_.joinable()) return;
  std::erase_if(known_,
                [&](const auto& known) { return std::find(names.begin(), names.end(), known.first) == names.end(); });
  thread_ = std::thread([this, names = std::move(names)] {
    std::map<std::string, std::vector<Prefix>> found;
    for (const std::string& name : names) {
      std::vector<Prefix>& addresses = found[name];
      const auto texts = breakwater::look_up(name);
      if (!texts) {
        log_warning("ignoreip: name not resolved", {{"name", name}, {"problem", texts.error().message()}});
        continue;
      }
      for (const std::string& text : *texts) {
        if (const auto address = Address::parse(text)) addresses.emplace_back(*address);
      }
    }
    {
      const std::lock_guard lock(mutex_);
      found_ = std::move(found);
    }
    wake_.wake();
  });
}

std::vector<Prefix> IgnoredNames::take(const std::vector<Prefix>& ranges) {
  wake_.clear();
  if (thread_.joinable()) thread_.join();
  {
    const std::lock_guard lock(mutex_);
    for (auto& [name, addresses] : found_) {
      if (!addresses.empty()) known_[name] = std::move(addresses);
    }
    found_.clear();
  }
  return known(ranges);
}

std::vector<Prefix> IgnoredNames::known(std::vector<Prefix> ranges) const {
  for (const auto& [name, addresses] : known_)
    ranges.insert(ranges.end(), addresses.begin(), addresses.end());
  return ranges;
}

}  // namespace breakwater
