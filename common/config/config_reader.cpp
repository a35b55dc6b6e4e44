// SPDX-License-Identifier: Apache-2.0
#include "common/config/config_reader.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "common/base/text.h"
#include "common/config/interpolation.h"
#include "common/config/small_file.h"

namespace breakwater {

namespace fs = std::filesystem;

namespace {

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// Visible files of a folder with that extension, sorted by their bytes.
std::vector<std::string> files_in(const std::string& folder, const std::string& extension) {
  std::vector<std::string> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const fs::path& path = it->path();
    if (path.extension() == extension && !path.filename().string().starts_with('.')) found.push_back(path.string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string local_of(const std::string& path) {
  return fs::path(path).replace_extension(".local").string();
}

}  // namespace

ConfigReader::ConfigReader(std::vector<std::string> directories, Problems& problems)
    : directories_(std::move(directories)), problems_(problems) {
  for (std::string& directory : directories_) {
    while (directory.size() > 1 && directory.ends_with('/'))
      directory.pop_back();
  }
}

// A file that cannot be read counts as empty, and is a problem.
std::shared_ptr<const IniFile> ConfigReader::parse(const std::string& path) {
  auto& slot = parsed_[path];
  if (slot) return slot;
  const auto bytes = read_small_file(path);
  if (!bytes) problems_.error({path, 0}, {}, bytes.error().message(), "is it readable?");
  slot = std::make_shared<const IniFile>(bytes ? parse_ini(*bytes, path, problems_) : IniFile{path, {}});
  return slot;
}

std::vector<std::string> ConfigReader::layers(const std::string& base) {
  std::vector<std::string> files;
  const auto add = [&files](const std::string& path) {
    if (exists(path)) files.push_back(path);
  };
  add(base + ".conf");
  for (const std::string& path : files_in(base + ".d", ".conf"))
    add(path);
  add(base + ".local");
  for (const std::string& path : files_in(base + ".d", ".local"))
    add(path);
  return files;
}

std::optional<Config> ConfigReader::read_all(const std::string& name) {
  std::vector<std::string> files;
  for (auto it = directories_.rbegin(); it != directories_.rend(); ++it) {
    for (std::string& path : layers(*it + '/' + name))
      files.push_back(std::move(path));
  }
  if (files.empty()) return std::nullopt;
  return load(files);
}

std::optional<Config> ConfigReader::read_first(const std::string& name) {
  std::size_t base = 0;
  while (base < directories_.size() && !exists(directories_[base] + '/' + name + ".conf"))
    ++base;
  base = std::min(base + 1, directories_.size());
  std::vector<std::string> files;
  while (base-- > 0) {
    for (std::string& path : layers(directories_[base] + '/' + name))
      files.push_back(std::move(path));
  }
  if (files.empty()) return std::nullopt;
  return load(files);
}

std::optional<Config> ConfigReader::read_file(const std::string& path) {
  if (!exists(path)) return std::nullopt;
  const fs::path file(path);
  if (file.extension() != ".conf") return load({path});
  return load(layers(fs::path(file).replace_extension().string()));
}

Config ConfigReader::load(const std::vector<std::string>& files) {
  Config config;
  for (const std::string& path : files) {
    Stack stack;
    load_with_includes(path, config, stack);
    const std::string local = local_of(path);
    if (std::find(files.begin(), files.end(), local) == files.end() && exists(local)) {
      load_with_includes(local, config, stack);
    }
  }
  return config;
}

void ConfigReader::load_with_includes(const std::string& path, Config& into, Stack& stack) {
  if (full_) return;
  if (++loaded_ > kMaxFiles) {
    problems_.error({path, 0}, {},
                    "more than " + std::to_string(kMaxFiles) + " files: this and later ones are not read");
    full_ = true;
    return;
  }
  const auto file = parse(path);
  stack.push_back(path);
  load_includes(*file, "before", into, stack);
  into.merge(*file);
  load_includes(*file, "after", into, stack);
  stack.pop_back();
}

std::string ConfigReader::locate(const std::string& name, const std::string& from) const {
  const fs::path folder = fs::path(from).parent_path();
  const std::string beside = (folder / name).string();
  if (fs::path(name).is_absolute() || exists(beside) || exists(local_of(beside))) return beside;
  for (const std::string& directory : directories_) {
    // The same folder below another directory of the search path: "filter.d".
    const std::string there = (fs::path(directory) / folder.filename() / name).string();
    const std::string at_top = (fs::path(directory) / name).string();
    if (exists(there)) return there;
    if (std::find(directories_.begin(), directories_.end(), folder.string()) != directories_.end() && exists(at_top)) {
      return at_top;
    }
  }
  return beside;
}

void ConfigReader::load_includes(const IniFile& file, const char* which, Config& into, Stack& stack) {
  const auto includes = std::find_if(file.sections.begin(), file.sections.end(),
                                     [](const IniSection& s) { return s.name == kIncludesSection; });
  if (includes == file.sections.end()) return;
  const auto option = std::find_if(includes->options.begin(), includes->options.end(),
                                   [&](const IniOption& o) { return o.key == which; });
  if (option == includes->options.end()) return;
  Config own;  // for %(x)s in the names
  own.merge(file);
  const Expanded names = Interpolator(own).expand(kIncludesSection, option->value);
  if (names.fault) return problems_.error(names.fault->origin, {}, names.fault->what, names.fault->right);

  for (const SourcedLine& line : names.value->lines()) {
    const std::string name(trimmed(line.text));
    if (name.empty()) continue;
    const std::string path = locate(name, file.path);
    if (std::find(stack.begin(), stack.end(), path) != stack.end()) {
      problems_.error(line.origin, {}, "includes " + in_quotes(name) + ", which includes this file: left out");
      continue;
    }
    if (stack.size() >= kMaxIncludeDepth) {
      problems_.error(line.origin, {},
                      "includes nested more than " + std::to_string(kMaxIncludeDepth) + " deep: " + in_quotes(name) +
                          " is left out");
      continue;
    }
    const std::string local = local_of(path);
    const bool has_local = local != path && exists(local);
    if (exists(path)) load_with_includes(path, into, stack);
    if (has_local) load_with_includes(local, into, stack);
    // A .local is for the operator to make or not.
    if (!exists(path) && !has_local && !path.ends_with(".local")) {
      problems_.warning(line.origin, {}, "includes " + in_quotes(name) + ", which does not exist",
                        "looked for " + escaped(path));
    }
  }
}

}  // namespace breakwater
