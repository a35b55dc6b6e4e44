// SPDX-License-Identifier: Apache-2.0
#include "hub/adapters/gate/key_ring.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <set>

#include <fcntl.h>
#include <sys/stat.h>

#include "common/base/text.h"
#include "common/base/unique_fd.h"
#include "common/runtime/random.h"

namespace breakwater {
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kSuffix = ".pub";

Result<std::vector<PublicKey>> read_keys(const std::string& path) {
  const auto lines = key_lines(path);
  if (!lines) return lines.error();
  std::vector<PublicKey> keys;
  for (const std::string_view line : split(*lines, '\n')) {
    if (line.empty()) continue;
    const auto key = PublicKey::from_hex(line);
    if (!key) return key.error().within(path);
    keys.push_back(*key);
  }
  if (keys.empty()) return Error(path + ": no key");
  if (keys.size() > kKeysPerPeer) return Error(path + ": more than " + std::to_string(kKeysPerPeer) + " keys");
  return keys;
}

// Appears whole or not at all.
Result<void> replace_file(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new-" + to_hex(random_bytes(4));
  UniqueFd fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!fd) return system_error("writing " + fresh);
  const bool written = ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (!written || ::fsync(fd.get()) != 0 || ::rename(fresh.c_str(), path.c_str()) != 0) {
    const Error error = system_error("writing " + path);
    ::unlink(fresh.c_str());
    return error;
  }
  return {};
}

Result<void> write_keys(const std::string& path, const std::vector<PublicKey>& keys) {
  std::string text;
  for (const PublicKey& each : keys)
    text += each.hex() + "\n";
  return replace_file(path, text);
}

}  // namespace

struct KeyTableBuilder {
  std::shared_ptr<KeyTable> table = std::make_shared<KeyTable>();
  std::set<PublicKey> claimed_twice;
  std::vector<std::string> problems;

  Result<void> add_folder(const std::string& folder, PeerRole role);
  void add_file(const std::string& path, const std::string& name, PeerRole role);
  LoadedKeys finish();
};

Result<void> KeyTableBuilder::add_folder(const std::string& folder, PeerRole role) {
  struct stat info {};
  if (::stat(folder.c_str(), &info) != 0) {
    return errno == ENOENT ? Result<void>() : Result<void>(system_error("reading " + folder));
  }
  if ((info.st_mode & S_IWOTH) != 0) return Error(folder + ": everybody may add keys here: run chmod o-w " + folder);
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == kSuffix) files.push_back(it->path());
  }
  if (error) return Error(error.message()).within("reading " + folder);
  std::sort(files.begin(), files.end());  // the same problems in the same order each time
  for (const auto& file : files)
    add_file(file.string(), file.stem().string(), role);
  return {};
}

void KeyTableBuilder::add_file(const std::string& path, const std::string& name, PeerRole role) {
  if (!is_peer_name(name)) {
    problems.push_back(escaped(path) + ": not a name (letters, digits, . _ -)");
    return;
  }
  const auto keys = read_keys(path);
  if (!keys) {
    problems.push_back(keys.error().message());
    return;
  }
  for (const PublicKey& key : *keys) {
    const auto [owner, added] = table->owners_.emplace(key, PeerIdentity{name, role});
    if (added || owner->second == PeerIdentity{name, role}) continue;
    claimed_twice.insert(key);
    problems.push_back(path + ": the key of " + owner->second.name + " as well: accepted for neither");
  }
}

LoadedKeys KeyTableBuilder::finish() {
  for (const PublicKey& key : claimed_twice)
    table->owners_.erase(key);
  return {std::move(table), std::move(problems)};
}

bool is_peer_name(std::string_view name) {
  const auto fits = [](unsigned char c) { return c < 0x80 && (std::isalnum(c) || c == '.' || c == '_' || c == '-'); };
  return !name.empty() && name.size() <= 200 && name.front() != '.' && std::all_of(name.begin(), name.end(), fits);
}

Result<LoadedKeys> load_keys(const KeyFolders& folders) {
  KeyTableBuilder builder;
  for (const PeerRole role : {PeerRole::node, PeerRole::admin}) {
    if (auto added = builder.add_folder(folders.of(role), role); !added) return added.error();
  }
  return builder.finish();
}

Result<void> enrol(const KeyFolders& folders, PeerRole role, const std::string& name, const PublicKey& key) {
  if (!is_peer_name(name)) return Error("\"" + escaped(name) + "\" is not a name (letters, digits, . _ -)");
  const auto known = load_keys(folders);
  if (!known) return known.error();
  if (const auto* owner = known->table->find(key)) {
    if (*owner == PeerIdentity{name, role}) return {};
    return Error("this key is already enrolled for " + owner->name);
  }
  const std::string folder = folders.of(role), path = folder + "/" + name + std::string(kSuffix);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return Error(error.message()).within("making " + folder);
  std::vector<PublicKey> keys;
  if (fs::exists(path, error)) {
    const auto present = read_keys(path);
    if (!present) return present.error();
    keys = *present;
  }
  if (keys.size() >= kKeysPerPeer) {
    return Error(name + " has two keys already (" + path + "): first `breakwater-hub revoke " +
                 (role == PeerRole::admin ? "--admin " : "") + name + " --key HEX` the one it no longer uses");
  }
  keys.push_back(key);
  return write_keys(path, keys);
}

Result<void> revoke(const KeyFolders& folders, PeerRole role, const std::string& name,
                    const std::optional<PublicKey>& key) {
  if (!is_peer_name(name)) return Error("\"" + escaped(name) + "\" is not a name (letters, digits, . _ -)");
  const std::string path = folders.of(role) + "/" + name + std::string(kSuffix);
  if (key) {
    auto keys = read_keys(path);
    if (!keys) return keys.error();
    if (std::erase(*keys, *key) == 0) return Error("that is no key of " + name + ", see " + path);
    if (!keys->empty()) return write_keys(path, *keys);
  }
  if (::unlink(path.c_str()) == 0) return {};
  if (errno == ENOENT) return Error(name + " is not enrolled");
  return system_error("removing " + path);
}

}  // namespace breakwater
