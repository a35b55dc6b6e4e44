// SPDX-License-Identifier: Apache-2.0
// A folder of configuration files for one test, removed at its end.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "common/config/problem.h"

namespace breakwater {

class TempTree {
 public:
  TempTree() {
    std::string pattern = (std::filesystem::temp_directory_path() / "bw-config-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
  }
  TempTree(const TempTree&) = delete;
  TempTree& operator=(const TempTree&) = delete;
  ~TempTree() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  // Makes the folders on the way; answers the full path.
  std::string write(const std::string& name, std::string_view content) const {
    const std::filesystem::path path = std::filesystem::path(root_) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return path.string();
  }
  const std::string& root() const { return root_; }
  std::string path(const std::string& name) const { return root_ + '/' + name; }

 private:
  std::string root_;
};

// True if a problem's text holds `part`; for EXPECT_TRUE(...) << problems.text().
inline bool mentions(const Problems& problems, std::string_view part) {
  return problems.text().find(part) != std::string::npos;
}

}  // namespace breakwater
