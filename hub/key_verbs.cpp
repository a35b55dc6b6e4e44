// SPDX-License-Identifier: Apache-2.0
#include "hub/key_verbs.h"

#include <functional>
#include <iostream>

#include "common/log/log.h"
#include "common/runtime/curve_keys.h"
#include "hub/adapters/gate/key_ring.h"
#include "hub/hub_setup.h"

namespace breakwater {

namespace {

PeerRole role_of(bool admin) {
  return admin ? PeerRole::admin : PeerRole::node;
}

int change_keys(const std::string& config_file, const std::function<Result<void>(const KeyFolders&)>& change) {
  const HubReading reading = read_hub(config_file);
  if (!reading.config) {
    std::cout << reading.report;
    return kBadConfig;
  }
  const auto changed = change(key_folders(*reading.config));
  return changed ? 0 : give_up(changed.error());
}

}  // namespace

int give_up(const Error& error) {
  log_error("giving up", {{"problem", error.message()}});
  return kFailed;
}

int keygen(const std::string& path) {
  const auto keys = generate_key_files(path);
  if (!keys) return give_up(keys.error());
  std::cout << keys->public_key.hex() << "\n";
  return 0;
}

int enrol_key(const std::string& config_file, const std::string& name, bool admin, const std::string& key) {
  return change_keys(config_file, [&](const KeyFolders& folders) -> Result<void> {
    const auto public_key = read_public_key(key);
    return public_key ? enrol(folders, role_of(admin), name, *public_key) : public_key.error();
  });
}

int revoke_keys(const std::string& config_file, const std::string& name, bool admin,
                const std::optional<std::string>& key) {
  return change_keys(config_file, [&](const KeyFolders& folders) -> Result<void> {
    if (!key) return revoke(folders, role_of(admin), name);
    const auto public_key = read_public_key(*key);
    return public_key ? revoke(folders, role_of(admin), name, *public_key) : public_key.error();
  });
}

}  // namespace breakwater
