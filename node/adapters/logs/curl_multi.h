// SPDX-License-Identifier: Apache-2.0
// HTTP over a unix socket with libcurl, in the reactor.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/runtime/reactor.h"

namespace breakwater {

struct HttpReply {
  long status = 0;
  std::string body;                            // empty for streams
  std::map<std::string, std::string> headers;  // names in lower case; at most 64
};

// GET only. Callbacks come from the reactor, never from within get() or stream(). One thread.
class CurlMulti {
 public:
  using Id = std::uint64_t;
  using Done = std::function<void(const Result<HttpReply>&)>;  // an error: no whole answer came

  static constexpr std::size_t kMaxBody = 64 * 1024 * 1024;

  CurlMulti(Reactor& reactor, std::string unix_socket);
  ~CurlMulti();
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;

  // path: "/v1.41/containers/json?all=1".
  Id get(const std::string& path, Done done, Duration timeout = std::chrono::seconds(30));
  // An endless answer: opened once with the status when the headers are there, data as it comes, done at its end.
  Id stream(const std::string& path, std::function<void(long status)> opened,
            std::function<void(std::string_view)> data, Done done);
  // Its callbacks are not called any more. Unknown ids are ignored.
  void cancel(Id id);
  void cancel_all();

 private:
  struct Transfer;
  struct Hooks;

  Transfer& start(const std::string& path, Done done);
  void on_socket_ready(int fd, short revents);
  void on_timeout();
  void hand_on();
  void hand_on_stream(Id id);
  void finish(Id id, int code);

  Reactor& reactor_;
  std::string unix_socket_;
  void* multi_ = nullptr;  // CURLM
  Id last_id_ = 0;
  std::map<Id, std::unique_ptr<Transfer>> transfers_;
  Reactor::TimerId timer_ = 0;
  bool timer_set_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace breakwater
