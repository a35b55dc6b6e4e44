// SPDX-License-Identifier: Apache-2.0
#include "hub/key_verbs.h"

#include <iostream>

#include "common/log/log.h"
#include "common/runtime/curve_keys.h"
#include "hub/adapters/gate/key_ring.h"
#include "hub/hub_setup.h"

namespace breakwater {

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

int change_keys(const std::string& config_file, const std::string& name, bool admin,
                const std::optional<std::string>& key) {
  const HubReading reading = read_hub(config_file);
  if (!reading.config) {
    std::cout << reading.report;
    return kBadConfig;
  }
  const KeyFolders folders = key_folders(*reading.config);
  const PeerRole role = admin ? PeerRole::admin : PeerRole::node;
  if (!key) {
    const auto revoked = revoke(folders, role, name);
    return revoked ? 0 : give_up(revoked.error());
  }
  const auto public_key = read_public_key(*key);
  if (!public_key) return give_up(public_key.error());
  const auto enrolled = enrol(folders, role, name, *public_key);
  return enrolled ? 0 : give_up(enrolled.error());
}

}  // namespace breakwater
