// SPDX-License-Identifier: Apache-2.0
#include "common/runtime/reactor.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include <poll.h>
#include <zmq.hpp>

#include "common/log/log.h"

namespace breakwater {
namespace {

using SteadyPoint = std::chrono::steady_clock::time_point;

// Longer waits than this would overflow the nanoseconds that the steady clock counts in.
constexpr Duration kLongest = std::chrono::hours(24 * 365 * 10);

// One thing that is waited for. Shared with the list of ready ones of the running turn, so that a callback may forget
// it (itself included) while it is about to be called, or being called.
struct Watch {
  bool alive = true;
  int fd = -1;
  void* socket = nullptr;
  short events = 0;  // zmq's
  std::function<void(short)> callback;
};
using WatchPtr = std::shared_ptr<Watch>;

struct Timer {
  SteadyPoint due;
  Duration interval{0};  // 0 = once
  Reactor::Callback callback;
};

short to_zmq(short events) {
  short out = 0;
  if (events & POLLIN) out |= ZMQ_POLLIN;
  if (events & POLLOUT) out |= ZMQ_POLLOUT;
  if (events & POLLPRI) out |= ZMQ_POLLPRI;
  return static_cast<short>(out | ZMQ_POLLERR);
}

short from_zmq(short events) {
  short out = 0;
  if (events & ZMQ_POLLIN) out |= POLLIN;
  if (events & ZMQ_POLLOUT) out |= POLLOUT;
  if (events & ZMQ_POLLPRI) out |= POLLPRI;
  if (events & ZMQ_POLLERR) out |= POLLERR;  // also hang-up and invalid descriptor
  return out;
}

[[noreturn]] void die(const char* what, int number) {
  log_error("the event loop cannot go on", {{"doing", what}, {"error", std::strerror(number)}});
  std::abort();
}

}  // namespace

struct Reactor::State {
  std::map<int, WatchPtr> fds;
  std::map<void*, WatchPtr> sockets;
  std::map<TimerId, Timer> timers;
  std::multimap<SteadyPoint, TimerId> schedule;
  TimerId last_timer = 0;
  std::vector<Callback> end_of_turn;
  bool stopping = false;

  // What zmq::poll is given; rebuilt only when a watch came or went.
  bool stale = true;
  std::vector<WatchPtr> polled;
  std::vector<zmq::pollitem_t> items;

  void rebuild();
  long wait_for(SteadyPoint until) const;
  // True if anything is ready.
  bool wait(SteadyPoint until);
  bool call_ready();
  bool call_timers();
  bool call_end_of_turn();
  TimerId add_timer(Duration delay, Duration interval, Callback callback);
  void unschedule(SteadyPoint due, TimerId id);
};

void Reactor::State::rebuild() {
  polled.clear();
  items.clear();
  for (const auto& [handle, watch] : sockets)
    polled.push_back(watch);
  for (const auto& [fd, watch] : fds)
    polled.push_back(watch);
  for (const auto& watch : polled)
    items.push_back({watch->socket, watch->fd, watch->events, 0});
  stale = false;
}

long Reactor::State::wait_for(SteadyPoint until) const {
  if (stopping || !end_of_turn.empty()) return 0;
  if (!schedule.empty()) until = std::min(until, schedule.begin()->first);
  if (until == SteadyPoint::max()) return -1;
  const auto left = std::chrono::ceil<Duration>(until - std::chrono::steady_clock::now()).count();
  // zmq::poll counts in int inside; an early wake-up does no harm.
  return static_cast<long>(std::clamp<Duration::rep>(left, 0, std::numeric_limits<int>::max() / 2));
}

bool Reactor::State::wait(SteadyPoint until) {
  if (stale) rebuild();
  const long timeout = wait_for(until);
  if (items.empty()) {
    ::poll(nullptr, 0, static_cast<int>(timeout));  // interrupted: the turn is over early
    return false;
  }
  try {
    return zmq::poll(items.data(), items.size(), std::chrono::milliseconds(timeout)) > 0;
  } catch (const zmq::error_t& error) {
    // A closed socket that is still watched, or a dead context, is our own bug.
    if (error.num() != EINTR) die("zmq::poll", error.num());
    return false;
  }
}

bool Reactor::State::call_ready() {
  // A callback may add and remove watches: `polled` and `items` stay as they are until the next turn's rebuild.
  std::vector<std::pair<WatchPtr, short>> ready;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].revents != 0) ready.emplace_back(polled[i], items[i].revents);
  }
  for (const auto& [watch, revents] : ready) {
    if (watch->alive) watch->callback(from_zmq(revents));
  }
  return !ready.empty();
}

