// SPDX-License-Identifier: Apache-2.0
// The installed fail2ban, asked through fail2ban_driver.py.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace breakwater::testing_oracle {

// One answer a question, in order; nullopt: fail2ban is not installed (the caller skips its test).
std::optional<std::vector<nlohmann::json>> ask_fail2ban(const std::string& mode,
                                                        const std::vector<nlohmann::json>& questions);

}  // namespace breakwater::testing_oracle
