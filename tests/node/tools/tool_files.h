// SPDX-License-Identifier: Apache-2.0
// A folder for the files of one test.
#pragma once

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

namespace breakwater::testing_tools {

class ToolFiles {
 public:
  ToolFiles() {
    char name[] = "/tmp/breakwater-tools-XXXXXX";
    folder_ = mkdtemp(name);
    // Dates without a zone are the host's; here that is UTC.
    setenv("TZ", "UTC", 1);
    tzset();
  }
  ~ToolFiles() { std::filesystem::remove_all(folder_); }
  ToolFiles(const ToolFiles&) = delete;
  ToolFiles& operator=(const ToolFiles&) = delete;

  const std::string& folder() const { return folder_; }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string write(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }

 private:
  std::string folder_;
};

}  // namespace breakwater::testing_tools
