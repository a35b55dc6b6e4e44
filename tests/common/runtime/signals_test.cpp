// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/signals.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>

#include "common/runtime/reactor.h"

namespace breakwater {
namespace {

class SignalsTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(0, ::pthread_sigmask(SIG_SETMASK, nullptr, &before_)); }
  void TearDown() override { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  sigset_t before_{};
};

TEST_F(SignalsTest, ArriveThroughTheReactor) {
  auto signals = Signals::block({SIGUSR1, SIGUSR2});
  ASSERT_TRUE(signals);
  EXPECT_FALSE(signals->next());
  ASSERT_EQ(0, ::raise(SIGUSR2));
  Reactor reactor;
  int seen = 0;
  reactor.watch_fd(signals->fd(), POLLIN, [&](short) {
    while (const auto signal = signals->next())
      seen = *signal;
    reactor.stop();
  });
  reactor.run();
  EXPECT_EQ(SIGUSR2, seen);
}

TEST_F(SignalsTest, SigpipeIsIgnored) {
  auto signals = Signals::block({SIGUSR1});
  ASSERT_TRUE(signals);
  EXPECT_EQ(0, ::raise(SIGPIPE));
}

TEST_F(SignalsTest, ANumberThatIsNoSignalIsAnError) {
  EXPECT_FALSE(Signals::block({4711}));
}

}  // namespace
}  // namespace breakwater
