// SPDX-License-Identifier: Apache-2.0
// A hub that answers with recorded rows.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "hub/query/hub_client.h"

namespace breakwater {

// Answers the questions about a verb with the replies recorded for it, in turn; a verb without any gets `away`.
class FakeHub final : public HubClient {
 public:
  Result<wire::Reply> ask(const wire::Query& query) override {
    asked.push_back(query);
    auto& replies = replies_[query.verb];
    if (replies.empty()) return away;
    const wire::Reply reply = replies.front();
    replies.pop_front();
    return reply;
  }

  Result<void> follow(const wire::Query& query, const std::function<bool(const wire::Reply&)>& on_reply) override {
    asked.push_back(query);
    auto& replies = replies_[query.verb];
    while (!replies.empty()) {
      const wire::Reply reply = replies.front();
      replies.pop_front();
      if (!on_reply(reply)) return {};
    }
    if (interrupted) return {};
    return away;
  }

  void answer(const std::string& verb, std::vector<std::string> rows, std::string next = "") {
    wire::Reply reply;
    reply.rows = std::move(rows);
    reply.next = std::move(next);
    replies_[verb].push_back(std::move(reply));
  }
  void refuse(const std::string& verb, std::uint16_t status, std::string error) {
    wire::Reply reply;
    reply.status = status;
    reply.error = std::move(error);
    replies_[verb].push_back(std::move(reply));
  }

  std::vector<wire::Query> asked;
  Error away{"the hub is not running: nobody listens at /run/breakwater-hub/query.sock"};
  bool interrupted = false;  // `follow` ends by the operator, not by the hub's death

 private:
  std::map<std::string, std::deque<wire::Reply>> replies_;
};

}  // namespace breakwater
