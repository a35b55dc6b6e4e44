// SPDX-License-Identifier: Apache-2.0
#include "hub/query/admin_hub_client.h"

namespace breakwater {

Result<AdminHubClient> AdminHubClient::open(const Options& options, int stop_fd) {
  AdminConnection::Options wanted;
  wanted.endpoint = options.hub;
  if (options.key) {
    auto keys = read_secret_key(*options.key);
    if (!keys) return keys.error().within("--key");
    wanted.keys = *std::move(keys);
  }
  if (options.hub_key) {
    auto key = read_public_key(*options.hub_key);
    if (!key) return key.error().within("--hub-key");
    wanted.hub_key = *key;
  }
  auto connection = AdminConnection::open(wanted);
  if (!connection) return connection.error();
  return AdminHubClient(std::move(wanted), *std::move(connection), options.timeout, stop_fd);
}

Result<wire::Reply> AdminHubClient::ask(const wire::Query& query) {
  auto reply = connection_.ask(query, timeout_);
  if (reply) return reply;
  // A connection is of no use after an error; the next question gets a fresh one.
  auto fresh = AdminConnection::open(options_);
  if (fresh) connection_ = *std::move(fresh);
  return reply;
}

Result<void> AdminHubClient::follow(const wire::Query& query, const std::function<bool(const wire::Reply&)>& on_reply) {
  return connection_.follow(query, on_reply, stop_fd_, timeout_);
}

}  // namespace breakwater
