// SPDX-License-Identifier: Apache-2.0
// jail.conf, filters, node.conf and hub.conf, whatever stands in them. A line `--- NAME` begins one of the files.
#include <array>
#include <filesystem>
#include <fstream>

#include <stdlib.h>

#include "common/config/hub_config.h"
#include "common/config/jail_reader.h"
#include "common/config/node_config.h"
#include "node/core/filter/line_filter.h"
#include "tests/fuzz/fuzz_input.h"

namespace breakwater::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 7> kFiles = {
    "jail.conf", "jail.local", "filter.d/a.conf", "filter.d/a.local", "filter.d/b.conf", "node.conf", "hub.conf"};

class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "bw-fuzz-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    fs::create_directory(root_ / "filter.d");
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  std::string path(std::string_view name) const { return (root_ / name).string(); }

  void fill(std::string_view text) const {
    std::array<std::string, kFiles.size()> contents;
    std::size_t file = 0;
    for (Input input(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()); !input.empty();) {
      const std::string_view line = input.line();
      if (const auto named = file_named(line)) {
        file = *named;
      } else {
        contents[file].append(line).append("\n");
      }
    }
    for (std::size_t i = 0; i < kFiles.size(); ++i)
      std::ofstream(root_ / kFiles[i], std::ios::binary) << contents[i];
  }

 private:
  static std::optional<std::size_t> file_named(std::string_view line) {
    if (!line.starts_with("--- ")) return std::nullopt;
    const auto found = std::find(kFiles.begin(), kFiles.end(), line.substr(4));
    if (found == kFiles.end()) return std::nullopt;
    return static_cast<std::size_t>(found - kFiles.begin());
  }

  fs::path root_;
};

// What is printed is for a terminal: nothing in a file may write there.
void check(const Problems& problems) {
  for (const Problem& problem : problems.all()) {
    const std::string text = problem.text();
    const bool plain = std::none_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == 127; });
    expect(plain, "a problem's text holds control characters: " + text);
  }
}

void check(const JailConfig& jail) {
  expect(!jail.name.empty(), "a jail without a name");
  expect(jail.findtime > Duration(0) && jail.maxretry > 0 && jail.fleet_maxretry > 0, "a jail that counts nothing");
  expect(!jail.bantime || *jail.bantime > Duration(0), "a ban without length");
  for (const RegexText& regex : jail.filter.failregex)
    expect(regex.origin.line > 0, "a regex from nowhere");
  const auto filter = LineFilter::compile(jail.filter, jail.logtimezone);
  if (filter) (*filter)->match("Nov  2 03:04:05 a[7]: b from 203.0.113.7 port 22", {});
}

}  // namespace
}  // namespace breakwater::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace breakwater;
  static const fuzz::Folder folder;
  folder.fill({reinterpret_cast<const char*>(data), size});
  const JailReading reading = read_jails({.config_dirs = {folder.path("")}, .filter_dirs = {}});
  fuzz::check(reading.problems);
  for (const JailConfig& jail : reading.jails)
    fuzz::check(jail);
  fuzz::check(read_node_config(folder.path("node.conf")).problems);
  fuzz::check(read_hub_config(folder.path("hub.conf")).problems);
  return 0;
}
