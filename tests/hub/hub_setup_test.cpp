// SPDX-License-Identifier: Apache-2.0
#include "hub/hub_setup.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/common/config/temp_tree.h"

namespace breakwater {
namespace {

class HubSetupTest : public testing::Test {
 protected:
  HubSetupTest() { hub_conf_ = tree_.write("etc/hub.conf", "[hub]\nconfig_dirs = " + tree_.path("etc") + "\n"); }

  HubReading read() const { return read_hub(hub_conf_, tree_.path("stock")); }
  static std::vector<std::string> names(const HubReading& reading) {
    std::vector<std::string> names;
    for (const JailConfig& jail : reading.jails)
      names.push_back(jail.name);
    std::sort(names.begin(), names.end());
    return names;
  }

  TempTree tree_;
  std::string hub_conf_;
};

constexpr const char* kStock =
    "[DEFAULT]\nmaxretry = 7\n[sshd]\nenabled = true\nlogpath = /var/log/auth.log\n"
    "[web]\nbackend = docker\n";

TEST_F(HubSetupTest, WithoutJailConfTheStockJailsLieBelowWhatIsThere) {
  tree_.write("stock/jail.conf", kStock);
  tree_.write("etc/jail.d/web.local", "[web]\nenabled = true\nmaxretry = 2\n");
  const HubReading reading = read();
  EXPECT_EQ(reading.report, "");
  ASSERT_EQ(names(reading), (std::vector<std::string>{"sshd", "web"}));
  EXPECT_EQ(reading.jails[0].maxretry, 7);
  EXPECT_EQ(reading.jails[1].maxretry, 2);
  EXPECT_EQ(reading.defaults.maxretry, 7);
}

TEST_F(HubSetupTest, AJailConfTakesThePlaceOfTheStockJails) {
  tree_.write("stock/jail.conf", kStock);
  tree_.write("etc/jail.conf", "[mail]\nenabled = true\nlogpath = /var/log/mail.log\n");
  const HubReading reading = read();
  EXPECT_EQ(names(reading), std::vector<std::string>{"mail"});
  EXPECT_EQ(reading.defaults.maxretry, 5);
}

TEST_F(HubSetupTest, WithoutAnyJailsItSaysWhereItLooked) {
  const HubReading reading = read();
  EXPECT_TRUE(reading.has_errors);
  EXPECT_NE(reading.report.find(tree_.path("etc")), std::string::npos) << reading.report;
}

}  // namespace
}  // namespace breakwater