bool Reactor::State::call_timers() {
  const auto now = std::chrono::steady_clock::now();
  std::vector<TimerId> due;
  for (auto it = schedule.begin(); it != schedule.end() && it->first <= now; ++it)
    due.push_back(it->second);
  for (const TimerId id : due) {
    const auto found = timers.find(id);
    if (found == timers.end()) continue;  // cancelled by one that ran before it
    unschedule(found->second.due, id);
    Callback callback = found->second.callback;  // a copy: it may cancel itself
    if (found->second.interval == Duration(0)) {
      timers.erase(found);
    } else {
      Timer& timer = found->second;
      timer.due += timer.interval;
      if (timer.due <= now) timer.due = now + timer.interval;
      schedule.emplace(timer.due, id);
    }
    callback();
  }
  return !due.empty();
}

bool Reactor::State::call_end_of_turn() {
  // What these ask for anew belongs to the next turn, which then starts without waiting.
  const auto callbacks = std::exchange(end_of_turn, {});
  for (const auto& callback : callbacks)
    callback();
  return !callbacks.empty();
}

Reactor::TimerId Reactor::State::add_timer(Duration delay, Duration interval, Callback callback) {
  const TimerId id = ++last_timer;
  const auto due = std::chrono::steady_clock::now() + std::clamp(delay, Duration(0), kLongest);
  timers.emplace(id, Timer{due, interval, std::move(callback)});
  schedule.emplace(due, id);
  return id;
}

void Reactor::State::unschedule(SteadyPoint due, TimerId id) {
  const auto [from, to] = schedule.equal_range(due);
  const auto entry = std::find_if(from, to, [&](const auto& each) { return each.second == id; });
  if (entry != to) schedule.erase(entry);
}

Reactor::Reactor() : state_(std::make_unique<State>()) {}
Reactor::~Reactor() = default;

void Reactor::watch_fd(int fd, short events, std::function<void(short revents)> callback) {
  forget_fd(fd);
  state_->fds[fd] = std::make_shared<Watch>(
      Watch{.fd = fd, .socket = nullptr, .events = to_zmq(events), .callback = std::move(callback)});
  state_->stale = true;
}

void Reactor::forget_fd(int fd) {
  const auto it = state_->fds.find(fd);
  if (it == state_->fds.end()) return;
  it->second->alive = false;
  state_->fds.erase(it);
  state_->stale = true;
}

void Reactor::watch_socket(zmq::socket_t& socket, Callback callback) {
  forget_socket(socket);
  state_->sockets[socket.handle()] = std::make_shared<Watch>(Watch{
      .socket = socket.handle(), .events = ZMQ_POLLIN, .callback = [call = std::move(callback)](short) { call(); }});
  state_->stale = true;
}

void Reactor::forget_socket(zmq::socket_t& socket) {
  const auto it = state_->sockets.find(socket.handle());
  if (it == state_->sockets.end()) return;
  it->second->alive = false;
  state_->sockets.erase(it);
  state_->stale = true;
}

Reactor::TimerId Reactor::after(Duration delay, Callback callback) {
  return state_->add_timer(delay, Duration(0), std::move(callback));
}

Reactor::TimerId Reactor::every(Duration interval, Callback callback) {
  interval = std::clamp(interval, Duration(1), kLongest);
  return state_->add_timer(interval, interval, std::move(callback));
}

void Reactor::cancel(TimerId id) {
  const auto it = state_->timers.find(id);
  if (it == state_->timers.end()) return;
  state_->unschedule(it->second.due, id);
  state_->timers.erase(it);
}

void Reactor::at_end_of_turn(Callback callback) {
  state_->end_of_turn.push_back(std::move(callback));
}

void Reactor::run() {
  while (!state_->stopping)
    run_once(Duration::max());
  state_->stopping = false;
}

void Reactor::stop() {
  state_->stopping = true;
}

bool Reactor::run_once(Duration at_most) {
  const auto now = std::chrono::steady_clock::now();
  const auto until = at_most > kLongest ? SteadyPoint::max() : now + at_most;
  bool called = state_->wait(until) && state_->call_ready();
  called = state_->call_timers() || called;
  return state_->call_end_of_turn() || called;
}

}  // namespace breakwater
