// SPDX-License-Identifier: Apache-2.0
// keygen, enrol, revoke: they change key files, which a running hub follows by itself.
#pragma once

#include <optional>
#include <string>

#include "common/base/result.h"

namespace breakwater {

inline constexpr int kBadConfig = 78;  // EX_CONFIG of sysexits.h
inline constexpr int kFailed = 1;

// Logs the error; the exit code.
int give_up(const Error& error);

// Each returns the exit code.
int keygen(const std::string& path);
// `key`: 64 hex digits, or a .pub file. Without one, revoke removes all keys of that name.
int enrol_key(const std::string& config_file, const std::string& name, bool admin, const std::string& key);
int revoke_keys(const std::string& config_file, const std::string& name, bool admin,
                const std::optional<std::string>& key);

}  // namespace breakwater
