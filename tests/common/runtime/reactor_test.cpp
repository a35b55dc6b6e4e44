// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/reactor.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#include <zmq.hpp>

#include "common/base/unique_fd.h"

namespace breakwater {
namespace {

using std::chrono::milliseconds;

struct Pipe {
  Pipe() {
    int ends[2];
    EXPECT_EQ(0, ::pipe2(ends, O_NONBLOCK | O_CLOEXEC));
    read.reset(ends[0]);
    write.reset(ends[1]);
  }
  void put(char c = 'x') { EXPECT_EQ(1, ::write(write.get(), &c, 1)); }
  char take() {
    char c = 0;
    return ::read(read.get(), &c, 1) == 1 ? c : '\0';
  }
  UniqueFd read, write;
};

TEST(Reactor, CallsBackForADescriptorUntilItIsRead) {
  Reactor reactor;
  Pipe pipe;
  int calls = 0;
  reactor.watch_fd(pipe.read.get(), POLLIN, [&](short revents) {
    EXPECT_TRUE(revents & POLLIN);
    ++calls;
    if (calls == 3) pipe.take();
  });
  EXPECT_FALSE(reactor.run_once(milliseconds(0)));
  pipe.put();
  while (reactor.run_once(milliseconds(0))) {
  }
  EXPECT_EQ(3, calls);
}

TEST(Reactor, TellsWritableAndHangUp) {
  Reactor reactor;
  Pipe pipe;
  short seen = 0;
  reactor.watch_fd(pipe.write.get(), POLLOUT, [&](short revents) { seen = revents; });
  EXPECT_TRUE(reactor.run_once(milliseconds(0)));
  EXPECT_EQ(POLLOUT, seen);
  pipe.read.reset();
  EXPECT_TRUE(reactor.run_once(milliseconds(0)));
  EXPECT_TRUE(seen & POLLERR);
}

TEST(Reactor, ACallbackMayForgetItselfAndOthersThatAreReady) {
  Reactor reactor;
  Pipe a, b;
  int calls = 0;
  const auto only_one = [&](short) {
    ++calls;
    reactor.forget_fd(a.read.get());
    reactor.forget_fd(b.read.get());
  };
  reactor.watch_fd(a.read.get(), POLLIN, only_one);
  reactor.watch_fd(b.read.get(), POLLIN, only_one);
  a.put();
  b.put();
  reactor.run_once(milliseconds(0));
  EXPECT_FALSE(reactor.run_once(milliseconds(0)));
  EXPECT_EQ(1, calls);
}

TEST(Reactor, AWatchAddedInACallbackWorksFromTheNextTurn) {
  Reactor reactor;
  Pipe pipe;
  std::string order;
  reactor.watch_fd(pipe.read.get(), POLLIN, [&](short) {
    order += 'a';
    reactor.watch_fd(pipe.read.get(), POLLIN, [&](short) {
      order += 'b';
      pipe.take();
    });
  });
  pipe.put();
  while (reactor.run_once(milliseconds(0))) {
  }
  EXPECT_EQ("ab", order);
}

TEST(Reactor, ABusyDescriptorDoesNotStarveOthersOrTimers) {
  Reactor reactor;
  Pipe busy, quiet;
  bool quiet_heard = false, timer_heard = false;
  reactor.watch_fd(busy.read.get(), POLLIN, [](short) {});
  reactor.watch_fd(quiet.read.get(), POLLIN, [&](short) {
    quiet.take();
    quiet_heard = true;
  });
  reactor.after(milliseconds(0), [&] { timer_heard = true; });
  busy.put();
  quiet.put();
  reactor.run_once(milliseconds(0));
  EXPECT_TRUE(quiet_heard);
  EXPECT_TRUE(timer_heard);
}

TEST(Reactor, ZmqSocketsAreLevelTriggered) {
  Reactor reactor;
  zmq::context_t context;
  zmq::socket_t in(context, ZMQ_PAIR), out(context, ZMQ_PAIR);
  in.bind("inproc://here");
  out.connect("inproc://here");
  for (int i = 0; i < 5; ++i)
    out.send(zmq::str_buffer("hello"), zmq::send_flags::none);
  int received = 0;
  reactor.watch_socket(in, [&] {
    zmq::message_t message;
    ASSERT_TRUE(in.recv(message, zmq::recv_flags::dontwait));  // one at a time, on purpose
    if (++received == 5) reactor.stop();
  });
  reactor.run();
  EXPECT_EQ(5, received);
  reactor.forget_socket(in);
  EXPECT_FALSE(reactor.run_once(milliseconds(0)));
}

TEST(Reactor, TimersRunInOrderAndNotEarly) {
  Reactor reactor;
  std::string order;
  const auto start = std::chrono::steady_clock::now();
  reactor.after(milliseconds(20), [&] {
    order += 'b';
    reactor.stop();
  });
  reactor.after(milliseconds(5), [&] { order += 'a'; });
  reactor.run();
  EXPECT_EQ("ab", order);
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(20));
}

TEST(Reactor, ATimerMayCancelItselfAndOthers) {
  Reactor reactor;
  int calls = 0;
  Reactor::TimerId self = 0, other = 0;
  self = reactor.every(milliseconds(1), [&] {
    if (++calls < 3) return;
    reactor.cancel(self);
    reactor.cancel(other);
    reactor.after(milliseconds(5), [&] { reactor.stop(); });
  });
  other = reactor.after(std::chrono::hours(1), [&] { ADD_FAILURE() << "was cancelled"; });
  reactor.run();
  EXPECT_EQ(3, calls);
  reactor.cancel(12345);  // unknown: nothing happens
}

TEST(Reactor, MissedTicksAreNotMadeUp) {
  Reactor reactor;
  int calls = 0;
  reactor.every(milliseconds(1), [&] {
    if (++calls == 1) std::this_thread::sleep_for(milliseconds(20));  // a slow callback is what is tested
  });
  while (calls == 0)
    reactor.run_once(milliseconds(50));
  reactor.run_once(milliseconds(0));
  EXPECT_LE(calls, 2);
}

TEST(Reactor, TheLongestWaitDoesNotOverflow) {
  Reactor reactor;
  reactor.after(Duration::max(), [] { ADD_FAILURE(); });
  reactor.after(milliseconds(1), [&] { reactor.stop(); });
  reactor.run();
}

TEST(Reactor, EndOfTurnRunsOnceAfterAllCallbacks) {
  Reactor reactor;
  Pipe a, b;
  std::string order;
  const auto ready = [&](Pipe& pipe, char name) {
    pipe.take();
    order += name;
    reactor.at_end_of_turn([&order] { order += '.'; });
  };
  reactor.watch_fd(a.read.get(), POLLIN, [&](short) { ready(a, 'a'); });
  reactor.watch_fd(b.read.get(), POLLIN, [&](short) { ready(b, 'a'); });
  reactor.after(milliseconds(0), [&] { order += 't'; });
  a.put();
  b.put();
  reactor.run_once(milliseconds(0));
  EXPECT_EQ("aat..", order);
  EXPECT_FALSE(reactor.run_once(milliseconds(0)));
}

TEST(Reactor, WorkAskedForAtTheEndOfATurnMakesTheNextTurnImmediate) {
  Reactor reactor;
  int rounds = 0;
  std::function<void()> again = [&] {
    if (++rounds == 3) return reactor.stop();
    reactor.at_end_of_turn(again);
  };
  reactor.at_end_of_turn(again);
  reactor.run();  // would wait for ever if the turn waited: nothing else is watched
  EXPECT_EQ(3, rounds);
}

TEST(Reactor, ASignalThatInterruptsTheWaitIsNoError) {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  struct sigaction before {};
  ASSERT_EQ(0, ::sigaction(SIGUSR1, &action, &before));
  Reactor reactor;
  Pipe pipe;
  reactor.watch_fd(pipe.read.get(), POLLIN, [&](short) { reactor.stop(); });
  const pthread_t self = ::pthread_self();
  std::thread other([&] {
    for (int i = 0; i < 50; ++i)
      ::pthread_kill(self, SIGUSR1);
    pipe.put();
  });
  reactor.run();
  other.join();
  ASSERT_EQ(0, ::sigaction(SIGUSR1, &before, nullptr));
}

}  // namespace
}  // namespace breakwater
