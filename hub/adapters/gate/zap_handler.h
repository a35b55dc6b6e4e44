// SPDX-License-Identifier: Apache-2.0
// Answers libzmq's question "may this key in?" (ZAP, RFC 27).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <zmq.hpp>

#include "common/base/result.h"
#include "common/runtime/curve_keys.h"

namespace breakwater {

// The domain that our CURVE sockets name; requests of any other are refused.
inline constexpr const char* kZapDomain = "breakwater";

struct ZapVerdict {
  unsigned status = 400;  // 200 in; 400 this key never; 500 not now
  std::string user_id;    // with 200: becomes "User-Id" of every frame of the connection
};

// One thread, one per context, bound before any socket that needs it: libzmq lets everybody in while nobody answers
// (unless option 93 is set, which the gate does as well). If the thread ends by itself the process is aborted.
class ZapHandler {
 public:
  // `decide` is called on the handler's thread.
  static Result<std::unique_ptr<ZapHandler>> start(zmq::context_t& context,
                                                   std::function<ZapVerdict(const PublicKey&)> decide);
  // Stops the thread. The sockets that it served must be closed before.
  ~ZapHandler();
  ZapHandler(const ZapHandler&) = delete;
  ZapHandler& operator=(const ZapHandler&) = delete;

 private:
  ZapHandler() = default;
  zmq::socket_t stop_;  // PAIR: one message ends the thread
  std::thread thread_;
};

}  // namespace breakwater
