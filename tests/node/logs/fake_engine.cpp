// SPDX-License-Identifier: Apache-2.0
#include "tests/node/logs/fake_engine.h"

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <cstring>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace breakwater::testing {

namespace {

bool send_all(int fd, const std::string& bytes) {
  return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

bool reply(int fd, const std::string& status, const std::string& body, const std::string& more = "") {
  return send_all(fd, "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\n" + more +
                          "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
}

std::string chunk(const std::string& body) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", body.size());
  return size + body + "\r\n";
}

int minor_of(const std::string& version) {
  return std::stoi(version.substr(version.find('.') + 1));
}

}  // namespace

FakeEngine::FakeEngine(std::string socket, std::string oldest, std::string newest)
    : socket_(std::move(socket)), oldest_(std::move(oldest)), newest_(std::move(newest)) {
  ::unlink(socket_.c_str());
  listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  assert(socket_.size() < sizeof address.sun_path);
  std::memcpy(address.sun_path, socket_.c_str(), socket_.size() + 1);
  const int bound = ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  const int listening = ::listen(listener_.get(), 64);
  assert(bound == 0 && listening == 0);
  acceptor_ = std::thread([this] { accept_loop(); });
}

FakeEngine::~FakeEngine() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    ::shutdown(listener_.get(), SHUT_RDWR);
    for (const int fd : connections_)
      ::shutdown(fd, SHUT_RDWR);
    changed_.notify_all();
  }
  acceptor_.join();
  for (std::thread& thread : threads_)
    thread.join();
  ::unlink(socket_.c_str());
}

void FakeEngine::put(const FakeContainer& container) {
  const std::lock_guard lock(mutex_);
  containers_[container.id] = container;
}

void FakeEngine::drop(const std::string& id) {
  const std::lock_guard lock(mutex_);
  containers_.erase(id);
}

void FakeEngine::set_networks(const std::string& json) {
  const std::lock_guard lock(mutex_);
  networks_ = json;
}

void FakeEngine::event(const std::string& type, const std::string& action, const std::string& id) {
  const std::lock_guard lock(mutex_);
  events_.push_back("{\"Type\":\"" + type + "\",\"Action\":\"" + action + "\",\"Actor\":{\"ID\":\"" + id +
                    "\",\"Attributes\":{\"name\":\"x\"}},\"scope\":\"local\",\"timeNano\":1}\n");
  changed_.notify_all();
}

void FakeEngine::when_listed(std::function<void()> hook) {
  const std::lock_guard lock(mutex_);
  when_listed_ = std::move(hook);
}

std::vector<std::string> FakeEngine::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

void FakeEngine::accept_loop() {
  for (;;) {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      ::close(fd);
      return;
    }
    connections_.push_back(fd);
    threads_.emplace_back([this, fd] { serve(fd); });
  }
}

void FakeEngine::serve(int fd) {
  std::string request;
  char buffer[4096];
  for (bool open = true; open;) {
    const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) break;
    request.append(buffer, static_cast<std::size_t>(got));
    while (open && request.find("\r\n\r\n") != std::string::npos) {
      const std::size_t begin = request.find(' ') + 1;
      const std::string path = request.substr(begin, request.find(' ', begin) - begin);
      request.erase(0, request.find("\r\n\r\n") + 4);
      open = answer(fd, path);
    }
  }
  const std::lock_guard lock(mutex_);
  connections_.remove(fd);
  ::close(fd);
}

bool FakeEngine::answer(int fd, const std::string& path) {
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back(path);
  }
  if (path == "/_ping") return reply(fd, "200 OK", "OK", "Api-Version: " + newest_ + "\r\n");
  if (path == "/version")
    return reply(fd, "200 OK", "{\"ApiVersion\":\"" + newest_ + "\",\"MinAPIVersion\":\"" + oldest_ + "\"}");
  const std::size_t slash = path.find('/', 1);
  if (!path.starts_with("/v1.") || slash == std::string::npos) return reply(fd, "404 Not Found", "{}");
  const int minor = minor_of(path.substr(2, slash - 2));
  if (minor < minor_of(oldest_) || minor > minor_of(newest_))
    return reply(fd, "400 Bad Request", R"({"message":"client version is too old or too new"})");
  return answer_versioned(fd, path.substr(slash));
}

bool FakeEngine::answer_versioned(int fd, const std::string& path) {
  if (path.starts_with("/events")) {
    stream_events(fd);
    return false;
  }
  if (path.starts_with("/containers/json")) return reply(fd, "200 OK", list_json());
  const std::lock_guard lock(mutex_);
  if (path == "/networks") return reply(fd, "200 OK", networks_);
  const std::size_t end = path.find("/json");
  const auto it = path.starts_with("/containers/") && end != std::string::npos
                      ? containers_.find(path.substr(12, end - 12))
                      : containers_.end();
  if (it == containers_.end()) return reply(fd, "404 Not Found", R"({"message":"No such container"})");
  const FakeContainer& c = it->second;
  return reply(fd, "200 OK",
               "{\"Id\":\"" + c.id + "\",\"Name\":\"/" + c.name + "\",\"LogPath\":\"" + c.log_path +
                   "\",\"State\":{\"Running\":true},\"HostConfig\":{\"LogConfig\":{\"Type\":\"" + c.driver +
                   "\"}},\"Config\":{\"Image\":\"" + c.image + "\",\"Labels\":" + c.labels +
                   ",\"Tty\":false,\"Env\":[\"SECRET=x\"]}}");
}

std::string FakeEngine::list_json() {
  std::string body = "[";
  std::function<void()> hook;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, container] : containers_)
      body += (body.size() > 1 ? "," : "") + ("{\"Id\":\"" + id + "\"}");
    hook = std::exchange(when_listed_, nullptr);
  }
  if (hook) hook();
  return body + "]";
}

void FakeEngine::stream_events(int fd) {
  std::unique_lock lock(mutex_);
  std::size_t next = events_.size();
  if (!send_all(fd, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")) return;
  while (!stopping_) {
    for (; next < events_.size(); ++next) {
      // Chunks need not end where an event does.
      const std::string& event = events_[next];
      if (!send_all(fd, chunk(event.substr(0, 9)) + chunk(event.substr(9)))) return;
    }
    changed_.wait_for(lock, std::chrono::milliseconds(50));
    pollfd gone{fd, POLLRDHUP, 0};
    if (::poll(&gone, 1, 0) > 0) return;
  }
}

}  // namespace breakwater::testing
