// SPDX-License-Identifier: Apache-2.0
// A Docker daemon as far as its API goes: HTTP/1.1 on a unix socket, in threads of its own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/base/unique_fd.h"

namespace breakwater::testing {

struct FakeContainer {
  std::string id;
  std::string name = "web";
  std::string image = "nginx:1.25";
  std::string log_path;
  std::string driver = "json-file";
  std::string labels = "{}";  // JSON
};

// Answers _ping, version, events (chunked, endless), containers/json, containers/ID/json, networks under the versions
// it speaks; 400 with a message for others, as dockerd does. Everything asked is kept. Thread-safe.
class FakeEngine {
 public:
  FakeEngine(std::string socket, std::string oldest, std::string newest);
  ~FakeEngine();  // as kill -9: every connection ends at once

  void put(const FakeContainer& container);
  void drop(const std::string& id);
  void set_networks(const std::string& json);
  // To everybody who listens, in the form of API >= 1.52 (no top-level status, id, from).
  void event(const std::string& type, const std::string& action, const std::string& id);
  // Called, once, when the list is asked for, before it is answered from what stood there before.
  void when_listed(std::function<void()> hook);
  std::vector<std::string> asked() const;

 private:
  void accept_loop();
  void serve(int fd);
  // False: the connection ends.
  bool answer(int fd, const std::string& path);
  bool answer_versioned(int fd, const std::string& path);
  void stream_events(int fd);
  std::string list_json();

  std::string socket_;
  std::string oldest_, newest_;
  UniqueFd listener_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::map<std::string, FakeContainer> containers_;
  std::string networks_ = "[]";
  std::vector<std::string> events_;
  std::vector<std::string> asked_;
  std::function<void()> when_listed_;
  std::list<int> connections_;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace breakwater::testing
