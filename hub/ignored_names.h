// SPDX-License-Identifier: Apache-2.0
// ignoreip may hold DNS names: looked up beside the loop.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/base/address.h"
#include "common/runtime/wake_up.h"

namespace breakwater {

// One thread for as long as a lookup runs. A name that cannot be resolved keeps the addresses that it had, and is
// logged. Used by one thread.
class IgnoredNames {
 public:
  static Result<std::unique_ptr<IgnoredNames>> create();
  ~IgnoredNames();

  // Readable when a lookup has ended: then take().
  int fd() const { return wake_.fd(); }
  // Begins; does nothing while one runs, or without names.
  void look_up(std::vector<std::string> names);
  // Ends the lookup; all addresses known now, behind `ranges`.
  std::vector<Prefix> take(const std::vector<Prefix>& ranges);
  std::vector<Prefix> known(std::vector<Prefix> ranges) const;

 private:
  explicit IgnoredNames(WakeUp wake) : wake_(std::move(wake)) {}

  WakeUp wake_;
  std::thread thread_;
  std::map<std::string, std::vector<Prefix>> known_;
  std::mutex mutex_;                                  // guards found_
  std::map<std::string, std::vector<Prefix>> found_;  // an empty list: not resolved
};

}  // namespace breakwater
