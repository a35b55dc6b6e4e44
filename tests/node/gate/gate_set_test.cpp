// SPDX-License-Identifier: Apache-2.0
#include "node/core/gate/gate_set.h"

#include <gtest/gtest.h>

#include "tests/node/gate/gate_fixture.h"

namespace breakwater {
namespace {

using testing::compile_filter;

GateFilter looks_for(const std::string& word) {
  const auto filter = compile_filter({{R"(^<HOST> .*"POST /)" + word + R"(\.php)"}, ""});
  return {filter->requirement(), filter->wants_raw_json()};
}

std::string request(const std::string& word) {
  return "192.0.2.1 - \"POST /" + word + ".php HTTP/1.1\" 200\n";
}

class GateSetTest : public ::testing::Test {
 protected:
  GateSet gates{{looks_for("wp-login"), looks_for("xmlrpc"), looks_for("phpmyadmin")}};
  std::shared_ptr<LineGate> blog = gates.gate_for({0, 1}, LogForm::plain);
  std::shared_ptr<LineGate> admin = gates.gate_for({2}, LogForm::plain);
};

TEST_F(GateSetTest, LogsWithTheSameFiltersShareAGate) {
  EXPECT_EQ(blog, gates.gate_for({0, 1}, LogForm::plain));
  EXPECT_NE(blog, gates.gate_for({0, 1}, LogForm::docker_json));
}

TEST_F(GateSetTest, AGateOfFiltersThatStayIsKeptUnderTheirNewNumbers) {
  gates.set_filters({looks_for("vulnerable"), looks_for("wp-login"), looks_for("xmlrpc"), looks_for("backdoor")},
                    {1, 2, std::nullopt});
  EXPECT_EQ(blog, gates.gate_for({1, 2}, LogForm::plain));
  const auto other = gates.gate_for({3}, LogForm::plain);
  EXPECT_NE(admin, other);
  EXPECT_EQ(Candidates{0}, other->judge(request("backdoor")));
  EXPECT_EQ(Candidates{}, other->judge(request("phpmyadmin")));
}

// Its candidates are places among the filters of a log, so these must keep their order.
TEST_F(GateSetTest, AGateWhoseFiltersChangedTheirOrderIsMadeAnew) {
  gates.set_filters({looks_for("xmlrpc"), looks_for("wp-login"), looks_for("phpmyadmin")}, {1, 0, 2});
  const auto turned = gates.gate_for({0, 1}, LogForm::plain);
  EXPECT_NE(blog, turned);
  EXPECT_EQ(Candidates{0}, turned->judge(request("xmlrpc")));
  EXPECT_EQ(admin, gates.gate_for({2}, LogForm::plain));
}

TEST_F(GateSetTest, AFilterThatChangedTakesItsGateWithIt) {
  gates.set_filters({looks_for("wp-login"), looks_for("uploader"), looks_for("phpmyadmin")}, {0, std::nullopt, 2});
  const auto changed = gates.gate_for({0, 1}, LogForm::plain);
  EXPECT_NE(blog, changed);
  EXPECT_EQ(Candidates{1}, changed->judge(request("uploader")));
}

}  // namespace
}  // namespace breakwater
