// SPDX-License-Identifier: Apache-2.0
// A glob that stays alive: files that match later are found when they appear.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "node/adapters/logs/inotify.h"

namespace breakwater {

// Walks the pattern component by component (* ? [] as in glob(3); a leading dot must be written) and watches every
// directory on the way, also those that do not exist yet. rescan() looks at everything anew: for lost events and for
// file systems that give none.
//
// A predecessor that rotation made of a log (x.1, x.2.gz, x-20260131) is not a match if x is there, a compressed file
// never is: FileTail reads them where they belong.
//
// At most `max_directories` are watched; more are left to rescan() and counted. One thread.
class GlobWatch {
 public:
  using Found = std::function<void(const std::string& path)>;  // may be called again for a path it knows

  GlobWatch(Inotify& inotify, std::string pattern, Found found, std::size_t max_directories = 10'000);

  void rescan();
  const std::string& pattern() const { return pattern_; }
  std::uint64_t unwatched() const { return unwatched_; }

 private:
  void scan(const std::string& directory, std::size_t level);
  void consider(const std::string& directory, std::size_t level, const std::string& name);
  void watch(const std::string& directory, std::size_t level);

  Inotify& inotify_;
  std::string pattern_;
  std::vector<std::string> components_;
  Found found_;
  std::size_t max_directories_;
  std::uint64_t unwatched_ = 0;
  std::map<std::string, Inotify::Watch> watches_;  // by directory; a pattern meets each at one level only
};

// True for what GlobWatch leaves to FileTail.
bool is_rotated_name(const std::string& directory, const std::string& name);

}  // namespace breakwater
