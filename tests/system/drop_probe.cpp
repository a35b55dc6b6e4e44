// SPDX-License-Identifier: Apache-2.0
// When does each host begin to drop an attacker's packets?
//
//   drop_probe OUTSIDE_NETNS HOST=CONTAINER_NETNS=IPV4=IPV6 ...      (paths as in /proc/PID/ns/net; needs root)
//
// Reads one line an attack from standard input and answers with one JSON line:
//
//   ATTACKER URL_HOST REQUESTS      203.0.113.7 host1 6
//   {"response_ns":[...],"dropped_ns":{"host1":...,"host2":...},"sent":...,"settled":true}
//
// It sends REQUESTS times POST /xmlrpc.php over one connection to the container of URL_HOST, as an attacker does, and
// meanwhile a UDP datagram every 0.2 ms from the attacker's address to a published port of every host. Those take the
// way of every visitor's packet: through the host's FORWARD, DOCKER-USER and DOCKER into the container, where a socket
// of ours counts them. `dropped_ns` is when the datagram was sent that came after the last one that arrived: an upper
// bound of the moment of the ban, at most one interval late. All times are CLOCK_REALTIME of this one machine, which
// dockerd uses as well for the time of a log line.
//
// One thread; a namespace is entered to make a socket and left again.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr std::int64_t kIntervalNs = 200'000;
constexpr std::int64_t kGiveUpNs = 3'000'000'000;  // no ban within this: not settled
constexpr std::int64_t kSettledNs = 20'000'000;    // nothing arrived for so long ...
constexpr std::ptrdiff_t kSettledProbes = 50;      // ... though so many were sent: dropped
constexpr std::uint16_t kDrainPort = 9001;         // tests/lab/plan.py: DRAIN_PORT
constexpr std::uint16_t kWebPort = 80;

[[noreturn]] void give_up(const std::string& what) {
  std::cerr << "drop_probe: " << what << ": " << std::strerror(errno) << '\n';
  std::exit(1);
}

std::int64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

// An address and port for bind, connect and sendto.
struct Endpoint {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
};

Endpoint endpoint(const std::string& address, std::uint16_t port) {
  Endpoint e;
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&e.storage);
  auto* v4 = reinterpret_cast<sockaddr_in*>(&e.storage);
  if (inet_pton(AF_INET6, address.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    e.length = sizeof *v6;
    return e;
  }
  if (inet_pton(AF_INET, address.c_str(), &v4->sin_addr) != 1) give_up("not an address: " + address);
  v4->sin_family = AF_INET;
  v4->sin_port = htons(port);
  e.length = sizeof *v4;
  return e;
}

int socket_in(const std::string& netns, int family, int type) {
  static const int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  const int there = open(netns.c_str(), O_RDONLY | O_CLOEXEC);
  if (there < 0 || setns(there, CLONE_NEWNET) != 0) give_up("entering " + netns);
  const int fd = socket(family, type | SOCK_CLOEXEC, 0);
  if (fd < 0) give_up("socket in " + netns);
  if (setns(home, CLONE_NEWNET) != 0) give_up("returning home");
  close(there);
  return fd;
}

// What a datagram carries: which attack, and when it was sent.
struct Probe {
  std::uint64_t attack = 0;
  std::int64_t sent_ns = 0;
};

struct Target {
  std::string name, address4, address6;
  int drain = -1;  // in the container
  // Of the attack that is under way:
  Endpoint to;
  std::int64_t last_arrived_ns = 0;  // when the last one that arrived was sent
  std::int64_t last_seen_ns = 0;     // when it arrived
  std::uint64_t arrived = 0;
};

Target parse_target(const std::string& text) {
  std::array<std::string, 4> part;
  std::istringstream in(text);
  for (auto& p : part)
    std::getline(in, p, '=');
  Target t;
  t.name = part[0];
  t.address4 = part[2];
  t.address6 = part[3];
  t.drain = socket_in(part[1], AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK);
  const Endpoint any = endpoint("::", kDrainPort);
  const int megabyte = 1 << 20;
  setsockopt(t.drain, SOL_SOCKET, SO_RCVBUFFORCE, &megabyte, sizeof megabyte);
  if (bind(t.drain, any.get(), any.length) != 0) give_up("binding the drain of " + t.name);
  return t;
}

void collect(Target& target, std::uint64_t attack) {
  Probe probe;
  while (recv(target.drain, &probe, sizeof probe, 0) == static_cast<ssize_t>(sizeof probe)) {
    if (probe.attack != attack || probe.sent_ns < target.last_arrived_ns) continue;
    target.last_arrived_ns = probe.sent_ns;
    target.last_seen_ns = now_ns();
    ++target.arrived;
  }
}

// The attack itself: keep-alive requests, each sent when the answer to the one before has come.
class Attacker {
 public:
  Attacker(const std::string& netns, const Endpoint& from, const Endpoint& to, int requests)
      : left_(requests), fd_(socket_in(netns, from.family(), SOCK_STREAM)) {
    if (bind(fd_, from.get(), from.length) != 0) give_up("binding the attacker");
    if (connect(fd_, to.get(), to.length) != 0) give_up("connecting the attacker");
    fcntl(fd_, F_SETFL, O_NONBLOCK);
  }
  Attacker(const Attacker&) = delete;
  Attacker& operator=(const Attacker&) = delete;
  ~Attacker() { close(fd_); }

  void step() {
    std::array<char, 4096> answer;
    if (waiting_ && recv(fd_, answer.data(), answer.size(), 0) > 0) {
      responses_.push_back(now_ns());
      waiting_ = false;
    }
    if (waiting_ || left_ == 0) return;
    static constexpr char kRequest[] = "POST /xmlrpc.php HTTP/1.1\r\nHost: lab\r\nContent-Length: 0\r\n\r\n";
    if (send(fd_, kRequest, sizeof kRequest - 1, MSG_NOSIGNAL) < 0) give_up("sending the attack");
    waiting_ = true;
    --left_;
  }
  const std::vector<std::int64_t>& responses() const { return responses_; }

