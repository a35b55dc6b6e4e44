// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/wake_up.h"

#include <thread>

#include <gtest/gtest.h>
#include <poll.h>

#include "common/runtime/reactor.h"

namespace breakwater {
namespace {

TEST(WakeUp, AnotherThreadWakesTheLoopOnce) {
  auto wake = WakeUp::create();
  ASSERT_TRUE(wake);
  Reactor reactor;
  int calls = 0;
  reactor.watch_fd(wake->fd(), POLLIN, [&](short) {
    wake->clear();
    ++calls;
  });
  std::thread other([&] {
    for (int i = 0; i < 10; ++i)
      wake->wake();
  });
  other.join();
  EXPECT_TRUE(reactor.run_once(Duration(1000)));
  EXPECT_FALSE(reactor.run_once(Duration(0)));
  EXPECT_EQ(1, calls);
}

}  // namespace
}  // namespace breakwater
