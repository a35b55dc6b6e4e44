// SPDX-License-Identifier: Apache-2.0
// What the operator's tool asks of a hub.
#pragma once

#include <functional>

#include "common/base/result.h"
#include "common/wire/messages.h"

namespace breakwater {

// Implementations: AdminHubClient (admin_hub_client.h), over the network; FakeHub (tests/hub/query), recorded rows.
// One thread. Errors are sentences for the operator: no answer, wrong key, nobody there.
class HubClient {
 public:
  virtual ~HubClient() = default;

  // The one reply to a query. A status other than 200 is a reply, not an error.
  virtual Result<wire::Reply> ask(const wire::Query& query) = 0;

  // Hands over each reply of a query that is answered for ever, until `on_reply` says false or the operator
  // interrupts; both end in success.
  virtual Result<void> follow(const wire::Query& query, const std::function<bool(const wire::Reply&)>& on_reply) = 0;
};

}  // namespace breakwater
