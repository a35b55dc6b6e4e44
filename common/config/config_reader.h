// SPDX-License-Identifier: Apache-2.0
// Finds and reads the files of one configuration, in fail2ban's order.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/config/config.h"

namespace breakwater {

// In one directory, later over earlier: X.conf, X.d/*.conf, X.local, X.d/*.local. Every file first pulls in what its
// [INCLUDES] names under `before`, and afterwards what it names under `after`; each included file is followed by its
// own .local. Names are relative to the including file, and fall back to the same folder of the other directories.
//
// Several directories are a search path: the first one wins. Keeps what it parsed, so that a file which ninety filters
// include is read and complained about once. Reads files; not thread-safe.
class ConfigReader {
 public:
  static constexpr std::size_t kMaxFiles = 5000;  // opened by one reader
  static constexpr std::size_t kMaxIncludeDepth = 10;

  ConfigReader(std::vector<std::string> directories, Problems& problems);

  // `name` such as "jail", in all directories: those later in the search path lie below. nullopt: no file anywhere.
  std::optional<Config> read_all(const std::string& name);
  // `name` such as "filter.d/sshd", from the first directory that has its .conf; a .local or .d of directories before
  // that one lies above. nullopt: no file anywhere.
  std::optional<Config> read_first(const std::string& name);
  // "/x/hub.conf" (with /x/hub.d/*.conf, /x/hub.local, ...). nullopt: there is no such file.
  std::optional<Config> read_file(const std::string& path);

  const std::vector<std::string>& directories() const { return directories_; }
  Problems& problems() { return problems_; }

 private:
  using Stack = std::vector<std::string>;
  std::shared_ptr<const IniFile> parse(const std::string& path);
  std::vector<std::string> layers(const std::string& base);
  Config load(const std::vector<std::string>& files);
  void load_with_includes(const std::string& path, Config& into, Stack& stack);
  void load_includes(const IniFile& file, const char* which, Config& into, Stack& stack);
  std::string locate(const std::string& name, const std::string& from) const;

  std::vector<std::string> directories_;
  Problems& problems_;
  std::map<std::string, std::shared_ptr<const IniFile>> parsed_;
  std::size_t loaded_ = 0;
  bool full_ = false;
};

}  // namespace breakwater
