// SPDX-License-Identifier: Apache-2.0
#include "node/adapters/logs/glob_watch.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include <dirent.h>
#include <fnmatch.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "common/base/text.h"

namespace breakwater {

namespace {

bool has_wildcard(const std::string& component) {
  return component.find_first_of("*?[") != std::string::npos;
}

std::string join(const std::string& directory, const std::string& name) {
  return directory.ends_with('/') ? directory + name : directory + "/" + name;
}

bool is_directory(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool is_file(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

std::vector<std::string> entries_of(const std::string& directory) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> handle(::opendir(directory.c_str()), &::closedir);
  if (!handle) return names;
  while (const dirent* entry = ::readdir(handle.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool only_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

bool is_rotated_name(const std::string& directory, const std::string& name) {
  constexpr std::array<std::string_view, 6> kCompressed = {".gz", ".xz", ".bz2", ".zst", ".lz4", ".Z"};
  for (const std::string_view suffix : kCompressed) {
    if (name.ends_with(suffix)) return true;
  }
  const std::size_t mark = name.find_last_of(".-");
  if (mark == std::string::npos || mark == 0 || !only_digits(std::string_view(name).substr(mark + 1))) return false;
  return is_file(join(directory, name.substr(0, mark)));
}

GlobWatch::GlobWatch(Inotify& inotify, std::string pattern, Found found, std::size_t max_directories)
    : inotify_(inotify), pattern_(std::move(pattern)), found_(std::move(found)), max_directories_(max_directories) {
  for (const std::string_view component : split(pattern_, '/')) {
    if (!component.empty()) components_.emplace_back(component);
  }
  rescan();
}

void GlobWatch::rescan() {
  std::erase_if(watches_, [](const auto& entry) { return !entry.second; });
  unwatched_ = 0;
  if (!components_.empty()) scan(pattern_.starts_with('/') ? "/" : ".", 0);
}

void GlobWatch::scan(const std::string& directory, std::size_t level) {
  watch(directory, level);  // before looking: what comes between is seen twice, not missed
  const std::string& component = components_[level];
  if (!has_wildcard(component)) return consider(directory, level, component);
  for (const std::string& name : entries_of(directory))
    consider(directory, level, name);
}

void GlobWatch::consider(const std::string& directory, std::size_t level, const std::string& name) {
  if (::fnmatch(components_[level].c_str(), name.c_str(), FNM_PERIOD | FNM_NOESCAPE) != 0) return;
  const std::string path = join(directory, name);
  if (level + 1 < components_.size()) {
    if (is_directory(path)) scan(path, level + 1);
    return;
  }
  const bool literal = !has_wildcard(components_[level]);  // asked for by name: taken as it is
  if (is_file(path) && (literal || !is_rotated_name(directory, name))) found_(path);
}

void GlobWatch::watch(const std::string& directory, std::size_t level) {
  const auto known = watches_.find(directory);
  if (known != watches_.end() && known->second) return;
  if (watches_.size() >= max_directories_) {
    ++unwatched_;
    return;
  }
  auto made = inotify_.watch(directory, IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR,
                             [this, directory, level](std::uint32_t mask, std::string_view name) {
                               if (mask & IN_IGNORED) return;
                               consider(directory, level, std::string(name));
                             });
  if (made) {
    watches_[directory] = std::move(*made);
  } else {
    ++unwatched_;
  }
}

}  // namespace breakwater
