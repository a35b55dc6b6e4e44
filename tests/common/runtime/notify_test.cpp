// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/notify.h"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/unique_fd.h"

namespace breakwater {
namespace {

// What the service manager would see.
class NotifyTest : public testing::Test {
 protected:
  void SetUp() override {
    name_ = "@breakwater-notify-test-" + std::to_string(::getpid());
    manager_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name_.data(), name_.size());
    address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    ASSERT_EQ(0, ::bind(manager_.get(), reinterpret_cast<sockaddr*>(&address), length));
    ::setenv("NOTIFY_SOCKET", name_.c_str(), 1);
  }
  void TearDown() override {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
      ::unsetenv(name);
  }
  std::string received() {
    char buffer[512];
    const auto got = ::recv(manager_.get(), buffer, sizeof buffer, 0);
    return got < 0 ? "" : std::string(buffer, static_cast<std::size_t>(got));
  }
  std::string name_;
  UniqueFd manager_;
};

TEST_F(NotifyTest, SaysWhatTheManagerExpects) {
  const Notify notify = Notify::from_environment();
  notify.ready("3 jails");
  EXPECT_EQ("READY=1\nSTATUS=3 jails", received());
  notify.watchdog();
  EXPECT_EQ("WATCHDOG=1", received());
  notify.stopping();
  EXPECT_EQ("STOPPING=1", received());
  notify.reloading();
  EXPECT_EQ(0u, received().find("RELOADING=1\nMONOTONIC_USEC="));
}

TEST_F(NotifyTest, AStatusCannotSmuggleInAnotherField) {
  Notify::from_environment().status("x\nMAINPID=1");
  EXPECT_EQ("STATUS=x\\nMAINPID=1", received());
}

TEST_F(NotifyTest, WatchdogIntervalIsHalfOfWhatIsAllowed) {
  EXPECT_EQ(std::nullopt, Notify::from_environment().watchdog_interval());
  ::setenv("WATCHDOG_USEC", "10000000", 1);
  EXPECT_EQ(Duration(5000), Notify::from_environment().watchdog_interval());
  ::setenv("WATCHDOG_PID", "1", 1);  // meant for another process
  EXPECT_EQ(std::nullopt, Notify::from_environment().watchdog_interval());
}

TEST_F(NotifyTest, WithoutAManagerNothingHappens) {
  ::unsetenv("NOTIFY_SOCKET");
  Notify::from_environment().ready();
  EXPECT_EQ("", received());
}

}  // namespace
}  // namespace breakwater
