// SPDX-License-Identifier: Apache-2.0
// A hub at the other end of a socket.
#pragma once

#include <memory>

#include "common/runtime/admin_connection.h"
#include "hub/query/hub_client.h"
#include "hub/query/options.h"

namespace breakwater {

// One connection, made at the first question and made again after an error. One thread.
class AdminHubClient final : public HubClient {
 public:
  // `stop_fd`, if >= 0: readable when the operator interrupts; not owned. Fails, before anything is sent, on a
  // malformed endpoint and on keys that are missing or cannot be read.
  static Result<AdminHubClient> open(const Options& options, int stop_fd);

  Result<wire::Reply> ask(const wire::Query& query) override;
  Result<void> follow(const wire::Query& query, const std::function<bool(const wire::Reply&)>& on_reply) override;

 private:
  AdminHubClient(AdminConnection::Options options, AdminConnection connection, Duration timeout, int stop_fd)
      : options_(std::move(options)), connection_(std::move(connection)), timeout_(timeout), stop_fd_(stop_fd) {}

  AdminConnection::Options options_;
  AdminConnection connection_;
  Duration timeout_;
  int stop_fd_;
};

}  // namespace breakwater