 private:
  int left_;
  int fd_;
  bool waiting_ = false;
  std::vector<std::int64_t> responses_;
};

struct Outcome {
  std::vector<std::int64_t> responses;
  std::vector<std::int64_t> first_dropped;  // one a target; 0: never
  std::uint64_t sent = 0;
  bool settled = true;
};

// One attack, from the first probe to the last host that drops.
class Experiment {
 public:
  Experiment(const std::string& outside, std::vector<Target>& targets, const std::string& attacker,
             const std::string& victim, int requests, std::uint64_t number)
      : outside_(outside), targets_(targets), from_(endpoint(attacker, 0)), requests_(requests), number_(number) {
    const bool v6 = from_.family() == AF_INET6;
    for (Target& t : targets_) {
      t.to = endpoint(v6 ? t.address6 : t.address4, kDrainPort);
      t.last_arrived_ns = t.last_seen_ns = 0;
      t.arrived = 0;
      if (t.name == victim) victim_ = endpoint(v6 ? t.address6 : t.address4, kWebPort);
    }
    if (victim_.length == 0) give_up("no such host: " + victim);
    prober_ = socket_in(outside, from_.family(), SOCK_DGRAM | SOCK_NONBLOCK);
    if (bind(prober_, from_.get(), from_.length) != 0) give_up("binding the prober");
    sent_.reserve(32'768);
  }
  Experiment(const Experiment&) = delete;
  Experiment& operator=(const Experiment&) = delete;
  ~Experiment() { close(prober_); }

  Outcome run() {
    const std::int64_t start = now_ns();
    for (std::int64_t next = start + kIntervalNs; now_ns() - start < kGiveUpNs; next += kIntervalNs) {
      probe();
      listen_until(next);
      if (attack_ && all_cut()) break;
    }
    Outcome outcome;
    outcome.sent = sent_.size();
    outcome.settled = attack_ && all_cut();
    if (attack_) outcome.responses = attack_->responses();
    for (const Target& t : targets_)
      outcome.first_dropped.push_back(first_after(t.last_arrived_ns));
    return outcome;
  }

 private:
  void probe() {
    const Probe probe{number_, now_ns()};
    sent_.push_back(probe.sent_ns);
    for (const Target& t : targets_) {
      if (sendto(prober_, &probe, sizeof probe, 0, t.to.get(), t.to.length) < 0 && errno != EAGAIN) give_up("probing");
    }
  }

  // At least one look, however late it is: nothing may seem lost that is only not yet read.
  void listen_until(std::int64_t next) {
    do {
      for (Target& t : targets_)
        collect(t, number_);
      // Only when probes get through everywhere: what is lost later was dropped by the ban.
      if (!attack_ && all_reached()) attack_.emplace(outside_, from_, victim_, requests_);
      if (attack_) attack_->step();
      const timespec nap{0, 30'000};
      nanosleep(&nap, nullptr);
    } while (now_ns() < next);
  }

  bool all_reached() const {
    return std::all_of(targets_.begin(), targets_.end(), [](const Target& t) { return t.arrived > 5; });
  }

  // Long enough, and with enough probes after the last that arrived: a pause of this process is no ban.
  bool all_cut() const {
    const std::int64_t now = now_ns();
    return std::all_of(targets_.begin(), targets_.end(), [&](const Target& t) {
      return now - t.last_seen_ns >= kSettledNs && sent_.end() - after(t.last_arrived_ns) >= kSettledProbes;
    });
  }

  std::vector<std::int64_t>::const_iterator after(std::int64_t last_arrived) const {
    return std::upper_bound(sent_.begin(), sent_.end(), last_arrived);
  }
  std::int64_t first_after(std::int64_t last_arrived) const {
    const auto it = after(last_arrived);
    return it == sent_.end() ? 0 : *it;
  }

  const std::string& outside_;
  std::vector<Target>& targets_;
  Endpoint from_, victim_;
  int requests_;
  std::uint64_t number_;
  int prober_ = -1;
  std::optional<Attacker> attack_;
  std::vector<std::int64_t> sent_;  // times, ascending
};

void print(const std::vector<Target>& targets, const Outcome& o) {
  std::ostringstream out;
  out << "{\"response_ns\":[";
  for (std::size_t i = 0; i < o.responses.size(); ++i)
    out << (i ? "," : "") << o.responses[i];
  out << "],\"dropped_ns\":{";
  for (std::size_t i = 0; i < targets.size(); ++i)
    out << (i ? "," : "") << '"' << targets[i].name << "\":" << o.first_dropped[i];
  out << "},\"sent\":" << o.sent << ",\"settled\":" << (o.settled ? "true" : "false") << "}";
  std::cout << out.str() << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: drop_probe OUTSIDE_NETNS HOST=CONTAINER_NETNS=IPV4=IPV6 ...\n";
    return 64;
  }
  const std::string outside = argv[1];
  std::vector<Target> targets;
  for (int i = 2; i < argc; ++i)
    targets.push_back(parse_target(argv[i]));
  std::string line;
  std::uint64_t number = 0;
  while (std::getline(std::cin, line)) {
    std::istringstream in(line);
    std::string attacker, victim;
    int requests = 0;
    if (!(in >> attacker >> victim >> requests) || requests < 1) {
      std::cerr << "drop_probe: not an attack: " << line << '\n';
      return 64;
    }
    Experiment experiment(outside, targets, attacker, victim, requests, ++number);
    print(targets, experiment.run());
  }
  return 0;
}
